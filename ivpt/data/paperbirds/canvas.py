"""An integer raster that keeps, beside the colours, which part of the bird each sample shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ivpt.data.paperbirds.draws import RGB, Draws
from ivpt.data.paperbirds.materials import TILE, tile
from ivpt.data.paperbirds.raster import covered, snapped
from ivpt.data.paperbirds.shapes import Points

SUPERSAMPLE = 3
"""Samples per pixel side; odd, so that a pixel's centre is itself a sample (the part map)."""

_RED_BLUE, _GREEN = np.uint32(0xFF00FF), np.uint32(0x00FF00)
_SHADES = np.arange(-128, 128, dtype=np.int16)[None, :]
_ACCENTS = np.arange(0, 128, 8, dtype=np.int16)[:, None]
_NONE, _LIT, _DARK = np.int16(0), np.int16(26), np.int16(30)


@dataclass(frozen=True, eq=False)
class Element:
    """One piece of paper.

    Attributes:
        outline: (n, 2) x, y in the unit square of the image; may reach outside.
        base: Main colour.
        accent: Second colour, where the material has one.
        material: A name of `materials.MATERIALS`.
        role: What it is, "bird/wing" or "forest/trunk2": names the random colour and the texture
            phase when the scene is drawn again in other colours.
        part: Part id, 0 when it is no part of the bird.
        grain: Direction (radians) of the material's u axis.
        tile: Side of one material tile, in image sides.
        anchor: Where the tile begins (x, y); moves with the element.
        shadow: Length of the drop shadow in image sides.
        relief: Strength 0..100 of the shading from the lit to the far side.
        flat: The colour stays when the scene is drawn in other colours (an eye's highlight).
    """

    outline: Points
    base: RGB
    accent: RGB
    material: str
    role: str
    part: int = 0
    grain: float = 0.0
    tile: float = 0.3
    anchor: tuple[float, float] = (0.0, 0.0)
    shadow: float = 0.008
    relief: int = 30
    flat: bool = False


@dataclass(frozen=True)
class Light:
    """Where light comes from and its colour: side -1 left or +1 right, gains in 1/256."""

    side: int
    gain: RGB
    strength: int

    @classmethod
    def drawn(cls, key: str) -> Light:
        """A random light named by `key`."""
        draws = Draws(f"{key}/light")
        level, warm = draws.integer(205, 285), draws.integer(-22, 22)
        gain = (level + warm, level + draws.integer(-6, 6), level - warm)
        return cls(side=draws.pick((-1, 1)), gain=gain, strength=draws.integer(60, 130))


def recoloured(element: Element, key: str) -> Element:
    """The same piece of paper in random colours named by `key` and the element's role."""
    if element.flat:
        return element
    draws = Draws(f"{key}/{element.role}")
    base = draws.colour()
    accent = draws.near(base, 60) if draws.chance(0.5) else draws.colour()
    # A half-turn or mirrored tile is still the same surface; another angle would not be.
    u, v = draws.between(-1, 1) * element.tile, draws.between(-1, 1) * element.tile
    if element.material not in ("gloss", "leafy"):
        element = replace(element, anchor=(element.anchor[0] + u, element.anchor[1] + v))
    return replace(element, base=base, accent=accent)


def _packed(colour: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Colours (..., 3), 0..255, as one word each."""
    word: NDArray[np.int32] = colour[..., 0] | colour[..., 1] << 8 | colour[..., 2] << 16
    return word.astype(np.uint32)


def _coloured(element: Element, shade: NDArray[np.int16], accent: NDArray[np.int16]) -> NDArray[np.uint32]:
    """Packed colours for broadcastable shade (-127..127) and accent weight (0..127)."""
    # Sixteen bits are enough, and fast: all products stay within 255 * 127.
    base = np.array(element.base, dtype=np.int16)
    step = np.array(element.accent, dtype=np.int16) - base
    colour = base + (accent[..., None] * step >> 7)
    room = np.where(shade[..., None] > 0, 255 - colour, colour)
    return _packed((colour + (room * shade[..., None] >> 7)).astype(np.int32))


class Canvas:
    """Paints elements from back to front.

    Args:
        size: Side of the square image in pixels.
        light: The light that shades every element.
        fill: Colour of the empty canvas.
    """

    def __init__(self, size: int, light: Light, fill: RGB = (128, 128, 128)) -> None:
        self.size, self.light = size, light
        self.side = size * SUPERSAMPLE
        # One 32-bit word per sample (red lowest): a third of the look-ups of three bytes.
        self.words = np.full((self.side, self.side), _packed(np.array(fill, dtype=np.int32)))
        self.parts = np.zeros((self.side, self.side), dtype=np.uint8)

    def paint(self, element: Element) -> None:
        """Draw one element, its drop shadow first."""
        side = self.side
        rows, cols = covered(snapped(element.outline, side), side)
        if rows.size == 0:
            return
        r0, r1, c0, c1 = int(rows[0]), int(rows[-1]), int(cols.min()), int(cols.max())
        edge = max(1, side // 240)
        fall = max(edge, int(element.shadow * side + 0.5)) if element.shadow > 0 else 0
        pad = 2 * fall + edge
        mask = np.zeros((r1 - r0 + 1 + 2 * pad, c1 - c0 + 1 + 2 * pad), dtype=np.bool_)
        near_rows, near_cols = rows - (r0 - pad), cols - (c0 - pad)
        mask[near_rows, near_cols] = True
        for step, weight in ((fall, 96), (2 * fall, 52)):
            if step:
                self._darken(mask, r0 - pad, c0 - pad, step, weight)
        # The lit rim of the sheet, and its dark far rim.
        dx, dy = edge * -self.light.side, edge
        rim = np.where(mask[near_rows - dy, near_cols - dx], _NONE, _LIT)
        rim -= np.where(mask[near_rows + dy, near_cols + dx], _NONE, _DARK)
        self._fill(element, rows, cols, rim, (r0, r1, c0, c1))

    def _darken(self, mask: NDArray[np.bool_], top: int, left: int, step: int, weight: int) -> None:
        """Multiply what lies under the shifted mask, outside the mask itself."""
        shadow = np.roll(mask, (step, -self.light.side * step // 2), axis=(0, 1))
        shadow &= ~mask
        rows, cols = np.nonzero(shadow)
        rows, cols = rows + top, cols + left
        keep = (rows >= 0) & (rows < self.side) & (cols >= 0) & (cols < self.side)
        rows, cols = rows[keep], cols[keep]
        under = self.words[rows, cols]
        factor = np.uint32(256 - weight * self.light.strength // 128)
        # Red and blue are multiplied in one go, they do not reach each other.
        red_blue = ((under & _RED_BLUE) * factor >> 8) & _RED_BLUE
        self.words[rows, cols] = red_blue | (((under & _GREEN) * factor >> 8) & _GREEN)

    def _fill(
        self,
        element: Element,
        rows: NDArray[np.int64],
        cols: NDArray[np.int64],
        rim: NDArray[np.int16],
        box: tuple[int, int, int, int],
    ) -> None:
        """Colour the samples of one element: material, relief and rim."""
        side, light = self.side, self.light
        texels = TILE * 65536 / (element.tile * side)
        du = int(np.floor(np.cos(element.grain) * texels + 0.5))
        dv = int(np.floor(np.sin(element.grain) * texels + 0.5))
        x, y = cols - int(element.anchor[0] * side), rows - int(element.anchor[1] * side)
        u = (x * du + y * dv) >> 16
        v = (y * du - x * dv) >> 16
        texel = ((v & (TILE - 1)) * TILE) + (u & (TILE - 1))
        shade_tile, accent_tile = tile(element.material)
        r0, r1, c0, c1 = box
        slope = element.relief * light.strength // 100
        per_row = -slope * 65536 // (r1 - r0 + 1)
        per_col = light.side * slope * 32768 // (c1 - c0 + 1)
        shade = (rows - (r0 + r1) // 2) * per_row + (cols - (c0 + c1) // 2) * per_col
        shade = (shade >> 16).astype(np.int16) + rim + shade_tile[texel]
        shade, accent = np.clip(shade, -127, 127), accent_tile[texel]
        if rows.size > _SHADES.size * _ACCENTS.size:  # a table of all colours is cheaper then
            table = _coloured(element, _SHADES, _ACCENTS).ravel()
            words = table[(accent << 5) + shade + 128]
        else:
            words = _coloured(element, shade, accent)
        self.words[rows, cols] = words
        self.parts[rows, cols] = element.part

    def finish(self, key: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Average the samples, apply the light's colour and a little grain.

        Returns:
            Image (size, size, 3) and part map (size, size), both uint8.
        """
        k = SUPERSAMPLE
        words = self.words[:, :, None] >> np.array([0, 8, 16], dtype=np.uint32)
        wide = (words & np.uint32(255)).astype(np.uint16)
        tall = wide[0::k] + wide[1::k] + wide[2::k]
        total = tall[:, 0::k] + tall[:, 1::k] + tall[:, 2::k]
        gain = np.array(self.light.gain, dtype=np.int32)
        pixels = (total.astype(np.int32) * gain + k * k * 128) // (k * k * 256)
        grain, _ = tile("paper")
        start = Draws(f"{key}/grain").integer(0, TILE * TILE - 1)
        noise = grain[(np.arange(self.size * self.size) * 7 + start) & (TILE * TILE - 1)]
        pixels += noise.reshape(self.size, self.size, 1) // 3
        return np.clip(pixels, 0, 255).astype(np.uint8), self.parts[1::k, 1::k].copy()
