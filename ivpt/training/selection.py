"""Which epoch is kept. Only val figures come in here; test labels are never seen before training is over."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ValScore:
    """How an epoch did on val.

    Attributes:
        epoch: 0-based.
        accuracy: in [0, 1].
        loss: mean cross-entropy in nats; decides between equal accuracies, as val sets are often small.
    """

    epoch: int
    accuracy: float
    loss: float


def is_better(new: ValScore, kept: ValScore | None, select: Literal["best", "last"]) -> bool:
    """Whether the new epoch replaces the kept one: by accuracy, then by loss, then the earlier one stays."""
    if kept is None or select == "last":
        return True
    return (new.accuracy, -new.loss) > (kept.accuracy, -kept.loss)
