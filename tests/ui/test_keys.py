"""Keys of the user's own."""

from pathlib import Path

import pytest

from ivpt.ui.app import Explorer
from ivpt.ui.keys import KeysError, read_keys
from ivpt.ui.opening import read_path
from tests.ui.driving import screen_text, settle


def written(folder: Path, text: str) -> Path:
    path = folder / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_keys_are_read_as_people_write_them(tmp_path: Path) -> None:
    keys = read_keys(written(tmp_path, 'find = ["ctrl+f", "#"]\nhelp = "f2"\nquit = []\n'))
    assert keys == {"find": ("ctrl+f", "number_sign"), "help": ("f2",), "quit": ()}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("next_imge = 'x'", "next_imge"),
        ("help = 3", "help"),
        ("help = [", "not TOML"),
        ("help = 'm'", "next_mistake"),
        ("help = ['f2']\nfind = ['f2']", "both"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(KeysError, match=words):
        read_keys(written(tmp_path, text))
    with pytest.raises(KeysError, match="cannot be read"):
        read_keys(tmp_path / "none.toml")


@pytest.mark.asyncio
async def test_own_keys_work_and_are_shown(run_path: Path, tmp_path: Path) -> None:
    keys = read_keys(written(tmp_path, 'next_mistake = ["y"]\nimage = ["f3"]\nhelp = ["f2"]\n'))
    app = Explorer(run_path, read_path(run_path), marks=False, keys=keys)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        await pilot.press("3")
        await settle(app, pilot)
        assert app.current_mode == "overview", "the old key is free"
        await pilot.press("f3", "y")
        await settle(app, pilot)
        page = app.session.images.page
        assert app.current_mode == "image" and page is not None and page.wrong
        assert "y mistake" in screen_text(app) and "f2 help" in screen_text(app)
        assert "f3 Image" in screen_text(app)
        await pilot.press("f2")
        await settle(app, pilot)
        assert "y          Next wrongly classified image." in screen_text(app)
    app.close()
