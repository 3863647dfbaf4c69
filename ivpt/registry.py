"""One registry over entry points, for every kind of plugin.

Three grains: :meth:`Registry.names` and :meth:`Registry.listing` read package metadata only, :meth:`Registry.load`
imports one plugin, :meth:`Registry.status` imports all of them and tells the truth about each. Built-in plugins come
through the same door.
"""

import inspect
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ivpt.errors import ConfigError, IvptError, PluginError, nearest
from ivpt.interfaces.backbone import BACKBONE_API, Backbone
from ivpt.interfaces.dataset import DATASET_API, Dataset
from ivpt.interfaces.metric import METRIC_API, Metric

P = TypeVar("P")

State = Literal["ok", "broken", "conflict", "too old", "too new", "unchecked"]


@dataclass(frozen=True)
class Status:
    """The truth about one registered plugin."""

    kind: str
    name: str
    distribution: str
    version: str
    state: State
    reason: str = ""


@dataclass(frozen=True)
class Option:
    """One constructor parameter of a plugin: its option on the command line."""

    name: str
    annotation: Any
    default: Any
    required: bool


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
        found = [p for p in self._points() if p.name == wanted and distribution in ("", _distribution(p)[0])]
        if not found:
            raise PluginError(f"There is no {self.kind} {name!r}.", nearest(name, self.names()))
        if len(found) > 1:
            ways = " or ".join(f"{wanted}@{_distribution(p)[0]}" for p in found)
            raise PluginError(f"Several packages register the {self.kind} {wanted!r}.", f"Say which: {ways}.")
        return self._import(found[0])

    def listing(self) -> list[Status]:
        """Every plugin as its package's metadata names it; nothing is imported, so most are ``unchecked``."""
        points = self._points()
        result = []
        for point in sorted(points, key=lambda p: (p.name, _distribution(p))):
            distribution, version = _distribution(point)
            state: State = "unchecked"
            reason = ""
            if sum(p.name == point.name for p in points) > 1:
                state, reason = "conflict", f"say {point.name}@{distribution}"
            result.append(Status(self.kind, point.name, distribution, version, state, reason))
        return result

    def status(self) -> list[Status]:
        """Import every plugin and say how it is; never raises for a broken one."""
        return [self._check(listed) if listed.state == "unchecked" else listed for listed in self.listing()]

    def _check(self, listed: Status) -> Status:
        try:
            self.load(f"{listed.name}@{listed.distribution}")
        except _VersionError as error:
            return replace(listed, state=error.state, reason=error.message)
        except PluginError as error:
            return replace(listed, state="broken", reason=error.message)
        return replace(listed, state="ok")

    def options(self, plugin: type[P]) -> list[Option]:
        """Constructor parameters of a plugin, in order.

        Raises:
            PluginError: an annotation of the constructor names something that does not exist at run time.
        """
        try:
            hints = get_type_hints(plugin.__init__, include_extras=True)
        except Exception as error:
            who = f"{plugin.__module__}.{plugin.__qualname__}"
            raise PluginError(f"The options of {who} cannot be read: {_first_line(error)}.") from error
        return [
            Option(p.name, hints.get(p.name, str), p.default, p.default is inspect.Parameter.empty)
            for p in list(inspect.signature(plugin.__init__).parameters.values())[1:]
            if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]

    def create(self, name: str, options: Mapping[str, Any]) -> P:
        """Import a plugin and construct it with validated options.

        Raises:
            PluginError: as :meth:`load`, or the constructor fails.
            ConfigError: an option is unknown, missing, of the wrong type, or refused by the constructor (ValueError).
        """
        plugin = self.load(name)
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
            return plugin(**values)
        except IvptError:
            raise
        except ValueError as error:
            raise ConfigError(f"The {self.kind} {name!r} refuses its options: {_first_line(error)}.") from error
        except Exception as error:
            what = f"{type(error).__name__}: {_first_line(error)}"
            raise PluginError(f"The {self.kind} {name!r} ({plugin.__module__}) cannot be made: {what}.") from error

    def _points(self) -> list[EntryPoint]:
        points = entry_points(group=self.group)
        only = os.environ.get("IVPT_PLUGINS")
        if only is None:
            return list(points)
        # IVPT_PLUGINS isolates: ivpt's own plugins and the named distributions only ("" means ivpt's own only).
        allowed = {"ivpt", *filter(None, only.split(","))}
        return [p for p in points if _distribution(p)[0] in allowed]

    def _import(self, point: EntryPoint) -> type[P]:
        distribution, version = _distribution(point)
        who = f"The {self.kind} {point.name!r} ({distribution} {version})"
        try:
            # stdout is data: what a plugin prints while it is imported goes to stderr.
            with redirect_stdout(sys.stderr):
                plugin = point.load()
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {_first_line(error)}"
            raise PluginError(f"{who} cannot be imported: {what}.") from error
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
        self.state: State = "too new" if isinstance(spoken, int) and spoken > wanted else "too old"
        super().__init__(
            f"{who} speaks interface version {spoken}, this ivpt speaks {wanted}.", "Update the older one."
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("?", "?")


BACKBONES: Registry[Backbone] = Registry("backbone", "ivpt.backbones", Backbone, BACKBONE_API)  # type: ignore[type-abstract]
DATASETS: Registry[Dataset] = Registry("data set", "ivpt.datasets", Dataset, DATASET_API)  # type: ignore[type-abstract]
METRICS: Registry[Metric] = Registry("metric", "ivpt.metrics", Metric, METRIC_API)  # type: ignore[type-abstract]

__all__ = ["BACKBONES", "DATASETS", "METRICS", "Option", "Registry", "Status"]
