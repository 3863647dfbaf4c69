"""A picture in half-block characters, with regions and their numbers over it."""

from functools import lru_cache

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from ivpt.ui import palette, raster
from ivpt.ui.raster import Pixels, Regions

_HALF = "▀"


@lru_cache(16384)
def _half(top: int, bottom: int) -> Segment:
    """Two pixels, packed as 0xRRGGBB, as one character."""
    return Segment(_HALF, Style(color=_colour(top), bgcolor=_colour(bottom)))


@lru_cache(4096)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)


def _written(character: str, ink: palette.Rgb, on: palette.Rgb, bold: bool) -> Segment:
    return Segment(character, Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*on), bold=bold))


class PictureView(Widget):
    """Shows one picture as large as fits; the proportions are kept.

    Nothing is interactive here: what to show is handed in by :meth:`draw`.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._picture: Pixels | None = None
        self._regions: Regions | None = None
        self._colours: tuple[palette.Rgb, ...] = ()
        self._background = 0
        self._opacity = 0.6
        self._chosen: int | None = None
        self._marks = False
        self._numbers = True
        self._lines: list[Strip] = []
        self._shown: tuple[object, ...] = ()

    def draw(
        self,
        picture: Pixels | None,
        regions: Regions | None = None,
        *,
        prototypes: int = 0,
        background: int = 0,
        opacity: float = 0.6,
        chosen: int | None = None,
        marks: bool = False,
        numbers: bool = True,
        only: bool = False,
    ) -> None:
        """Show a picture, a region map, or both.

        Args:
            picture: (H, W, 3); None for a plain canvas.
            regions: (h, w) channel that owns each cell; None for the picture alone.
            prototypes: channels of the layer, for the colours.
            background: the channel that is background.
            opacity: of the colours, 0 to 1.
            chosen: a concept that stands out.
            marks: a character in every cell of a region instead of its colour.
            numbers: write each concept's number into its region.
            only: show no other concept than the chosen one; the rest counts as background.
        """
        wanted = (picture, regions, prototypes, background, opacity, chosen, marks, numbers, only)
        # arrays are compared by identity: a page or cutting never changes once it is read
        key = (id(picture), id(regions), *wanted[2:])
        if self._shown and key == (id(self._shown[0]), id(self._shown[1]), *self._shown[2:]):
            return
        self._shown = wanted
        if only and regions is not None and chosen is not None:
            regions = np.where(regions == chosen, regions, np.uint8(background))
        self._picture, self._regions = picture, regions
        self._colours = palette.colours(prototypes, background)
        self._background, self._opacity, self._chosen = background, opacity, chosen
        self._marks, self._numbers = marks, numbers
        self._rebuild()
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw anew for the new size."""
        self._rebuild()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the drawing."""
        return self._lines[y] if 0 <= y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)

    def _rebuild(self) -> None:
        columns, rows = self.size
        self._lines = []
        if columns < 1 or rows < 1 or (self._picture is None and self._regions is None):
            return
        source = self._picture.shape[:2] if self._picture is not None else self._canvas()
        size = raster.fit(source, columns, rows)
        pixels = None if self._picture is None else raster.resize(self._picture, size)
        regions = None if self._regions is None else raster.enlarge(self._regions, size)
        if regions is None:
            cells = self._halves(pixels) if pixels is not None else []
        elif self._marks:
            cells = self._marked(pixels, regions)
        else:
            cells = self._halves(
                raster.overlay(
                    pixels,
                    regions,
                    self._colours,
                    background=self._background,
                    opacity=self._opacity,
                    chosen=self._chosen,
                )
            )
            if self._numbers and self._opacity > 0:
                self._write_numbers(cells, regions)
        self._lines = self._strips(cells, size[1])

    def _canvas(self) -> tuple[int, int]:
        assert self._regions is not None
        return self._regions.shape[0], self._regions.shape[1]

    def _halves(self, pixels: Pixels) -> list[list[Segment]]:
        parts = pixels.astype(np.int32)
        packed = parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]
        return [
            [_half(top, bottom) for top, bottom in zip(above, below, strict=True)]
            for above, below in zip(packed[0::2].tolist(), packed[1::2].tolist(), strict=True)
        ]

    def _marked(self, pixels: Pixels | None, regions: Regions) -> list[list[Segment]]:
        if pixels is None:
            pixels = np.full((*regions.shape, 3), 24, np.uint8)
        cells = self._halves(pixels)
        mean = ((pixels[0::2].astype(np.uint16) + pixels[1::2]) // 2 * 5 // 8).tolist()
        for row, line in enumerate(regions[0::2].tolist()):
            for column, channel in enumerate(line):
                if channel == self._background:
                    continue
                chosen = channel == self._chosen
                back, bold = ((255, 255, 255), True) if chosen else (tuple(mean[row][column]), False)
                glyph = palette.mark(channel, self._background)
                cells[row][column] = _written(glyph, palette.ink(back), back, bold)
        return cells

    def _write_numbers(self, cells: list[list[Segment]], regions: Regions) -> None:
        width = len(cells[0])
        for label in raster.labels(regions, self._background):
            text = str(label.channel)
            start = min(max(label.column - (len(text) - 1) // 2, 0), width - len(text))
            on = palette.colour(label.channel, self._background)
            for offset, character in enumerate(text):
                if 0 <= start + offset < width:
                    cells[label.row][start + offset] = _written(character, palette.ink(on), on, True)

    def _strips(self, cells: list[list[Segment]], width: int) -> list[Strip]:
        columns, rows = self.size
        style = self.rich_style
        blank = Strip.blank(columns, style)
        left = (columns - width) // 2
        before = [Segment(" " * left, style)] if left else []
        right = columns - width - left
        after = [Segment(" " * right, style)] if right else []
        lines = [blank] * ((rows - len(cells)) // 2)
        lines += [Strip([*before, *line, *after], columns) for line in cells]
        return lines + [blank] * (rows - len(lines))
