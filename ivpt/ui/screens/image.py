"""Image: the picture, its regions in every layer, and what they add to a class."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from ivpt.runfile.schema import LayerInfo
from ivpt.ui.actions import IMAGE
from ivpt.ui.composing import CIVIDIS, WHOLE, annotations, heat_levels, heated, seen
from ivpt.ui.parts.overlay import LAYERS, LAYOUTS
from ivpt.ui.raster import enlarge
from ivpt.ui.reading import Page
from ivpt.ui.screens.annotation_lines import annotation_lines, part_letters
from ivpt.ui.screens.base import SessionScreen, bindings
from ivpt.ui.screens.concept_lines import layers_title
from ivpt.ui.screens.image_lines import caption, evidence_lines, evidence_title, present_lines
from ivpt.ui.widgets.bars import scale
from ivpt.ui.widgets.picture import PictureView
from ivpt.ui.widgets.sheet import Sheet

_FINE = (240, 240)
"""Rows and columns to which a map is enlarged before a part of it is cut out."""


class ImageScreen(SessionScreen):
    """Regions large, the picture beside them where there is room, all layers below on tall terminals."""

    name_in_table = IMAGE
    needs = ("summary.index", "images.page", "edits.edited", "evidence.attention")
    BINDINGS = bindings(IMAGE)

    def __init__(self) -> None:
        super().__init__()
        # arrays made for drawing, by name, with what they were made for: a picture is only drawn anew for another array
        self._held: dict[str, tuple[object, Any]] = {}

    def body(self) -> Iterator[Widget]:
        """A line about the image, the pictures, evidence and concepts, names of annotations, the strip of layers."""
        yield Sheet(id="caption")
        with Horizontal(classes="fill", id="top"):
            yield PictureView(id="plain", classes="panel")
            yield PictureView(id="regions", classes="panel")
            with Vertical(id="why"):
                yield Sheet(id="evidence", classes="panel")
                yield Sheet(id="present", classes="panel")
        yield Sheet(id="legend")
        with Horizontal(id="strip"):
            for layer in self.session.layers:
                yield PictureView(id=f"strip-{layer.key}", classes="panel")

    def on_mount(self) -> None:
        """Pictures can be moved to, so that F1 explains them."""
        for view in self.query(PictureView):
            view.can_focus = True
        super().on_mount()

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
        legend = self.query_one("#legend", Sheet)
        legend.set_class(overlay.annotated or overlay.lettered, "-shown")
        legend.draw(lambda w, h: annotation_lines(session, w))
        plain.border_title = Content(self._title())
        regions.border_title = layers_title(session)
        regions.border_subtitle = self._state()
        picture, parts = self._picture(page), self._parts(page)
        letters = () if parts is None else part_letters(session)
        above = self._annotations(page)
        plain.draw(picture, parts=parts, letters=letters, annotations=above)
        for layer in session.layers:
            if layer.key == view.layer:
                lettered = partial(regions.draw, parts=parts, letters=letters, annotations=above)
                self._draw_layer(lettered, layer, page, picture, overlay.opacity, heat=overlay.heat)
            strip = self.query_one(f"#strip-{layer.key}", PictureView)
            strip.border_title = Content(f" {layer.key} ")
            strip.set_class(layer.key == view.layer, "-chosen")
            if strip.display and (overlay.layout == LAYERS or self.has_class("-tall")):
                # the strip below the pictures is too small for outlines
                outlined = partial(strip.draw, parts=parts if overlay.layout == LAYERS else None, annotations=above)
                self._draw_layer(outlined, layer, page, picture, max(overlay.opacity, 0.6), heat=False)

    def _title(self) -> str:
        overlay = self.session.overlay
        words = ["keypoints"] * overlay.annotated + ["parts"] * overlay.outlined
        return "Picture" + " with "[: 6 * bool(words)] + " and ".join(words)

    def _state(self) -> Content:
        """How regions are drawn, in words; of a heat map with its scale."""
        session, overlay, at = self.session, self.session.overlay, self.session.view.concept
        zoom = [f"{overlay.zoom:.2g}×"] * (overlay.zoom > 1)
        if not overlay.heat or at is None:
            return Content(" · ".join([f"overlay {overlay.opacity:.0%}", *(f"zoom {words}" for words in zoom)]))
        legend = Content("0 to 9") if overlay.marks else scale(CIVIDIS[::2])
        # what is drawn in digits is not blended
        tail = ([] if overlay.marks else [f"picture {1 - overlay.opacity:.0%}"]) + zoom
        heads = (f"heat {session.view.layer}:{at} ", "heat ", "")
        # the scale is not cut: the name of the concept gives way, as it stands out in the list beside it
        made = [Content.assemble(head, legend, *(f" · {words}" for words in tail)) for head in heads]
        room = self.query_one("#regions").size.width - 4
        return next((line for line in made if line.cell_length <= room), made[-1])

    def _kept(self, name: str, made_for: object, make: Callable[[], Any]) -> Any:
        if name not in self._held or self._held[name][0] != made_for:
            self._held[name] = (made_for, make())
        return self._held[name][1]

    def _picture(self, page: Page | None) -> Any:
        overlay = self.session.overlay
        if page is None or page.picture is None:
            return None
        picture = page.picture
        return self._kept(
            "picture", (self.session.version, page.index, overlay.window), lambda: seen(picture, overlay.window)
        )

    def _annotations(self, page: Page | None) -> Any:
        overlay = self.session.overlay
        if page is None or not overlay.annotated:
            return None

        def make() -> Any:
            whole = annotations(page, overlay.window)
            return None if whole is None else seen(whole, overlay.window)

        return self._kept("annotations", (self.session.version, page.index, overlay.window), make)

    def _parts(self, page: Page | None) -> Any:
        overlay = self.session.overlay
        if page is None or page.parts is None or not overlay.outlined:
            return None
        parts = page.parts
        return self._kept(
            "parts", (self.session.version, page.index, overlay.window), lambda: seen(parts, overlay.window)
        )

    def _draw_layer(
        self,
        draw: Callable[..., None],
        layer: LayerInfo,
        page: Page | None,
        picture: Any,
        opacity: float,
        *,
        heat: bool,
    ) -> None:
        session, overlay = self.session, self.session.overlay
        regions = page.regions.get(layer.key) if page else None
        chosen = session.view.concept if layer.key == session.view.layer else None
        attention = session.evidence.attentions.value if heat and chosen is not None else None
        made_for = (session.version, page.index if page else -1, layer.key, overlay.window)
        if attention is not None:
            part = self._kept("heat", (*made_for, chosen), lambda: seen(enlarge(attention, _FINE), overlay.window))
            if overlay.marks:
                levels = self._kept("levels", (*made_for, chosen), lambda: heat_levels(part))
                draw(picture, levels, marks=True)
            else:
                drawn = (*made_for, chosen, opacity)
                draw(self._kept("heated", drawn, lambda: heated(picture, part, opacity)))
            return
        if regions is not None and overlay.window != WHOLE:
            # cells are larger than pixels: cut the map at the picture's resolution
            whole, size = regions, page.picture.shape[:2] if page and page.picture is not None else _FINE
            regions = self._kept(layer.key, made_for, lambda: seen(enlarge(whole, size), overlay.window))
        draw(
            picture,
            regions,
            background=layer.background,
            opacity=opacity,
            chosen=chosen,
            marks=overlay.marks,
        )

    def action_annotations(self) -> None:
        """Draw keypoints and boxes, or not."""
        self._toggle("toggle_annotations", "This run has neither keypoints nor boxes.")

    def action_parts(self) -> None:
        """Outline the annotated parts, or not."""
        self._toggle("toggle_parts", "This run has no part masks: its data set has none, or it is of an older version.")

    def _toggle(self, command: str, otherwise: str) -> None:
        if self.session.command("overlay", command):
            self.explorer.changed()
        else:
            self.notify(otherwise, severity="warning", markup=False)

    def on_click(self, event: events.Click) -> None:
        """A layer of the strip that is clicked is chosen."""
        name = (event.widget.id or "") if event.widget else ""
        if name.startswith("strip-"):
            self.explorer.action_layer(name.removeprefix("strip-"))
