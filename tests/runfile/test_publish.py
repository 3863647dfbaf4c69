"""A run file is whole or not there, whatever happens to its writer."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ivpt.errors import OutputError, RunFileError
from ivpt.runfile.publish import remove_leftovers, replacing
from ivpt.runfile.reader import RunFile
from ivpt.runfile.update import add_metrics, update
from ivpt.runfile.writer import write_run
from tests.runfile import small
from tests.synthetic import write_synthetic_run

ROOT = Path(__file__).parents[2]


def program(words: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(words), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def partials(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.partial"))


def assert_refused_in_one_sentence(writer: subprocess.Popen[str], run_path: Path, before: bytes) -> None:
    said, complaint = writer.communicate(timeout=60)
    assert said == f"{run_path} cannot be written: the file would be larger than is allowed here.\n", complaint
    assert complaint == ""
    assert writer.returncode == 0
    assert run_path.read_bytes() == before
    assert partials(run_path.parent) == []


def test_a_killed_writer_leaves_the_last_complete_file_and_the_next_one_tidies_up(run_path: Path) -> None:
    before = run_path.read_bytes()
    writer = program(
        """
        import sys, time
        from pathlib import Path
        from ivpt.runfile.writer import RunWriter
        from tests.runfile import small
        with RunWriter(Path(sys.argv[1]), small.content()) as writer:
            writer.append(small.batch([1]))
            print("ready", flush=True)
            time.sleep(60)
        """,
        run_path,
    )
    with writer:
        assert writer.stdout.readline() == "ready\n"
        (leftover,) = partials(run_path.parent)
        assert remove_leftovers(run_path) == []  # its writer lives
        assert leftover.exists()
        writer.send_signal(signal.SIGKILL)
    assert run_path.read_bytes() == before
    assert partials(run_path.parent) == [leftover]
    write_run(run_path, small.content(), [small.batch([1])])
    assert partials(run_path.parent) == []
    with RunFile(run_path) as run:
        assert run.info["name"] == "small"


def test_an_exception_on_the_way_leaves_nothing(run_path: Path) -> None:
    before = run_path.read_bytes()

    def maps():
        yield small.batch([1])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_run(run_path, small.content(), maps())
    assert run_path.read_bytes() == before
    assert partials(run_path.parent) == []


def test_readers_see_complete_files_while_the_run_is_republished(run_path: Path) -> None:
    publisher = program(
        """
        import sys
        from tests.synthetic import write_synthetic_run
        for epoch in range(1, 13):
            write_synthetic_run(sys.argv[1], epochs=epoch)
        """,
        run_path,
    )
    seen = set()
    with RunFile(run_path) as old, publisher:
        while publisher.poll() is None:
            with RunFile(run_path) as run:
                epochs = len(run.history()["epoch"])
                assert run.config["training"]["epochs"] == epochs
                assert run.regions("L4", int(run.map_images[-1])).shape == (12, 12)
                seen.add(epochs)
            time.sleep(0.01)
        assert publisher.returncode == 0, publisher.stderr.read()
        assert len(old.history()["epoch"]) == 5
        assert old.attention("L4", int(old.map_images[0])).shape == (17, 12, 12)
        assert old.is_stale()
    assert len(seen) > 1
    with RunFile(run_path) as run:
        assert not run.is_stale()
        assert len(run.history()["epoch"]) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
@pytest.mark.parametrize("limit", [4_000, 30_000, 150_000])
def test_no_room_left(run_path: Path, limit: int) -> None:
    before = run_path.read_bytes()
    assert len(before) > limit
    writer = program(
        """
        import resource, sys
        from ivpt.errors import OutputError
        from tests.synthetic import write_synthetic_run
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            write_synthetic_run(sys.argv[1])
        except OutputError as error:
            print(error.message)
        """,
        run_path,
        limit,
    )
    assert_refused_in_one_sentence(writer, run_path, before)


@pytest.mark.parametrize("call", ["write", "read", "ftruncate"])
@pytest.mark.parametrize("when", [1, 3])
def test_ctrl_c_inside_hdf5(run_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, when: int) -> None:
    before = run_path.read_bytes()
    calls = 0
    plain = getattr(os, call)

    def interrupted(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == when:
            raise KeyboardInterrupt
        return plain(*arguments)

    def change(file: h5py.File) -> None:
        monkeypatch.setattr(os, call, interrupted)
        for name in ("one", "two", "three"):
            file.create_dataset(name, data=np.arange(100_000), chunks=(1000,))
            _ = file["layers/6/attention"][()]
            file.flush()

    with pytest.raises(KeyboardInterrupt):
        update(run_path, change)
    monkeypatch.undo()
    assert calls >= when
    assert run_path.read_bytes() == before
    assert partials(run_path.parent) == []


def test_a_removed_file_is_stale(run_path: Path) -> None:
    with RunFile(run_path) as run:
        assert not run.is_stale()
        run_path.unlink()
        assert run.is_stale()
        assert run.classes


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_no_room_left_for_an_update(run_path: Path) -> None:
    before = run_path.read_bytes()
    writer = program(
        """
        import resource, sys
        from pathlib import Path
        from ivpt.errors import OutputError
        from ivpt.runfile.update import add_metrics
        path = Path(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 1000,) * 2)
        try:
            add_metrics(path, {"long": {"value": None, "words": "x" * 50_000}})
        except OutputError as error:
            print(error.message)
        """,
        run_path,
    )
    assert_refused_in_one_sentence(writer, run_path, before)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_run(tmp_path / "file" / "run.h5", small.content(), [])
    with pytest.raises(OutputError, match="it is a folder"):
        write_run(tmp_path, small.content(), [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission is missing"):
            write_run(tmp_path / "run.h5", small.content(), [])
    finally:
        tmp_path.chmod(0o700)


def test_a_symbolic_link_keeps_pointing_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run.h5"
    link.symlink_to(tmp_path / "disk" / "real.h5")
    write_run(link, small.content(), [])
    assert link.is_symlink()
    assert (tmp_path / "disk" / "real.h5").is_file()


def test_other_files_are_not_taken_for_leftovers(tmp_path: Path) -> None:
    others = [tmp_path / name for name in (".other.h5.1.partial", "run.h5.1.partial", ".run.h5.1.part")]
    for other in others:
        other.touch()
    with replacing(tmp_path / "run.h5") as temporary:
        temporary.write_text("x")
    assert all(other.exists() for other in others)


def test_metrics_are_added_and_replaced_in_place(run_path: Path) -> None:
    run_path.chmod(0o640)
    with RunFile(run_path) as run:
        created, image = run.created, int(run.map_images[0])
        maps = run.attention("L4", image)
        add_metrics(run_path, {"consistency": {"value": 0.6, "parameters": {"s": 36}}, "region_nmi": {"value": 0.5}})
        assert "consistency" not in run.metrics()  # the opened version stays what it was
    with RunFile(run_path) as run:
        assert run.metrics() == {
            "region_nmi": {"value": 0.5},
            "consistency": {"value": 0.6, "parameters": {"s": 36}},
        }
        assert run.created == created
        assert (run.attention("L4", image) == maps).all()
    assert run_path.stat().st_mode & 0o777 == 0o640


def test_a_failed_update_changes_nothing(run_path: Path) -> None:
    before = run_path.read_bytes()

    def change(file) -> None:
        del file["layers"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        update(run_path, change)
    assert run_path.read_bytes() == before
    assert partials(run_path.parent) == []


def test_only_run_files_are_updated(tmp_path: Path) -> None:
    (tmp_path / "notes.h5").write_text("mine")
    with pytest.raises(RunFileError):
        add_metrics(tmp_path / "notes.h5", {})
    assert (tmp_path / "notes.h5").read_text() == "mine"


def test_opening_reads_nothing_per_image(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", thumbnails=False)
    with RunFile(path) as run:
        assert run.layers
        assert run.config
        assert run.classes
        assert not any(name.startswith("images/") for name in run._datasets)
