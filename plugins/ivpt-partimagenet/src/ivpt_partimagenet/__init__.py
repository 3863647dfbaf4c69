"""PartImageNet as an ivpt data set."""

from ivpt_partimagenet.dataset import PartImageNet

__all__ = ["PartImageNet"]
