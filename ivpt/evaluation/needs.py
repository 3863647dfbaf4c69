"""Whether a metric can be computed on the images of a run, before anything is computed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError, IvptError
from ivpt.interfaces.metric import Annotation, Evidence, Metric
from ivpt.registry import METRICS
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import SPLITS


class Annotations:
    """What is annotated on the images of a split.

    Args:
        run: open.
        split: ``train``, ``val`` or ``test``.
        part_mask: from the data set; called only when the run file says that there are parts.
        evidence: of the run; the other metrics are asked what they make of it when one cannot be computed.
    """

    def __init__(
        self, run: RunFile, split: str, part_mask: Callable[[int], NDArray[np.uint8] | None], evidence: Evidence
    ) -> None:
        self._run = run
        self._evidence = evidence
        self._indices = np.flatnonzero(run.splits == SPLITS.index(split))
        self._part_mask = part_mask

    def has(self, annotation: Annotation) -> bool:
        """Whether some image has it.

        Raises:
            IvptError: the data set has to be asked and is not to be had.
        """
        run, indices = self._run, self._indices
        if not len(indices):
            return False
        if annotation == "keypoints":
            points = run.all_keypoints()
            return points is not None and bool((points[indices, :, 2] > 0).any())
        if annotation == "boxes":
            boxes = run.all_boxes()
            return boxes is not None and bool((np.nan_to_num(boxes[indices, 2:]) > 0).any())
        if annotation == "attributes":
            return any((values[indices] >= 0).any() for values in run.attributes().values())
        return bool(run.info.get("parts")) and self._part_mask(int(indices[0])) is not None

    def missing(self, metric: Metric) -> list[str]:
        """Annotations that a metric needs and that are not there."""
        return sorted(annotation for annotation in metric.needs if not self.has(annotation))

    def refusal(self, name: str, metric: Metric) -> DataError | None:
        """Why a metric cannot be computed, with those that could; ``None`` when nothing is missing."""
        missing = self.missing(metric)
        if not missing:
            return None
        return DataError(
            f"The metric {name!r} needs {' and '.join(missing)}, which the images of "
            f"{self._run.info.get('name', 'this run')!r} do not have.",
            self.way_out(),
        )

    def way_out(self) -> str:
        """Names the metrics that can be computed here."""
        return f"Metrics that work here: {', '.join(self._working()) or 'none'}."

    def _working(self) -> list[str]:
        names = []
        for name in METRICS.names():
            try:
                metric = METRICS.create(name, {})
                metric.views(self._evidence)
                if not self.missing(metric):
                    names.append(name)
            except IvptError:
                continue  # a broken one, or one that refuses these images, is no way out
        return names
