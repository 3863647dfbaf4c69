"""Classification: cross-entropy of the averaged scores, Eq. 4."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy


def classification(logits: Float[Tensor, "b c"], labels: Int[Tensor, " b"]) -> Float[Tensor, ""]:
    """Cross-entropy in nats, mean over the batch."""
    return cross_entropy(logits, labels)


__all__ = ["classification"]
