"""The ELPV solar cells as an ivpt data set."""

from ivpt_elpv.dataset import Elpv

__all__ = ["Elpv"]
