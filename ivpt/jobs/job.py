"""A command of ivpt in a process of its own: started, listened to, cancelled, killed.

```python
job = start_pruning(run, [Concept("L6", 3)], out)      # ivpt.jobs.prune; or Job(words of a command line)
for event in job.events():          # blocks: for a worker thread
    match event:
        case Progressed(stage, done, total, seconds_left): ...
        case Finished(report): ...  # always the last one, or
        case Failed(message, hint): ...
job.cancel()                        # from any thread: ask it to stop, as Ctrl-C does; events() then ends with Failed
job.kill()                          # from any thread: end it at once, and remove what it has begun
```

The process stands in a session of its own: keys pressed in this terminal do not reach it, and it is ended together with
the loader processes it started. When this program ends without ending the job, the job ends when next it says
something.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ivpt.errors import ExitCode
from ivpt.jobs.lines import Event, Failed, Finished, parse_line
from ivpt.runfile.publish import remove_leftovers

_WORDS = 2000


class Job:
    """A running command.

    Args:
        words: of the command line after ``ivpt``, with ``--progress-json``.
        leftovers_of: the file that the command writes; what a killed command has begun of it is removed.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, words: Sequence[str], *, leftovers_of: Path | None = None) -> None:
        self._leftovers_of = leftovers_of
        self._stopped = threading.Event()
        # open for as long as the job lives; a pipe that nobody reads would fill up and stop it
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            # -P and the path of this process: its own ivpt, and not a folder of that name where the user stands
            [sys.executable, "-P", "-m", "ivpt", *words],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def events(self) -> Iterator[Event]:
        """What the job says, as it says it; the last event is :class:`Finished` or :class:`Failed`.

        Blocks while there is nothing new. To be called once, by one thread.
        """
        assert self._process.stdout is not None
        last: Event | None = None
        with self._stderr, self._process.stdout as lines:
            for line in lines:
                event = parse_line(line.decode(errors="replace"))
                if isinstance(event, Finished | Failed):
                    last = event
                elif event is not None:
                    yield event
            code = self._process.wait()
            self._clean()
            yield last if code == ExitCode.OK and isinstance(last, Finished) else self._failure(last, code)

    def cancel(self) -> None:
        """Ask the job to stop; it removes what it has begun."""
        self._stopped.set()
        self._signal(signal.SIGINT)

    def kill(self, wait: float = 5.0) -> None:
        """End the job and everything it started at once, and remove what it has begun.

        Args:
            wait: seconds within which the process has to be gone.
        """
        self._stopped.set()
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(wait)
        self._clean()

    def _signal(self, number: int) -> None:
        with suppress(OSError):
            if sys.platform == "win32":
                self._process.terminate()
            elif self.running:
                os.killpg(self._process.pid, number)

    def _clean(self) -> None:
        if self._leftovers_of is not None:
            with suppress(OSError):
                remove_leftovers(Path(os.path.realpath(self._leftovers_of)))

    def _failure(self, last: Event | None, code: int) -> Failed:
        if isinstance(last, Failed):
            return Failed(last.message, last.hint, last.exit_code, self._stopped.is_set())
        if self._stopped.is_set():
            return Failed("Stopped.", "", ExitCode.INTERRUPTED, cancelled=True)
        words = self._said()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return Failed(f"The job {how}{': ' + words if words else '.'}", "", ExitCode.DEFECT if code <= 0 else code)

    def _said(self) -> str:
        with suppress(OSError, ValueError):
            self._stderr.seek(0, os.SEEK_END)
            self._stderr.seek(max(self._stderr.tell() - _WORDS, 0))
            lines = self._stderr.read().decode(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""


__all__ = ["Job"]
