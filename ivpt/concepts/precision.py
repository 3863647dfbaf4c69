"""Distances, means and logarithms are computed in at least 32 bit, whatever the blocks run in."""

from contextlib import AbstractContextManager

import torch
from torch import Tensor


def widen(tensor: Tensor) -> Tensor:
    """Half-precision tensors as float32; wider ones as they are."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def no_autocast(tensor: Tensor) -> AbstractContextManager[object]:
    """Switch mixed precision off for work on ``tensor``'s device."""
    return torch.autocast(tensor.device.type, enabled=False)


__all__ = ["no_autocast", "widen"]
