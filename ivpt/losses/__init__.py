"""One file per loss term, pure functions; objective.py names and weighs them."""
