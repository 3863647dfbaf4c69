"""Changing a finished run file: on a copy, which then takes its place."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py

from ivpt.errors import OutputError
from ivpt.runfile.guard import open_file
from ivpt.runfile.index import stored_index
from ivpt.runfile.indexing import write_index
from ivpt.runfile.publish import replacing, writing
from ivpt.runfile.reader import RunFile, identity
from ivpt.runfile.replicates import Replicates, with_judged, write_replicates
from ivpt.runfile.schema import JsonObject
from ivpt.runfile.sink import writable
from ivpt.runfile.writer import write_json


@contextmanager
def revised(path: Path) -> Iterator[Path]:
    """Hand out a copy of a run file that takes its place when the block ends well, and vanishes when it does not.

    For changes that take long: nothing is seen of them before they are complete.

    Args:
        path: of an existing run file.

    Raises:
        RunFileError: there is no run file at ``path``.
        OutputError: the copy cannot be written, or another program replaced the run file meanwhile.
    """
    path = Path(path)
    open_file(path).close()
    before = identity(path)
    with replacing(path) as temporary:
        with writing(path):
            shutil.copyfile(path, temporary)
            shutil.copymode(path, temporary)
        yield temporary
        if identity(path) != before:
            raise OutputError(
                f"{path} was changed by another program meanwhile; its version stays.", "Run the command again."
            )


def put_metrics(
    copy: Path,
    metrics: Mapping[str, JsonObject],
    replicates: Mapping[str, Replicates] | None = None,
    *,
    shown: Path,
) -> None:
    """Add metrics to the copy that :func:`revised` hands out; those of the same name are replaced, the others stay.

    A file of an earlier version gets its index at the same time.

    Args:
        copy: path of the copy.
        metrics: name to {"value": ..., "parameters": {...}, ...}.
        replicates: of those of the metrics that have any.
        shown: the run file's own path.

    Raises:
        OutputError: ``shown``, as it is called then, cannot be written.
    """
    with RunFile(copy) as run:
        merged = {**run.metrics(), **with_judged(run, metrics, replicates or {})}
        indexed = stored_index(run) is not None
    with writing(shown), writable(copy, "r+") as (file, _):
        write_json(file, "metrics", merged)
        write_replicates(file, metrics, replicates or {})
        if not indexed:
            write_index(file, file, shown)


def update(path: Path, change: Callable[[h5py.File], None]) -> None:
    """Copy a run file, change the copy, and let it take the file's place atomically.

    Of two updates at the same time the later one wins as a whole.

    Args:
        path: of an existing run file.
        change: gets the copy, open for writing; when it raises, the file at ``path`` stays as it was.

    Raises:
        RunFileError: there is no run file at ``path``.
        OutputError: the copy cannot be written.
    """
    path = Path(path)
    open_file(path).close()
    with replacing(path) as temporary, writing(path):
        shutil.copyfile(path, temporary)
        shutil.copymode(path, temporary)
        with writable(temporary, "r+") as (file, _):
            change(file)


def add_metrics(path: Path, metrics: Mapping[str, JsonObject]) -> None:
    """Add metrics to a run file; those of the same name are replaced, the others stay.

    Args:
        path: of an existing run file.
        metrics: name to {"value": ..., "parameters": {...}, ...}.

    Raises:
        RunFileError: there is no run file at ``path``.
        OutputError: the copy cannot be written.
    """
    with RunFile(path) as run:
        merged = {**run.metrics(), **with_judged(run, metrics, {})}

    def change(file: h5py.File) -> None:
        write_json(file, "metrics", merged)
        write_replicates(file, metrics, {})

    update(path, change)
