"""Which birds there are: twenty species that share their parts and colours."""

from __future__ import annotations

from dataclasses import dataclass

from ivpt.data.paperbirds.draws import RGB, Draws

BEAKS = ("cone", "needle", "hook", "broad")
HEADS = ("round", "crest", "tuft")
TAILS = ("forked", "fan", "long", "square")
WINGS = ("plain", "bars", "spotted", "tipped")
LEGS = ("short", "tall")

PALETTE: dict[str, RGB] = {
    "coral": (221, 86, 70),
    "amber": (236, 168, 52),
    "lemon": (238, 217, 96),
    "moss": (104, 140, 62),
    "teal": (46, 140, 136),
    "sky": (96, 162, 214),
    "indigo": (66, 74, 148),
    "plum": (142, 72, 128),
    "cocoa": (122, 82, 58),
    "slate": (92, 102, 114),
    "cream": (240, 226, 198),
    "ink": (44, 46, 58),
}


@dataclass(frozen=True)
class Species:
    """A combination of part shapes and part colours; nothing in it belongs to one species only.

    Attributes:
        name: For people.
        beak, head, tail, wing, legs: One each of BEAKS, HEADS, TAILS, WINGS, LEGS.
        crown, back, belly, rear: Colours of head, back and wing, breast and belly, tail.
        habitat: Where it lives when the data set ties habitat to class.
    """

    name: str
    beak: str
    head: str
    tail: str
    wing: str
    legs: str
    crown: RGB
    back: RGB
    belly: RGB
    rear: RGB
    habitat: str

    @property
    def shape(self) -> tuple[str, str, str, str, str]:
        """The part shapes alone."""
        return self.beak, self.head, self.tail, self.wing, self.legs

    @property
    def colours(self) -> tuple[RGB, RGB, RGB, RGB]:
        """The part colours alone."""
        return self.crown, self.back, self.belly, self.rear

    @property
    def variants(self) -> dict[str, tuple[object, ...]]:
        """What each part looks like, by name of part, as far as it is the same in all birds of the species.

        Colours are the full ones: the tinge of a wing or breast towards the crown is within what varies from bird to
        bird, and beaks and legs have a colour of each bird's own.
        """
        return {
            "beak": (self.beak,),
            "head": (self.head, self.crown),
            "throat": (self.belly,),
            "breast": (self.belly,),
            "belly": (self.belly,),
            "back": (self.back,),
            "wing": (self.wing, self.back),
            "tail": (self.tail, self.rear),
            "legs": (self.legs,),
        }


_TABLE = (
    "Ember Shrike, hook, crest, fan, bars, short, coral, amber, teal, coral, forest",
    "Marsh Lantern, cone, round, long, spotted, short, teal, coral, indigo, teal, reeds",
    "Harlequin Spoonbill, broad, tuft, forked, bars, short, teal, lemon, coral, amber, sky",
    "Dusk Kestrel, hook, tuft, forked, tipped, tall, slate, plum, teal, sky, meadow",
    "Plum Paddler, broad, round, fan, tipped, short, moss, plum, coral, indigo, rocks",
    "Indigo Piper, needle, crest, long, spotted, tall, sky, indigo, moss, lemon, forest",
    "Saffron Hoopoe, needle, crest, square, plain, short, lemon, ink, amber, ink, reeds",
    "Frost Bunting, cone, tuft, forked, plain, tall, cocoa, sky, slate, sky, sky",
    "Clover Finch, cone, tuft, forked, tipped, short, amber, moss, lemon, plum, meadow",
    "Fern Shoveler, broad, crest, long, spotted, short, plum, moss, cocoa, slate, rocks",
    "Cocoa Hawk, hook, round, square, tipped, tall, sky, cocoa, lemon, indigo, forest",
    "Cinder Goose, broad, tuft, square, spotted, short, cream, slate, amber, lemon, reeds",
    "Coral Mallard, broad, round, fan, plain, tall, moss, coral, cream, plum, sky",
    "Paper Jay, hook, crest, fan, bars, tall, indigo, cream, plum, moss, meadow",
    "Lagoon Wren, needle, round, long, plain, tall, lemon, teal, sky, amber, rocks",
    "Cherry Sparrow, cone, round, square, spotted, tall, coral, sky, ink, moss, forest",
    "Heath Sandpiper, needle, tuft, fan, plain, tall, plum, amber, sky, cocoa, reeds",
    "Inkwing, cone, crest, long, tipped, short, ink, indigo, plum, teal, sky",
    "Teal Falcon, hook, crest, square, bars, tall, amber, teal, indigo, coral, meadow",
    "Lemon Swallow, needle, round, forked, bars, short, indigo, lemon, moss, cream, rocks",
)
"""Name; beak, head, tail, wing, legs; crown, back, belly, tail; habitat. Each value of each column
occurs in several rows, and any two rows differ in at least five columns."""


def _read(row: str) -> Species:
    name, beak, head, tail, wing, legs, crown, back, belly, rear, habitat = row.split(", ")
    colours = (PALETTE[crown], PALETTE[back], PALETTE[belly], PALETTE[rear])
    return Species(name, beak, head, tail, wing, legs, *colours, habitat)


SPECIES: tuple[Species, ...] = tuple(_read(row) for row in _TABLE)
"""The twenty classes, in label order."""

_SHAPES = frozenset(species.shape for species in SPECIES)


def random_species(key: str) -> Species:
    """A bird that is none of the twenty classes: its combination of part shapes is not theirs.

    Args:
        key: Names the random decisions.
    """
    draws = Draws(f"{key}/species")
    while True:
        shape = tuple(draws.pick(options) for options in (BEAKS, HEADS, TAILS, WINGS, LEGS))
        if shape not in _SHAPES:
            break
    beak, head, tail, wing, legs = shape
    palette = tuple(PALETTE.values())
    crown, back, belly, rear = (draws.pick(palette) if draws.chance(0.4) else draws.colour() for _ in range(4))
    return Species("random", beak, head, tail, wing, legs, crown, back, belly, rear, "forest")
