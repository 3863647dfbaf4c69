"""Distributions of strangers, made of a few files: what a plugin can be like, good and bad."""

import textwrap
from pathlib import Path

GOOD = """
import numpy as np
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record

class Plugin(Dataset):
    def __init__(self, crop: str = "box", share: float = 0.5, deep: bool = False, root: str | None = None) -> None:
        self.crop, self.share, self.deep = crop, share, deep

    @property
    def info(self):
        return DatasetInfo("stranger", ("a", "b"))

    def records(self):
        return [Record(str(i), i % 2) for i in range(8)]

    def image(self, index):
        return np.zeros((8, 8, 3), np.uint8)
"""


def publish(
    folder: Path,
    distribution: str,
    source: str = GOOD,
    *,
    name: str = "stranger",
    group: str = "ivpt.datasets",
    version: str = "1.0",
    target: str = "Plugin",
) -> str:
    """Lay out an installed distribution in a folder of ``sys.path``.

    Returns:
        The name of its module.
    """
    module = distribution.replace("-", "_")
    (folder / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:{target}\n")
    return module
