"""The trained model once more: reloaded from a run file, asked about new, cropped, noisy or changed images."""
