"""What several processes have to agree on, in as few messages as possible."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import torch
import torch.distributed
from accelerate import Accelerator
from torch import Tensor, nn

ReduceMax = Callable[[Tensor], Tensor]


class _GlobalMaximum(torch.autograd.Function):
    """Maximum over processes whose gradient goes to the process that holds it (the first one, when several do).

    The gradient is multiplied by the number of processes, because gradients are averaged over processes afterwards.
    """

    @staticmethod
    def forward(ctx: Any, local: Tensor) -> Tensor:
        processes = torch.distributed.get_world_size()
        parts = [torch.empty_like(local) for _ in range(processes)]
        torch.distributed.all_gather(parts, local.contiguous())
        values = torch.stack(parts)
        highest = values.amax(dim=0)
        owner = (values == highest).to(torch.uint8).argmax(dim=0)
        ctx.scale = processes * (owner == torch.distributed.get_rank()).to(local.dtype)
        return highest

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        scaled: Tensor = gradient * ctx.scale
        return scaled


def maximum_over(accelerator: Accelerator) -> ReduceMax | None:
    """The maximum over processes of a tensor of equal shape everywhere; ``None`` when there is one process."""
    if accelerator.num_processes == 1:
        return None
    return lambda local: _GlobalMaximum.apply(local)  # type: ignore[no-any-return, no-untyped-call]


def average(accelerator: Accelerator, parameters: Sequence[nn.Parameter], numbers: Tensor) -> Tensor:
    """Average gradients, and some numbers with them, over processes in one message.

    Only the trained parameters travel; they are few, as the backbone is frozen. Accelerate's wrapper around the model
    is not used: it allows one forward pass per backward pass, and the equivariance term needs two.

    Args:
        accelerator: whose processes.
        parameters: their ``grad`` is replaced by the mean over processes; one without a gradient counts as zero.
        numbers: 1-D, any.

    Returns:
        The mean of ``numbers``.
    """
    if accelerator.num_processes == 1:
        return numbers
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    wide = reduce(torch.promote_types, (g.dtype for g in gradients), numbers.dtype)
    flat = torch.cat([g.reshape(-1).to(wide) for g in gradients] + [numbers.to(wide)])
    torch.distributed.all_reduce(flat)
    flat /= accelerator.num_processes
    start = 0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        part = flat[start : start + gradient.numel()]
        parameter.grad = part.view_as(gradient).to(gradient.dtype)
        start += gradient.numel()
    return flat[start:]


def gather(accelerator: Accelerator, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Concatenate each tensor over processes, in the order of ranks; shapes are equal on all of them."""
    if accelerator.num_processes == 1:
        return tensors
    return {name: accelerator.gather(tensor.contiguous()) for name, tensor in tensors.items()}  # type: ignore[misc]


def any_process(accelerator: Accelerator, flag: bool) -> bool:
    """Whether the flag is set on any process."""
    if accelerator.num_processes == 1:
        return flag
    told = torch.tensor([float(flag)], device=accelerator.device)
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return bool(told.item())


def flatten(groups: Iterable[Sequence[nn.Parameter]]) -> list[nn.Parameter]:
    """All parameters of all groups, in order."""
    return [parameter for parameters in groups for parameter in parameters]
