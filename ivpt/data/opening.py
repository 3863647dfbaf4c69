"""A registered data set, made with its folder and options."""

from collections.abc import Mapping
from typing import Any

from ivpt.data.watched import Watched
from ivpt.errors import ConfigError
from ivpt.interfaces.dataset import Dataset
from ivpt.registry import DATASETS


def open_dataset(name: str, root: str | None, options: Mapping[str, Any]) -> Dataset:
    """Make a data set, watched: what its plugin does wrong is reported with its name. Nothing is read yet.

    Args:
        name: it is registered under.
        root: folder of its files; becomes its option of that name.
        options: its other options.

    Raises:
        PluginError: unknown or broken.
        ConfigError: an option is wrong, or a folder is named that the data set has no use for.
    """
    plugin = DATASETS.load(name)
    if root is not None:
        if "root" not in [option.name for option in DATASETS.options(plugin)]:
            raise ConfigError(f"The data set {name!r} takes no folder.", "Leave --data out.")
        options = {**options, "root": root}
    return Watched(DATASETS.construct(plugin, options, name), DATASETS.called(plugin))


__all__ = ["open_dataset"]
