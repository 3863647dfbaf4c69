"""Which device and precision training runs on, and how many threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from ivpt.config import Config
from ivpt.cores import usable_cores
from ivpt.errors import ConfigError

_open: list[Accelerator] = []
"""Those in use: they share Accelerate's state, so it may be reset only when the last one is done."""


@contextmanager
def accelerated(config: Config) -> Iterator[Accelerator]:
    """An accelerator for the configured device and precision; threads shared sensibly between processes.

    Raises:
        ConfigError: there is no such device here, or it cannot compute in that precision.
    """
    device = config.training.device
    _check_device(device)
    cpu = device == "cpu" or (device == "auto" and not _has_accelerator())
    name = "ACCELERATE_TORCH_DEVICE"
    before = os.environ.get(name)
    if not cpu and device != "auto" and "LOCAL_RANK" not in os.environ:
        os.environ[name] = device
    try:
        accelerator = Accelerator(cpu=cpu, mixed_precision=config.training.precision)
    except ValueError as error:
        words = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"Precision {config.training.precision!r} cannot be used here: {words}.") from None
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
    if accelerator.device.type == "cpu":
        _set_threads(int(os.environ.get("LOCAL_WORLD_SIZE", accelerator.num_processes)))
    _open.append(accelerator)
    try:
        yield accelerator
    finally:
        _open.remove(accelerator)
        if not _open:
            # A process group that still lives when the interpreter ends may abort it.
            accelerator.end_training()
            # Accelerate keeps device and precision for the life of the process; a second run may want others.
            AcceleratorState._reset_state(reset_partial_state=True)


def describe_device(device: torch.device) -> dict[str, str]:
    """What of a device results depend on in their last bits, in words: for the versions in a run file."""
    if device.type == "cuda":
        return {"device": torch.cuda.get_device_name(device)}
    return {"device": device.type, "threads": str(torch.get_num_threads())}


def _has_accelerator() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _check_device(device: str) -> None:
    kind, _, number = device.partition(":")
    if kind in ("auto", "cpu") and not number:
        return
    if kind == "mps" and not number and torch.backends.mps.is_available():
        return
    if kind == "cuda" and torch.cuda.is_available():
        count = torch.cuda.device_count()
        if not number or (number.isdigit() and int(number) < count):
            return
        raise ConfigError(f"There is no device {device!r} here.", f"There are cuda:0 to cuda:{count - 1}.")
    here = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
    raise ConfigError(
        f"There is no device {device!r} here.", "Use auto, cpu" + (f" or {here}." if here else "; no GPU was found.")
    )


def _set_threads(processes: int) -> None:
    """All cores this process may use, shared between the processes; what the user set in the environment stands."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    torch.set_num_threads(max(usable_cores() // processes, 1))
