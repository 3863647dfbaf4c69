"""Where a run goes, and whether it can: asked before torch is imported, so nothing here imports it."""

import os
import shutil
import tempfile
from pathlib import Path

from ivpt.errors import OutputError
from ivpt.runfile.publish import writing


def checkpoint_path(out: Path) -> Path:
    """``<out>.ckpt``."""
    return out.with_name(out.name + ".ckpt")


def check_free(out: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse an output that is taken, or has nothing to resume; only looks.

    Raises:
        OutputError: with what to type instead.
    """
    saved = checkpoint_path(out)
    if resume:
        if not saved.exists():
            words = "is finished" if out.exists() else "was not begun, or its checkpoint is gone"
            raise OutputError(f"The run {out} {words}; there is no checkpoint {saved} to resume.")
    elif not overwrite:
        if out.exists():
            raise OutputError(
                f"{out} exists already.",
                "Choose another name with --out, replace it with --overwrite, or go on with --resume."
                if saved.exists()
                else "Choose another name with --out, or replace it with --overwrite.",
            )
        if saved.exists():
            raise OutputError(f"{saved} is the checkpoint of an unfinished run.", "Use --resume or --overwrite.")


def check_out(out: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse an output that is taken, cannot be written, or has nothing to resume; makes its folder.

    Raises:
        OutputError: with what to type instead.
    """
    check_free(out, overwrite=overwrite, resume=resume)
    target = Path(os.path.realpath(out))
    with writing(out):
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent) as probe:
            probe.write(b"\0" * 4096)


def check_room(out: Path, needed: int) -> None:
    """Refuse to start when the disk cannot hold the run file twice (a new one is written beside the old one).

    Raises:
        OutputError: too little room.
    """
    with writing(out):
        free = shutil.disk_usage(out.absolute().parent).free
    if free < 2 * needed:
        raise OutputError(
            f"The disk of {out} is too full: about {2 * needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB free.",
            "Free some space, or write to another disk with --out.",
        )
