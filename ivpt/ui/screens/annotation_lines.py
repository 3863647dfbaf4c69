"""Lines that name what is annotated on an image: its parts by letter, its keypoints from left to right."""

import numpy as np
from textual.content import Content

from ivpt.ui.composing import keypoints_seen, seen
from ivpt.ui.pictures.outlines import letters
from ivpt.ui.session import Session
from ivpt.ui.text import plain
from ivpt.ui.widgets.cells import MUTED

_LETTER = "bold #ffffff on #000000"


def annotation_lines(session: Session, width: int) -> list[Content]:
    """The parts and keypoints that are seen, as far as they are drawn."""
    page, overlay = session.images.page, session.overlay
    if page is None:
        return []
    lines = []
    if overlay.lettered:
        words = [Content.assemble((f" {letter} ", _LETTER), f" {name}") for letter, name in parts_seen(session)]
        nothing = "none in sight"
        if page.parts is None:
            nothing = plain(page.parts_trouble) or "no mask of this image"
        lines += _folded("Parts ", words, "  ", width) if words else [_said("Parts ", nothing)]
    if overlay.annotated and session.run.dataset("images/keypoints") is not None:
        names = [Content(name) for name in keypoint_names(session)]
        head = "Keypoints, left to right  "
        lines += _folded(head, names, " · ", width) if names else [_said(head, "none in sight")]
    return lines


def part_letters(session: Session) -> tuple[str, ...]:
    """The letter of each part in the image at hand; empty where it has none."""
    page = session.images.page
    if page is None or page.parts is None:
        return ()
    return letters(len(session.run.info.get("parts") or ()), np.unique(page.parts[page.parts > 0]).tolist())


def parts_seen(session: Session) -> list[tuple[str, str]]:
    """Letter and name of each part that is seen of the image."""
    page = session.images.page
    if page is None or page.parts is None:
        return []
    names, known = session.run.info["parts"], part_letters(session)
    here = np.unique(seen(page.parts, session.overlay.window)).tolist()
    return [(known[label - 1], plain(names[label - 1])) for label in here if label > 0]


def keypoint_names(session: Session) -> list[str]:
    """Names of the visible keypoints that are seen of the image, from left to right."""
    page = session.images.page
    names = session.run.info.get("keypoints") or ()
    found = [] if page is None else keypoints_seen(page, session.overlay.window)
    return [plain(names[k]) if k < len(names) else f"keypoint {k + 1}" for k, _, _ in found]


def _said(head: str, words: str) -> Content:
    return Content.assemble((head, MUTED), words)


def _folded(head: str, words: list[Content], between: str, width: int) -> list[Content]:
    """Words behind one another; a word and its letter stay in one line."""
    lines = [_said(head, "")]
    for number, word in enumerate(words):
        last = lines[-1]
        if number and last.cell_length + len(between) + word.cell_length > width:
            lines.append(Content.assemble(" " * min(len(head), width // 4), word))
        else:
            lines[-1] = Content.assemble(last, between if number else "", word)
    return lines


__all__ = ["annotation_lines", "keypoint_names", "part_letters", "parts_seen"]
