"""Where files live: the cache and the run folder.

Only this module knows about the working directory or a checkout; everything else is handed a path.
"""

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path


def cache_dir() -> Path:
    """Folder for what the program renders, downloads or precomputes.

    ``IVPT_CACHE`` wins; in a checkout (the folder above the package holds ``pyproject.toml`` and ``cache/``) it is that
    ``cache/``; otherwise the user's cache folder. The folder is not created here.
    """
    if named := os.environ.get("IVPT_CACHE"):
        return Path(named).expanduser().absolute()
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "cache").is_dir():
        return checkout / "cache"
    return user_cache_path("ivpt", appauthor=False)


def keys_path() -> Path:
    """``keys.toml`` in the user's folder of settings: keys of the explorer; ``IVPT_KEYS`` wins. It need not exist."""
    if named := os.environ.get("IVPT_KEYS"):
        return Path(named).expanduser().absolute()
    return user_config_path("ivpt", appauthor=False) / "keys.toml"


def default_run_path(dataset: str) -> Path:
    """``runs/<dataset>.h5`` below the working directory: where ``ivpt train`` writes unless told otherwise."""
    return Path("runs") / f"{dataset.replace(':', '-').replace('/', '-').replace('@', '-')}.h5"
