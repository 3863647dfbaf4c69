"""The ``ivpt`` command.

The root group knows its commands by a static table, so that ``ivpt --help`` imports click and nothing else. A command's
module is imported when the command is called, or its own help is asked for; heavy imports stand inside its callback.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from ivpt.cli.failures import Session, report
from ivpt.errors import ExitCode, nearest

COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("ivpt.cli.train:train", "Learn interpretable prompts and write a run file."),
    "evaluate": ("ivpt.cli.evaluate:evaluate", "Compute metrics of a run and store them in its file."),
    "compare": ("ivpt.cli.compare:compare", "Put runs side by side, with intervals and a test."),
    "sweep": ("ivpt.cli.sweep:sweep", "Train and evaluate the rows of a table."),
    "prune": ("ivpt.cli.prune:prune", "Remove concepts from a model, and say what that changes."),
    "predict": ("ivpt.cli.predict:predict", "Classify new images and say which regions speak for the class."),
    "explore": ("ivpt.cli.explore:explore", "Open a run file in the terminal."),
    "info": ("ivpt.cli.info:info", "Say what a run file holds."),
    "data": ("ivpt.cli.data:data", "Look at a data set: files, numbers, pictures; or fetch it."),
    "doctor": ("ivpt.cli.doctor:doctor", "Check versions, devices, cache and plugins."),
    "datasets": ("ivpt.cli.datasets:datasets", "List data sets; with a name, all about one."),
    "backbones": ("ivpt.cli.backbones:backbones", "List backbones; with a name, all about one."),
    "metrics": ("ivpt.cli.metrics:metrics", "List metrics; with a name, all about one."),
    "plugins": ("ivpt.cli.plugins:plugins", "List plugins of every kind and the packages that bring them."),
    "new-plugin": ("ivpt.cli.new_plugin:new_plugin", "Write the skeleton of a plugin, with its tests."),
}
"""Name of each command, in the order of the help text: where it lives, and its line there."""


def _be_verbose(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    session = ctx.find_root().obj
    if value and isinstance(session, Session):
        session.be_verbose()


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from ivpt import __version__

        click.echo(f"ivpt {__version__}")
        ctx.exit()


def _verbose_option() -> click.Option:
    return click.Option(
        ["--verbose"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_be_verbose,
        help="Show log messages, and tracebacks of errors.",
    )


class LazyGroup(click.Group):
    """A group that imports a command when it is needed; every command also takes ``--verbose``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; ``None`` when there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        if not any("--verbose" in parameter.opts for parameter in command.params):
            command.params.append(_verbose_option())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but offer the nearest names for an unknown command."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}. {nearest(args[0], list(COMMANDS))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, but leave with the code of a closed pipe when the reader of the output has gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise click.exceptions.Exit(report(error, ctx.obj)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the static table; nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Show the version and exit.",
        ),
        _verbose_option(),
    ],
    epilog="Start with: ivpt train",
)
def root() -> None:
    """Interpretable visual prompt tuning: every prompt a place in the image, every decision a sum of concepts."""


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line and report what goes wrong in words.

    Args:
        args: the words after ``ivpt``; default: those of this process.

    Returns:
        The exit code, one of :class:`ivpt.errors.ExitCode`.
    """
    session = Session()
    try:
        result = root.main(args=args, prog_name="ivpt", standalone_mode=False, obj=session)
        # Output that only fails when it is flushed (a closed pipe, a full disk) must fail here, not at shutdown.
        sys.stdout.flush()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitCode.OK if stop.code is None else ExitCode.DEFECT
    except BaseException as error:
        return report(error, session)
    # In non-standalone mode click returns the code of ctx.exit(), or whatever the command returned.
    return result if isinstance(result, int) else ExitCode.OK


def main() -> None:
    """Entry point of the ``ivpt`` program."""
    sys.exit(run())
