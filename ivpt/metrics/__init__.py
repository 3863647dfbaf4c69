"""Metrics of interpretability: numpy in, numbers out; each file says what its number means and where it comes from."""
