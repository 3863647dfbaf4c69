"""Doing what workers do, at once."""

from ivpt.ui.session import Session


def read(session: Session, *kinds: str) -> None:
    """Read everything of these kinds that is missing, in order."""
    for kind in kinds:
        wish = session.wish(kind)
        if wish is not None:
            session.take(kind, wish, session.read(kind, wish))
        assert session.wish(kind) is None
