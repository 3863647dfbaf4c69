"""Training: the loop, optimiser groups, checkpoint and resume, several processes, export to the run file."""
