"""Every registered metric keeps the promises of its interface."""

import json
from pathlib import Path

import numpy as np
import pytest

from ivpt.errors import DataError
from ivpt.evaluation.record import as_entry, replicates_of
from ivpt.interfaces.metric import Metric, MetricResult, View
from ivpt.metrics.evidence import RunEvidence
from ivpt.registry import METRICS
from ivpt.runfile.content import MapBatch
from ivpt.runfile.reader import RunFile
from ivpt.runfile.views import ViewWriter
from ivpt.testing.evidence import MadeEvidence
from tests.data.test_plugin_docs import printed
from tests.synthetic import write_synthetic_run

every = pytest.mark.parametrize("name", METRICS.names())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_synthetic_run(tmp_path / "run.h5", images=60, grid=(6, 6), thumbnails=False)


def add_views(path: Path, metric: Metric) -> None:
    """The maps of every view it names: those of the plain images, shifted a little."""
    with RunFile(path) as run:
        evidence = RunEvidence(run)
        views, keys = list(metric.views(evidence)), metric.view_layers(evidence) or [layer.key for layer in run.layers]
        assert len({view.name for view in views}) == len(set(views))
        assert set(keys) <= {layer.key for layer in run.layers}
    for number, view in enumerate(views):
        with RunFile(path) as run:
            plain = run.split_maps("val" if view.split == "val" else "test")
            wanted = np.flatnonzero(run.splits == {"train": 0, "val": 1, "test": 2}[view.split])
            rows = np.arange(len(wanted)) % len(plain)
            maps = {key: np.roll(next(plain.attention(key))[1], number % 2, axis=3)[rows] for key in keys}
            groups = {key: found[rows] for key in keys if (found := plain.groups(key)) is not None}
            scores = plain.scores()[rows]
        with ViewWriter(path, view.name, keys, {}) as writer:
            writer.append(MapBatch(wanted, maps, scores, scores.mean(axis=1).argmax(axis=1), groups))


def check(result: MetricResult, name: str) -> None:
    assert result.figures and result.images > 0 and result.parameters
    for figure in result.figures.values():
        assert figure.value is None or np.isfinite(figure.value)
        assert figure.value is not None or figure.why
        assert figure.interval is None or figure.interval[0] <= figure.interval[1]
    entry = as_entry(result, name, "test")
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry


@every
def test_it_says_what_it_is_and_needs_no_parameter(name: str) -> None:
    plugin = METRICS.load(name)
    assert plugin.summary and not plugin.summary.endswith(".")
    assert plugin.needs | plugin.uses <= {"keypoints", "boxes", "part masks", "attributes"}
    assert not [option.name for option in METRICS.options(plugin) if option.required]
    METRICS.create(name, {})


@every
def test_it_computes_from_a_run_file_or_says_why_not(path: Path, name: str) -> None:
    metric = METRICS.create(name, {})
    if metric.needs_probe or "part masks" in metric.needs:
        with RunFile(path) as run, pytest.raises(DataError):
            metric.compute(RunEvidence(run))
        return
    add_views(path, metric)
    with RunFile(path) as run:
        result = metric.compute(RunEvidence(run))
        check(result, name)
        assert result.images <= (run.splits == 2).sum()


@pytest.mark.parametrize("name", sorted({*METRICS.names()} - {"accuracy"}))
def test_headlines_can_be_paired(name: str) -> None:
    """All but accuracies, which are paired by their predictions."""
    metric = METRICS.create(name, {})
    evidence = MadeEvidence(declared=metric.views(MadeEvidence()))
    result = metric.compute(evidence)
    (headline, *_), found = result.figures.values(), replicates_of(result)
    if headline.value is None:
        assert found is None
        return
    assert found is not None and found.values.dtype == np.float32 and len(found.values) == 1000
    defined = found.values[np.isfinite(found.values)]
    assert headline.interval == pytest.approx(np.percentile(defined, [2.5, 97.5]), rel=1e-5, abs=1e-6)
    assert len(found.images) == len(set(found.images.tolist())) == result.images
    assert (evidence.splits[found.images] == 2).all()


def test_the_printed_metric_works(path: Path) -> None:
    metric = printed("BackgroundShare")(layer="L6")
    add_views(path, metric)
    with RunFile(path) as run:
        evidence = RunEvidence(run)
        result = metric.compute(evidence)
        regions = np.stack([run.regions("L6", int(i)) for i in evidence.indices(View())])
        assert result.figures["plain"].value == pytest.approx(100 * (regions == 0).mean())
        assert result.figures["noisy"].value == pytest.approx(100 * (regions == 0).mean(), abs=2)
        check(result, "background_share")
