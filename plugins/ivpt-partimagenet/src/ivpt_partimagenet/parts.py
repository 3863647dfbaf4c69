"""The 40 parts in the order of their category ids, which begin at 0."""

GROUPS: dict[str, tuple[str, ...]] = {
    "Quadruped": ("Head", "Body", "Foot", "Tail"),
    "Biped": ("Head", "Body", "Hand", "Foot", "Tail"),
    "Fish": ("Head", "Body", "Fin", "Tail"),
    "Bird": ("Head", "Body", "Wing", "Foot", "Tail"),
    "Snake": ("Head", "Body"),
    "Reptile": ("Head", "Body", "Foot", "Tail"),
    "Car": ("Body", "Tier", "Side Mirror"),
    "Bicycle": ("Body", "Head", "Seat", "Tier"),
    "Boat": ("Body", "Sail"),
    "Aeroplane": ("Head", "Body", "Engine", "Wing", "Tail"),
    "Bottle": ("Mouth", "Body"),
}
"""Parts of each supercategory; "Tier" is how the data set spells tire."""

PARTS: tuple[str, ...] = tuple(f"{group} {part}" for group, parts in GROUPS.items() for part in parts)

__all__ = ["GROUPS", "PARTS"]
