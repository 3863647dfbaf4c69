"""One colour and one mark per concept, the same on every screen.

The first seven colours are those of Okabe and Ito (2008), their blue made lighter for dark terminals; the other nine
were picked from a grid of vivid colours so that the smallest distance in CIELAB to all earlier ones, for normal sight
and under simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009), is as large as possible. Sixteen hues
cannot all be told apart by everyone, so a concept is never shown by its colour alone: a number stands beside it. From
the seventeenth concept of a layer on, colours come again, with stripes (:mod:`ivpt.ui.pictures.scene`).
"""

Rgb = tuple[int, int, int]

COLOURS: tuple[Rgb, ...] = (
    (0xE6, 0x9F, 0x00),
    (0x56, 0xB4, 0xE9),
    (0x00, 0x9E, 0x73),
    (0xF0, 0xE4, 0x42),
    (0xCC, 0x79, 0xA7),
    (0xD5, 0x5E, 0x00),
    (0x33, 0x73, 0xE6),
    (0x00, 0xFF, 0x99),
    (0xE6, 0x00, 0x4D),
    (0x80, 0xE6, 0xCC),
    (0x66, 0x66, 0xB3),
    (0xB3, 0xE6, 0x66),
    (0x99, 0x1A, 0xFF),
    (0xE6, 0x80, 0x4D),
    (0x00, 0xCC, 0x80),
    (0x33, 0xFF, 0xFF),
)
BACKGROUND: Rgb = (0x46, 0x4B, 0x57)
_MARKS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def order(channel: int, background: int) -> int:
    """How many concepts of the layer come before this channel."""
    return channel - (channel > background)


def colour(channel: int, background: int = 0) -> Rgb:
    """Colour of a prototype; grey for the background."""
    return BACKGROUND if channel == background else COLOURS[order(channel, background) % len(COLOURS)]


def colours(prototypes: int, background: int = 0) -> tuple[Rgb, ...]:
    """Colours of all channels of a layer."""
    return tuple(colour(k, background) for k in range(prototypes))


def mark(channel: int, background: int = 0) -> str:
    """One character that stands for a prototype where colour does not reach: its number, from 10 on a letter."""
    return "·" if channel == background else _MARKS[channel % len(_MARKS)]


def ink(on: Rgb) -> Rgb:
    """Black or white, whichever reads better on a colour."""
    return (0, 0, 0) if 0.299 * on[0] + 0.587 * on[1] + 0.114 * on[2] > 110 else (255, 255, 255)


def hexadecimal(rgb: Rgb) -> str:
    """``#e69f00``."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)
