"""Names that analysts gave to concepts, from the edits beside the run file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ivpt.runfile.edits import read_edits
from ivpt.runfile.reader import RunFile
from ivpt.ui.parts.base import Part
from ivpt.ui.text import plain

if TYPE_CHECKING:
    from ivpt.ui.session import Session

LONGEST = 40
"""Characters of a name that are shown."""


class Names(Part):
    """Reads the names; whoever writes one has them read again."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.given = self.reads("given", lambda: True, _read)

    def of(self, key: str, channel: int) -> str:
        """Name of a concept, harmless; empty when it has none."""
        return (self.given.value or self.given.last or {}).get(f"{key}:{channel}", "")

    def label(self, key: str, channel: int) -> str:
        """``beak (L6:3)``, or ``L6:3`` for a concept without a name."""
        name = self.of(key, channel)
        return f"{name} ({key}:{channel})" if name else f"{key}:{channel}"


def _read(run: RunFile, _what: object) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for edit in read_edits(run.path):
        if edit.what == "name":
            names[str(edit.arguments.get("concept", ""))] = plain(edit.arguments.get("name") or "", LONGEST)
    return {concept: name for concept, name in names.items() if name}
