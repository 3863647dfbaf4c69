"""The event loop stays free while everything is used."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.synthetic import write_synthetic_run

pytestmark = pytest.mark.asyncio

BOUND = 0.1
"""Seconds of the loop's own computing in one go. The aim is 0.05, which benchmarks/explorer.py measures on a quiet
machine; computing takes up to twice as long beside other programs."""
WAITED = 2.0
"""Seconds that the loop may wait for anything, a busy machine included."""


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """The objects of other tests are not looked through for garbage meanwhile."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def watched(computed: list[float], waited: list[float]) -> None:
    """Note, again and again, what the loop has done since the last time."""
    while True:
        own, began = time.thread_time(), time.monotonic()
        await asyncio.sleep(0.001)
        computed.append(time.thread_time() - own)
        waited.append(time.monotonic() - began)


async def test_the_loop_is_never_blocked(drive: Callable[..., Any], tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=120, grid=(37, 37), classes=20)
    computed: list[float] = []
    waited: list[float] = []
    async with drive(path, (120, 40)) as (_, press):
        watchdog = asyncio.create_task(watched(computed, waited))
        for key in ("2", "down", "v", "right", "3", "right", "m", "h", "z", "v", "v", "x", "4", "down", "v", "v"):
            await press(key)
        for key in ("5", "v", "6", "7", "down", "?", "escape", "1"):
            await press(key)
        watchdog.cancel()
    assert max(computed) < BOUND and max(waited) < WAITED


async def test_the_watchdog_barks() -> None:
    computed: list[float] = []
    watchdog = asyncio.create_task(watched(computed, []))
    await asyncio.sleep(0.01)
    own = time.thread_time()
    while time.thread_time() - own < 1.2 * BOUND:
        pass
    await asyncio.sleep(0.05)
    watchdog.cancel()
    assert max(computed) > BOUND


async def test_a_new_screen_is_given_its_styles_once(
    drive: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_synthetic_run(tmp_path / "run.h5", images=40)
    async with drive(path, (120, 40)) as (app, press):
        parsed: list[object] = []
        styled: list[object] = []
        monkeypatch.setattr(app.stylesheet, "reparse", lambda: parsed.append(app.screen))
        update = app.update_styles

        def noted(node: Any, **how: Any) -> None:
            if node.children:
                styled.append(node)
            update(node, **how)

        monkeypatch.setattr(app, "update_styles", noted)
        await press("2")
        concepts = app.screen
        assert concepts.has_class("-wide") and concepts.has_class("-tall")
        assert not parsed and concepts not in styled, "what is mounted has its styles"
        styled.clear()
        await press("1", "2")
        assert app.screen is concepts and concepts in styled, "one that was away may have to look otherwise"
        assert not parsed
