"""What surfaces look like: small periodic tiles of shade and accent, made of integers only.

A material belongs to a kind of part (wings are barred, breasts are scaly) and never to a class, and
it carries no hue: the element brings its base colour and its accent colour.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

TILE = 128
"""Tile side in texels; a power of two, so that wrapping is a bit mask."""

Ints = NDArray[np.int64]


def hash_noise(x: Ints, y: Ints, seed: int) -> Ints:
    """Noise 0..255 per lattice point from integer mixing (exact on every machine)."""
    h = (x * 374761393 + y * 668265263 + seed * 974634777) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    mixed: Ints = ((h ^ (h >> 16)) >> 3) & 255
    return mixed


def _cloud(cell_u: int, cell_v: int, seed: int) -> Ints:
    """Smooth periodic value noise 0..255 with cells of the given size in texels."""
    v, u = np.mgrid[0:TILE, 0:TILE].astype(np.int64)
    iu, fu, nu = u // cell_u, u % cell_u, TILE // cell_u
    iv, fv, nv = v // cell_v, v % cell_v, TILE // cell_v
    a, b = hash_noise(iu, iv, seed), hash_noise((iu + 1) % nu, iv, seed)
    c, d = hash_noise(iu, (iv + 1) % nv, seed), hash_noise((iu + 1) % nu, (iv + 1) % nv, seed)
    top, bottom = a * (cell_u - fu) + b * fu, c * (cell_u - fu) + d * fu
    value: Ints = (top * (cell_v - fv) + bottom * fv) // (cell_u * cell_v)
    return value


def _wave(t: Ints, period: int) -> Ints:
    """A triangle wave -128..128 of the given period."""
    phase = t % period
    value: Ints = np.abs(phase * 512 // period - 256) - 128
    return value


def _scales(pitch: int) -> tuple[Ints, Ints]:
    """Overlapping rounded scales pointing along +u: dark rim, light middle."""
    v, u = np.mgrid[0:TILE, 0:TILE].astype(np.int64)
    best = np.full((TILE, TILE), -1, dtype=np.int64)
    # A scale of a later row lies under the one before it, like tiles on a roof.
    for back in (2, 1, 0):
        row = u // pitch - back
        shift = (row % 2) * pitch
        centre_u = row * pitch
        dv = (v + shift) % (2 * pitch) - pitch
        du = u - centre_u
        distance = du * du + dv * dv * 6 // 5
        inside = distance < (pitch * pitch * 5) // 2
        best = np.where(inside, distance * 256 // ((pitch * pitch * 5) // 2), best)
    best = np.where(best < 0, 128, best)
    shade = 26 - best * 22 // 100
    accent = np.clip((best - 165) * 3, 0, 200)
    return shade, accent


def _make(name: str) -> tuple[Ints, Ints]:
    """Shade (-128..127 about) and accent weight (0..255) of one tile, each (TILE, TILE)."""
    v, u = np.mgrid[0:TILE, 0:TILE].astype(np.int64)
    none = np.zeros((TILE, TILE), dtype=np.int64)
    if name == "barred":  # feathers: bars across, a shaft along, fine barbs
        bend = np.abs(_wave(v, 64)) // 10
        bars = _wave(u + bend, 32)
        shaft = np.where(np.abs(_wave(v, 64)) > 112, -30, 0)
        return bars // 9 + _wave(v * 2 + u, 8) // 16 + shaft, np.clip(bars * 3 - 130, 0, 150)
    if name == "scaly":
        return _scales(16)
    if name == "mantle":
        shade, accent = _scales(32)
        return shade + _wave(v, 8) // 14, accent * 2 // 3
    if name == "downy":  # soft tufts along u
        tufts = _cloud(16, 4, 3) + _cloud(32, 16, 4)
        return (tufts - 256) // 5, np.clip(_cloud(16, 8, 5) - 170, 0, 90)
    if name == "velvet":  # short hair-like streaks
        return (_cloud(8, 2, 7) + _cloud(16, 8, 8) - 256) // 7, none
    if name == "gloss":  # horn: a highlight along the upper side, no grain
        ridge = np.clip(_wave(v + 32, 128), -128, 127)
        return ridge // 3 + np.where(ridge > 96, 50, 0), none
    if name == "ringed":  # scutes of a leg
        return np.where(u % 16 < 5, -45, 8) + _cloud(32, 32, 9) // 16, none
    if name == "bark":
        return (_cloud(64, 8, 11) + _cloud(16, 4, 12) - 256) // 4, np.clip(_cloud(64, 16, 13) - 150, 0, 160)
    if name == "leafy":  # veins from a midrib
        veins = _wave(u + np.abs(v - TILE // 2), 32)
        rib = np.where(np.abs(v - TILE // 2) < 5, 34, 0)
        return np.where(veins > 84, 26, -4) + rib + _cloud(32, 32, 14) // 16 - 8, none
    if name == "speckled":
        return (_cloud(8, 8, 15) + _cloud(32, 32, 16) - 256) // 5, np.where(_cloud(8, 8, 17) > 168, 190, 0)
    if name == "ripple":
        bent = u + _cloud(32, 64, 18) // 8
        return _wave(v * 4 + bent, 64) // 8, np.clip(_wave(v * 4 + bent, 64) * 2 - 100, 0, 110)
    if name == "blades":  # grass or reed, upright along v
        return (_cloud(4, 64, 19) + _cloud(8, 32, 20) - 256) // 4, np.clip(_cloud(8, 64, 21) - 130, 0, 140)
    if name == "mottled":
        return (_cloud(32, 32, 22) + _cloud(16, 16, 23) - 256) // 5, np.clip(_cloud(32, 32, 24) - 120, 0, 150)
    if name == "striped":
        stripes = _wave(v, 32)
        return stripes // 16, np.clip(stripes * 4, 0, 230)
    if name == "chequer":
        return _cloud(8, 8, 25) // 16 - 8, np.where((u // 16 + v // 16) % 2 == 0, 190, 0)
    if name == "paper":
        return (_cloud(4, 4, 26) + _cloud(16, 16, 27) - 256) // 14, none
    raise KeyError(name)


MATERIALS = (
    *("barred", "scaly", "mantle", "downy", "velvet", "gloss", "ringed"),
    *("bark", "leafy", "speckled", "ripple", "blades", "mottled", "striped", "chequer", "paper"),
)
"""All names that `tile` knows; the first seven are those of birds."""


@cache
def tile(name: str) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The flattened tile of a material.

    Returns:
        Shade (TILE * TILE,), about -80..80, and accent weight (TILE * TILE,), 0..120 in steps of 8.
    """
    shade, accent = _make(name)
    return (
        np.ascontiguousarray(shade, dtype=np.int16).ravel(),
        np.ascontiguousarray(np.clip(accent, 0, 255) // 16 * 8, dtype=np.int16).ravel(),
    )
