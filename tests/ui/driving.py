"""Driving the explorer without a terminal."""

from textual.pilot import Pilot
from textual.widgets import Input

from ivpt.ui.app import Explorer


async def settle(app: Explorer, pilot: "Pilot[None]") -> None:
    """Wait until nothing is being read and everything is drawn."""
    # Between two reads the fetcher is idle for a moment: it has to stay so for a while. Up to 20 s on a busy machine.
    quiet = 0
    for _ in range(4000):
        await pilot.pause(0.005)
        quiet = quiet + 1 if app.opened and app.fetcher.idle else 0
        if quiet == 4:
            break
    assert quiet == 4
    await pilot.pause()


def type_in(app: Explorer, text: str) -> None:
    """Add text to what stands in the line of a dialog, at once; key by key takes seconds."""
    line = app.screen.query_one(Input)
    line.value += text
    line.cursor_position = len(line.value)


def screen_text(app: Explorer) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size))


def screen_colours(app: Explorer) -> set[tuple[int, int, int]]:
    """Every background colour on the screen."""
    return {
        tuple(segment.style.bgcolor.triplet)
        for strip in app.screen._compositor.render_strips(app.size)
        for segment in strip
        if segment.style and segment.style.bgcolor and segment.style.bgcolor.triplet
    }
