"""The test kit of metrics tested: for each check a metric that is wrong in one way, and fails exactly that check."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from ivpt.interfaces.metric import Figure, Metric, MetricResult, View
from ivpt.testing import MetricTests

CHECKS = [name for name in dir(MetricTests) if name.startswith("test_")]
REGISTERED = "test_it_is_registered"


class Share(Metric):
    """The share of the background.

    Args:
        layer: where.
        split: whose images.
    """

    summary = "share of the image that no concept claims"

    def __init__(self, *, layer: str = "coarse", split: str = "test") -> None:
        self.layer, self.split = layer, split

    def shares(self, evidence, view=None):
        windows = evidence.regions(view or View(split=self.split), self.layer)
        return np.concatenate([(maps == 0).mean(axis=(1, 2)) for _, maps in windows])

    def figures(self, evidence):
        return {"share": Figure(float(self.shares(evidence).mean()), (0.0, 1.0))}

    def compute(self, evidence):
        images = len(evidence.indices(View(split=self.split)))
        return MetricResult(self.figures(evidence), "share", None, images, {"layer": self.layer})


def wrong(**members):
    return type("Wrong", (Share,), {"__doc__": Share.__doc__, **members})


def _with(**changes):
    def compute(self, evidence):
        made = Share.compute(self, evidence)
        return MetricResult(**{**{key: getattr(made, key) for key in made.__dataclass_fields__}, **changes})

    return wrong(compute=compute)


def _figures(make):
    return wrong(figures=make)


def _resampled(self, evidence):
    return {"share": Figure(0.5, (0.0, 1.0), replicates=np.linspace(0, 1, 10))}


def _late(self, evidence):
    self.calls = getattr(self, "calls", 0) + (evidence._rows == 256)
    return {"share": Figure(float(self.calls > 1))}


def _spoil(self, evidence):
    evidence._splits[:] = evidence._splits[::-1].copy()
    return {"share": Figure(1.0)}


def _window(self, evidence):
    windows = evidence.regions(View(), self.layer)
    return {"share": Figure(float(np.mean([(maps == 0).mean() ** 2 for _, maps in windows])))}


def _print(self, evidence):
    print("computing")
    return {"share": Figure(1.0)}


def _parts(self, evidence):
    return {"share": Figure(float(evidence.part_mask(0).mean()))}


def _option(self, *, layer: str = "coarse", split: str = "test", radius: int = 3) -> None:
    self.layer, self.split = layer, split


def _radius(self, evidence):
    return replace(Share.compute(self, evidence), parameters={"layer": self.layer, "radius": 3})


def _untyped(self, *, layer="coarse", split: str = "test") -> None:
    self.layer, self.split = layer, split


def _misfit(self, *, layer: str = 3, split: str = "test") -> None:
    self.layer, self.split = "coarse", split


TOLD = Share.__doc__.rstrip() + "\n        radius: of what.\n    "
NOISY = View(noise_seed=1)

WRONG = {
    "test_interface_version": (wrong(api_version=0), "speaks interface version 0"),
    "test_it_is_described": (
        wrong(__doc__="\n\n    Args:\n        layer: where.\n        split: whose.\n"),
        "no description",
    ),
    "test_options_are_described": (wrong(__init__=_option, compute=_radius), "['radius'] is not described"),
    "test_options_have_types_and_defaults": (wrong(__init__=_untyped), "'layer' has no type hint"),
    "test_defaults_are_of_their_types": (wrong(__init__=_misfit), "The default of 'layer', 3"),
    "test_summary": (wrong(summary="A sentence."), "summary is 'A sentence.'"),
    "test_needs_are_known": (wrong(needs=frozenset({"smells"})), "It needs ['smells']"),
    "test_views_are_named_before": (
        _figures(lambda self, evidence: {"share": Figure(float(self.shares(evidence, NOISY).mean()))}),
        "that views() does not name",
    ),
    "test_layers_of_views_exist": (wrong(view_layers=lambda self, evidence: ["L99"]), "view_layers() names ['L99']"),
    "test_result_is_its_own_kind": (_with(images=0), "images is 0"),
    "test_figures_are_numbers_or_say_why_not": (
        _figures(lambda self, evidence: {"share": Figure(0.5), **({"other": Figure(None)} if evidence.parts else {})}),
        "'other' is undefined and does not say why",
    ),
    "test_intervals_hold_their_value": (
        _figures(lambda self, evidence: {"share": Figure(0.5, (0.9, 0.1))}),
        "(0.9, 0.1)",
    ),
    "test_replicates_are_of_judged_images": (_figures(_resampled), "does not say of which images"),
    "test_unit_is_known": (_with(unit="furlongs"), "The unit is 'furlongs'"),
    "test_parameters_are_the_protocol": (wrong(__init__=_option, __doc__=TOLD), "['radius'] is not in parameters"),
    "test_result_fits_into_a_run_file": (_with(parameters={"layer": object()}), "cannot be stored"),
    "test_breakdowns_have_their_length": (_with(per_class={"share": np.zeros(2)}), "has 2 values for 3 classes"),
    "test_it_gives_the_same_again": (_figures(_late), "The second result differs"),
    "test_windows_do_not_matter": (_figures(_window), "depends on the size of the windows"),
    "test_evidence_is_left_alone": (_figures(_spoil), "changes arrays of the evidence"),
    "test_without_annotations_it_says_why": (_figures(_parts), "raises AttributeError"),
    "test_it_prints_nothing_and_seeds_nothing": (_figures(_print), "It prints 'computing"),
}


def failed(plugin):
    """Names of the checks that fail, with their messages."""
    kit = type("TestWrong", (MetricTests,), {"plugin": plugin})()
    found = {}
    for name in CHECKS:
        metric = plugin()
        given = {"metric": metric}
        check = getattr(kit, name)
        wanted = inspect.signature(check).parameters
        try:
            if "result" in wanted:
                given["result"] = metric.compute(_evidence(metric))
            check(**{key: given[key] for key in wanted})
        except pytest.fail.Exception as failure:
            found[name] = str(failure)
    return found


def _evidence(metric):
    from ivpt.testing.evidence import MadeEvidence

    return MadeEvidence(declared=metric.views(MadeEvidence()))


def test_a_good_one_fails_only_for_not_being_registered():
    assert list(failed(Share)) == [REGISTERED]


@pytest.mark.parametrize("check", WRONG)
def test_one_that_is_wrong_fails_exactly_its_check(check):
    plugin, words = WRONG[check]
    found = failed(plugin)
    assert sorted(found) == sorted([REGISTERED, check]), found
    assert words in found[check]
    assert "\nHow to mend it: " in found[check]


def test_an_abstract_one_fails():
    kit = type("TestWrong", (MetricTests,), {"plugin": Metric})()
    with pytest.raises(pytest.fail.Exception, match="does not define compute"):
        kit.test_class_can_be_used()


def test_every_check_has_its_wrong_metric():
    assert set(CHECKS) - {REGISTERED, "test_class_can_be_used"} == set(WRONG)
