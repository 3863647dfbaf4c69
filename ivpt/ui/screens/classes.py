"""Classes: what speaks for each, which are confused, and how two of them differ."""

from collections.abc import Iterator

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.ui.actions import CLASSES
from ivpt.ui.parts.classes import CONFUSION, DIFFERENCE, IMPORTANCE
from ivpt.ui.reading import EXAMPLES
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.class_lines import importance_lines, list_lines, mistakes_lines
from ivpt.ui.screens.confusion_lines import confusion_lines, matrix_lines, matrix_title
from ivpt.ui.screens.difference_lines import difference_lines, difference_title
from ivpt.ui.text import counted
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet, click

_NAMES = {IMPORTANCE: "importance", CONFUSION: "confusions", DIFFERENCE: "a pair"}


class ClassesScreen(SessionScreen):
    """The list of classes at the left; at the right one of three views."""

    name_in_table = CLASSES
    needs = (
        "summary.index",
        "summary.facts",
        "edits.edited",
        "classes.rows",
        "classes.confusion",
        "classes.difference",
        "classes.examples",
    )
    BINDINGS = bindings(CLASSES)

    def body(self) -> Iterator[Widget]:
        """A list and a view."""
        with Horizontal(classes="fill"):
            yield Sheet(id="class-list", classes="panel")
            with Vertical(id="class-view"):
                yield Sheet(id="class-main", classes="panel")
                yield Sheet(id="class-mistakes", classes="panel")
                with Horizontal(id="class-examples"):
                    for at in range(EXAMPLES):
                        yield PictureView(id=f"example-{at}", classes="panel")

    def show(self) -> None:
        """Draw the list, of classes or of confusions, and the view."""
        session, classes = self.session, self.session.classes
        left, main = self.query_one("#class-list", Sheet), self.query_one("#class-main", Sheet)
        below = self.query_one("#class-mistakes", Sheet)
        main.border_subtitle = Content.assemble(
            *(
                Content.styled(f" {words} ", "bold $accent" if view == classes.shown else "").stylize(
                    click(f"screen.view({view!r})")
                )
                for view, words in _NAMES.items()
            )
        )
        below.display = classes.shown == IMPORTANCE
        main.set_class(classes.shown == IMPORTANCE, "-short")
        # the style sheet hides them where there is no room
        self.query_one("#class-examples").styles.display = None if classes.shown == IMPORTANCE else "none"
        if classes.shown == CONFUSION:
            many = len(classes.confusions())
            left.draw(
                lambda w, h: confusion_lines(session, w, h),
                Content(f"{counted(many, 'kind')} of mistakes, {classes.split} images"),
            )
            main.draw(lambda w, h: matrix_lines(session, w, h), matrix_title(session))
            return
        left.draw(
            lambda w, h: list_lines(session, w, h),
            Content(f"{counted(len(session.class_names), 'class', 'classes')}, {classes.split} images"),
        )
        if classes.shown == DIFFERENCE:
            main.draw(lambda w, h: difference_lines(session, w, h), difference_title(session))
            return
        name = session.class_name(classes.at)
        main.draw(lambda w, h: importance_lines(session, w, h), Content(f"What speaks for {name}"))
        below.draw(lambda w, h: mistakes_lines(session, w, h), Content(f"Confusions of {name}"))

        self._draw_examples()

    def _draw_examples(self) -> None:
        session = self.session
        examples, layer = session.classes.examples.value or (), session.layers[-1]
        for at in range(EXAMPLES):
            view = self.query_one(f"#example-{at}", PictureView)
            if at >= len(examples):
                view.border_title = Content("")
                view.draw(None)
                continue
            example = examples[at]
            right = example.prediction == session.classes.at
            view.border_title = Content("✓" if right else f"✗ {session.class_name(example.prediction)}")
            view.draw(
                example.picture,
                example.regions,
                background=layer.background,
                opacity=session.overlay.opacity,
                marks=session.overlay.marks,
            )

    def on_click(self, event: events.Click) -> None:
        """An image that is clicked is shown."""
        name = (event.widget.id or "") if event.widget else ""
        examples = self.session.classes.examples.value or ()
        if name.startswith("example-") and int(name.removeprefix("example-")) < len(examples):
            self.session.images.to(examples[int(name.removeprefix("example-"))].image)
            self.explorer.action_show("image")

    def action_view(self, view: str) -> None:
        """Show the view that was clicked."""
        self.session.classes.shown = view
        self.explorer.changed()
