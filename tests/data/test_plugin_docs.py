"""The plugins of docs/plugins.md work as printed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ivpt.data.loading import ImageSet
from ivpt.data.splits import TEST, make_split

DOCS = Path(__file__).parents[2] / "docs" / "plugins.md"


def printed(name: str) -> type[Any]:
    for block in re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL):
        if f"class {name}(" in block:
            scope: dict[str, Any] = {"__name__": "printed"}
            exec(block, scope)
            return scope[name]  # type: ignore[no-any-return]
    pytest.fail(f"docs/plugins.md prints no class {name}")


def test_data_set() -> None:
    shapes = printed("Shapes")(count=20)
    split = make_split(shapes.records(), val_fraction=0.15, test_fraction=0.2, seed=0)
    images = ImageSet(shapes, split.indices(TEST), image_size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
    assert len(images) == 4
    assert images[0]["image"].shape == (3, 32, 32)
    assert shapes.image(0).dtype == np.uint8


def test_backbone(tmp_path: Path) -> None:
    random = printed("MyViT")().build("none", 32)
    torch.save(random.vit.state_dict(), tmp_path / "w.pth")
    loaded = printed("MyViT")().build(str(tmp_path / "w.pth"), 32)
    assert loaded.weights.sha256 == random.weights.sha256
    assert (loaded.grid, loaded.num_prefix) == ((2, 2), 1)
