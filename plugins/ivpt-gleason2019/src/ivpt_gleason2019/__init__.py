"""Gleason 2019 as an ivpt data set."""

from ivpt_gleason2019.dataset import Gleason2019

__all__ = ["Gleason2019"]
