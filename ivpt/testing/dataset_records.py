"""Checks of the list of images."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivpt.data.splits import make_split
from ivpt.errors import IvptError
from ivpt.interfaces.dataset import Record
from ivpt.testing.kit import PluginTests, plain, require
from ivpt.testing.subject import Subject

_ASK = """
import json, sys
from importlib import import_module
from pathlib import Path
from ivpt.registry import DATASETS
module, name, options = json.load(sys.stdin)
out, sys.stdout = sys.stdout, sys.stderr
made = DATASETS.construct(getattr(import_module(module), name), options)
made.prepare()
print(json.dumps([[r.id, int(r.label), r.split] for r in made.records()]), file=out)
"""


class RecordChecks(PluginTests):
    """Ids, labels, splits, order."""

    def test_there_are_images(self, subject: Subject) -> None:
        """``records`` is a sequence of at least one :class:`Record`."""
        require(len(subject.records) > 0, "There are no images.", "check what records() finds.")
        other = [type(r).__name__ for r in subject.records if not isinstance(r, Record)]
        require(not other, f"records() holds {other[:1]}.", "make an ivpt.interfaces.dataset.Record of each image.")

    def test_ids_are_unique(self, subject: Subject) -> None:
        """No id occurs twice."""
        twice = [name for name, count in Counter(r.id for r in subject.records).items() if count > 1]
        require(not twice, f"The id {twice[:1]} occurs more than once.", "put what tells them apart into the id.")

    def test_ids_are_plain_text(self, subject: Subject) -> None:
        """Ids are printable."""
        bad = [r.id for r in subject.records if not plain(r.id)]
        require(not bad, f"The id {bad[:1]!r} is not printable text.", "use a relative path, for example.")

    def test_ids_know_nothing_of_the_machine(self, subject: Subject) -> None:
        """Ids hold no absolute path, as the drawn split and the run file depend on them."""
        bad = [
            r.id
            for r in subject.records
            if str(r.id).startswith("/") or str(subject.folder) in str(r.id) or "\\" in str(r.id)
        ]
        require(not bad, f"The id {bad[:1]} is a path of this machine.", "use path.relative_to(root).as_posix().")

    def test_labels_are_in_range(self, subject: Subject) -> None:
        """A label is an index into ``info.classes``."""
        count = len(subject.info.classes)
        for index, record in enumerate(subject.records):
            whole = isinstance(record.label, int | np.integer) and not isinstance(record.label, bool)
            require(
                whole and 0 <= record.label < count,
                f"The label of {subject.called(index)} is {record.label!r}, and there are {count} classes.",
                f"labels go from 0 to {count - 1}; many formats count from 1.",
            )

    def test_attributes_are_in_range(self, subject: Subject) -> None:
        """An attribute of a record is named in ``info`` and its value is an index there."""
        known = subject.info.attributes
        for index, record in enumerate(subject.records):
            for name, value in record.attributes.items():
                require(
                    name in known, f"{subject.called(index)} has an attribute {name!r}.", "name it in info.attributes."
                )
                require(
                    isinstance(value, int | np.integer) and 0 <= value < len(known[name]),
                    f"The attribute {name!r} of {subject.called(index)} is {value!r}.",
                    f"give an index below {len(known[name])}; leave the attribute out where it is unknown.",
                )

    def test_splits_are_known_words(self, subject: Subject) -> None:
        """A published split is train, val or test; nothing, or all of it, is left to the core."""
        words = {record.split for record in subject.records}
        require(
            words <= {None, "train", "val", "test"},
            f"The splits are {sorted(map(str, words))}.",
            "use 'train', 'val' and 'test', or None.",
        )
        require(
            words == {None} or "train" in words or None in words,
            "There are no images to train on.",
            "mark them 'train'.",
        )

    def test_a_split_can_be_drawn(self, subject: Subject) -> None:
        """Every class has images to train on, and enough for what has to be drawn."""
        known, words = len(subject.info.classes), {None, "train", "val", "test"}
        ids = {record.id for record in subject.records}
        if len(ids) < len(subject.records) or any(
            not 0 <= record.label < known or record.split not in words for record in subject.records
        ):
            return  # these are checks of their own
        try:
            make_split(subject.records, val_fraction=0.15, test_fraction=0.2, seed=0, classes=subject.info.classes)
        except (IvptError, ValueError, IndexError, KeyError) as error:
            require(
                False, f"No split can be drawn: {error}", "give each class at least three images, or publish a split."
            )

    def test_records_stay_the_same(self, subject: Subject) -> None:
        """Asked twice, and of another instance, it lists the same images in the same order."""
        again = subject.fresh()
        again.prepare()
        for other in (subject.dataset.records(), again.records()):
            require(
                list(other) == list(subject.records), "records() has changed.", "sort it, and draw nothing at random."
            )

    def test_records_do_not_depend_on_the_order_of_the_folder(self, subject: Subject) -> None:
        """File systems list files in any order."""
        with _listed_backwards():
            other = subject.fresh()
            other.prepare()
            names = [record.id for record in other.records()]
        require(
            names == [record.id for record in subject.records],
            "The order of records() is that in which the file system lists files.",
            "wrap iterdir(), glob() and listdir() in sorted().",
        )

    def test_records_are_the_same_in_another_process(self, subject: Subject) -> None:
        """Another process with another hash seed lists the same images."""
        told = {key: str(value) if isinstance(value, Path) else value for key, value in subject.options.items()}
        found = subprocess.run(
            [sys.executable, "-c", _ASK],
            input=json.dumps([subject.plugin.__module__, subject.plugin.__qualname__, told]),
            env={**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            capture_output=True,
            text=True,
        )
        require(
            found.returncode == 0,
            f"In another process it fails: {(found.stderr.strip().splitlines() or ['no message'])[-1]}",
            "let the class stand in a module that can be imported, and depend on files and options alone.",
        )
        here = [[r.id, int(r.label), r.split] for r in subject.records]
        require(
            json.loads(found.stdout) == here,
            "Another process lists other images, or in another order.",
            "sort what comes from a set, and use no hash() of text.",
        )

    def test_no_picture_is_in_two_splits(self, subject: Subject) -> None:
        """Of the images that are looked at, none of one published split equals one of another."""
        seen: dict[bytes, int] = {}
        for index, image in subject.images.items():
            key = np.asarray(image).tobytes() + repr(np.shape(image)).encode()
            first = seen.setdefault(key, index)
            here, there = subject.records[index].split, subject.records[first].split
            require(
                here == there,
                f"{subject.called(first)} of {there} and {subject.called(index)} of {here} are the same picture.",
                "take one out; a model must not be tested on what it was trained on.",
            )


@contextmanager
def _listed_backwards() -> Iterator[None]:
    listdir, scandir = os.listdir, os.scandir

    class Backwards:
        def __init__(self, *words: Any) -> None:
            with scandir(*words) as found:
                self._found = iter(sorted(found, key=lambda entry: str(entry.name), reverse=True))

        def __iter__(self) -> Iterator[Any]:
            return self._found

        def __next__(self) -> Any:
            return next(self._found)

        def __enter__(self) -> "Backwards":
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def close(self) -> None:
            self._found = iter(())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "listdir", lambda *words: sorted(listdir(*words), reverse=True))
        patch.setattr(os, "scandir", Backwards)
        yield
