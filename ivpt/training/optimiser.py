"""Adam over the parameters a model owns, in groups by role, with the step schedule of appendix A."""

from collections.abc import Mapping

import torch
from torch import nn

from ivpt.config import TrainingConfig
from ivpt.errors import TrainingError

Groups = Mapping[str, list[nn.Parameter]]


def check_groups(model: nn.Module, groups: Groups) -> None:
    """Prove that each parameter is in exactly one group or frozen.

    Raises:
        TrainingError: a parameter is trained but in no group, in two, or in a group but frozen; it is named.
    """
    times: dict[int, int] = {}
    for parameters in groups.values():
        for parameter in parameters:
            times[id(parameter)] = times.get(id(parameter), 0) + 1
    for name, parameter in model.named_parameters():
        count = times.pop(id(parameter), 0)
        if count > 1:
            raise TrainingError(f"The parameter {name} is in {count} optimiser groups.")
        if parameter.requires_grad and not count:
            raise TrainingError(f"The parameter {name} would be trained but is in no optimiser group.")
        if count and not parameter.requires_grad:
            raise TrainingError(f"The parameter {name} is in an optimiser group but frozen.")
    if times:
        raise TrainingError("An optimiser group holds a parameter that is not the model's.")


def make_optimiser(model: nn.Module, groups: Groups, config: TrainingConfig) -> torch.optim.Adam:
    """Adam with one rate per group.

    Args:
        model: whose parameters they are.
        groups: ``tokens`` (backbone tokens, spatial bias, prototypes) and ``layers`` (grouping, fusion, norms, heads).
        config: the rates.
    """
    check_groups(model, groups)
    rates = {"tokens": config.lr_tokens, "layers": config.lr_layers}
    return torch.optim.Adam(
        [
            {"params": parameters, "lr": rates[name], "initial_lr": rates[name], "name": name}
            for name, parameters in groups.items()
            if parameters
        ]
    )


def decay(config: TrainingConfig, epoch: int) -> float:
    """What the rates are multiplied by in a 0-based epoch: ``lr_decay`` for every full ``lr_period`` of the epochs."""
    period = config.lr_period * config.epochs
    # A sliver more than the epoch, as 0.16 * 25 may come out a rounding error above 4.
    return float(config.lr_decay ** int((epoch + 1e-9) / period))


def set_rates(optimiser: torch.optim.Optimizer, config: TrainingConfig, epoch: int) -> dict[str, float]:
    """Set the rates of an epoch; returns them by group."""
    factor = decay(config, epoch)
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * factor
    return {str(group["name"]): float(group["lr"]) for group in optimiser.param_groups}
