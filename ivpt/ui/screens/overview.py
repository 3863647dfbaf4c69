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
from ivpt.ui.widgets.cells import MUTED, cut, waiting
from ivpt.ui.widgets.curves import curves
from ivpt.ui.widgets.sheet import Sheet, click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivpt.ui.card import Card, Fact
    from ivpt.ui.session import Session

CURVES_HEIGHT = 9
_MOST_CURVES = 3


class OverviewScreen(SessionScreen):
    """The first screen; its card needs nothing that takes long."""

    name_in_table = OVERVIEW
    needs = ("summary.index", "summary.facts", "edits.edited")
    AUTO_FOCUS = "#overview"
    BINDINGS = bindings(OVERVIEW)
    _whole = False

    def body(self) -> Iterator[Widget]:
        """Two columns, and the scores below them."""
        with VerticalScroll(id="overview"), Horizontal(classes="row"):
            with Vertical(classes="column", id="first"):
                yield Sheet(self._card, title="Run", id="card", classes="panel")
            yield Vertical(classes="column", id="second")

    def on_mount(self) -> None:
        """Only the card, which is there already, is part of the first paint."""
        # opening imports h5py and numpy, which would hold up the paint of the card
        self.set_timer(0.05, self.explorer.versions.open)

    def _card(self, width: int, height: int) -> list[Content]:
        return card_lines(self.explorer.card, width)

    async def complete(self) -> None:
        """Add everything else, once the run has been opened."""
        await self.query_one("#first").mount(
            Sheet(title="Look out for", id="warnings", classes="panel"),
            Sheet(title="Data", id="data", classes="panel"),
        )
        await self.query_one("#second").mount(
            Sheet(title="Accuracy", id="accuracy", classes="panel"),
            Sheet(title="Loss", id="loss", classes="panel"),
            Sheet(title="Foreground of each layer", id="layers", classes="panel"),
        )
        await self.query_one("#overview").mount(Sheet(title="Scores", id="scores", classes="panel"))
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
        self.query_one("#accuracy", Sheet).draw(
            lambda width, height: curves(accuracy, width, height or CURVES_HEIGHT, of_shares)
        )
        self.query_one("#loss", Sheet).draw(lambda width, height: curves(loss, width, height or CURVES_HEIGHT))
        self.query_one("#scores", Sheet).draw(lambda width, height: score_lines(session, width))
        self.query_one("#layers", Sheet).draw(lambda width, height: layer_lines(session, width))
        self.query_one("#data", Sheet).draw(lambda width, height: data_lines(session, width))
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


def of_shares(value: float) -> str:
    """A share in the unit of all accuracies."""
    return f"{100 * value:.1f} %"


def card_lines(card: "Card", width: int) -> list[Content]:
    """Name and value of each fact of the run."""
    return _facts(card.facts, width)


def _facts(facts: "Sequence[Fact]", width: int) -> list[Content]:
    """Name and value of each; long values go on in the next line."""
    lines = []
    room = max(10, *(len(name) + 1 for name, _ in facts)) if facts else 10
    for name, value in facts:
        for at, part in enumerate(wrap(value, max(width - room, 8)) or [""]):
            head = (f"{name:<{room}}", MUTED) if at == 0 else " " * room
            lines.append(Content.assemble(head, part))
    return lines


def score_lines(session: "Session", width: int) -> list[Content]:
    """Accuracy of the stored predictions with its interval, then the stored metrics with what they were measured on."""
    name = min(max(width // 3, 16), 26)
    lines = []
    facts = session.summary.facts
    for split in facts.splits if facts else ():
        if not split.judged:
            continue
        share = split.accuracy
        lines.append(
            Content.assemble(
                (cut(f"accuracy, {split.name}", name), MUTED),
                (f" {100 * share.value:5.1f}", "bold"),
                f" [{100 * share.low:.1f}, {100 * share.high:.1f}] %",
                (f"  {split.correct:,} of {split.judged:,}", MUTED),
            )
        )
        lines.append(Content.styled(f"  controls: always the most frequent class {100 * split.majority:.1f}", MUTED))
    for score in session.card.scores:
        lines.append(
            Content.assemble(
                (cut(score.name, name), MUTED),
                (f" {score.value:>5}", "bold"),
                f" {score.interval}{score.unit}",
                (f"  {score.protocol}", MUTED),
            )
        )
        if score.controls:
            words = wrap(f"controls: {score.controls}", max(width - 2, 20))
            lines += [Content.styled(f"  {line}", MUTED) for line in words]
    return lines or [Content.styled("none stored", MUTED)]


def layer_lines(session: "Session", width: int) -> list[Content]:
    """Each layer: its concepts and the share of the map that is not background. A click opens it."""
    lines = []
    for layer in session.layers:
        text = f"{layer.key:<7}{len(layer.foreground):>3} concept{'s' if len(layer.foreground) != 1 else ' '} "
        facts = session.summary.facts
        rows = facts.concepts.get(layer.key, ()) if facts else ()
        share = sum(c.area for c in rows)
        figure = Content.styled("…" if facts is None else "no maps", MUTED)
        if rows and share == share:
            figure = Content.assemble((bar(share, max(width - 25, 4)), "$primary"), f" {share:4.0%}")
        lines.append(Content.assemble(text, figure).stylize(click(f"app.layer({layer.key!r})")))
    return lines


def data_lines(session: "Session", width: int) -> list[Content]:
    """Images per split, those with maps, and what is annotated."""
    facts = session.summary.facts
    known = list(session.card.data)
    if facts is not None:
        counts = " · ".join(f"{split.name} {split.images:,}" for split in facts.splits)
        known = [("images", counts), ("with maps", f"{facts.mapped:,}"), *known]
    return _facts(known, width)


def warning_lines(session: "Session", width: int) -> list[Content]:
    """What an analyst should look at first."""
    facts = session.summary.facts
    words = [*session.card.cautions, *session.summary.warnings]
    if session.trouble:
        words.append(session.trouble)
    lines: list[Content] = []
    for sentence in words:
        for at, part in enumerate(wrap(sentence, max(width - 3, 20))):
            lines.append(Content.assemble(("  " if at else "▲ ", "bold $warning"), part))
    return [*lines, *(waiting(session) if facts is None else [])] or [Content.styled("nothing found", MUTED)]
