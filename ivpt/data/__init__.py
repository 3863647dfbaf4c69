"""Images in: readers, splits, transforms."""
