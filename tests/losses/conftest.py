"""The loss tests use the method's tiny model and double precision too."""

from tests.concepts.conftest import build, float64, images

__all__ = ["build", "float64", "images"]
