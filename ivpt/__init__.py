"""Interpretable visual prompt tuning.

The public names below load on first use (PEP 562), so that ``import ivpt`` stays cheap and imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivpt.config import Config as Config
    from ivpt.errors import IvptError as IvptError
    from ivpt.runfile.reader import RunFile as RunFile

__version__ = "0.1.0"

_HOMES = {
    "Config": "ivpt.config",
    "IvptError": "ivpt.errors",
    "RunFile": "ivpt.runfile.reader",
}

__all__ = ["Config", "IvptError", "RunFile", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ivpt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
