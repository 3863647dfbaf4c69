"""Every screen and every action of the explorer, once: bindings, tabs, key line, help and palette read these tables."""

from dataclasses import dataclass

OVERVIEW, CONCEPTS, IMAGE = "overview", "concepts", "image"


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


_IMAGES = (IMAGE,)
_LISTS = (CONCEPTS,)
_BOTH = (CONCEPTS, IMAGE)

ACTIONS: tuple[Action, ...] = (
    *(Action(e.name, (e.key,), "", e.help, f"app.show({e.name!r})") for e in ENTRIES),
    Action("next_image", ("right", "n"), "next", "Next image.", "images.next", _IMAGES),
    Action("previous_image", ("left", "p"), "prev", "Previous image.", "images.previous", _IMAGES),
    Action("next_mistake", ("m",), "mistake", "Next wrongly classified image.", "images.next_mistake", _IMAGES),
    Action("previous_mistake", ("M",), "", "Previous wrongly classified image.", "images.previous_mistake", _IMAGES),
    Action("next_of_class", ("c",), "", "Next image of the same true class.", "images.next_of_class", _IMAGES),
    Action("first_image", ("home", "g"), "", "First image of the choice.", "images.first", _IMAGES),
    Action("last_image", ("end", "G"), "", "Last image of the choice.", "images.last", _IMAGES),
    Action("next_layer", ("right_square_bracket", "l"), "layer", "Next layer.", "session.next_layer", _BOTH),
    Action("previous_layer", ("left_square_bracket", "L"), "", "Previous layer.", "session.previous_layer", _BOTH),
    Action("next_concept", ("down", "j"), "concept", "Next concept of the list.", "concepts.next", _LISTS),
    Action("previous_concept", ("up", "k"), "", "Previous concept of the list.", "concepts.previous", _LISTS),
    Action("next_present", ("down", "j"), "concept", "Next concept in this image.", "evidence.next_present", _IMAGES),
    Action(
        "previous_present", ("up", "k"), "", "Previous concept in this image.", "evidence.previous_present", _IMAGES
    ),
    Action("no_concept", ("escape",), "", "Let the chosen concept go.", "session.no_concept", _BOTH),
    Action("sort", ("s",), "sort", "Sort the concepts by another column.", "concepts.next_sort", _LISTS),
    Action("open", ("enter",), "look", "See the concept's strongest image.", "app.strongest", _LISTS),
    Action(
        "explained", ("t",), "class", "Explain the true or the predicted class.", "evidence.next_explained", _IMAGES
    ),
    Action("why", ("w",), "why", "Choose a class to explain by typing its name.", "app.find('why')", _BOTH),
    Action(
        "filter", ("f",), "filter", "Go through all, train, val, test or wrong images.", "images.next_filter", _IMAGES
    ),
    Action("more", ("plus", "equals_sign"), "overlay", "More of the regions.", "overlay.more", _IMAGES),
    Action("less", ("minus",), "", "More of the picture.", "overlay.less", _IMAGES),
    Action("marks", ("d",), "", "Numbers and letters instead of colours, or back.", "overlay.toggle_marks", _BOTH),
    Action("back", ("backspace",), "", "Back to where you were before.", "session.back"),
    Action("forward", ("B",), "", "Forward again after going back.", "session.forward"),
    Action("find", ("slash",), "find", "Go to an image or class by part of its name.", "app.find('go')"),
    Action("theme", (), "", "Change the colours of the program.", "app.change_theme"),
    Action("palette", ("ctrl+p",), "", "Every command by name.", "app.command_palette"),
    Action("help", ("question_mark", "f1"), "help", "All keys.", "app.help"),
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
    "ctrl+p": "^p",
    "ctrl+q": "^q",
}


def spelled(key: str) -> str:
    """A key as people write it."""
    return _SPELLED.get(key, key)


def on_screen(screen: str) -> list[Action]:
    """Actions of a screen; its own first, then those that work everywhere."""
    return sorted((a for a in ACTIONS if a.on(screen)), key=lambda a: not a.screens)
