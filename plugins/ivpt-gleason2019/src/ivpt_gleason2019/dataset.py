"""Patches of prostate cancer of one Gleason grade, cut from whole cores of tissue."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ivpt.data.images import read_image
from ivpt.data.places import data_root, find, require
from ivpt.data.remembered import fingerprint, remembered
from ivpt.errors import ConfigError, DataError, OutputError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Progress, Record, Split
from ivpt.interfaces.source import Place, Source
from ivpt.paths import cache_dir
from ivpt_gleason2019.consensus import EXPERTS, GRADES, Consensus
from ivpt_gleason2019.cores import find_cores, read_excluded
from ivpt_gleason2019.patches import Rule, cut

FOLDS = 5

IMAGES = Place("Train Imgs|Train_Imgs|Train_imgs|Train imgs", "cores, slide001_core003.jpg and so on")
MAPS = {
    expert: Place(f"Maps{expert}_T", f"maps of expert {expert}, slide001_core003_classimg_nonconvex.png and so on")
    for expert in EXPERTS
}

HOMEPAGE = "https://gleason2019.grand-challenge.org/"

TERMS = "those of the challenge, to be accepted on its page"

CITATION = (
    "Nir, G. et al. Automatic grading of prostate cancer in digitized histopathology images: Learning from multiple "
    "experts. Medical Image Analysis 50, 167-180, 2018. DOI 10.1016/j.media.2018.09.005"
)

_VERSION = 1
"""Counts changes to which patches are cut."""


class _Patch(NamedTuple):
    core: str
    x: int
    y: int
    grade: int

    @property
    def id(self) -> str:
        return f"{self.core}/{self.x}_{self.y}"


class _Read(NamedTuple):
    folder: Path
    slides: tuple[str, ...]
    records: tuple[Record, ...]


@final
class Gleason2019(Dataset):
    """Patches of prostate cancer of Gleason grade 3, 4 or 5 (Gleason 2019), split by slide.

    The label is the consensus of up to six pathologists. The slides in the order of their names are dealt out to five
    folds: one is the test, the next one val, and the three others are to learn from.

    Args:
        root: folder with ``Train Imgs`` and ``Maps1_T`` to ``Maps6_T`` (``--data DIR``).
        patch: side of the patches in pixels of the core, at least 16.
        purity: in (0, 1]; least share of a patch that is of its grade by consensus.
        tissue: in [0, 1]; least share of a patch that is tissue.
        consensus: ``majority``, or ``weighted`` with published weights of the six experts.
        exclude: JSON file that names maps not to be used, those with unclosed contours for example.
        fold: 0 to 4; which fold is the test.

    Raises:
        ConfigError: a parameter is out of its range.
    """

    def __init__(
        self,
        root: str | None = None,
        patch: int = 256,
        purity: float = 0.5,
        tissue: float = 0.7,
        consensus: Consensus = "majority",
        exclude: str | None = None,
        fold: int = 0,
    ) -> None:
        if patch < 16 or not 0 < purity <= 1 or not 0 <= tissue <= 1 or not 0 <= fold < FOLDS:
            raise ConfigError(
                "gleason2019: patch must be at least 16, purity above 0 and up to 1, tissue from 0 to 1 and fold from "
                f"0 to {FOLDS - 1}, not {patch}, {purity:g}, {tissue:g} and {fold}."
            )
        self.root = root
        self.rule = Rule(patch, purity, tissue, consensus)
        self.exclude = exclude
        self.fold = fold
        self._done: _Read | None = None

    @property
    def source(self) -> Source:
        """Cores and maps of the challenge's training set; its test set has no maps."""
        return Source(data_root("gleason2019", self.root), HOMEPAGE, TERMS, (IMAGES, *MAPS.values()))

    @property
    def info(self) -> DatasetInfo:
        """Grades, and the slide as attribute; raises as :meth:`prepare`."""
        return DatasetInfo(
            "gleason2019",
            tuple(f"Gleason {grade}" for grade in GRADES),
            attributes={"slide": self._read().slides},
            licence=TERMS,
            citation=CITATION,
            homepage=HOMEPAGE,
        )

    def prepare(self, progress: Progress | None = None) -> None:
        """Cut all cores into the cache the first time, which takes a while.

        Raises:
            DataError: files are missing or damaged, or there are fewer slides than folds.
            OutputError: the cache cannot be written.
        """
        self._read(progress)

    def records(self) -> Sequence[Record]:
        """All patches by core, row and column; raises as :meth:`prepare`."""
        return self._read().records

    def image(self, index: int) -> NDArray[np.uint8]:
        """The patch, as cut from its core."""
        done = self._read()
        return read_image(done.folder / f"{done.records[index].id}.png")

    def _read(self, progress: Progress | None = None) -> _Read:
        if self._done is None:
            require("gleason2019", self.source)
            root = data_root("gleason2019", self.root)
            images, *folders = (find(root, place) or root / place.path for place in (IMAGES, *MAPS.values()))
            excluded = read_excluded(Path(self.exclude).expanduser()) if self.exclude else {}
            cores = find_cores(images, dict(zip(EXPERTS, folders, strict=True)), excluded)
            files = [file for core in cores for file in (core.image, *(path for _, path in core.maps))]
            key = fingerprint(files, _VERSION, tuple(self.rule))
            folder = cache_dir() / "gleason2019" / key

            def cut_all() -> list[_Patch]:
                found = []
                for done, core in enumerate(cores):
                    if progress is not None:
                        progress(done, len(cores), "cutting cores into patches (once)")
                    for piece in cut(core, self.rule):
                        patch = _Patch(core.name, piece.x, piece.y, piece.grade)
                        _write(folder / f"{patch.id}.png", piece.image)
                        found.append(patch)
                return found

            patches = [_Patch(*entry) for entry in remembered("gleason2019", key, cut_all)]
            slides = sorted({core.slide for core in cores})
            if len(slides) < FOLDS:
                raise DataError(
                    f"The cores in {images} are of {len(slides)} slides, and {FOLDS} are needed for the folds."
                )
            self._done = _Read(folder, tuple(slides), tuple(self._record(patch, slides) for patch in patches))
        return self._done

    def _record(self, patch: _Patch, slides: list[str]) -> Record:
        slide = slides.index(patch.core.partition("_")[0])
        # Neighbouring patches look alike: val and test are other slides, not other patches.
        splits: dict[int, Split] = {self.fold: "test", (self.fold + 1) % FOLDS: "val"}
        split = splits.get(slide % FOLDS, "train")
        return Record(patch.id, GRADES.index(patch.grade), split, {"slide": slide})


def _write(path: Path, image: NDArray[np.uint8]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, compress_level=1)
    except OSError as error:
        raise OutputError(
            f"The cache file {path} cannot be written: {error}.", "Name another cache folder by IVPT_CACHE."
        ) from None


__all__ = ["FOLDS", "Gleason2019"]
