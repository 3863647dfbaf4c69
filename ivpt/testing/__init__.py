"""The test kit for authors of plugins: subclass one of these in your own tests and pytest runs its checks.

.. code-block:: python

    from ivpt.testing import DatasetTests
    from my_package import Birds

    class TestBirds(DatasetTests):
        plugin = Birds

Each check is one promise of the interface. One that fails says what is wrong and how to mend it. pytest must be
installed; nothing here is used by the program itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivpt.testing.backbones import BackboneTests
    from ivpt.testing.datasets import DatasetTests
    from ivpt.testing.metrics import MetricTests

_HOMES = {"BackboneTests": "backbones", "DatasetTests": "datasets", "MetricTests": "metrics"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"ivpt.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["BackboneTests", "DatasetTests", "MetricTests"]
