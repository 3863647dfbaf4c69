"""Doing what the explorer's workers do, without any."""

from ivpt.ui.session import Session

KINDS = (
    "summary.index",
    "summary.facts",
    "edits.edited",
    "images.page",
    "images.ids",
    "classes.rows",
    "classes.confusion",
    "concepts.gallery",
    "concepts.detail",
    "classes.difference",
    "classes.examples",
    "evidence.attention",
)
"""Everything that the screens read, in an order in which each has what it needs."""


def fill(session: Session, *kinds: str) -> None:
    """Read what is missing for what is chosen."""
    for kind in kinds or KINDS:
        wish = session.wish(kind)
        if wish is not None:
            assert session.take(kind, wish, session.read(kind, wish))
        assert session.wish(kind) is None
