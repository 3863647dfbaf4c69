"""Entry points as the packages' metadata names them; a package whose metadata are damaged costs nobody else theirs."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

Point = EntryPoint

PATIENCE = 5.0
"""Seconds after which a person is told what they are waiting for."""

LARGEST_METADATA = 5_000_000
"""Bytes of a package's METADATA above which it is not read: only its name and version are wanted."""

_told: set[tuple[str, str]] = set()
_forks: list[int] = []


def points_of(group: str) -> list[Point]:
    """Entry points of a group, of the first distribution of each name on ``sys.path``; nothing is imported."""
    seen: set[str] = set()
    found: list[Point] = []
    for distribution in distributions():
        name, _ = _folder_says(distribution)
        if name and name in seen:
            continue
        seen.add(name)
        try:
            found += [point for point in distribution.entry_points if point.group == group]
        except Exception:  # damaged metadata raise anything; the package has then no plugins, and `pip check` says why
            continue
    return found


def distribution_of(point: Point) -> tuple[str, str]:
    """Name and version of the package behind an entry point."""
    if point.dist is None:
        return "?", "?"
    name, version = _folder_says(point.dist)
    try:
        path = getattr(point.dist, "_path", None)
        if isinstance(path, Path) and (path / "METADATA").stat().st_size <= LARGEST_METADATA:
            metadata = point.dist.metadata
            name, version = metadata["Name"] or name, metadata["Version"] or version
    except Exception:  # missing or damaged: the folder's name has to do
        pass
    return name or "?", version or "?"


def renamed(group: str, name: str, kind: str) -> str | None:
    """The new name of a plugin whose old one is still known, with one sentence on stderr.

    A package says so in its metadata, in the group of the plugin with ``.renamed`` behind it: ``old = "new"``.
    """
    for distribution in distributions():
        try:
            new = next(
                (p.value for p in distribution.entry_points if (p.group, p.name) == (f"{group}.renamed", name)), None
            )
        except Exception:  # as in points_of
            continue
        if new:
            if (group, name) not in _told:
                _told.add((group, name))
                print(f"The {kind} {name!r} is called {new!r} now; the old name will go.", file=sys.stderr)
            return new
    return None


@contextmanager
def patiently(words: str) -> Iterator[None]:
    """Run what a plugin does: what it prints goes to stderr, and after a while a person is told who is at work."""

    def tell() -> None:
        print(f"{words}.", file=sys.stderr, flush=True)

    timer = threading.Timer(PATIENCE, tell)
    timer.daemon = True
    timer.start()
    own = os.getpid()
    try:
        # stdout is data.
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if os.getpid() != own:
            os._exit(0)  # the plugin has forked: what was asked for is done once, by the process that was asked
        timer.cancel()


def forks() -> int:
    """How often this process has forked since this was first asked."""
    if not _forks and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_parent=lambda: _forks.append(1))
        _forks.append(0)
    return len(_forks)


def _folder_says(distribution: Distribution) -> tuple[str, str]:
    """Name and version as in ``name-1.0.dist-info``, so that nothing has to be read."""
    path = getattr(distribution, "_path", None)
    stem = path.name.rpartition(".")[0] if isinstance(path, Path) else ""
    name, _, version = stem.partition("-")
    return name.replace("_", "-").lower(), version


__all__ = ["LARGEST_METADATA", "PATIENCE", "Point", "distribution_of", "forks", "patiently", "points_of", "renamed"]
