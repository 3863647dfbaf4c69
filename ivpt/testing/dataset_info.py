"""Checks of what a data set says of itself before an image is read."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from ivpt.config import DataConfig, load_config
from ivpt.errors import IvptError
from ivpt.interfaces.dataset import DatasetInfo
from ivpt.registry import DATASETS
from ivpt.testing.kit import PluginTests, plain, require, require_names
from ivpt.testing.subject import Subject

LARGEST_INFO = 2_000_000
"""Bytes of the pickled information; that of ImageNet takes 50,000."""


class InfoChecks(PluginTests):
    """Name, options, names of things, licence."""

    looked_at: ClassVar[int] = 40

    def test_options_leave_the_configuration_alone(self) -> None:
        """No option has the name of a key of the configuration; ``root`` is meant to, and receives ``--data``."""
        taken = {option.name for option in DATASETS.options(self.plugin)} & set(DataConfig.model_fields) - {"root"}
        require(not taken, f"The option {sorted(taken)[:1]} is a key of the configuration.", "call it otherwise.")

    def test_what_it_recommends_is_a_configuration(self) -> None:
        """Keys and values of ``recommended`` are valid."""
        try:
            load_config(recommended=self.plugin.recommended)
        except IvptError as error:
            require(False, f"`recommended` is refused: {error}", "see docs/configuration.md for keys and values.")

    def test_constructor_needs_no_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It can be made without any option and any file, and writes nothing."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("IVPT_CACHE", str(tmp_path / "cache"))
        try:
            self.plugin()
        except Exception as error:
            require(
                False,
                f"{self.plugin.__name__}() raises {type(error).__name__}: {error}",
                "only keep the parameters in the constructor; look for files in prepare() and records().",
            )
        require(
            not list(tmp_path.iterdir()),
            "The constructor writes files.",
            "write in prepare(), into ivpt.paths.cache_dir().",
        )

    def test_it_says_where_it_comes_from(self, subject: Subject) -> None:
        """Its homepage is a web address."""
        require(
            subject.info.homepage.startswith(("https://", "http://")),
            f"The homepage is {subject.info.homepage!r}.",
            "give the address of the page that people get the data from as DatasetInfo.homepage.",
        )

    def test_it_says_the_licence(self, subject: Subject) -> None:
        """The licence of the images is stated."""
        require(plain(subject.info.licence), "No licence is stated.", "give that of the images as DatasetInfo.licence.")

    def test_it_says_how_to_cite_it(self, subject: Subject) -> None:
        """A citation is given."""
        require(subject.info.citation.strip(), "No citation is given.", "give it as DatasetInfo.citation.")

    def test_info_is_its_own_kind(self, subject: Subject) -> None:
        """``info`` is a :class:`DatasetInfo`, the same one each time."""
        require(
            isinstance(subject.info, DatasetInfo), f"info is {type(subject.info).__name__}.", "return a DatasetInfo."
        )
        again = subject.fresh()
        again.prepare()
        require(
            again.info == subject.info, "A second instance has another info.", "make it from files and options alone."
        )

    def test_name_is_the_registered_one(self, subject: Subject) -> None:
        """``info.name`` is the name of the entry point."""
        names = DATASETS.names_of(self.plugin)
        require(
            not names or subject.info.name in names,
            f"info.name is {subject.info.name!r}, the entry point is {', '.join(map(repr, names))}.",
            "use one name.",
        )

    def test_class_names(self, subject: Subject) -> None:
        """There are at least two classes with distinct printable names."""
        classes = subject.info.classes
        require(len(classes) >= 2, f"There are {len(classes)} classes.", "a classifier needs at least two.")
        require_names(classes, "The class name")

    def test_part_and_keypoint_names(self, subject: Subject) -> None:
        """Parts and keypoints have distinct printable names, at most 255 parts."""
        require_names(subject.info.parts, "The part name")
        require_names(subject.info.keypoints, "The keypoint name")
        count = len(subject.info.parts)
        require(count <= 255, f"There are {count} parts, and a mask holds 8 bits.", "merge parts.")

    def test_attribute_names(self, subject: Subject) -> None:
        """Attributes and their values have distinct printable names."""
        attributes = subject.info.attributes
        require(
            isinstance(attributes, Mapping),
            "attributes is no mapping.",
            "map each attribute to the names of its values.",
        )
        require_names(attributes, "The attribute name")
        for name, values in attributes.items():
            require_names(values, f"A value of the attribute {name!r}")
            require(values, f"The attribute {name!r} has no values.", "name its values, or leave it out.")

    def test_info_is_small(self, subject: Subject) -> None:
        """What it says of itself fits into a run file's header."""
        size = len(pickle.dumps(subject.info))
        require(size <= LARGEST_INFO, f"info takes {size / 1e6:.1f} MB.", "keep tables out of it.")

    def test_classes_by_part(self, subject: Subject) -> None:
        """``class_parts`` names parts of ``info`` and has one number per class."""
        for part, variants in subject.dataset.class_parts().items():
            require(
                part in subject.info.parts, f"class_parts names {part!r}, which is no part.", "use names of info.parts."
            )
            count = len(subject.info.classes)
            require(
                len(variants) == count,
                f"class_parts[{part!r}] has {len(variants)} numbers.",
                f"give {count}, one per class.",
            )
