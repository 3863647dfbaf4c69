"""Reading the run card in a second process while this one imports the terminal library.

A third of what a cold start takes is importing h5py and numpy; on a second core that costs nothing. Where a process
cannot be forked, the card is read here.
"""

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivpt.errors import IvptError
from ivpt.ui.card import Card, read_card


class CardReader:
    """The card of a run file, being read.

    Args:
        path: of the run file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._child = self._pipe = -1
        if hasattr(os, "fork"):
            self._pipe, end = os.pipe()
            self._child = os.fork()
            if self._child == 0:
                _answer(path, end)
            os.close(end)

    def card(self) -> Card:
        """Wait for the card.

        Raises:
            RunFileError: the file is not a run file, or damaged.
        """
        answer: object = None
        if self._pipe >= 0:
            with os.fdopen(self._pipe, "rb") as pipe:
                self._pipe = -1
                written = pipe.read()
            # written by our own child a moment ago; nothing comes from a file
            answer = pickle.loads(written) if written else None
        self.close()
        if isinstance(answer, IvptError):
            raise answer
        return answer if isinstance(answer, Card) else read_path(self._path)

    def close(self) -> None:
        """Let the child go."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._child > 0:
            os.waitpid(self._child, 0)
            self._child = -1


@contextmanager
def reading_card(path: Path) -> Iterator[CardReader]:
    """Begin to read the card; ask for it with :meth:`CardReader.card`."""
    reader = CardReader(path)
    try:
        yield reader
    finally:
        reader.close()


def read_path(path: Path) -> Card:
    """Open, read the card, close.

    Raises:
        RunFileError: the file is not a run file, or damaged.
    """
    from ivpt.runfile.reader import RunFile

    with RunFile(path) as run:
        return read_card(run)


def _answer(path: Path, end: int) -> None:
    """What the child does: write the card, or the error, and vanish without running anybody's exit handlers."""
    try:
        answer: Card | IvptError
        try:
            answer = read_path(path)
        except IvptError as error:
            # the cause may hold what cannot be pickled
            error.__cause__ = error.__context__ = None
            answer = error.with_traceback(None)
        written = pickle.dumps(answer)
        while written:
            written = written[os.write(end, written) :]
    finally:
        os._exit(0)
