"""Checks of a data set plugin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ivpt.registry import DATASETS
from ivpt.testing.dataset_annotations import AnnotationChecks
from ivpt.testing.dataset_files import FileChecks
from ivpt.testing.dataset_images import ImageChecks
from ivpt.testing.dataset_info import InfoChecks
from ivpt.testing.dataset_records import RecordChecks
from ivpt.testing.dataset_workers import WorkerChecks
from ivpt.testing.subject import Subject


class DatasetTests(InfoChecks, RecordChecks, ImageChecks, AnnotationChecks, FileChecks, WorkerChecks):
    """Subclass it, name the plugin, and pytest runs every check.

    .. code-block:: python

        class TestCars(DatasetTests):
            plugin = Cars

            def options(self, folder):
                draw_a_small_tree(folder)
                return {"root": str(folder)}

    Attributes:
        plugin: the class under test.
        waived: name of a check that does not apply: the reason.
        looked_at: how many images are looked at, spread over the data set.
    """

    registry = DATASETS
    _subject: ClassVar[Subject | None] = None

    def options(self, folder: Path) -> Mapping[str, Any]:
        """Options to make the data set with; override it for one that needs files.

        Args:
            folder: empty; put a small hand-made tree of files here if the data set reads files, with pictures that
                differ. Called once; the checks copy the folder when they damage something.
        """
        return {}

    @pytest.fixture
    def subject(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Subject:
        """The data set under test, made once, with its files in a temporary folder and a cache of its own."""
        made: Subject | None = type(self).__dict__.get("_subject")
        if made is None:
            folder, cache = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("cache")
            monkeypatch.setenv("IVPT_CACHE", str(cache))
            made = Subject(self.plugin, dict(self.options(folder)), folder, cache, self.looked_at)
            type(self)._subject = made
        monkeypatch.setenv("IVPT_CACHE", str(made.cache))
        return made


__all__ = ["DatasetTests"]
