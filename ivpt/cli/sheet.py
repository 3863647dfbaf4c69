"""A small table in three shapes: for the terminal, for Markdown, for a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivpt.cli.info import printable

if TYPE_CHECKING:
    from rich.table import Table

DASH = "–"
"""Where there is no number."""
_GAP = 2
"""Spaces between two columns."""


@dataclass(frozen=True)
class Sheet:
    """Words in rows and columns; the first column is left, the others are right aligned.

    Attributes:
        head: of each column.
        rows: cells of each row; a cell is its lines.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...]

    def to_markdown(self) -> str:
        """A pipe table; lines of a cell are joined by spaces."""
        lines = [
            _pipes(self.head),
            _pipes(["---", *["---:"] * (len(self.head) - 1)]),
            *(_pipes([" ".join(cell) for cell in row]) for row in self.rows),
        ]
        return "\n".join(lines) + "\n"

    def to_rich(self) -> "Table":
        """For a terminal; each line of a cell is a line."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, _GAP, 0, 0))
        for k, head in enumerate(self.head):
            words = Text("\n".join(map(printable, head.split("\n"))))
            # what does not fit is folded, never cut
            table.add_column(words, justify="right" if k else "left", overflow="fold")
        for row in self.rows:
            first, *others = (Text("\n".join(map(printable, cell))) for cell in row)
            first.stylize("bold")
            table.add_row(first, *others)
        return table

    @property
    def widths(self) -> list[int]:
        """Characters that each column takes in a terminal, with the space behind it."""
        return [
            _GAP + max(len(printable(line)) for cell in (head.split("\n"), *cells) for line in cell)
            for head, *cells in zip(self.head, *self.rows, strict=True)
        ]

    @property
    def least_widths(self) -> list[int]:
        """The same when lines are folded between words."""
        return [
            _GAP + max(len(word) for cell in (head.split("\n"), *cells) for line in cell for word in _words(line))
            for head, *cells in zip(self.head, *self.rows, strict=True)
        ]

    def turned(self) -> "Sheet":
        """Rows as columns; what was a head with a unit has the unit below it."""
        names = ["\n".join(row[0]) for row in self.rows]
        rows = ((_unit_below(head), *(row[k] for row in self.rows)) for k, head in enumerate(self.head) if k)
        return Sheet((self.head[0], *names), tuple(rows))

    def on_one_line(self) -> "Sheet":
        """Lines of a cell joined."""
        return Sheet(self.head, tuple(tuple((" ".join(cell),) for cell in row) for row in self.rows))

    def blocks(self, width: int) -> Iterator["Sheet"]:
        """Columns in groups that fit into a width, the first column before each; at least one other in each."""
        widths = self.widths
        taken: list[int] = []
        for k in range(1, len(widths)):
            if taken and widths[0] + sum(widths[j] for j in taken) + widths[k] > width:
                yield self._of(taken)
                taken = []
            taken.append(k)
        yield self._of(taken)

    def _of(self, columns: Sequence[int]) -> "Sheet":
        chosen = (0, *columns)
        return Sheet(tuple(self.head[k] for k in chosen), tuple(tuple(row[k] for k in chosen) for row in self.rows))


def _words(line: str) -> list[str]:
    return printable(line).split() or [""]


def _unit_below(head: str) -> tuple[str, ...]:
    name, bracket, unit = head.rpartition(" [")
    return (name, f"[{unit}") if bracket else (head,)


def to_csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values as RFC 4180 has them but with plain line ends; ``None`` is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def digits(value: float, unit: str) -> str:
    """A number with as many digits as its unit bears."""
    return f"{value:.1f}" if unit == "%" else f"{value:.4g}"


def between(interval: tuple[float, float] | None, unit: str) -> str:
    """``70.1 to 80.2``; empty without interval."""
    return "" if interval is None else f"{digits(interval[0], unit)} to {digits(interval[1], unit)}"


def _pipes(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(words: str) -> str:
    """Words of a file as they may stand in Markdown."""
    return printable(words).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def drawn(sheets: Sequence[Sheet], notes: Sequence[str]) -> str:
    """Sheets and the sentences below them as a terminal shows them, or as plain words where stdout is none.

    A sheet whose words do not fit is turned; where that does not suffice, its columns stand in blocks below each other.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    with console.capture() as captured:
        for sheet in sheets:
            for block in fitted(sheet, console.width):
                console.print(block.to_rich())
                console.print()
        for note in notes:
            console.print(Text(printable(note)))
    return captured.get()


def fitted(sheet: Sheet, width: int) -> list[Sheet]:
    """A sheet in the first shape that fits into a width; one whose lines can be folded between words fits too."""
    if sum(sheet.least_widths) <= width:
        return [sheet]
    turned = sheet.turned()
    for shape in (turned.on_one_line(), turned):
        if sum(shape.widths) <= width:
            return [shape]
    return list(turned.blocks(width))


def in_markdown(sheets: Sequence[Sheet], notes: Sequence[str]) -> str:
    """Sheets as pipe tables and the sentences below them as a list."""
    return "\n".join([*(sheet.to_markdown() for sheet in sheets), *(f"- {escaped(note)}" for note in notes)]) + "\n"
