from tests.sweep.tables import fakes

__all__ = ["fakes"]
