"""Every action of the explorer, once: bindings, key line, help and command palette all read this table."""

from dataclasses import dataclass

OVERVIEW, CONCEPTS, IMAGE = "overview", "concepts", "image"
SCREENS = (OVERVIEW, CONCEPTS, IMAGE)


@dataclass(frozen=True)
class Action:
    """Something a user can do.

    Attributes:
        id: stable name; keys are remapped by it.
        keys: names of keys as Textual spells them; the first one is shown.
        label: a word for the key line; empty where the key line leaves it out.
        help: one sentence for help and palette.
        handler: ``session.NAME`` for a command of :class:`ivpt.ui.session.Session`, ``app.NAME`` for an action of the
            app.
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
        owner, _, rest = self.handler.partition(".")
        return f"app.command({rest!r})" if owner == "session" else f"app.{rest}"

    def on(self, screen: str) -> bool:
        """Whether it can be done on a screen."""
        return not self.screens or screen in self.screens


_IMAGES = (IMAGE,)
_LISTS = (CONCEPTS,)
_BOTH = (CONCEPTS, IMAGE)

ACTIONS: tuple[Action, ...] = (
    Action("overview", ("1",), "", "Overview: run card, curves, scores, warnings.", "app.show('overview')"),
    Action("concepts", ("2",), "", "Concepts of each layer, with regions cut out of images.", "app.show('concepts')"),
    Action("image", ("3",), "", "One image: regions of every layer, evidence for a class.", "app.show('image')"),
    Action("next_image", ("right", "n"), "next", "Next image.", "session.next_image", _IMAGES),
    Action("previous_image", ("left", "p"), "prev", "Previous image.", "session.previous_image", _IMAGES),
    Action("next_mistake", ("m",), "mistake", "Next wrongly classified image.", "session.next_mistake", _IMAGES),
    Action("previous_mistake", ("M",), "", "Previous wrongly classified image.", "session.previous_mistake", _IMAGES),
    Action("next_of_class", ("c",), "", "Next image of the same true class.", "session.next_of_class", _IMAGES),
    Action("first_image", ("home", "g"), "", "First image of the choice.", "session.first_image", _IMAGES),
    Action("last_image", ("end", "G"), "", "Last image of the choice.", "session.last_image", _IMAGES),
    Action("next_layer", ("right_square_bracket", "l"), "layer", "Next layer.", "session.next_layer", _BOTH),
    Action("previous_layer", ("left_square_bracket", "L"), "", "Previous layer.", "session.previous_layer", _BOTH),
    Action("next_concept", ("down", "j"), "concept", "Next concept of the list.", "session.next_concept", _LISTS),
    Action("previous_concept", ("up", "k"), "", "Previous concept of the list.", "session.previous_concept", _LISTS),
    Action("next_present", ("down", "j"), "concept", "Next concept in this image.", "session.next_present", _IMAGES),
    Action("previous_present", ("up", "k"), "", "Previous concept in this image.", "session.previous_present", _IMAGES),
    Action("no_concept", ("escape",), "", "Let the chosen concept go.", "session.no_concept", _BOTH),
    Action("sort", ("s",), "sort", "Sort the concepts by another column.", "session.next_sort", _LISTS),
    Action("open", ("enter",), "look", "See the concept's strongest image.", "app.strongest", _LISTS),
    Action("explained", ("t",), "class", "Explain the true or the predicted class.", "session.next_explained", _IMAGES),
    Action("why", ("w",), "why", "Choose a class to explain by typing its name.", "app.find('why')", _BOTH),
    Action(
        "filter", ("f",), "filter", "Go through all, train, val, test or wrong images.", "session.next_filter", _IMAGES
    ),
    Action("more", ("plus", "equals_sign"), "overlay", "More of the regions.", "session.more_overlay", _IMAGES),
    Action("less", ("minus",), "", "More of the picture.", "session.less_overlay", _IMAGES),
    Action("marks", ("d",), "", "Numbers and letters instead of colours, or back.", "session.toggle_marks", _BOTH),
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
    "ctrl+p": "^p",
    "ctrl+q": "^q",
}


def spelled(key: str) -> str:
    """A key as people write it."""
    return _SPELLED.get(key, key)


def on_screen(screen: str) -> list[Action]:
    """Actions of a screen; its own first, then those that work everywhere."""
    return sorted((a for a in ACTIONS if a.on(screen)), key=lambda a: not a.screens)
