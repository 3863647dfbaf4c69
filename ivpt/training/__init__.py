"""Loop, optimiser groups, checkpoints, export to the run file."""
