"""Fixtures of the method's tests: a tiny float64 model, and images for it."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from ivpt.concepts.model import ConceptModel
from ivpt.config import ConceptsConfig
from tests.concepts.tiny_backbone import TinyBackbone


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """Everything in double precision and from one seed."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(before)


Build = Callable[..., ConceptModel]


@pytest.fixture
def build() -> Build:
    """Make a tiny model with some settings changed."""

    def make(config: ConceptsConfig | None = None, **changes: object) -> ConceptModel:
        torch.manual_seed(1)
        base = config or ConceptsConfig(prototypes=(5, 4), coarse=3)
        settings = base.model_dump() | changes
        return ConceptModel(TinyBackbone(), ConceptsConfig.model_validate(settings), num_classes=4)

    return make


@pytest.fixture
def images() -> Tensor:
    """Two images of the tiny backbone's size."""
    return torch.randn(2, 3, 6, 8)
