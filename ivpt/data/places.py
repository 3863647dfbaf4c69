"""Where the files of a data set lie on this machine, and what of them is there."""

from pathlib import Path

from ivpt.errors import DataError
from ivpt.interfaces.source import Place, Source
from ivpt.paths import cache_dir


def data_root(name: str, root: str | None) -> Path:
    """The folder of a data set: the one that was named, or ``data/NAME`` in the cache, where fetched files go."""
    return Path(root).expanduser().absolute() if root else cache_dir() / "data" / name


def find(root: Path, place: Place | str) -> Path | None:
    """The first of a place's paths that exists."""
    paths = place if isinstance(place, str) else place.path
    return next((root / path for path in paths.split("|") if (root / path).exists()), None)


def missing(source: Source, *options: str) -> list[Place]:
    """Places that are needed, always or by one of the options, and are not there."""
    root = source.root
    needed = [place for place in source.layout if not place.option or place.option in options]
    return [place for place in needed if root is None or find(root, place) is None]


def require(name: str, source: Source, *options: str) -> None:
    """Refuse to go on without the files.

    Args:
        name: of the data set.
        source: its places.
        options: those that are switched on.

    Raises:
        DataError: something is not there; the message names it, the hint says where it comes from.
    """
    absent = missing(source, *options)
    if not absent:
        return
    first = absent[0]
    path = first.path.partition("|")[0]
    for_what = f" (for the option {first.option})" if first.option else ""
    more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
    where = "its folder" if source.root is None else str(source.root)
    raise DataError(
        f"The data set {name!r} needs {path}{for_what}{more}, not found in {where}.",
        f"Name its folder with --data DIR; `ivpt data {name}` says what belongs there and where it comes from.",
    )


__all__ = ["data_root", "find", "missing", "require"]
