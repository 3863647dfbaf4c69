"""What a docstring says: one line about a class, and one description per constructor parameter."""

import inspect
import re


def first_line(plugin: type) -> str:
    """The first line of a class's own docstring, without its full stop; empty where it has none."""
    words = inspect.cleandoc(plugin.__dict__.get("__doc__") or "").partition("\n\n")[0]
    return "" if words.startswith("Args:") else " ".join(words.split()).rstrip(".")


def options_in(plugin: type) -> dict[str, str]:
    """Name of each parameter under ``Args:`` (google style) to its description on one line.

    The class's docstring is read first, then that of its ``__init__``. What a class does not describe may be described
    by one it derives from.
    """
    found: dict[str, str] = {}
    for owner in plugin.__mro__:
        for text in (owner.__dict__.get("__doc__"), getattr(owner.__dict__.get("__init__"), "__doc__", None)):
            own = _section(inspect.cleandoc(text or ""))
            if own:
                found = own | found
                break
    return found


def _section(text: str) -> dict[str, str]:
    _head, begun, rest = ("\n" + text).partition("\nArgs:\n")
    if not begun:
        return {}
    found: dict[str, str] = {}
    name = ""
    margin = len(rest) - len(rest.lstrip(" "))
    for line in rest.splitlines():
        if line.strip() and not line.startswith(" "):
            break
        begins = re.match(rf" {{{margin}}}\*{{0,2}}(\w+)(?: \([^)]*\))?: ?(.*)$", line)
        if begins:
            name, found[begins[1]] = begins[1], begins[2].strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


__all__ = ["first_line", "options_in"]
