"""Overview: what was trained on what, how it went, how good it is, and what looks wrong."""

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from ivpt.ui.actions import OVERVIEW
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.widgets.bars import bar
from ivpt.ui.widgets.curves import curves
from ivpt.ui.widgets.sheet import Sheet, click

if TYPE_CHECKING:
    from ivpt.ui.card import Card
    from ivpt.ui.session import Session

CURVES_HEIGHT = 9
_MOST_CURVES = 3


class OverviewScreen(SessionScreen):
    """The first screen; its card needs nothing that takes long."""

    name_in_table = OVERVIEW
    needs = ("concepts.survey",)
    AUTO_FOCUS = "#overview"
    BINDINGS = bindings(OVERVIEW)
    _whole = False

    def body(self) -> Iterator[Widget]:
        """Card and curves above, figures below."""
        with VerticalScroll(id="overview"), Horizontal(classes="row", id="first"):
            yield Sheet(self._card, title="Run", id="card", classes="panel")

    def on_mount(self) -> None:
        """Only the card, which is there already, is part of the first paint."""
        # opening imports h5py and numpy, which would hold up the paint of the card
        self.set_timer(0.05, self.explorer.open)

    def _card(self, width: int, height: int) -> list[Content]:
        return card_lines(self.explorer.card, width)

    async def complete(self) -> None:
        """Add everything else, once the run has been opened."""
        await self.query_one("#first").mount(
            Vertical(
                Sheet(title="Accuracy", id="accuracy", classes="panel"),
                Sheet(title="Loss", id="loss", classes="panel"),
                id="curves",
            )
        )
        await self.query_one("#overview").mount(
            Horizontal(
                Sheet(title="Scores", id="scores", classes="panel"),
                Sheet(title="Foreground of each layer", id="layers", classes="panel"),
                classes="row",
            ),
            Sheet(title="Look out for", id="warnings", classes="panel"),
        )
        self._whole = True
        self.show()

    def show(self) -> None:
        """Draw card, curves and, once they are read, the figures over all images."""
        if not self._whole:
            return
        card = self.explorer.card
        self.query_one("#card", Sheet).draw(self._card)
        session = self.session
        accuracy, loss = split_columns(card.columns)
        self.query_one("#accuracy", Sheet).draw(lambda width, height: curves(accuracy, width, height or CURVES_HEIGHT))
        self.query_one("#loss", Sheet).draw(lambda width, height: curves(loss, width, height or CURVES_HEIGHT))
        self.query_one("#scores", Sheet).draw(lambda width, height: score_lines(session, width))
        self.query_one("#layers", Sheet).draw(lambda width, height: layer_lines(session, width))
        self.query_one("#warnings", Sheet).draw(lambda width, height: warning_lines(session, width))


def split_columns(
    columns: dict[str, tuple[float, ...]],
) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
    """The history's columns as accuracies and, of the losses, the total and its largest terms."""
    accuracy = {k: v for k, v in columns.items() if "accuracy" in k}
    skipped = ("epoch", "second", "time", "rate", "lr", "step", "memory")
    losses = {k: v for k, v in columns.items() if k not in accuracy and v and not any(s in k for s in skipped)}
    ranked = sorted(losses, key=lambda k: (k not in ("total", "loss"), -max(map(abs, losses[k]))))
    return dict(list(accuracy.items())[:_MOST_CURVES]), {k: losses[k] for k in ranked[:_MOST_CURVES]}


def card_lines(card: "Card", width: int) -> list[Content]:
    """Name and value of each fact; long values go on in the next line."""
    lines = []
    for name, value in card.facts:
        room = max(width - 10, 8)
        for at, part in enumerate(wrap(value, room) or [""]):
            head = (f"{name:<10}", "$foreground-muted") if at == 0 else " " * 10
            lines.append(Content.assemble(head, part))
    return lines


def score_lines(session: "Session", width: int) -> list[Content]:
    """Accuracy of the stored predictions with its interval, then the stored metrics with their protocol."""
    lines = []
    if session.concepts.survey is not None:
        for a in session.concepts.survey.accuracies:
            low, high = a.interval
            lines.append(
                Content.assemble(
                    (f"{a.split:<6}", "$foreground-muted"),
                    (f"{a.value:6.1%} ", "bold"),
                    (f"{low:.1%}–{high:.1%}", ""),
                    (f"  {a.correct:,}/{a.total:,}", "$foreground-muted"),
                )
            )
    for score in session.card.scores:
        lines.append(Content.assemble((f"{score.name} ", "$foreground-muted"), (score.value, "bold")))
        if score.protocol:
            lines.append(Content.styled(f"  {score.protocol}", "$foreground-muted"))
    return lines or [Content.styled("none stored", "$foreground-muted")]


def layer_lines(session: "Session", width: int) -> list[Content]:
    """Each layer: its concepts and the share of the map that is not background. A click opens it."""
    lines = []
    for layer in session.layers:
        text = f"{layer.key:<7}{layer.prototypes - 1:>3} concepts  "
        rows = session.concepts.survey.concepts.get(layer.key, ()) if session.concepts.survey else ()
        share = sum(c.area for c in rows)
        figure = Content.styled("…", "$foreground-muted")
        if rows and share == share:
            figure = Content.assemble((bar(share, max(width - 27, 4)), "$primary"), f" {share:4.0%}")
        lines.append(Content.assemble(text, figure).stylize(click(f"app.layer({layer.key!r})")))
    if session.concepts.survey is not None:
        counts = " · ".join(f"{name} {count:,}" for name, count in session.concepts.survey.splits)
        lines.append(Content.styled(counts, "$foreground-muted"))
        lines.append(Content.styled(f"{session.concepts.survey.with_maps:,} images with maps", "$foreground-muted"))
    return lines


def warning_lines(session: "Session", width: int) -> list[Content]:
    """What an analyst should look at first."""
    words = [*session.card.cautions, *(session.concepts.survey.warnings if session.concepts.survey else ())]
    if session.trouble:
        words.append(session.trouble)
    if not words:
        return [Content.styled("nothing found" if session.concepts.survey else "reading…", "$foreground-muted")]
    return [Content.assemble(("▲ ", "bold $warning"), line) for line in words]
