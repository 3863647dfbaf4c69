"""Checks of what happens when files are missing or damaged, and of preparing."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.errors import DataError, IvptError
from ivpt.interfaces.source import Source
from ivpt.testing.kit import PluginTests, require
from ivpt.testing.subject import Subject

_watching: list[list[str]] = []
"""Lists that take the names of files that are opened; hooks cannot be taken off again, so there is one for all."""


class FileChecks(PluginTests):
    """A sentence that names the file, never a traceback and never another picture."""

    def test_missing_files_are_said(self, subject: Subject, tmp_path: Path) -> None:
        """Without its files it raises a DataError with a hint."""
        options = dict(subject.options)
        if "root" in {option.name for option in self.registry.options(self.plugin)}:
            options["root"] = str(tmp_path)
        elif not any(str(subject.folder) in str(value) for value in options.values()):
            return  # it reads no files of the user's
        else:
            options = {k: str(tmp_path) if str(subject.folder) in str(v) else v for k, v in options.items()}
        try:
            made = self.registry.construct(self.plugin, options)
            made.prepare()
            made.records()
        except IvptError as error:
            require(error.hint, f"The error {error.message!r} has no hint.", "say where the files come from.")
        except Exception as error:
            require(
                False,
                f"In an empty folder it raises {type(error).__name__}: {error}",
                "raise ivpt.errors.DataError(what is missing, where to get it).",
            )
        else:
            require(False, "In an empty folder it finds nothing wrong.", "raise a DataError that says what is missing.")

    def test_source_is_its_own_kind(self, subject: Subject) -> None:
        """``source`` is a :class:`Source` or nothing, and is known before any file is there."""
        try:
            made = self.plugin()
        except Exception:  # a check of its own
            return
        try:
            found: object = made.source
        except Exception as error:
            found = error
        require(
            found is None or isinstance(found, Source),
            f"source is {found!r}.",
            "return ivpt.interfaces.source.Source without looking at any file, or leave it out.",
        )

    @pytest.mark.parametrize("damage", ["cut in half", "emptied", "overwritten with text", "gone"])
    def test_damaged_files_are_said(self, subject: Subject, damage: str, tmp_path: Path) -> None:
        """When the file of an image is damaged, a DataError names it, or the image is made again."""
        index = subject.sample[len(subject.sample) // 2]
        here = tmp_path / "files"
        shutil.copytree(subject.folder, here)
        first = subject.fresh(here)
        first.prepare()
        first.records()  # what lists the images is no file of this one
        with _opened(here) as files:
            image = first.image(index)
        if not files:
            pytest.skip("image() opens no file below the folder given to options(), so none can be damaged")
        for file in files:
            _damage(file, damage)
        try:
            made = subject.fresh(here)
            made.prepare()
            if made.records()[index].id != subject.records[index].id:
                return  # it is not listed any more
            shown = made.image(index)
        except IndexError:
            require(damage == "gone" and len(made.records()) <= index, "It raises IndexError.", "raise a DataError.")
            return
        except DataError as error:
            names = {file.name for file in files} | {subject.records[index].id}
            require(
                any(name in str(error) for name in names),
                f"The error names no file: {error}",
                "put the path into the message, so that people find the file.",
            )
            return
        except Exception as error:
            require(
                False,
                f"A file that is {damage} raises {type(error).__name__}: {error}",
                "raise ivpt.errors.DataError naming the file; ivpt.data.images.read_image does.",
            )
            return
        require(
            np.array_equal(shown, image),
            f"A file that is {damage} gives another picture in silence.",
            "raise ivpt.errors.DataError naming the file.",
        )

    def test_prepared_once(self, subject: Subject) -> None:
        """Preparing again changes no file."""
        subject.dataset.prepare()
        places = [subject.folder, subject.cache]
        before = _times(places)
        again = subject.fresh()
        again.prepare()
        again.prepare()
        require(
            _times(places) == before, "Preparing again writes files again.", "look first whether it is done already."
        )

    def test_progress_counts_up(self, subject: Subject) -> None:
        """``prepare`` calls ``progress(done, total, words)`` with 0 <= done <= total, if at all."""
        calls: list[tuple[Any, ...]] = []
        subject.fresh().prepare(lambda *told: calls.append(told))
        for told in calls:
            require(
                len(told) == 3 and 0 <= told[0] <= told[1] and isinstance(told[2], str),
                f"progress is called with {told!r}.",
                "call progress(done, total, 'what is done').",
            )


@contextmanager
def _opened(folder: Path) -> Iterator[list[Path]]:
    """Files below a folder that are opened within, in order."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    names: list[str] = []
    found: list[Path] = []
    _watching.append(names)
    try:
        yield found
    finally:
        _watching.remove(names)
    inside = [
        Path(name) for name in dict.fromkeys(names) if os.path.realpath(name).startswith(os.path.realpath(folder))
    ]
    found += [path for path in inside if path.is_file()]


_hooked: list[bool] = []


def _hook(event: str, words: tuple[Any, ...]) -> None:
    if event == "open" and _watching and isinstance(words[0], str):
        for names in _watching:
            names.append(words[0])


def _damage(file: Path, damage: str) -> None:
    if damage == "gone":
        file.unlink()
        return
    content = file.read_bytes()
    file.write_bytes(
        {"cut in half": content[: len(content) // 2], "emptied": b""}.get(damage, b"This is no picture.\n")
    )


def _times(places: list[Path]) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for place in places for p in place.rglob("*") if p.is_file()}
