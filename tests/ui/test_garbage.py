"""Garbage is looked for in quiet moments."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivpt.ui import garbage
from ivpt.ui.garbage import PILED_UP


@pytest.mark.asyncio
async def test_garbage_is_looked_for_when_nothing_has_been_done_for_a_moment(
    drive: Callable[..., Any], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = gc.get_threshold()
    searches: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: searches.append(1))
    async with drive(run_path) as (app, _):
        assert gc.get_threshold() == (*usual[:2], PILED_UP)
        app.changed()
        searches.clear()
        app.garbage.look()
        assert not searches, "something has just been done"
        now = time.monotonic() + 2 * garbage.QUIET
        monkeypatch.setattr(garbage.time, "monotonic", lambda: now)
        app.garbage.look()
        app.garbage.look()
        assert searches == [1], "once is enough until something is done again"
    assert gc.get_threshold() == usual
