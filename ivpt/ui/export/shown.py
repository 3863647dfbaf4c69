"""The tables of the explorer's screens, from the session alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ivpt.runfile.schema import SPLITS
from ivpt.ui.actions import CLASSES, COMPARE, CONCEPTS, IMAGE, NAMING, OVERVIEW
from ivpt.ui.export.tables import Table, named, table

if TYPE_CHECKING:
    from ivpt.ui.session import Session


def screen_tables(session: "Session", screen: str) -> tuple[Table, ...]:
    """The tables of a screen; none where nothing has been read yet or the screen has none.

    Args:
        session: of the explorer.
        screen: its name.
    """
    make = {
        OVERVIEW: _scores,
        CONCEPTS: _concepts,
        IMAGE: _image,
        CLASSES: _classes,
        COMPARE: _compare,
        NAMING: _names,
    }.get(screen)
    return () if make is None else tuple(t for t in make(session) if t.rows)


def _scores(session: "Session") -> Iterator[Table]:
    yield table("metrics", [{"metric": name, **found} for name, found in session.run.metrics().items()])


def _concepts(session: "Session") -> Iterator[Table]:
    yield table(f"concepts-{session.view.layer}", [_concept(session, row) for row in session.concepts.rows()])


def _concept(session: "Session", row: Any) -> dict[str, Any]:
    values = named(row)
    key, channel = values.pop("key"), values.pop("channel")
    flags = values.pop("flags", None)
    return {
        "concept": f"{key}:{channel}",
        "name": session.edits.name(key, channel) or None,
        **values,
        "flags": "; ".join(str(flag) for flag in flags or ()) or None,
    }


def _image(session: "Session") -> Iterator[Table]:
    page, evidence = session.images.page, session.evidence
    if page is None:
        return
    this, that = evidence.explained, evidence.rival
    own, other = evidence.contributions(this), evidence.contributions(that)
    if own is not None:
        rows = [
            {
                "image": page.name,
                "concept": f"coarse:{k}",
                "name": session.edits.name("coarse", k) or None,
                "class": session.class_name(this),
                "adds": value,
                "rival": session.class_name(that) if other is not None else None,
                "adds_to_rival": other[k - 1] if other is not None else None,
            }
            for k, value in enumerate(own, start=1)
        ]
        yield table(f"evidence-{page.index}", rows)
    layer = session.view.layer
    yield table(
        f"regions-{page.index}-{layer}",
        [
            {
                "image": page.name,
                "concept": f"{layer}:{present.channel}",
                "name": session.edits.name(layer, present.channel) or None,
                "area": present.area,
                "group": present.group,
            }
            for present in evidence.present()
        ],
    )


def _classes(session: "Session") -> Iterator[Table]:
    rows = []
    for row in session.classes.rows():
        values = named(row)
        values["images"] = dict(zip(SPLITS, values["images"], strict=True))
        rows.append({"class": session.class_name(values.pop("c")), "split": session.classes.split, **values})
    yield table("classes", rows)


def _compare(session: "Session") -> Iterator[Table]:
    from ivpt.ui.parts.compare import Compare

    compare = session.part(Compare)
    rows = []
    for row in compare.rows:
        first, second = compare.name(row)
        rows.append({**named(row), "first_name": first or None, "second_name": second or None})
    yield table("matches", rows)


def _names(session: "Session") -> Iterator[Table]:
    yield table(
        "names",
        [
            {
                "concept": f"{layer.key}:{k}",
                "name": session.edits.name(layer.key, k) or None,
                "note": session.edits.note(layer.key, k) or None,
            }
            for layer in session.layers
            for k in layer.foreground
            if session.edits.name(layer.key, k) or session.edits.note(layer.key, k)
        ],
    )
