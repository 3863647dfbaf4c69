"""Checks of a metric plugin on evidence made up for the purpose: no run file and no model are needed."""

import copy
import io
import json
import random
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any, ClassVar, get_args

import numpy as np
import pytest

from ivpt.errors import DataError
from ivpt.evaluation.record import as_entry
from ivpt.interfaces.metric import Annotation, Metric, MetricResult, View
from ivpt.registry import METRICS
from ivpt.testing.evidence import IMAGES, MadeEvidence
from ivpt.testing.kit import PluginTests, plain, require


class MetricTests(PluginTests):
    """Subclass it, name the plugin, and pytest runs every check.

    Attributes:
        plugin: the class under test.
        waived: name of a check that does not apply: the reason.
        options: to make it with.
    """

    registry = METRICS
    options: ClassVar[Mapping[str, Any]] = {}
    _result: ClassVar[MetricResult | None] = None

    @pytest.fixture
    def metric(self) -> Metric:
        """The plugin, made with its options."""
        made: Metric = METRICS.construct(self.plugin, self.options)
        return made

    @pytest.fixture
    def result(self, metric: Metric) -> MetricResult:
        """What it finds on everything that is annotated; computed once."""
        found: MetricResult | None = type(self).__dict__.get("_result")
        if found is None:
            found = type(self)._result = _computed(metric)
        return found

    def test_summary(self) -> None:
        """``summary`` is one line without a full stop."""
        words = self.plugin.summary
        require(
            plain(words) and not words.endswith("."), f"summary is {words!r}.", "say in one line what the number says."
        )

    def test_needs_are_known(self) -> None:
        """``needs`` and ``uses`` name kinds of annotations."""
        known = set(get_args(Annotation))
        unknown = (set(self.plugin.needs) | set(self.plugin.uses)) - known
        require(not unknown, f"It needs {sorted(unknown)}.", f"known kinds: {', '.join(sorted(known))}.")

    def test_views_are_named_before(self, metric: Metric) -> None:
        """It reads only views that it names in ``views``, and names each once."""
        views = list(metric.views(MadeEvidence()))
        require(all(isinstance(v, View) for v in views), "views() holds something else.", "return View objects.")
        require(len(set(views)) == len(views), "views() names one view twice.", "name each once.")
        evidence = MadeEvidence(declared=views)
        metric.compute(evidence)
        require(
            not evidence.asked,
            f"It reads the view {evidence.asked[:1]} that views() does not name.",
            "name it in views(), so that the core makes it before.",
        )

    def test_layers_of_views_exist(self, metric: Metric) -> None:
        """``view_layers`` names layers that are there."""
        evidence = MadeEvidence()
        unknown = set(metric.view_layers(evidence) or ()) - {layer.key for layer in evidence.layers}
        require(not unknown, f"view_layers() names {sorted(unknown)}.", "use keys of evidence.layers.")

    def test_result_is_its_own_kind(self, result: MetricResult) -> None:
        """``compute`` gives a :class:`MetricResult` with at least one figure, from at least one image."""
        require(isinstance(result, MetricResult), f"compute() gives {type(result).__name__}.", "return a MetricResult.")
        require(result.figures, "There is no figure.", "the first of `figures` is the headline.")
        require(result.images > 0, f"images is {result.images}.", "say on how many images the headline rests.")

    def test_figures_are_numbers_or_say_why_not(self, result: MetricResult) -> None:
        """A figure is finite, or ``None`` with a reason."""
        for name, figure in result.figures.items():
            require(
                figure.value is not None or figure.why,
                f"The figure {name!r} is undefined and does not say why.",
                "give Figure(None, why='one sentence').",
            )
            require(
                figure.value is None or np.isfinite(figure.value),
                f"The figure {name!r} is {figure.value}.",
                "give Figure(None, why='one sentence') where it is undefined.",
            )

    def test_intervals_hold_their_value(self, result: MetricResult) -> None:
        """An interval goes from low to high."""
        for name, figure in result.figures.items():
            if figure.interval is not None:
                low, high = figure.interval
                require(low <= high, f"The interval of {name!r} is {figure.interval}.", "give low, then high.")

    def test_replicates_are_of_judged_images(self, result: MetricResult) -> None:
        """Where the headline has replicates, ``judged`` says of which images."""
        headline = next(iter(result.figures.values()))
        if headline.replicates is None:
            return
        require(np.ndim(headline.replicates) == 1, "replicates is no list.", "give one number for each resample.")
        require(
            result.judged is not None,
            "It has replicates and does not say of which images.",
            "name the positions in evidence that were drawn from as `judged`.",
        )
        known = np.isin(np.asarray(result.judged), np.arange(IMAGES))
        require(known.all(), "judged holds images that are not there.", "name positions in the table of all images.")

    def test_unit_is_known(self, result: MetricResult) -> None:
        """The unit is one that tables know."""
        known = ("%", "nats", "share", "")
        require(result.unit in known, f"The unit is {result.unit!r}.", f"use one of {known}.")

    def test_parameters_are_the_protocol(self, metric: Metric, result: MetricResult) -> None:
        """Every option is among ``parameters``, so that others can repeat it; split and layer are stored anyway."""
        told = {*result.parameters, "split", "layer"}
        missing = [option.name for option in METRICS.options(self.plugin) if option.name not in told]
        require(not missing, f"The option {missing[:1]} is not in parameters.", "add it with its value.")

    def test_result_fits_into_a_run_file(self, result: MetricResult) -> None:
        """It is made of plain values."""
        try:
            entry = json.dumps(as_entry(result, "it", "test"), allow_nan=False)
        except (TypeError, ValueError) as error:
            require(False, f"The result cannot be stored: {error}", "use numbers, texts, lists and numpy arrays.")
        require(len(entry) < 5_000_000, f"The result takes {len(entry) / 1e6:.0f} MB.", "keep no maps in it.")

    def test_breakdowns_have_their_length(self, result: MetricResult) -> None:
        """``per_class`` has one value per class."""
        for name, values in result.per_class.items():
            require(
                len(values) == 3, f"per_class[{name!r}] has {len(values)} values for 3 classes.", "use NaN for gaps."
            )

    def test_it_gives_the_same_again(self, metric: Metric, result: MetricResult) -> None:
        """Computed twice, it is the same."""
        require(_same(_computed(metric), result), "The second result differs.", "seed what is random from an option.")

    def test_windows_do_not_matter(self, metric: Metric, result: MetricResult) -> None:
        """The result does not depend on how many rows come at once."""
        small = _computed(metric, rows=5)
        require(
            _same(small, result, tolerance=1e-6),
            "The result depends on the size of the windows.",
            "put windows together, or add up sums and counts; do not average averages.",
        )

    def test_evidence_is_left_alone(self, metric: Metric) -> None:
        """It changes nothing of what it was given."""
        evidence = MadeEvidence(declared=metric.views(MadeEvidence()))
        before = copy.deepcopy({k: v for k, v in vars(evidence).items() if k != "asked"})
        metric.compute(evidence)
        same = all(np.array_equal(vars(evidence)[k], v) for k, v in before.items() if isinstance(v, np.ndarray))
        require(same, "It changes arrays of the evidence.", "work on copies.")

    def test_without_annotations_it_says_why(self, metric: Metric) -> None:
        """Where nothing is annotated and no model is there it computes, or says why not."""
        bare = MadeEvidence(annotated=False)
        try:
            declared = metric.views(bare)
            result = metric.compute(MadeEvidence(annotated=False, declared=declared))
        except DataError:
            return
        except Exception as error:
            require(
                False,
                f"On images without annotations it raises {type(error).__name__}: {error}",
                "raise ivpt.errors.DataError, or give Figure(None, why=...).",
            )
        for name, figure in result.figures.items():
            defined = figure.value is not None and np.isfinite(figure.value)
            require(defined or figure.why, f"The figure {name!r} is {figure.value} without a reason.", "say `why`.")

    def test_it_prints_nothing_and_seeds_nothing(self, metric: Metric) -> None:
        """Stdout is for results, and global random numbers belong to nobody."""
        before = random.getstate(), repr(np.random.get_state(legacy=False))
        said = io.StringIO()
        with redirect_stdout(said):
            _computed(metric)
        require(not said.getvalue(), f"It prints {said.getvalue()[:60]!r}.", "use logging.")
        after = random.getstate(), repr(np.random.get_state(legacy=False))
        require(before == after, "It draws from the global random numbers.", "use numpy.random.default_rng(seed).")


def _computed(metric: Metric, rows: int = 256) -> MetricResult:
    return metric.compute(MadeEvidence(declared=metric.views(MadeEvidence()), rows=rows))


def _same(first: MetricResult, second: MetricResult, tolerance: float = 0.0) -> bool:
    if list(first.figures) != list(second.figures):
        return False
    pairs = [(first.figures[name].value, second.figures[name].value) for name in first.figures]
    return all(
        a is b is None or (a is not None and b is not None and abs(a - b) <= tolerance * max(abs(a), abs(b), 1.0))
        for a, b in pairs
    )


__all__ = ["MetricTests"]
