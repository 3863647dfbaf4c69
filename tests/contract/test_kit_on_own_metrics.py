"""Every metric of ivpt passes the test kit that authors of plugins use."""

from ivpt.registry import METRICS
from ivpt.testing import MetricTests

OWN = [listed.name for listed in METRICS.listing() if listed.distribution == "ivpt"]

OTHER_WORDS = {
    "consistency": "`uncropped` is told as a figure of its own",
    "stability": "`uncropped` is told as a figure of its own",
}


def _kit(name: str) -> type[MetricTests]:
    plugin = METRICS.load(name)
    waived = {"test_parameters_are_the_protocol": OTHER_WORDS[name]} if name in OTHER_WORDS else {}
    return type(f"Test{plugin.__name__}", (MetricTests,), {"plugin": plugin, "waived": waived})


globals().update({f"Test{name.title().replace('_', '')}": _kit(name) for name in OWN})
