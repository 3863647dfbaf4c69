"""Every screen and every action of the explorer, once: bindings, tabs, key line, help and palette read these tables."""

from dataclasses import dataclass

OVERVIEW, CONCEPTS, IMAGE, CLASSES = "overview", "concepts", "image", "classes"
PRUNE, COMPARE, NAMING = "prune", "compare", "naming"


@dataclass(frozen=True)
class Entry:
    """A screen: class ``NameScreen`` of ``ivpt.ui.screens.name``, imported when it is first shown.

    What can be chosen on it is a part of the session, ``ivpt.ui.parts.name``, unless it needs nothing of its own.

    Attributes:
        name: of the screen; its tab reads the same.
        key: that shows it.
        help: one sentence for help and palette.
    """

    name: str
    key: str
    help: str


ENTRIES: tuple[Entry, ...] = (
    Entry(OVERVIEW, "1", "Overview: run card, curves, scores, warnings."),
    Entry(CONCEPTS, "2", "Concepts of each layer, with regions cut out of images."),
    Entry(IMAGE, "3", "Image: regions of every layer, evidence for a class."),
    Entry(CLASSES, "4", "Classes: what speaks for each, confusions, two classes compared."),
    Entry(PRUNE, "5", "Prune: what removing concepts changes, by evidence and in the model."),
    Entry(COMPARE, "6", "Compare: a second run beside this one."),
    Entry(NAMING, "7", "Naming: names, notes, annotators, blind naming."),
)
SCREENS = tuple(entry.name for entry in ENTRIES)


@dataclass(frozen=True)
class Action:
    """Something a user can do.

    Attributes:
        id: stable name; keys are remapped by it.
        keys: names of keys as Textual spells them; the first one is shown.
        label: a word for the key line; empty where the key line leaves it out.
        help: one sentence for help and palette.
        handler: ``app.NAME`` or ``screen.NAME`` for an action of the app or of the screen that is shown,
            ``session.NAME`` for a command of :class:`ivpt.ui.session.Session`, ``PART.NAME`` for one of a part of it.
        screens: where it can be done; empty for everywhere.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    handler: str
    screens: tuple[str, ...] = ()

    @property
    def binding(self) -> str:
        """The action string Textual runs."""
        return self.handler if self.command is None else "app.command({!r}, {!r})".format(*self.command)

    @property
    def command(self) -> tuple[str, str] | None:
        """Owner and name of a command of the session; None for an action of the app or a screen."""
        owner, _, name = self.handler.partition(".")
        return None if owner in ("app", "screen") else (owner, name)

    def on(self, screen: str) -> bool:
        """Whether it can be done on a screen."""
        return not self.screens or screen in self.screens


_ON_IMAGE, _ON_CONCEPTS, _ON_CLASSES = (IMAGE,), (CONCEPTS,), (CLASSES,)
_BOTH = (CONCEPTS, IMAGE)
_LAYERS = (CONCEPTS, IMAGE, PRUNE, COMPARE, NAMING)
_EDITS = (CONCEPTS, PRUNE, NAMING)


def _concepts() -> tuple[Action, ...]:
    on = _ON_CONCEPTS
    return (
        Action("next_concept", ("down", "j"), "concept", "Next concept of the list.", "concepts.next", on),
        Action("previous_concept", ("up", "k"), "", "Previous concept of the list.", "concepts.previous", on),
        Action("parent", ("right",), "coarser", "The concept of the next layer it lies in.", "concepts.to_parent", on),
        Action("child", ("left",), "", "The concept of the layer before that lies in it.", "concepts.to_child", on),
        Action("ranks", ("v",), "regions", "Strongest, median or weakest regions, or all.", "concepts.next_ranks", on),
        Action("sort", ("s",), "sort", "Sort the concepts by another column.", "concepts.next_sort", on),
        Action("shown", ("f",), "filter", "All, flagged, named or unnamed concepts.", "concepts.next_shown", on),
        Action("open", ("enter",), "look", "See the concept's strongest image.", "app.strongest", on),
    )


def _image() -> tuple[Action, ...]:
    on = _ON_IMAGE
    return (
        Action("next_image", ("right", "n"), "next", "Next image.", "images.next", on),
        Action("previous_image", ("left", "p"), "", "Previous image.", "images.previous", on),
        Action("next_mistake", ("m",), "mistake", "Next wrongly classified image.", "images.next_mistake", on),
        Action("previous_mistake", ("M",), "", "Previous wrongly classified image.", "images.previous_mistake", on),
        Action("next_of_class", ("c",), "", "Next image of the same true class.", "images.next_of_class", on),
        Action("first_image", ("home", "g"), "", "First image of the choice.", "images.first", on),
        Action("last_image", ("end", "G"), "", "Last image of the choice.", "images.last", on),
        Action("filter", ("f",), "filter", "All, train, val, test or wrong images.", "images.next_filter", on),
        Action("next_present", ("down", "j"), "concept", "Next concept in this image.", "evidence.next_present", on),
        Action("previous_present", ("up", "k"), "", "Concept before in this image.", "evidence.previous_present", on),
        Action(
            "layout", ("v",), "view", "Regions beside the picture, alone, or all layers.", "overlay.next_layout", on
        ),
        Action("heat", ("h",), "heat", "Attention of the concept as a heat map.", "overlay.toggle_heat", on),
        Action("explained", ("t",), "", "Explain the true or the predicted class.", "evidence.next_explained", on),
        Action(
            "contrast", ("x",), "versus", "Why this class and not that, or why this.", "evidence.toggle_contrast", on
        ),
        Action("against", ("W",), "", "Choose the class that it is not, by its name.", "app.find('against')", on),
        Action("annotations", ("o",), "", "Draw keypoints and box, or not.", "screen.annotations", on),
        Action("parts", ("O",), "", "Outline the annotated parts, or not.", "screen.parts", on),
        Action("more", ("plus", "equals_sign"), "overlay", "Blend towards the regions.", "overlay.more", on),
        Action("less", ("minus",), "", "Blend towards the picture.", "overlay.less", on),
        Action("nearer", ("z",), "zoom", "Zoom in.", "overlay.nearer", on),
        Action("farther", ("Z",), "", "Zoom out.", "overlay.farther", on),
        Action("whole", ("0",), "", "See the whole picture again.", "overlay.whole", on),
        Action("pan_left", ("shift+left", "H"), "", "Move the view to the left.", "overlay.left", on),
        Action("pan_right", ("shift+right", "L"), "", "Move the view to the right.", "overlay.right", on),
        Action("pan_up", ("shift+up", "K"), "", "Move the view up.", "overlay.up", on),
        Action("pan_down", ("shift+down", "J"), "", "Move the view down.", "overlay.down", on),
    )


def _classes() -> tuple[Action, ...]:
    on = _ON_CLASSES
    return (
        Action("next_class", ("down", "j"), "class", "Next class, or next confusion.", "classes.next", on),
        Action("previous_class", ("up", "k"), "", "Previous class, or confusion.", "classes.previous", on),
        Action("classes_down", ("pagedown",), "", "Ten classes or confusions further.", "classes.page_down", on),
        Action("classes_up", ("pageup",), "", "Ten classes or confusions back.", "classes.page_up", on),
        Action("class_view", ("v",), "view", "Importance, confusions, or two classes.", "classes.next_shown", on),
        Action("open_class", ("enter",), "images", "Images of the class or confusion.", "app.class_images", on),
        Action("class_sort", ("s",), "sort", "Sort the classes by another column.", "classes.next_sort", on),
        Action("class_split", ("f",), "split", "Figures of test, train or val images.", "classes.next_split", on),
        Action("to_class", ("w",), "go", "Choose a class by typing its name.", "app.find('class')", on),
        Action("compare_class", ("W",), "versus", "Compare with a class by its name.", "app.find('versus')", on),
        Action("swap", ("t",), "", "Let the two classes change places.", "classes.swap", on),
    )


def _prune() -> tuple[Action, ...]:
    on = (PRUNE,)
    return (
        Action("next_row", ("down", "j"), "", "Next row.", "prune.next", on),
        Action("previous_row", ("up", "k"), "", "Previous row.", "prune.previous", on),
        Action("run_model", ("r",), "run B", "Run the network without the marked prototypes.", "screen.run", on),
        Action("keep", ("w",), "write run", "Keep the run without the marked prototypes.", "screen.keep", on),
        Action("cancel", ("escape",), "", "Cancel the run of the network.", "screen.cancel", on),
        Action("kill", ("K",), "", "End the run of the network at once.", "screen.kill", on),
        Action("head", ("h",), "head", "Fit the head anew in B, or not.", "prune.toggle_refit", on),
        Action("answer", ("v",), "view", "Both answers: all images, classes, flips.", "prune.next_view", on),
        Action("pane", ("a",), "pane", "Arrow keys to the list, answer A or B.", "prune.next_pane", on),
        Action("look", ("enter",), "look", "See the flipped image, or the concept.", "screen.look", on),
        Action("split", ("s",), "split", "Answer about test or val images.", "prune.next_split", on),
        Action("clear", ("X",), "", "Take all marks away.", "app.edit('clear')", on),
        Action("save_set", ("e",), "", "Save the marks as a named set.", "app.edit('save_set')", on),
        Action("use_set", ("E",), "", "Mark the concepts of a named set.", "app.edit('use_set')", on),
        Action("with_pruned", ("o",), "", "Compare this run with the pruned one.", "screen.compare", on),
    )


def _compare() -> tuple[Action, ...]:
    on = (COMPARE,)
    return (
        Action("open_other", ("o",), "open", "Lay a second run file beside this one.", "screen.open", on),
        Action("next_pair", ("down", "j"), "", "Next row.", "compare.next_row", on),
        Action("previous_pair", ("up", "k"), "", "Previous row.", "compare.previous_row", on),
        Action("compared", ("v",), "view", "Regions, importance or predictions.", "compare.next_view", on),
        Action("see", ("enter",), "look", "See the image or the concept.", "screen.look", on),
    )


def _naming() -> tuple[Action, ...]:
    on = (NAMING,)
    return (
        Action("next_named", ("down", "j"), "", "Next concept.", "naming.next", on),
        Action("previous_named", ("up", "k"), "", "Previous concept.", "naming.previous", on),
        Action("give_name", ("enter", "n"), "name", "Name the concept.", "app.edit('name')", on),
        Action("give_note", ("t",), "note", "Write a note about the concept.", "app.edit('note')", on),
        Action("blind", ("b",), "blind", "Blind naming: regions without their prototypes.", "screen.blind", on),
        Action("results", ("r",), "results", "Write the answers of blind naming (CSV, JSON).", "screen.results", on),
        Action("export_names", ("x",), "export", "Write names and notes for somebody else.", "screen.export", on),
        Action("import_names", ("i",), "import", "Take over the names of a file.", "screen.import_names", on),
        Action("other_names", ("c",), "agree", "Agreement with the names of a file.", "screen.beside", on),
    )


ACTIONS: tuple[Action, ...] = (
    *(Action(e.name, (e.key,), "", e.help, f"app.show({e.name!r})") for e in ENTRIES),
    *_concepts(),
    *_image(),
    *_classes(),
    *_prune(),
    *_compare(),
    *_naming(),
    Action("next_layer", ("right_square_bracket", "l"), "layer", "Next layer.", "session.next_layer", _LAYERS),
    Action("previous_layer", ("left_square_bracket",), "", "Previous layer.", "session.previous_layer", _LAYERS),
    Action("no_concept", ("escape",), "", "Let the chosen concept go.", "session.no_concept", _BOTH),
    Action("why", ("w",), "why", "Choose a class to explain by typing its name.", "app.find('why')", _BOTH),
    Action("marks", ("d",), "", "Numbers and letters instead of colours, or back.", "overlay.toggle_marks", _BOTH),
    Action("mark", ("space",), "mark", "Mark the concept to be dropped, or unmark it.", "app.edit('mark')", _EDITS),
    Action("name", ("N",), "", "Name the concept.", "app.edit('name')", (CONCEPTS, PRUNE)),
    Action("undo", ("u",), "undo", "Undo your last edit, also of an earlier session.", "app.edit('undo')", _EDITS),
    Action("redo", ("U",), "", "Redo what you undid last.", "app.edit('redo')", _EDITS),
    Action("back", ("backspace",), "", "Back to where you were before.", "session.back"),
    Action("forward", ("B",), "", "Forward again after going back.", "session.forward"),
    Action("find", ("slash",), "find", "Go to an image, class or concept by part of its name.", "app.find('go')"),
    Action("theme", (), "", "Change the colours of the program.", "app.change_theme"),
    Action("palette", ("ctrl+p",), "commands", "Every command by name.", "app.command_palette"),
    Action("save_figure", ("f8",), "", "Save the screen (SVG) and its pictures (PNG).", "app.save('figure')"),
    Action("save_table", ("f9",), "", "Save the tables of the screen (CSV, JSON).", "app.save('tables')"),
    Action("explain", ("f1",), "explain", "What the panel in focus shows; tab moves the focus.", "app.explain"),
    Action("help", ("question_mark",), "help", "All keys.", "app.help"),
    Action("quit", ("q", "ctrl+q"), "quit", "Leave.", "app.quit"),
)

_SPELLED = {
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "slash": "/",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "enter": "⏎",
    "escape": "esc",
    "backspace": "⌫",
    "space": "␣",
    "tab": "⇥",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "f1": "F1",
    "f8": "F8",
    "f9": "F9",
}


def spelled(key: str) -> str:
    """A key as people write it."""
    return _SPELLED.get(key, key)


def on_screen(screen: str) -> list[Action]:
    """Actions of a screen; its own first, then those that work everywhere."""
    return sorted((a for a in ACTIONS if a.on(screen)), key=lambda a: not a.screens)
