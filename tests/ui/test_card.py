"""The run card's scores."""

from pathlib import Path

import pytest

from ivpt.runfile.update import add_metrics
from ivpt.ui.opening import read_path
from tests.synthetic import write_synthetic_run


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"value": 50.5, "interval": [46.3405, 54.353], "unit": "%"}, "50.5 [46.3, 54.4] %"),
        ({"value": 0.96512, "interval": [0.9, 1.0]}, "0.965 [0.900, 1.000]"),
        ({"value": None, "unit": "%"}, "– %"),
        ({"value": 3.2, "unit": "\x1b[31mpx"}, "3.200 "),
    ],
)
def test_scores_have_their_unit(tmp_path: Path, entry: dict[str, object], shown: str) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=12)
    add_metrics(path, {"mine": {"parameters": {}, **entry}})
    (score,) = [score for score in read_path(path).scores if score.name == "mine"]
    assert score.value.startswith(shown)
    assert "\x1b" not in score.value
