"""Boxes over a screen, and what their answers change: finding by name, all keys, what a panel shows."""

from typing import TYPE_CHECKING

from ivpt.ui.actions import IMAGE
from ivpt.ui.explanations import explanation
from ivpt.ui.finding import Hit
from ivpt.ui.screens.find import FindScreen
from ivpt.ui.screens.help import ExplainScreen, HelpScreen

if TYPE_CHECKING:
    from ivpt.ui.app import Explorer


def find(app: "Explorer", purpose: str) -> None:
    """Ask for part of a name.

    Args:
        app: the explorer.
        purpose: ``go`` to an image, class or concept; ``why`` and ``against`` for the two classes of the evidence;
            ``class`` and ``versus`` for the two of the screen of classes.
    """

    def answered(hit: Hit | None) -> None:
        if hit is not None:
            _go(app, purpose, hit)
            app.changed()

    app.push_screen(FindScreen(app.session, purpose), answered)
    app.fetch()


def _go(app: "Explorer", purpose: str, hit: Hit) -> None:
    session = app.session
    match purpose, hit.kind:
        case "why", _:
            session.evidence.explain(hit.index)
        case "against", _:
            session.evidence.compare_with(hit.index)
        case "class", _:
            session.classes.to(hit.index)
        case "versus", _:
            session.classes.compare_with(hit.index)
        case _, "concept":
            session.choose(layer=hit.key, concept=hit.index)
            if app.current_mode == "overview":
                app.action_show("concepts")
        case _, "class":
            session.images.to_class(hit.index)
            app.action_show(IMAGE)
        case _:
            session.images.to(hit.index)
            app.action_show(IMAGE)


def keys(app: "Explorer") -> None:
    """Show all keys."""
    app.push_screen(HelpScreen(app.current_mode, app.keys))


def explain(app: "Explorer") -> None:
    """Say what the panel in focus shows, or the whole screen when none is."""
    title, text = explanation(app.current_mode, app.focused)
    app.push_screen(ExplainScreen(title, text))
