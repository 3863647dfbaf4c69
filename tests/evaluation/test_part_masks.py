"""Part masks of a trained run: those of the data set, and still there after an evaluation."""

from pathlib import Path

import numpy as np

from ivpt.evaluation.evaluate import evaluate_run
from ivpt.evaluation.source import reopen
from ivpt.runfile.reader import RunFile
from tests.evaluation.asking import Counting, evidence_of


def test_a_trained_run_holds_the_masks_of_its_data_set(birds: Path) -> None:
    with RunFile(birds) as run:
        dataset = reopen(run)
        assert run.has_part_masks and tuple(run.info["parts"]) == dataset.info.parts
        seen = set()
        for i in range(0, run.num_images, 7):
            mask = run.part_mask(i)
            assert mask is not None
            # 32 pixels are fewer than a thumbnail has, so nothing is left out
            np.testing.assert_array_equal(mask, dataset.annotations(i).part_mask)
            seen |= set(np.unique(mask).tolist())
        assert len(seen) > 5


def test_an_evaluation_keeps_them(birds: Path) -> None:
    def stored() -> list[bytes | None]:
        with RunFile(birds) as run:
            return [run.part_mask_png(i) for i in range(run.num_images)]

    before = stored()
    evaluate_run(birds, {"counting": Counting()}, evidence_of)
    with RunFile(birds) as run:
        assert "counting" in run.metrics()
    assert stored() == before and all(before)
