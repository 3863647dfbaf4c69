"""What a metric found in each resample of the images is kept with its result, so that runs can be paired."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivpt.analysis.comparison import Column, compare, make_rows
from ivpt.analysis.differences import Difference
from ivpt.analysis.scored import read_scored
from ivpt.errors import PluginError
from ivpt.evaluation.evaluate import evaluate_run
from ivpt.interfaces.metric import Evidence, Figure, MetricResult
from ivpt.metrics.sparsity import Sparsity
from ivpt.runfile.reader import RunFile
from ivpt.runfile.replicates import judged_sha256
from tests.evaluation.asking import Counting, evidence_of


def test_the_resampled_headline_is_stored_beside_the_result(birds: Path) -> None:
    """Two evaluations of one model differ by nothing, image by image, whatever the metric."""
    twin = Path(shutil.copy(birds, birds.with_name("twin.h5")))
    for path in (birds, twin):
        evaluate_run(path, {"sparsity": Sparsity(), "counting": Counting()}, evidence_of)
    evaluate_run(birds, {"sparsity": Sparsity(split="val")}, evidence_of, split="val")
    with RunFile(birds) as run:
        found = run.replicates("sparsity")
        assert found is not None and found.dtype == np.float32 and found.shape == (1000,)
        assert np.percentile(found, [2.5, 97.5]) == pytest.approx(run.metrics()["sparsity"]["interval"])
        judged = np.flatnonzero(run.splits == 2)
        assert run.metrics()["sparsity"]["judged"] == judged_sha256(run, judged) != judged_sha256(run, judged[::-1])
        assert run.replicates("val_sparsity") is not None and run.replicates("counting") is None
        assert "judged" not in run.metrics()["counting"]
    made = compare(make_rows([read_scored(birds), read_scored(twin)]), [Column("sparsity"), Column("counting")])
    paired, joined = made.differences[1]
    assert paired == Difference(0.0, (0.0, 0.0), 1.0, "paired") and joined is not None and joined.kind == "intervals"


@pytest.mark.parametrize("judged", [[-1], [0, 10**6], [[0, 1]]])
def test_a_metric_that_names_images_that_are_not_there_is_at_fault(birds: Path, judged: list[int]) -> None:
    class Wild(Counting):
        def compute(self, evidence: Evidence) -> MetricResult:
            made = super().compute(evidence)
            right = Figure(50.0, (40.0, 60.0), replicates=np.linspace(40, 60, 20))
            return replace(made, figures={"right": right}, judged=np.array(judged))

    with pytest.raises(PluginError, match="judged names images that are not there"):
        evaluate_run(birds, {"wild": Wild()}, evidence_of, strict=True)
    with RunFile(birds) as run:
        assert "wild" not in run.metrics()
