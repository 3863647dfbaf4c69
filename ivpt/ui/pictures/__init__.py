"""From arrays to what a terminal can show, in steps: a scene, pixels or characters, escape sequences."""
