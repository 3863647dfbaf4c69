"""A small table in three shapes: for the terminal, for Markdown, for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivpt.cli.info import printable

if TYPE_CHECKING:
    from rich.table import Table

DASH = "–"
"""Where there is no number."""


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

        table = Table(box=None, padding=(0, 2, 0, 0))
        for k, head in enumerate(self.head):
            words = Text(printable(head))
            # what does not fit is folded, never cut
            table.add_column(words, justify="right" if k else "left", overflow="fold")
        for row in self.rows:
            first, *others = (Text("\n".join(map(printable, cell))) for cell in row)
            first.stylize("bold")
            table.add_row(first, *others)
        return table


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
    """Sheets and the sentences below them as a terminal shows them, or as plain words where stdout is none."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    with console.capture() as captured:
        for sheet in sheets:
            console.print(sheet.to_rich())
            console.print()
        for note in notes:
            console.print(Text(printable(note)))
    return captured.get()


def in_markdown(sheets: Sequence[Sheet], notes: Sequence[str]) -> str:
    """Sheets as pipe tables and the sentences below them as a list."""
    return "\n".join([*(sheet.to_markdown() for sheet in sheets), *(f"- {escaped(note)}" for note in notes)]) + "\n"
