"""Computing metrics on a run file: what is needed, the passes of the model, the numbers, and the file again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import DataError, IvptError, OutputError, PluginError
from ivpt.evaluation.needs import Annotations
from ivpt.evaluation.record import as_entry, replicates_of
from ivpt.evaluation.wanted import is_stored, view_images
from ivpt.interfaces.dataset import Dataset, Progress
from ivpt.interfaces.metric import Evidence, Metric, MetricResult, Probe, View
from ivpt.registry import METRICS, first_words
from ivpt.runfile.reader import RunFile
from ivpt.runfile.update import put_metrics, revised

if TYPE_CHECKING:
    from ivpt.evaluation.reload import Reloaded
    from ivpt.evaluation.verify import Verification

T = TypeVar("T")
_AGAIN = "Run the command again."
PartMask = Callable[[int], NDArray[np.uint8] | None]
EvidenceOf = Callable[[RunFile, PartMask | None, Probe | None], Evidence]
"""Makes the evidence that metrics see; passed in, as what is after the run file knows nothing of the model."""


@dataclass(frozen=True)
class Means:
    """Where the model and its images are found again; ``None`` is as the run file says.

    Attributes:
        root: folder of the data set's files.
        weights: file of the backbone's weights.
        device: what computes.
        batch_size: images at a time.
        progress: told about everything that takes long.
    """

    root: str | None = None
    weights: str | None = None
    device: str | None = None
    batch_size: int | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        results: by name of metric, in the order asked for.
        failures: why the other metrics have none.
        passes: names of the views the model was run on; views that were stored already are not among them.
        verification: of the reloaded model; ``None`` when it was not needed.
    """

    results: Mapping[str, MetricResult]
    failures: Mapping[str, IvptError]
    passes: tuple[str, ...]
    verification: "Verification | None"


def evaluate_run(
    path: Path,
    metrics: Mapping[str, Metric],
    evidence_of: EvidenceOf,
    *,
    split: str = "test",
    strict: bool = False,
    means: Means | None = None,
) -> Evaluation:
    """Compute metrics and store them in the run file, which changes once, at the end, or not at all.

    Args:
        path: of the run file.
        metrics: by the name to report them under.
        evidence_of: makes what metrics look at.
        split: on whose images the needs of metrics are checked, and part of the names of what is stored.
        strict: a metric that cannot be computed on these images is an error, raised before the model runs; else it is
            one of the failures.
        means: where the model and its images are found again.

    Raises:
        IvptError: the run file is not one, or cannot be written, or there is nothing to store.
    """
    path, means = Path(path), means or Means()
    with RunFile(path) as run, _Workshop(run, means) as workshop:
        plan = _Plan(run, workshop, evidence_of(run, None, None), split, strict)
        for name, metric in metrics.items():
            plan.add(name, metric)
        plan.settle()
        with revised(path) as copy:
            if run.is_stale():
                raise OutputError(f"{path} was changed by another program meanwhile; its version stays.", _AGAIN)
            for view, layers in plan.wanted.items():
                workshop.add_view(copy, view, sorted(layers))
            results = _results(copy, plan, workshop, evidence_of)
            if not results and not plan.wanted and plan.failures:
                raise next(iter(plan.failures.values()))
            entries = {stored_name(n, split): as_entry(r, n, split) for n, r in results.items()}
            found = {stored_name(n, split): again for n, r in results.items() if (again := replicates_of(r))}
            put_metrics(copy, entries, found, shown=path)
            # where a file that is open cannot be replaced
            run.close()
        return Evaluation(results, plan.failures, tuple(view.name for view in plan.wanted), workshop.verification)


def _results(copy: Path, plan: "_Plan", workshop: "_Workshop", evidence_of: EvidenceOf) -> dict[str, MetricResult]:
    """Compute what is planned; what fails joins the plan's failures."""
    results: dict[str, MetricResult] = {}
    with RunFile(copy) as revision:
        for number, (name, metric) in enumerate(plan.metrics.items(), start=1):
            workshop.at = f"{name} ({number} of {len(plan.metrics)}): "
            part_mask = workshop.part_mask if "part masks" in metric.needs | metric.uses else None
            probe = workshop.probe() if metric.needs_probe else None
            evidence = evidence_of(revision, part_mask, probe)
            try:
                results[name] = _of_a_plugin(name, metric, partial(_computed, metric, evidence))
            except IvptError as error:
                plan.failures[name] = error
    return results


def _computed(metric: Metric, evidence: Evidence) -> MetricResult:
    result = metric.compute(evidence)
    again = replicates_of(result)
    if again is not None:
        positions, images = np.asarray(again.images), len(evidence.labels)
        if positions.ndim != 1 or not np.all((positions >= 0) & (positions < images)):
            raise ValueError("judged names images that are not there")
        if np.ndim(again.values) != 1:
            raise ValueError("replicates are not one number per resample")
    return result


def stored_name(name: str, split: str) -> str:
    """What a metric is called in the run file: by its name on test images, else with the split before it."""
    return name if split == "test" else f"{split}_{name}"


def _of_a_plugin(name: str, metric: Metric, call: Callable[[], T]) -> T:
    """Call a metric; what breaks in it is reported under its name."""
    try:
        return call()
    except (IvptError, MemoryError, BrokenPipeError):
        raise
    except Exception as error:
        who = METRICS.called(type(metric))
        raise PluginError(f"{who} failed: {type(error).__name__}: {first_words(error)}.") from error


class _Plan:
    """What is to be computed, and the passes it needs that are not stored yet."""

    def __init__(self, run: RunFile, workshop: "_Workshop", evidence: Evidence, split: str, strict: bool) -> None:
        self._run, self._workshop, self._evidence, self._strict = run, workshop, evidence, strict
        self._annotations = Annotations(run, split, workshop.part_mask, evidence)
        self._missing: dict[str, dict[View, set[str]]] = {}
        self.metrics: dict[str, Metric] = {}
        self.wanted: dict[View, set[str]] = {}
        self.failures: dict[str, IvptError] = {}

    def add(self, name: str, metric: Metric) -> None:
        """Plan a metric, or remember why it cannot be computed on these images; the model is not asked for yet."""
        with self._remembering(name):
            refusal = self._annotations.refusal(name, metric)
            if refusal is not None:
                raise refusal
            try:
                self._missing[name] = _of_a_plugin(name, metric, partial(self._missing_views, metric))
            except DataError as error:
                raise DataError(error.message, self._annotations.way_out()) from error
            self.metrics[name] = metric

    def settle(self) -> None:
        """Have the model made where a planned metric needs it; without it these metrics cannot be computed."""
        for name, metric in list(self.metrics.items()):
            with self._remembering(name):
                if self._missing[name] or metric.needs_probe:
                    self._workshop.model()
                for view, layers in self._missing[name].items():
                    self.wanted.setdefault(view, set()).update(layers)
        if not self.metrics and self.failures:
            raise next(iter(self.failures.values()))

    @contextmanager
    def _remembering(self, name: str) -> Iterator[None]:
        try:
            yield
        except IvptError as error:
            if self._strict:
                raise
            self.metrics.pop(name, None)
            self.failures[name] = error

    def _missing_views(self, metric: Metric) -> dict[View, set[str]]:
        chosen = metric.view_layers(self._evidence)
        layers = {layer.key for layer in self._run.layers} if chosen is None else set(chosen)
        missing = {}
        for view in metric.views(self._evidence):
            if not is_stored(self._run, view, sorted(layers)):
                view_images(self._run, view)
                kept = self._run.view(view.name).layers if view.name in self._run.views else ()
                missing[view] = layers | set(kept)
        return missing


class _Workshop:
    """Data set and model of a run, made when they are first asked for, and never twice."""

    def __init__(self, run: RunFile, means: Means) -> None:
        self._run, self._means = run, means
        self._stack = ExitStack()
        self._dataset: Dataset | IvptError | None = None
        self._model: Reloaded | IvptError | None = None
        self._probe: Probe | None = None
        self.at = ""
        """For whom the model is asked, as words about progress begin."""
        self.verification: Verification | None = None

    def __enter__(self) -> "_Workshop":
        return self

    def __exit__(self, *what: Any) -> None:
        self._stack.close()

    def dataset(self) -> Dataset:
        """The data set; the same error every time when it is not to be had."""
        if self._dataset is None:
            from ivpt.evaluation.source import reopen

            try:
                self._dataset = reopen(self._run, root=self._means.root, progress=self._means.progress)
            except IvptError as error:
                self._dataset = error
        if isinstance(self._dataset, IvptError):
            raise self._dataset
        return self._dataset

    def part_mask(self, index: int) -> NDArray[np.uint8] | None:
        """Part mask of an image."""
        return self.dataset().annotations(index).part_mask

    def model(self) -> "Reloaded":
        """The reloaded and verified model; the same error every time when it is not to be had."""
        if self._model is None:
            from ivpt.evaluation.reload import reloaded
            from ivpt.evaluation.verify import verify

            means, run = self._means, self._run
            try:
                dataset = self.dataset()
                model = self._stack.enter_context(reloaded(run, device=means.device, weights=means.weights))
                self.verification = verify(run, model, dataset, batch_size=means.batch_size, progress=means.progress)
                self._model = model
            except IvptError as error:
                self._model = error
        if isinstance(self._model, IvptError):
            raise self._model
        return self._model

    def add_view(self, copy: Path, view: View, layers: list[str]) -> None:
        """Run the model over a view."""
        from ivpt.evaluation.passes import add_view

        add_view(
            copy,
            view,
            layers,
            self.model(),
            self.dataset(),
            batch_size=self._batch_size(),
            shown=self._run.path,
            progress=self._means.progress,
        )

    def probe(self) -> Probe:
        """The one probe of all metrics, so that they share its memory."""
        if self._probe is None:
            from ivpt.evaluation.probe import ModelProbe

            tell = None if self._means.progress is None else self._tell
            self._probe = ModelProbe(self.model(), self.dataset(), self._batch_size(), tell)
        return self._probe

    def _tell(self, done: int, total: int, words: str) -> None:
        assert self._means.progress is not None
        self._means.progress(done, total, self.at + words)

    def _batch_size(self) -> int:
        from ivpt.evaluation.verify import run_batch_size

        return self._means.batch_size or run_batch_size(self._run, self.model().config)
