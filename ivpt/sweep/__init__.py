"""Tables of runs: rows of settings, trained and evaluated over seeds."""
