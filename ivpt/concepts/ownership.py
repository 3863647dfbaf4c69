"""A proof that no parameter is trained twice or frozen by accident."""

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import nn


def check_ownership(model: nn.Module, groups: Mapping[str, Sequence[nn.Parameter]]) -> None:
    """Check that every parameter of a model is in exactly one group or frozen.

    Raises:
        RuntimeError: it is not so, which is a defect of the model and names the parameters.
    """
    owners = Counter(id(parameter) for members in groups.values() for parameter in members)
    wrong = [name for name, p in model.named_parameters() if owners[id(p)] != int(p.requires_grad)]
    if wrong:
        raise RuntimeError(f"parameters not in exactly one group nor frozen: {', '.join(wrong)}")


__all__ = ["check_ownership"]
