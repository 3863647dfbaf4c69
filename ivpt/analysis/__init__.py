"""Importance, pruning, galleries: numpy in, numbers out."""
