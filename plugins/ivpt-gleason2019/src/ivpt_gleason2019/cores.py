"""Which cores there are, and who has mapped them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ivpt.errors import DataError
from ivpt_gleason2019.consensus import EXPERTS

_CORE = re.compile(r"slide(\d+)_core(\d+)")
_MAPS = re.compile(r"(?:Re)?[Mm]aps([1-6])_T")


class Core(NamedTuple):
    """One core.

    Attributes:
        name: ``slide001_core003``.
        slide: ``slide001``.
        image: its file.
        maps: expert (1 to 6) and map, of those who have mapped it.
    """

    name: str
    slide: str
    image: Path
    maps: tuple[tuple[int, Path], ...]


def find_cores(images: Path, maps: Mapping[int, Path], excluded: Mapping[str, frozenset[int]]) -> list[Core]:
    """All cores that somebody has mapped, in the order of their names.

    Args:
        images: folder of the cores.
        maps: folder of each expert's maps.
        excluded: core to experts whose maps are not to be used.

    Raises:
        DataError: a name is not as expected, or no core has a map.
    """
    cores = []
    for image in sorted(images.glob("*.jpg")):
        if not _CORE.fullmatch(image.stem):
            raise DataError(f"The image {image} is not named like a core (slide001_core003.jpg).", "Take it out.")
        # Not every expert has mapped every core, and of some images there is no map at all.
        found = tuple(
            (expert, path)
            for expert in EXPERTS
            if expert not in excluded.get(image.stem, ())
            and (path := maps[expert] / f"{image.stem}_classimg_nonconvex.png").is_file()
        )
        if found:
            cores.append(Core(image.stem, image.stem.partition("_")[0], image, found))
    if not cores:
        raise DataError(f"No image in {images} has a map.", "Maps are named slide001_core003_classimg_nonconvex.png.")
    return cores


def read_excluded(path: Path) -> dict[str, frozenset[int]]:
    """A list of maps not to be used.

    Args:
        path: JSON, files of cores and folders of maps: ``{"slide001_core003.jpg": ["Maps2_T"]}``.

    Returns:
        Core to experts.

    Raises:
        DataError: the file cannot be read or names something else.
    """
    try:
        listed = json.loads(path.read_text("utf-8"))
        excluded = {}
        for core, folders in listed.items():
            matched = [_MAPS.fullmatch(folder) for folder in folders]
            if not _CORE.fullmatch(Path(core).stem) or not all(matched):
                raise ValueError(f"{core}: {folders} names no core and maps")
            excluded[Path(core).stem] = frozenset(int(found[1]) for found in matched if found)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"The list {path} cannot be read: {error}.") from None
    return excluded


__all__ = ["Core", "find_cores", "read_excluded"]
