"""Plugins: finds them, loads each on its own, and asks each on its own.

The bundled checkers, model sources and renderers come through the same entry-point group and the same hooks as a
stranger's. A plugin that breaks is recorded by name and takes nobody down.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from typing import Any

import pluggy

from modelaudit import hookspecs
from modelaudit.audit_report import PluginRecord
from modelaudit.checker import Checker
from modelaudit.errors import ModelAuditError, ModelInputError, PluginError
from modelaudit.hookspecs import Renderer
from modelaudit.results import CheckerInfo

GROUP = "modelaudit"
BUNDLED = "modelaudit-core"


@dataclass(frozen=True, slots=True)
class Registered:
    """A checker with the name of the plugin that brought it."""

    checker: Checker
    plugin: str


@dataclass(slots=True)
class _Plugin:
    name: str
    distribution: str
    version: str
    module: Any = None
    failure: str | None = None
    checkers: list[Checker] = field(default_factory=list)


class Plugins:
    """All plugins of this environment; the only user of pluggy's manager.

    Args:
        extra: objects with hook implementations to register besides the installed ones (tests, notebooks), by name.
        installed: whether installed plugins other than the bundled ones are loaded.
    """

    def __init__(self, *, extra: dict[str, Any] | None = None, installed: bool = True) -> None:
        self._manager = pluggy.PluginManager("modelaudit")
        self._manager.add_hookspecs(hookspecs)
        self._plugins: list[_Plugin] = []
        for plugin, load in [*_entry_points(installed=installed), *_given(extra or {})]:
            self._load(plugin, load)
        for plugin in self._plugins:
            if plugin.failure is None:
                self._collect_checkers(plugin)

    def checkers(self) -> list[Registered]:
        """Return all checkers, the bundled ones first, each with its plugin's name."""
        return [Registered(checker, plugin.name) for plugin in self._plugins for checker in plugin.checkers]

    def renderers(self) -> dict[str, Renderer]:
        """Return the renderers by suffix; a suffix that is taken stays with its first owner."""
        found: dict[str, Renderer] = {}
        for plugin in self._sound():
            for renderer in self._ask(plugin, "modelaudit_renderers") or ():
                found.setdefault(renderer.suffix, renderer)
        return found

    def open_model(self, source: Any, options: Any) -> Any:
        """Return the first plugin's answer to a model source, a stranger's before the bundled one.

        Raises:
            ModelInputError: no plugin knows the source, or the one that does can't use it.
        """
        for plugin in reversed(self._sound()):
            opened = self._ask(plugin, "modelaudit_open_model", source=source, options=options)
            if opened is not None:
                return opened
        raise ModelInputError(
            f"no way to open a model from {type(source).__name__} {str(source)[:80]!r}. Give a hub id, a folder with "
            "config.json and weights, a PreTrainedModel with its tokenizer, a transformers pipeline or a PEFT adapter."
        )

    def records(self) -> tuple[PluginRecord, ...]:
        """Return one record a plugin, for the report and for `modelaudit plugins`."""
        return tuple(
            PluginRecord(
                name=plugin.name,
                version=plugin.version,
                checkers=tuple(checker.info.id for checker in plugin.checkers),
                status="loaded" if plugin.failure is None else "failed",
                reason=plugin.failure,
            )
            for plugin in self._plugins
        )

    def _sound(self) -> list[_Plugin]:
        return [plugin for plugin in self._plugins if plugin.failure is None]

    def _load(self, plugin: _Plugin, load: Callable[[], Any]) -> None:
        self._plugins.append(plugin)
        try:
            plugin.module = load()
            self._manager.register(plugin.module, name=f"{plugin.distribution}:{plugin.name}")
            _refuse_misspelt(plugin.module)
            self._manager.check_pending()
        except Exception as error:  # noqa: BLE001  a stranger's import may raise anything and must not end the audit
            plugin.failure = f"failed while loading: {type(error).__name__}: {error}"
            if self._manager.has_plugin(f"{plugin.distribution}:{plugin.name}"):
                self._manager.unregister(plugin.module)

    def _collect_checkers(self, plugin: _Plugin) -> None:
        taken = {registered.checker.info.id: registered.plugin for registered in self.checkers()}
        try:
            offered = list(self._ask(plugin, "modelaudit_checkers") or ())
            for checker in offered:
                _check_shape(checker)
                if checker.info.id in taken:
                    raise PluginError(f"checker id {checker.info.id} is taken by plugin {taken[checker.info.id]}")
                taken[checker.info.id] = plugin.name
            plugin.checkers = offered
        except Exception as error:  # noqa: BLE001  same as above: a stranger's hook may raise anything
            plugin.failure = f"failed in modelaudit_checkers: {type(error).__name__}: {error}"
            self._manager.unregister(plugin.module)

    def _ask(self, plugin: _Plugin, hook: str, **arguments: Any) -> Any:
        others = [other.module for other in self._sound() if other.module is not plugin.module]
        caller = self._manager.subset_hook_caller(hook, remove_plugins=others)
        answer = caller(**arguments)
        return next(iter(answer), None) if isinstance(answer, list) else answer


def _refuse_misspelt(module: Any) -> None:
    known = {name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("modelaudit_")}
    for name, member in inspect.getmembers(module, callable):
        if name.startswith("modelaudit_") and name not in known:
            raise PluginError(f"there is no hook {name}; the hooks are {', '.join(sorted(known))}")
        if name in known and not hasattr(member, "modelaudit_impl"):
            raise PluginError(f"{name} lacks the @hookimpl mark; import it from modelaudit.hookspecs")


def _check_shape(checker: Checker) -> None:
    name = type(checker).__name__
    if not isinstance(getattr(checker, "info", None), CheckerInfo):
        raise PluginError(f"{name}.info must be a modelaudit CheckerInfo")
    missing = [verb for verb in ("applies", "cost", "run") if not callable(getattr(checker, verb, None))]
    if missing:
        raise PluginError(f"{name} ({checker.info.id}) lacks {', '.join(missing)}")


def _entry_points(*, installed: bool) -> Iterator[tuple[_Plugin, Callable[[], Any]]]:
    found = sorted(metadata.entry_points(group=GROUP), key=lambda point: (not _is_bundled(point), point.name))
    if not any(_is_bundled(point) for point in found):
        raise ModelAuditError(
            f"the bundled checkers are not registered: the metadata of {BUNDLED} is missing. Install the package "
            "(`make setup` in a checkout) instead of importing it from its folder."
        )
    for point in found:
        if installed or _is_bundled(point):
            distribution = point.dist
            name, version = (distribution.name, distribution.version) if distribution else ("unknown", "unknown")
            yield _Plugin(name=point.name, distribution=name, version=version), point.load


def _is_bundled(point: metadata.EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == BUNDLED


def _given(extra: dict[str, Any]) -> Iterator[tuple[_Plugin, Callable[[], Any]]]:
    for name, module in extra.items():
        yield _Plugin(name=name, distribution="given", version="given"), partial(_same, module)


def _same(module: Any) -> Any:
    return module
