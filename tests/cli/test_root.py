import errno
import json
import subprocess
import sys
import types

import click
import pytest

from ivpt import __version__, cli
from ivpt.cli import COMMANDS, run
from ivpt.errors import DataError, ExitCode


@pytest.fixture
def command(monkeypatch):
    """Puts a command ``try`` into the table whose callback does what it is told."""

    def put(what):
        @click.command()
        def attempt():
            return what()

        module = types.ModuleType("ivpt_tests_attempt")
        module.attempt = attempt
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "try", (f"{module.__name__}:attempt", "Try."))

    return put


def fail(error):
    def what():
        raise error

    return what


def test_help_names_every_command_with_its_line(capsys):
    assert run(["--help"]) == ExitCode.OK
    shown = capsys.readouterr().out
    for name, (_, line) in COMMANDS.items():
        assert name in shown
        assert line in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_has_help(name, capsys):
    assert run([name, "--help"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert f"Usage: ivpt {name}" in shown
    assert "--verbose" in shown


def test_version(capsys):
    assert run(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"ivpt {__version__}\n"


def test_an_unknown_command_offers_the_nearest(capsys):
    assert run(["trian"]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert "Did you mean 'train'?" in err


def test_an_unknown_option_is_a_usage_error(capsys):
    assert run(["--nonsense"]) == ExitCode.USAGE
    assert "--nonsense" in capsys.readouterr().err


def test_an_error_is_a_sentence_a_hint_and_its_exit_code(command, capsys):
    command(fail(DataError("The folder x is missing.", "Name another with --data.")))
    assert run(["try"]) == ExitCode.DATA
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Error: The folder x is missing.\nName another with --data.\n"


def test_a_defect_is_called_one(command, capsys):
    command(fail(RuntimeError("oh\nno")))
    assert run(["try"]) == ExitCode.DEFECT
    err = capsys.readouterr().err
    assert err.startswith("Error: This is a defect of ivpt: RuntimeError: oh no\n")
    assert "--verbose" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("args", [["--verbose", "try"], ["try", "--verbose"]])
@pytest.mark.parametrize("error", [RuntimeError("oh no"), DataError("oh no")])
def test_verbose_shows_the_traceback_wherever_it_stands(command, capsys, args, error):
    command(fail(error))
    assert run(args) != ExitCode.OK
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interruption_has_its_exit_code(command, capsys, error):
    command(fail(error))
    assert run(["try"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.strip() == "Interrupted."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.h5"), "The disk is full: a.h5."),
        (PermissionError(errno.EACCES, "Permission denied", "a.h5"), "Permission is missing: a.h5."),
        (OSError("write failed: errno = 28, error message = 'No space left on device'"), "The disk is full."),
    ],
)
def test_failing_to_write_is_a_sentence(command, capsys, error, words):
    command(fail(error))
    assert run(["try"]) == ExitCode.OUTPUT
    assert words in capsys.readouterr().err


def test_failing_to_find_is_not_taken_for_failing_to_write(command, capsys):
    command(fail(FileNotFoundError(errno.ENOENT, "No such file", "a.h5")))
    assert run(["try"]) == ExitCode.DEFECT
    assert "a.h5" in capsys.readouterr().err


def test_too_little_memory_is_a_sentence(command, capsys):
    command(fail(MemoryError()))
    assert run(["try"]) == ExitCode.TRAINING
    assert "--batch-size" in capsys.readouterr().err


@pytest.mark.parametrize(("code", "exit_code"), [(None, 0), (3, 3), ("words", 1)])
def test_an_exit_from_within_is_kept(command, code, exit_code):
    command(lambda: sys.exit(code))
    assert run(["try"]) == exit_code


def test_a_reader_that_went_away_is_no_error():
    script = "import sys; from ivpt.cli import main; sys.argv = ['ivpt', 'plugins', '--json']; main()"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == ExitCode.PIPE
    assert err == b""


def test_plugins_lists_names_with_their_packages(capsys):
    assert run(["plugins", "--json"]) == ExitCode.OK
    found = {(entry["kind"], entry["name"]): entry for entry in json.loads(capsys.readouterr().out)}
    assert found["data set", "paperbirds"]["distribution"] == "ivpt"
    assert found["backbone", "vit_mini"]["state"] == "unchecked"


def test_plugins_for_people_leaves_empty_columns_out(capsys):
    assert run(["plugins"]) == ExitCode.OK
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["kind", "name", "distribution", "version", "state"]
    assert any("paperbirds" in row for row in rows)


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_doctor_finds_ivpt_in_good_health(option, capsys):
    code = run(["doctor", *option])
    out = capsys.readouterr().out
    assert code == ExitCode.OK, out
    if option:
        facts = json.loads(out)
        assert facts["problems"] == []
        assert facts["versions"]["ivpt"] == __version__
        assert "cpu" in facts["devices"]
        assert {plugin["state"] for plugin in facts["plugins"] if plugin["distribution"] == "ivpt"} == {"ok"}
    else:
        assert "vit_mini.safetensors" in out


def test_doctor_tells_what_is_missing(monkeypatch, capsys):
    from ivpt.cli import doctor

    monkeypatch.setattr(doctor, "EMBEDDED_WEIGHTS", ("nowhere.safetensors",))
    assert run(["doctor"]) == ExitCode.PLUGIN
    assert "The embedded weights nowhere.safetensors are missing." in capsys.readouterr().out


def test_the_program_is_the_function_of_the_package():
    assert cli.main.__module__ == "ivpt.cli"
