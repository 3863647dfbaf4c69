"""VLCS as an ivpt data set."""

from ivpt_vlcs.dataset import Vlcs

__all__ = ["Vlcs"]
