"""Image: the picture, its regions in every layer, and what they add to a class."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.ui.actions import IMAGE
from ivpt.ui.parts.overlay import LAYOUTS
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import layers_title
from ivpt.ui.screens.image_lines import caption, evidence_lines, evidence_title, present_lines
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet


class ImageScreen(SessionScreen):
    """Regions large, the picture beside them where there is room, all layers below on tall terminals."""

    name_in_table = IMAGE
    needs = ("summary.index", "images.page", "edits.edited", "evidence.attention")
    BINDINGS = bindings(IMAGE)

    def body(self) -> Iterator[Widget]:
        """A line about the image, the pictures, evidence and concepts, the strip of layers."""
        yield Sheet(id="caption")
        with Horizontal(classes="fill", id="top"):
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
        for layout in LAYOUTS:
            self.set_class(overlay.layout == layout, f"-{layout}")
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
