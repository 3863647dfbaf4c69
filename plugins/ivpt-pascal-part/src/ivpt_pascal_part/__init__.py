"""PASCAL-Part as an ivpt data set."""

from ivpt_pascal_part.dataset import PascalPart

__all__ = ["PascalPart"]
