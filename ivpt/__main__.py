"""``python -m ivpt`` is the same program as ``ivpt``; launchers such as ``accelerate launch -m ivpt`` need it."""

from ivpt.cli import main

if __name__ == "__main__":
    main()
