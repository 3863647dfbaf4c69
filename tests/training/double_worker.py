"""One process of a tiny run in 64 bit: ``python -m tests.training.double_worker PICTURES OUT [--stop STEP]``.

In 32 bit, two orders of summation differ by rounding, and Adam turns rounding of vanishing gradients into steps; in
64 bit what remains of a difference is a defect.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from ivpt.data import loading
from ivpt.errors import Interrupted
from ivpt.training.observer import Silence, StepReport
from ivpt.training.run import train
from tests.training.pictures import tiny_config


class Stopper(Silence):
    """Sends this process, and no other, a signal after some step of the first epoch."""

    def __init__(self, step: int) -> None:
        self.at = step

    def step(self, report: StepReport) -> None:
        if (report.epoch, report.step) == (0, self.at):
            os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    torch.set_default_dtype(torch.float64)
    view = loading.training_view
    loading.training_view = lambda *args: view(*args).double()
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    observer = Stopper(int(sys.argv[4])) if "--stop" in sys.argv else Silence()
    try:
        train(tiny_config(root), out, resume="--resume" in sys.argv, observer=observer)
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
