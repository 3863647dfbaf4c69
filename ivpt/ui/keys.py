"""Keys of the user's own: a TOML file with one line per action, ``next_image = ["right", "space"]``."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from textual.binding import Binding

from ivpt.errors import ExitCode, IvptError
from ivpt.ui.actions import ACTIONS, SCREENS, Action


class KeysError(IvptError):
    """The file with keys cannot be used."""

    exit_code = ExitCode.USAGE


Keys = Mapping[str, tuple[str, ...]]
"""Id of an action to its keys; actions that are not named keep theirs."""


def read_keys(path: Path) -> Keys:
    """Read a file of keys.

    Raises:
        KeysError: it cannot be read, names an action that does not exist, or gives one key to two actions of a screen.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeysError(f"The keys {path} cannot be read: {(error.strerror or 'unknown').lower()}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KeysError(f"The keys {path} are not TOML: {error}.", 'Write lines like: help = ["f2"]') from None
    known = {action.id for action in ACTIONS}
    keys: dict[str, tuple[str, ...]] = {}
    for name, given in content.items():
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else "docs/keys.md lists the names of all actions."
            raise KeysError(f"The keys {path} name an action {name!r}, which does not exist.", hint)
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list) or not all(isinstance(key, str) and key.strip() for key in listed):
            raise KeysError(f"The keys of {name} in {path} are no keys.", f'Write: {name} = ["f2"]')
        keys[name] = tuple(_spelled(key.strip()) for key in listed)
    _check(keys, path)
    return keys


def keys_of(action: Action, keys: Keys) -> tuple[str, ...]:
    """The keys of an action; the first one is shown."""
    return keys.get(action.id, action.keys)


def _spelled(key: str) -> str:
    """As Textual spells it: ``slash`` for ``/``."""
    return next(iter(Binding.make_bindings([Binding(key, "none")]))).key if key != "," else "comma"


def _check(keys: Keys, path: Path) -> None:
    for screen in SCREENS:
        taken: dict[str, str] = {}
        for action in ACTIONS:
            for key in keys_of(action, keys) if action.on(screen) else ():
                if taken.setdefault(key, action.id) != action.id:
                    raise KeysError(
                        f"The keys {path} give {key!r} to both {taken[key]} and {action.id} on the screen {screen}.",
                        f"Give {taken[key]} or {action.id} another key.",
                    )
