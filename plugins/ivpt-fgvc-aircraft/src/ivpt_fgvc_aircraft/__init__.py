"""FGVC-Aircraft as an ivpt data set."""

from ivpt_fgvc_aircraft.dataset import FgvcAircraft

__all__ = ["FgvcAircraft"]
