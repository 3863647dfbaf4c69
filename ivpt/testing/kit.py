"""What the checks of every kind share: a failure that says how to mend it, and promises about classes and options."""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pytest

from ivpt.interfaces.described import first_line, options_in
from ivpt.registry import Registry

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def require(condition: object, wrong: str, mend: str) -> None:
    """Fail a check in words.

    Args:
        condition: what has to hold.
        wrong: what is wrong, naming the thing.
        mend: what the author can do about it.
    """
    if not condition:
        raise pytest.fail.Exception(f"{wrong}\nHow to mend it: {mend}", pytrace=False) from None


def plain(words: object) -> bool:
    """Whether something is text that can be printed: not empty, no control characters, valid UTF-8."""
    if not isinstance(words, str) or not words.strip() or _CONTROL.search(words):
        return False
    return all(not 0xD800 <= ord(letter) <= 0xDFFF for letter in words)


def require_names(names: Iterable[object], what: str) -> None:
    """Names are distinct, printable text."""
    names = list(names)
    bad = [name for name in names if not plain(name)]
    require(not bad, f"{what} {bad[:1]!r} is not printable text.", "use plain words without control characters.")
    require(
        len(set(names)) == len(names),
        f"{what} occurs twice.",
        f"give each its own name: {sorted(map(str, names))[:20]}.",
    )


class PluginTests:
    """What holds for plugins of every kind.

    Attributes:
        plugin: the class under test.
        waived: name of a check that does not apply to it: the reason. Such a check is reported as skipped.
    """

    plugin: ClassVar[type[Any]]
    waived: ClassVar[Mapping[str, str]] = {}
    registry: ClassVar[Registry[Any]]

    @pytest.fixture(autouse=True)
    def _leave_out_what_is_waived(self, request: pytest.FixtureRequest) -> None:
        unknown = sorted(name for name in self.waived if not hasattr(type(self), name))
        require(not unknown, f"`waived` names no check: {unknown}.", "copy the name from pytest's output.")
        name = request.function.__name__
        if name in self.waived:
            pytest.skip(self.waived[name])

    def test_class_can_be_used(self) -> None:
        """The class is concrete and a subclass of the interface."""
        base = self.registry.base
        fits = isinstance(self.plugin, type) and issubclass(self.plugin, base)
        require(
            fits,
            f"{self.plugin!r} is no subclass of {base.__name__}.",
            f"derive it from {base.__module__}.{base.__name__}.",
        )
        missing = sorted(getattr(self.plugin, "__abstractmethods__", ()))
        require(not missing, f"{self.plugin.__name__} does not define {', '.join(missing)}.", "define them.")

    def test_interface_version(self) -> None:
        """It speaks the version of the interface that this ivpt speaks."""
        spoken, wanted = getattr(self.plugin, "api_version", None), self.registry.api_version
        require(
            spoken == wanted,
            f"{self.plugin.__name__} speaks interface version {spoken}, this ivpt speaks {wanted}.",
            "leave api_version as inherited and read docs/plugins.md for what changed.",
        )

    def test_it_is_registered(self) -> None:
        """An entry point of its package leads to the class."""
        found = self.registry.names_of(self.plugin)
        require(
            found,
            f"No entry point in the group {self.registry.group!r} leads to {self.plugin.__module__}:"
            f"{self.plugin.__name__}.",
            f'add it under [project.entry-points."{self.registry.group}"] in pyproject.toml and install again.',
        )

    def test_it_is_described(self) -> None:
        """The class's docstring begins with one line for listings."""
        require(
            first_line(self.plugin),
            f"{self.plugin.__name__} has no description.",
            "begin its docstring with one line that says what it is.",
        )

    def test_options_have_types_and_defaults(self) -> None:
        """Every constructor parameter is explicit, typed and has a default."""
        parameters = list(inspect.signature(self.plugin.__init__).parameters.values())[1:]
        if self.plugin.__init__ is object.__init__:
            return
        open_ended = [p.name for p in parameters if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL, p.POSITIONAL_ONLY)]
        require(not open_ended, f"The parameter {open_ended[:1]} cannot become an option.", "name each parameter.")
        for option in self.registry.options(self.plugin):
            require(option.typed, f"The option {option.name!r} has no type hint.", "add one, such as `: int`.")
            require(not option.required, f"The option {option.name!r} has no default.", "give it one.")

    def test_options_are_described(self) -> None:
        """Every option is described under ``Args:`` in the class's docstring."""
        told = options_in(self.plugin)
        missing = [option.name for option in self.registry.options(self.plugin) if not told.get(option.name)]
        require(
            not missing, f"The option {missing[:1]} is not described.", "add it under `Args:` in the class's docstring."
        )

    def test_defaults_are_of_their_types(self) -> None:
        """Each default is a value that the type hint allows."""
        from pydantic import TypeAdapter, ValidationError

        for option in self.registry.options(self.plugin):
            if option.required or not option.typed:
                continue  # checks of their own
            try:
                TypeAdapter(option.annotation).validate_python(option.default)
            except ValidationError:
                require(
                    False,
                    f"The default of {option.name!r}, {option.default!r}, does not fit its type hint.",
                    "mend one.",
                )
