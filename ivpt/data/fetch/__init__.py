"""Data sets from the network: downloads that go on where they were cut, archives that are not trusted."""
