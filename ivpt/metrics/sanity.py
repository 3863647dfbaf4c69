"""Could these scores have been bad? The same scores for maps that are shuffled."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.errors import ConfigError, DataError, IvptError
from ivpt.interfaces.metric import Annotation, Evidence, Figure, Metric, MetricResult, View
from ivpt.metrics.shuffled import Kind, Shuffled
from ivpt.registry import METRICS

KINDS: tuple[Kind, ...] = ("prototypes", "cells")

OWN_NAME = "sanity"
"""Its own name in the registry: it does not ask for itself."""


class Sanity(Metric):
    """Headlines of other metrics, for the maps of the run and for shuffled ones.

    Shuffled prototypes: the channels of each image change places, so that a concept means something else in every
    image. Shuffled cells: the regions keep their sizes and lose their places. A score that stays where it was does not
    measure what concepts are; a good run is well above both. Compare with a run whose weights are random besides.

    Source: Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018 (the idea); shuffling stored maps is ivpt's.

    Args:
        split: val or test.
        scores: names of metrics, separated by commas.
        seed: of the shuffling.
    """

    summary = "what other scores reach when the maps are shuffled: a score that cannot fail says nothing"
    uses = frozenset[Annotation]({"keypoints", "boxes", "part masks", "attributes"})

    def __init__(
        self, *, split: str = "test", scores: str = "nmi_ari,nmi_ari_pixels,consistency,pointing_game", seed: int = 0
    ) -> None:
        self.names = tuple(name.strip() for name in scores.split(",") if name.strip())
        if split not in ("val", "test"):
            raise ValueError(f"split must be val or test, not {split!r}")
        if not self.names or OWN_NAME in self.names:
            raise ValueError("scores must name other metrics")
        self.split, self.seed = split, seed

    def views(self, evidence: Evidence) -> list[View]:
        """What the metrics read."""
        return list(dict.fromkeys(view for _, views in self._readers(evidence) for view in views))

    def view_layers(self, evidence: Evidence) -> Sequence[str] | None:
        """All of what the metrics read."""
        found: list[str] = []
        for metric, views in self._readers(evidence):
            layers = metric.view_layers(evidence)
            if layers is None and views:
                return None
            found += layers or ()
        return list(dict.fromkeys(found))

    def compute(self, evidence: Evidence) -> MetricResult:
        """Figures in the unit of each metric; undefined where that metric is."""
        figures: dict[str, Figure] = {}
        parameters: dict[str, Any] = {"split": self.split, "seed": self.seed, "scores": list(self.names)}
        judged: NDArray[np.integer] | None = None
        images, units = 0, set()
        for name, metric in self._metrics().items():
            try:
                own = metric.compute(evidence)
                shuffled = {kind: metric.compute(Shuffled(evidence, kind, self.seed)) for kind in KINDS}
            except IvptError as error:
                figures[name] = Figure(None, None, error.message)
                continue
            headline = next(iter(own.figures))
            # of the first figure of all
            judged = judged if figures else own.judged
            figures[f"{name}: {headline}"] = own.figures[headline]
            figures |= {f"{name}: {headline}, shuffled {k}": r.figures[headline] for k, r in shuffled.items()}
            parameters[name] = dict(own.parameters)
            images = max(images, own.images)
            units.add(own.unit)
        if all(figure.value is None for figure in figures.values()):
            raise DataError(
                f"None of {', '.join(self.names)} can be computed on these images.",
                "; ".join(figure.why for figure in figures.values() if figure.why),
            )
        unit = units.pop() if len(units) == 1 else ""
        return MetricResult(figures, unit, None, images, parameters, judged=judged)

    def _readers(self, evidence: Evidence) -> list[tuple[Metric, Sequence[View]]]:
        """Metrics with the views they read; those that cannot be computed on these images say so in the result."""
        found = []
        for metric in self._metrics().values():
            with suppress(DataError):
                found.append((metric, metric.views(evidence)))
        return found

    def _metrics(self) -> dict[str, Metric]:
        made = {}
        for name in self.names:
            options = {option.name for option in METRICS.options(METRICS.load(name))}
            metric = METRICS.create(name, {"split": self.split} if "split" in options else {})
            if metric.needs_probe:
                raise ConfigError(f"The metric {name!r} asks the model, whose maps cannot be shuffled.")
            made[name] = metric
        return made
