"""One registry over entry points, for every kind of plugin.

Three grains: :meth:`Registry.names` and :meth:`Registry.listing` read package metadata only, :meth:`Registry.load`
imports one plugin, :mod:`ivpt.checking` imports all of them, each in a process it may break, and tells the truth about
each. Built-in plugins come through the same door.
"""

import inspect
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ivpt.errors import ConfigError, IvptError, PluginError, nearest
from ivpt.interfaces.backbone import BACKBONE_API, Backbone
from ivpt.interfaces.dataset import DATASET_API, Dataset
from ivpt.interfaces.described import options_in
from ivpt.interfaces.method import METHOD_API, Method
from ivpt.interfaces.metric import METRIC_API, Metric
from ivpt.plugin_points import Point, distribution_of, forks, patiently, points_of, renamed

P = TypeVar("P")

State = Literal["ok", "broken", "conflict", "too old", "too new", "unchecked"]


@dataclass(frozen=True)
class Status:
    """The truth about one registered plugin.

    Attributes:
        kind: what a person calls its kind.
        name: registered name.
        distribution: the package that brings it.
        version: of that package.
        state: ``unchecked`` until it is imported.
        reason: one sentence where the state is not ``ok``.
        api_version: version of the interface it speaks; ``None`` until it is imported.
    """

    kind: str
    name: str
    distribution: str
    version: str
    state: State
    reason: str = ""
    api_version: int | None = None


@dataclass(frozen=True)
class Option:
    """One constructor parameter of a plugin: its option on the command line.

    Attributes:
        name: of the parameter.
        annotation: its type hint; ``str`` where there is none.
        default: its default.
        required: whether it has none.
        typed: whether it has a type hint.
        help: what the class's docstring says of it under ``Args:``.
    """

    name: str
    annotation: Any
    default: Any
    required: bool
    typed: bool = True
    help: str = ""


class Registry(Generic[P]):
    """All plugins of one kind.

    Args:
        kind: what a person calls it ("data set").
        group: entry-point group.
        base: abstract class a plugin must subclass.
        api_version: version of the interface this ivpt speaks.
    """

    def __init__(self, kind: str, group: str, base: type[P], api_version: int) -> None:
        self.kind = kind
        self.group = group
        self.base = base
        self.api_version = api_version

    def names(self) -> list[str]:
        """Registered names, sorted; nothing is imported."""
        return sorted({point.name for point in self._points()})

    def load(self, name: str) -> type[P]:
        """Import one plugin class.

        Args:
            name: its registered name, or ``name@distribution`` where two distributions use one name.

        Raises:
            PluginError: unknown, ambiguous, broken, or of another interface version.
        """
        wanted, _, distribution = name.partition("@")
        points = self._points()
        if not any(p.name == wanted for p in points):
            wanted = renamed(self.group, wanted, self.kind) or wanted
        found = [p for p in points if p.name == wanted and distribution in ("", distribution_of(p)[0])]
        if not found:
            raise PluginError(f"There is no {self.kind} {name!r}.", nearest(name, self.names()))
        if len(found) > 1:
            packages = " and ".join(" ".join(distribution_of(p)) for p in found)
            ways = " or ".join(f"{wanted}@{distribution_of(p)[0]}" for p in found)
            raise PluginError(
                f"Several packages register the {self.kind} {wanted!r}: {packages}.", f"Say which: {ways}."
            )
        return self._import(found[0])

    def names_of(self, plugin: type[Any]) -> list[str]:
        """Registered names whose entry point leads to this class; nothing is imported."""
        return sorted({point.name for point in self._points() if _leads_to(point, plugin)})

    def called(self, plugin: type[Any]) -> str:
        """What to call a plugin in a message: kind, name, distribution and version."""
        for point in self._points():
            if _leads_to(point, plugin):
                return self._who(point)
        return f"The {self.kind} {plugin.__module__}.{plugin.__qualname__}"

    def listing(self) -> list[Status]:
        """Every plugin as its package's metadata names it; nothing is imported, so most are ``unchecked``."""
        points = self._points()
        result = []
        for point in sorted(points, key=lambda p: (p.name, distribution_of(p))):
            distribution, version = distribution_of(point)
            state: State = "unchecked"
            reason = ""
            if sum(p.name == point.name for p in points) > 1:
                state, reason = "conflict", f"say {point.name}@{distribution}"
            result.append(Status(self.kind, point.name, distribution, version, state, reason))
        return result

    def check(self, listed: Status) -> Status:
        """Import one plugin and say how it is; never raises for a broken one, but may hang or exit as it does."""
        if listed.state == "conflict":
            return listed
        try:
            plugin = self.load(f"{listed.name}@{listed.distribution}")
            self.options(plugin)
        except _VersionError as error:
            spoken = error.spoken if isinstance(error.spoken, int) else None
            return replace(listed, state=error.state, reason=error.message, api_version=spoken)
        except PluginError as error:
            return replace(listed, state="broken", reason=error.message)
        return replace(listed, state="ok", api_version=self.api_version)

    def options(self, plugin: type[P]) -> list[Option]:
        """Constructor parameters of a plugin, in order.

        Raises:
            PluginError: an annotation of the constructor names something that does not exist at run time.
        """
        try:
            hints = get_type_hints(plugin.__init__, include_extras=True)
        except Exception as error:
            who = self.called(plugin)
            raise PluginError(f"{who} has options that cannot be read: {first_words(error)}.") from error
        told = options_in(plugin)
        return [
            Option(
                p.name,
                hints.get(p.name, str),
                p.default,
                p.default is inspect.Parameter.empty,
                p.name in hints,
                told.get(p.name, ""),
            )
            for p in list(inspect.signature(plugin.__init__).parameters.values())[1:]
            if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]

    def create(self, name: str, options: Mapping[str, Any]) -> P:
        """Import a plugin and construct it with validated options.

        Raises:
            PluginError: as :meth:`load`, or the constructor fails.
            ConfigError: an option is unknown, missing, of the wrong type, or refused by the constructor (ValueError).
        """
        return self.construct(self.load(name), options, name)

    def construct(self, plugin: type[P], options: Mapping[str, Any], name: str | None = None) -> P:
        """Construct a plugin class with validated options.

        Args:
            plugin: the class.
            options: values as they are or as typed.
            name: what the user calls it.

        Raises:
            PluginError: the constructor fails.
            ConfigError: as :meth:`create`.
        """
        name = name or plugin.__name__
        known = {option.name: option for option in self.options(plugin)}
        values: dict[str, Any] = {}
        for key, value in options.items():
            if key not in known:
                hint = nearest(key, sorted(known)) if known else "It has no options."
                raise ConfigError(f"The {self.kind} {name!r} has no option {key!r}.", hint)
            try:
                values[key] = TypeAdapter(known[key].annotation).validate_python(value)
            except ValidationError as error:
                words = error.errors()[0]["msg"]
                raise ConfigError(f"Option {key!r} of the {self.kind} {name!r}: {words} (given: {value!r}).") from None
        missing = [o.name for o in known.values() if o.required and o.name not in values]
        if missing:
            raise ConfigError(f"The {self.kind} {name!r} needs the option {missing[0]!r}.")
        try:
            with patiently(f"{self.called(plugin)} is still being made"):
                return plugin(**values)
        except IvptError:
            raise
        except ValueError as error:
            raise ConfigError(f"The {self.kind} {name!r} refuses its options: {first_words(error)}.") from error
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {first_words(error)}"
            raise PluginError(f"{self.called(plugin)} cannot be made: {what}.") from error

    def _who(self, point: Point) -> str:
        return f"The {self.kind} {point.name!r} ({' '.join(distribution_of(point))})"

    def _points(self) -> list[Point]:
        points = points_of(self.group)
        only = os.environ.get("IVPT_PLUGINS")
        if only is None:
            return points
        # IVPT_PLUGINS isolates: ivpt's own plugins and the named distributions only ("" means ivpt's own only).
        allowed = {"ivpt", *filter(None, only.split(","))}
        return [p for p in points if distribution_of(p)[0] in allowed]

    def _import(self, point: Point) -> type[P]:
        who, before = self._who(point), forks()
        try:
            with patiently(f"{who} is still being imported"):
                plugin = point.load()
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {first_words(error)}"
            raise PluginError(f"{who} cannot be imported: {what}.") from error
        if forks() > before:
            raise PluginError(f"{who} starts another process while it is imported.")
        if not (isinstance(plugin, type) and issubclass(plugin, self.base)):
            raise PluginError(f"{who} is not a subclass of {self.base.__module__}.{self.base.__name__}.")
        spoken = getattr(plugin, "api_version", None)
        if spoken != self.api_version:
            raise _VersionError(who, spoken, self.api_version)
        if inspect.isabstract(plugin):
            raise PluginError(f"{who} does not define {', '.join(sorted(getattr(plugin, '__abstractmethods__', ())))}.")
        return plugin


class _VersionError(PluginError):
    def __init__(self, who: str, spoken: object, wanted: int) -> None:
        self.spoken = spoken
        self.state: State = "too new" if isinstance(spoken, int) and spoken > wanted else "too old"
        super().__init__(
            f"{who} speaks interface version {spoken}, this ivpt speaks {wanted}.", "Update the older one."
        )


def _leads_to(point: Point, plugin: type[Any]) -> bool:
    module, _, attribute = point.value.partition(":")
    return getattr(sys.modules.get(module.strip()), attribute.strip() or "?", None) is plugin


def first_words(error: BaseException) -> str:
    """The first line of an error's message without control characters, at most 300 of them."""
    line = next((line for line in str(error).strip().splitlines() if line.strip()), "no message").rstrip(".")
    return "".join(letter if letter.isprintable() else "?" for letter in line[:300])


BACKBONES: Registry[Backbone] = Registry("backbone", "ivpt.backbones", Backbone, BACKBONE_API)  # type: ignore[type-abstract]
DATASETS: Registry[Dataset] = Registry("data set", "ivpt.datasets", Dataset, DATASET_API)  # type: ignore[type-abstract]
METRICS: Registry[Metric] = Registry("metric", "ivpt.metrics", Metric, METRIC_API)  # type: ignore[type-abstract]
METHODS: Registry[Method] = Registry("method", "ivpt.methods", Method, METHOD_API)  # type: ignore[type-abstract]

REGISTRIES: tuple[Registry[Any], ...] = (DATASETS, BACKBONES, METRICS, METHODS)
"""Every kind, in the order in which they are listed."""

__all__ = ["BACKBONES", "DATASETS", "METHODS", "METRICS", "REGISTRIES", "Option", "Registry", "Status", "first_words"]
