"""A picture with regions and their numbers over it, by whichever way the terminal has."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import ControlType, Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from ivpt.ui.pictures.cells import Cells, cells
from ivpt.ui.pictures.rungs import Rung, Terminal
from ivpt.ui.pictures.scene import Scene
from ivpt.ui.raster import Pixels, Regions

LARGEST = 640
"""Longest side in pixels of a picture sent as graphics; the terminal enlarges what is shown larger."""
PATIENCE = 0.05
"""Seconds that half blocks stand before graphics are painted: pictures that are leafed through are not."""


@lru_cache(16384)
def _style(ink: int, ground: int, bold: bool) -> Style:
    colours = _colour(ink), _colour(ground)
    # five times as fast, and a picture has thousands
    return Style(color=colours[0], bgcolor=colours[1], bold=True) if bold else Style.from_color(*colours)


@lru_cache(4096)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)


@dataclass(frozen=True, eq=False)
class Asked:
    """A picture to be painted as graphics: what, for how many cells, for which terminal."""

    scene: Scene
    columns: int
    rows: int
    terminal: Terminal


class Painted(Message):
    """A worker has painted what was asked for."""

    def __init__(self, asked: Asked, number: int, sequence: str) -> None:
        super().__init__()
        self.asked, self.number, self.sequence = asked, number, sequence


class PictureView(Widget):
    """Shows one picture as large as fits; the proportions are kept.

    Nothing is interactive here: what to show is handed in by :meth:`draw`.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._scene: Scene | None = None
        self._lines: list[Strip] = []
        # of the picture as graphics: its number in the terminal (Kitty), its sequence and where it begins (Sixel)
        self._sent: int | None = None
        self._sixels = ""
        self._corner = (0, 0)
        self._asked: Asked | None = None

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self._scene

    def draw(
        self,
        picture: Pixels | None,
        regions: Regions | None = None,
        *,
        background: int = 0,
        opacity: float = 0.6,
        chosen: int | None = None,
        marks: bool = False,
        numbers: bool = True,
        only: bool = False,
        parts: Regions | None = None,
        letters: tuple[str, ...] = (),
        annotations: Pixels | None = None,
    ) -> None:
        """Show a picture, a region map, or both.

        Args:
            picture: (H, W, 3); None for a plain canvas.
            regions: (h, w) channel that owns each cell; None for the picture alone.
            background: the channel that is background.
            opacity: of the colours, 0 to 1.
            chosen: a concept that stands out.
            marks: a character in every cell of a region instead of its colour.
            numbers: write each concept's number into its region.
            only: show no other concept than the chosen one; the rest counts as background.
            parts: (h, w) label of the annotated part at each pixel, 0 for none; None to outline no parts.
            letters: of the parts.
            annotations: (H, W, 4) colours and opacity of what lies over picture and regions.
        """
        how = (background, opacity, chosen, marks, numbers, only)
        self.show(Scene(picture, regions, *how, parts, letters, annotations))

    def show(self, scene: Scene) -> None:
        """Show a scene."""
        if not scene.same(self._scene):
            self._scene = scene
            self._rebuild()
            self.refresh()

    def redraw(self) -> None:
        """Draw anew: the terminal has changed."""
        self._rebuild()
        self.refresh()

    @property
    def terminal(self) -> Terminal:
        """How pictures reach the terminal."""
        found: Terminal = getattr(self.app, "terminal", None) or Terminal()
        return found

    def on_mount(self) -> None:
        """Graphics are taken away while another screen is shown."""
        if self.terminal.rung is Rung.KITTY:
            self.app.screen_change_signal.subscribe(self, self._screen_changed, immediate=True)

    def on_unmount(self) -> None:
        """Free the terminal's memory."""
        self._forget()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw anew for the new size."""
        self._rebuild()
        # lines of the old size may have been asked for already
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the drawing."""
        return self._lines[y] if 0 <= y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the widget; sixels are drawn over them, as writing the lines has wiped them out."""
        if not self._lines:
            # nothing to show, or not yet: one blank line for all, as asking for the style takes long
            self._lines = [Strip.blank(self.size.width, self.rich_style)] * self.size.height
        strips = super().render_lines(crop)
        if not self._sixels or not strips or not self.screen.is_active:
            return strips
        area = self.content_region
        column, row = area.x + self._corner[0] + 1, area.y + self._corner[1] + 1
        # a control segment has no width; 7 and 8 keep the cursor where the compositor believes it to be
        over = Segment(f"\x1b7\x1b[{row};{column}H{self._sixels}\x1b8", None, [(ControlType.CURSOR_FORWARD, 0)])
        strips[-1] = Strip([*strips[-1], over], strips[-1].cell_length)
        return strips

    # drawing

    def _rebuild(self) -> None:
        columns, rows = self.size
        scene, terminal = self._scene, self.terminal
        self._lines, self._sixels, self._asked = [], "", None
        if columns < 1 or rows < 1 or scene is None or scene.empty:
            self._forget()
            return
        drawn = cells(scene, columns, rows, terminal.rung, terminal.colours)
        self._place(_segments(drawn), drawn.text.shape[1])
        if terminal.rung in (Rung.KITTY, Rung.SIXEL) and not scene.marks:
            # half blocks at once; graphics as soon as a worker has painted them, unless something else is shown by then
            self._asked = Asked(scene, drawn.text.shape[1], drawn.text.shape[0], terminal)
            self.set_timer(PATIENCE, partial(self._ask, self._asked))
        else:
            self._forget()

    def _place(self, lines: list[list[Segment]], width: int) -> None:
        """Centre lines of a width in the widget."""
        columns, rows = self.size
        style = self.rich_style
        blank = Strip.blank(columns, style)
        left = (columns - width) // 2
        before = [Segment(" " * left, style)] if left else []
        right = columns - width - left
        after = [Segment(" " * right, style)] if right else []
        above = (rows - len(lines)) // 2
        placed = [Strip([*before, *line, *after], columns) for line in lines]
        self._lines = [blank] * above + placed + [blank] * (rows - len(lines) - above)
        self._corner = (left, above)

    # graphics

    @property
    def settled(self) -> bool:
        """Whether what is asked for is what is shown."""
        return self._asked is None

    def _ask(self, asked: "Asked") -> None:
        if asked is self._asked:
            self.run_worker(partial(self._paint, asked), name="paint", thread=True, exit_on_error=True)

    def _paint(self, asked: "Asked") -> None:
        """Paint in a worker."""
        from ivpt.ui.pictures import kitty
        from ivpt.ui.pictures.paint import paint
        from ivpt.ui.pictures.pixels import cell_pixels

        if asked is not self._asked:
            return
        wide, high = cell_pixels()
        size = asked.rows * high, asked.columns * wide
        if asked.terminal.rung is Rung.SIXEL:
            from ivpt.ui.pictures.sixel import sixels

            self.post_message(Painted(asked, 0, sixels(paint(asked.scene, size, badge=max(high, 10)))))
            return
        scale = min(1.0, LARGEST / max(size))
        size = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
        columns, rows = min(asked.columns, len(kitty.DIACRITICS)), min(asked.rows, len(kitty.DIACRITICS))
        number = kitty.new_number()
        pixels = paint(asked.scene, size, badge=max(round(high * scale), 10))
        self.post_message(Painted(asked, number, kitty.sent(number, pixels, columns, rows)))

    def on_painted(self, message: "Painted") -> None:
        """Show graphics instead of half blocks, unless something else has been asked for meanwhile."""
        message.stop()
        asked = message.asked
        if asked is not self._asked:
            return
        self._asked = None
        if self.screen not in self.app.screen_stack:
            # it is drawn anew when its screen comes back
            return
        if asked.terminal.rung is Rung.SIXEL:
            self._sixels = message.sequence
        else:
            from ivpt.ui.pictures import kitty

            self._forget()
            self._sent = message.number
            self._write(message.sequence)
            style = Style(color=_colour(message.number))
            lines = kitty.placeholders(
                min(asked.columns, len(kitty.DIACRITICS)), min(asked.rows, len(kitty.DIACRITICS))
            )
            self._place([[Segment(text, style) for text in line] for line in lines], len(lines[0]))
        self.refresh()

    def _screen_changed(self, _screen: Screen[object]) -> None:
        if self.screen not in self.app.screen_stack:
            self._forget()
        elif self._sent is None and self._scene is not None:
            self._rebuild()
            self.refresh()

    def _forget(self) -> None:
        """Take the picture out of the terminal, if it is there."""
        if self._sent is not None:
            from ivpt.ui.pictures import kitty

            self._write(kitty.deleted(self._sent))
            self._sent = None

    def _write(self, sequence: str) -> None:
        """Pass a sequence that prints nothing to the terminal, before what is painted next."""
        driver = self.app._driver
        if self.terminal.tmux:
            from ivpt.ui.pictures.kitty import wrapped

            sequence = wrapped(sequence)
        if driver is not None:
            driver.write(sequence)


def _segments(drawn: Cells) -> list[list[Segment]]:
    """One segment per run of cells with the same colours."""
    rows, columns = drawn.text.shape
    if drawn.ink is None or drawn.ground is None:
        plain, bold = Style(), Style(bold=True)
        key = drawn.bold.astype(np.int64)
        return _runs(drawn, key, lambda packed: bold if packed else plain)
    key = np.zeros((rows, columns), np.int64)
    for array in (drawn.ink, drawn.ground):
        for channel in range(3):
            key = key << 8 | array[..., channel]
    key = key << 1 | drawn.bold
    return _runs(drawn, key, lambda packed: _style(packed >> 25, packed >> 1 & 0xFFFFFF, bool(packed & 1)))


def _runs(drawn: Cells, key: NDArray[np.int64], style: Callable[[int], Style]) -> list[list[Segment]]:
    lines = []
    for text, keys in zip(drawn.text, key, strict=True):
        words = "".join(text.tolist())
        starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1)).tolist()
        stops = [*starts[1:], len(keys)]
        values = keys[starts].tolist()
        lines.append([Segment(words[a:b], style(k)) for a, b, k in zip(starts, stops, values, strict=True)])
    return lines
