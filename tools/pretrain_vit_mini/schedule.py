"""Optimiser, learning rate and progress, the same in both stages."""

import json
import math
import time
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import nn


def adam(modules: Iterable[nn.Module], rate: float) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only."""
    parameters = [p for module in modules for p in module.parameters()]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))


def pace(optimiser: torch.optim.Optimizer, rate: float, step: int, steps: int, warm: int) -> None:
    """Set the learning rate: linear over ``warm`` steps, then a half cosine down to three thousandths."""
    now = rate * min(1.0, (step + 1) / warm) * (0.5 * (1 + math.cos(math.pi * step / steps)) + 0.003)
    for group in optimiser.param_groups:
        group["lr"] = now


def rank() -> int:
    """Number of this process."""
    return dist.get_rank() if dist.is_initialized() else 0


def workers() -> int:
    """Number of processes that learn together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def share_gradients(modules: Iterable[nn.Module]) -> None:
    """Replace each gradient by its mean over all processes."""
    if workers() == 1:
        return
    gradients = [p.grad for module in modules for p in module.parameters() if p.grad is not None]
    joined = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(joined)
    joined /= workers()
    for gradient, mean in zip(gradients, joined.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


class Report:
    """Means of a hundred steps on standard output, one JSON object a line, with the time left."""

    def __init__(self, stage: str, steps: int) -> None:
        self.stage, self.steps, self.began, self.step = stage, steps, time.monotonic(), 0
        self.rows: list[dict[str, float]] = []

    def add(self, **values: float) -> None:
        """Count one step."""
        self.step += 1
        self.rows.append(values)
        if self.step % 100 and self.step != self.steps:
            return
        spent = time.monotonic() - self.began
        row: dict[str, float | str] = {"stage": self.stage, "step": self.step, "seconds": round(spent)}
        row["left"] = round(spent / self.step * (self.steps - self.step))
        row |= {k: round(sum(r[k] for r in self.rows) / len(self.rows), 4) for k in self.rows[0]}
        self.rows = []
        if rank() == 0:
            print(json.dumps(row), flush=True)
