"""Things drawn on the screens."""
