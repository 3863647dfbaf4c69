"""Two people's programs at work on one run at the same time."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

WHO = ("Ada", "Bo")


def at_once(work: Callable[[Path, str], None], run: Path) -> None:
    """Let Ada and Bo do the same in processes of their own, and wait until both are done well.

    Args:
        work: of a module, as it is found again in the processes; gets the run and who works.
        run: path of the run.
    """
    spawn = multiprocessing.get_context("spawn")
    programs = [spawn.Process(target=work, args=(run, who)) for who in WHO]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
        assert program.exitcode == 0
