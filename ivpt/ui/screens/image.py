"""Image: the picture, its regions in every layer, and what they add to a class."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.ui import palette
from ivpt.ui.actions import IMAGE
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concepts import layers_title
from ivpt.ui.session import Session
from ivpt.ui.text import shortened
from ivpt.ui.widgets.bars import bar, signed_bar, swatch
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet, click


class ImageScreen(SessionScreen):
    """Regions large, the picture beside them where there is room, all layers below on tall terminals."""

    name_in_table = IMAGE
    needs = ("images.page", "concepts.survey", "names.given")
    BINDINGS = bindings(IMAGE)

    def body(self) -> Iterator[Widget]:
        """A line about the image, the pictures, evidence and concepts, the strip of layers."""
        yield Sheet(id="caption")
        with Horizontal(classes="fill"):
            yield PictureView(id="plain", classes="panel")
            yield PictureView(id="regions", classes="panel")
            with Vertical(id="why"):
                yield Sheet(id="evidence", classes="panel")
                yield Sheet(id="present", classes="panel")
        with Horizontal(id="strip"):
            for layer in self.session.layers:
                yield PictureView(id=f"strip-{layer.key}", classes="panel")

    def show(self) -> None:
        """Draw the page at hand; while another one is read, the old one stays."""
        session, view, page = self.session, self.session.view, self.session.images.page
        overlay = session.overlay
        self.query_one("#caption", Sheet).draw(lambda w, h: [caption(session, w)])
        self.query_one("#evidence", Sheet).draw(lambda w, h: evidence_lines(session, w, h), evidence_title(session))
        self.query_one("#present", Sheet).draw(
            lambda w, h: present_lines(session, w, h), Content(f"Concepts of {view.layer} here")
        )
        plain, regions = self.query_one("#plain", PictureView), self.query_one("#regions", PictureView)
        plain.border_title = Content("Picture")
        regions.border_title = layers_title(session)
        regions.border_subtitle = Content(f"overlay {overlay.opacity:.0%}")
        plain.draw(page.picture if page else None)
        for layer in session.layers:
            here = page.regions.get(layer.key) if page else None
            chosen = view.concept if layer.key == view.layer else None
            picture = page.picture if page else None
            style = {
                "prototypes": layer.prototypes,
                "background": layer.background,
                "chosen": chosen,
                "marks": overlay.marks,
            }
            if layer.key == view.layer:
                regions.draw(picture, here, opacity=overlay.opacity, **style)  # type: ignore[arg-type]
            for strip in self.query(f"#strip-{layer.key}").results(PictureView):
                strip.border_title = Content(f" {layer.key} ")
                strip.set_class(layer.key == view.layer, "-chosen")
                strip.draw(picture, here, opacity=max(overlay.opacity, 0.6), **style)  # type: ignore[arg-type]


def caption(session: Session, width: int) -> Content:
    """Where we are, the image's name, its class and prediction."""
    view, page = session.view, session.images.page
    if view.image < 0:
        return Content.styled(" This run has no images.", "$warning")
    if page is None:
        return Content.styled(f" {session.images.pages.trouble or 'reading…'}", "$foreground-muted")
    place, many = session.images.position
    head = Content.assemble(
        (f" {place or '–'}/{many:,}", "bold"),
        (f" {view.filter} ", "$foreground-muted"),
        (f"[{page.split}] ", "$accent"),
    )
    true, said = session.class_name(page.label), session.class_name(page.prediction)
    if page.prediction < 0:
        verdict = Content.assemble(
            ("true ", "$foreground-muted"), true, ("  no prediction stored", "$foreground-muted")
        )
    elif page.wrong:
        verdict = Content.assemble(
            ("✗ ", "bold $error"), (said, "bold $error"), (", is ", "$foreground-muted"), (true, "bold")
        )
    else:
        verdict = Content.assemble(("✓ ", "bold $success"), (true, "bold"))
    room = width - head.cell_length - verdict.cell_length - 4
    name = shortened(page.name, room) if room > 4 else ""
    return Content.assemble(head, verdict, (f"  {name}", "$foreground-muted"))


def evidence_title(session: Session) -> Content:
    """Which class is explained, and why that one."""
    if session.images.page is None or session.images.page.scores is None:
        return Content("Evidence")
    c, page = session.evidence.explained, session.images.page
    why = "predicted" if c == page.prediction else "true" if c == page.label else "chosen"
    if c == page.prediction == page.label:
        why = "predicted, true"
    return Content.assemble(f"Why {session.class_name(c)}", (f" ({why})", "$foreground-muted"))


def evidence_lines(session: Session, width: int, height: int) -> list[Content]:
    """What each coarse concept adds to the class explained, and to its rival; the sum is the logit."""
    page = session.images.page
    if page is None:
        return []
    own = session.evidence.contributions(session.evidence.explained)
    if own is None:
        return [Content.styled(line, "$foreground-muted") for line in no_maps(page.split)]
    rival = session.evidence.rival
    other = session.evidence.contributions(rival)
    largest = (
        max(*(abs(float(v)) for v in own), *(abs(float(v)) for v in other)) if other is not None else abs(own).max()
    )
    background = session.run.layer("coarse").background if session.layers[-1].block is None else 0
    room = max(width - 28, 5)
    rival_name = session.class_name(rival)
    head = f"{'adds':>{width - 9}}{shortened('rival', 8):>9}" if other is not None else f"{'adds':>{width - 9}}"
    lines = [Content.styled(head, "$foreground-muted")]
    for k, value in enumerate(own, start=1):
        rgb = palette.colour(k, background)
        tail = f"{other[k - 1]:+9.2f}" if other is not None else ""
        chosen = session.view.layer == "coarse" and session.view.concept == k
        line = Content.assemble(
            swatch(k, background, session.overlay.marks),
            f" coarse:{k} ".ljust(10),
            signed_bar(float(value), float(largest), room, rgb),
            (f"{value:+7.2f}", "bold"),
            (tail, "$foreground-muted"),
        )
        lines.append(line.stylize("bold on $primary-muted") if chosen else line)
    sums = f"{own.sum():+7.2f}"
    tail = f"{other.sum():+9.2f}" if other is not None else ""
    lines.append(
        Content.assemble(
            ("logit", "$foreground-muted"),
            " " * (width - 5 - len(sums) - 9),
            (sums, "bold"),
            (tail, "$foreground-muted"),
        )
    )
    shares = session.evidence.probability(session.evidence.explained), session.evidence.probability(rival)
    if other is not None and shares[0] is not None and shares[1] is not None:
        lines.append(
            Content.assemble(
                ("probability", "$foreground-muted"),
                " " * (width - 11 - 7 - 9),
                (f"{shares[0]:7.1%}", "bold"),
                (f"{shares[1]:9.1%}", "$foreground-muted"),
            )
        )
        lines.append(Content.styled(f"rival: {shortened(rival_name, width - 7)}", "$foreground-muted"))
    return lines


def present_lines(session: Session, width: int, height: int) -> list[Content]:
    """The concepts that own a region here: share of the map, and the coarse concept they are grouped into."""
    page = session.images.page
    rows = session.evidence.present()
    if page is None or not rows:
        words = "" if page is None else "everything is background here" if page.regions else "no regions stored"
        return [Content.styled(words, "$foreground-muted")]
    background = session.layer.background
    at = next((n for n, p in enumerate(rows) if p.channel == session.view.concept), 0)
    first = max(0, min(at - height // 2, len(rows) - height)) if height else 0
    room = max(width - 28, 3)
    lines = []
    for p in rows[first:]:
        colour = palette.hexadecimal(palette.colour(p.channel, background))
        group = "" if p.group is None else "background" if p.group == 0 else f"→ coarse:{p.group}"
        line = Content.assemble(
            swatch(p.channel, background, session.overlay.marks),
            f" {p.channel:<3} ",
            (bar(p.area / rows[0].area, room), "" if session.overlay.marks else colour),
            f"{p.area:6.1%} ",
            (f" {group:<12}", "$foreground-muted"),
        )
        if p.channel == session.view.concept:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize("bold on $primary-muted")
        lines.append(line.stylize(click(f"app.concept({session.view.layer!r}, {p.channel})")))
    return lines


def no_maps(split: str) -> tuple[str, ...]:
    """Why there is nothing to show."""
    if split == "train":
        return ("No maps are stored for this image:", "they are kept for val and test.")
    return ("No maps are stored for this image.",)
