"""Plugins: finds them, loads each on its own, and asks each on its own.

The bundled checkers, model sources and renderers come through the same entry-point group and the same hooks as a
stranger's. A plugin that breaks is recorded by name and takes nobody down: its checkers are not used, the rest of the
audit is whole.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy

from modelaudit import hookspecs
from modelaudit.audit_report import AuditReport, PluginRecord
from modelaudit.cards import Card, parse_card
from modelaudit.checker import Checker
from modelaudit.errors import InputError, ModelAuditError, ModelInputError, OutputError, PluginError
from modelaudit.evidence import storable
from modelaudit.faults import contained
from modelaudit.hookspecs import Renderer
from modelaudit.results import CheckerInfo
from modelaudit.subject.opened import OpenedCallable, OpenedModel

GROUP = "modelaudit"
BUNDLED = "modelaudit-core"


@dataclass(frozen=True, slots=True)
class Registered:
    """A checker with the name of the plugin that brought it.

    What it says of itself is read once and kept: from then on only its three verbs are called.
    """

    checker: Checker
    plugin: str
    info: CheckerInfo
    options: dict[str, str]


@dataclass(slots=True)
class _Plugin:
    name: str
    distribution: str
    version: str
    module: Any = None
    failure: str | None = None
    checkers: list[Registered] = field(default_factory=list)
    renderers: list[Renderer] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)


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
            self._plugins.append(plugin)
            self._load(plugin, load)
        for plugin in self._sound():
            self._collect(plugin)

    def checkers(self) -> list[Registered]:
        """Return all checkers, the bundled ones first, each with its plugin's name."""
        return [item for plugin in self._sound() for item in plugin.checkers]

    def cards(self, checkers: Iterable[str]) -> tuple[Card, ...]:
        """Return the calibration cards of these checkers, by id, that their plugins brought."""
        wanted = set(checkers)
        return tuple(card for plugin in self._sound() for card in plugin.cards if card.checker in wanted)

    def renderers(self) -> dict[str, Renderer]:
        """Return the renderers by suffix, in lower case; a suffix that is taken stays with its first owner."""
        return {suffix: renderer for suffix, (_, renderer) in self._renderers().items()}

    def suffix_of(self, path: str | Path) -> str | None:
        """Return the longest suffix of a renderer that a file's name ends in, in any case, or None."""
        name = Path(path).name.lower()
        fitting = [suffix for suffix in self._renderers() if name.endswith(suffix) and name != suffix]
        return max(fitting, key=len, default=None)

    def render(self, suffix: str, report: AuditReport) -> str | bytes:
        """Return the report as the renderer of a suffix writes it.

        Raises:
            OutputError: the renderer lacks something that the user can install.
            PluginError: the renderer raised, or gave something that can't be written.
        """
        plugin, renderer = self._renderers()[suffix]
        try:
            with contained(OutputError):
                content = renderer.render(report)
                if not isinstance(content, str | bytes):
                    raise PluginError(f"it returned {type(content).__name__}, not a string or bytes")
                if isinstance(content, str):
                    content.encode()
        except PluginError as error:
            failure = f"plugin {plugin.name} could not write the {suffix} report: {error}"
            raise PluginError(f"{failure}. Choose another format, or tell the plugin's author.") from error
        return content

    def open_model(self, source: Any, options: Any) -> OpenedModel | OpenedCallable:
        """Return the first plugin's answer to a model source, a stranger's before the bundled one.

        A plugin that breaks over it is recorded, and the next one is asked.

        Raises:
            ModelInputError: no plugin knows the source, or the one that does can't use it.
            PluginError: a plugin broke over the source, and no other knows it.
        """
        broken: list[str] = []
        for plugin in reversed(self._sound()):
            try:
                with contained(InputError):
                    opened = self._ask(plugin, "modelaudit_open_model", source=source, options=options)
                    if opened is not None and not isinstance(opened, OpenedModel | OpenedCallable):
                        raise PluginError(f"it returned {type(opened).__name__}, not an OpenedModel")
            except PluginError as error:
                self._fail(plugin, f"failed in modelaudit_open_model: {error}")
                broken.append(f"plugin {plugin.name} {plugin.failure}")
            except InputError as error:
                if not broken:
                    raise
                raise ModelInputError(f"{str(error).rstrip('.')}. Before that, {'; '.join(broken)}") from error
            else:
                if opened is not None:
                    return opened
        if broken:
            raise PluginError(f"no plugin could open the model: {'; '.join(broken)}")
        raise ModelInputError(
            f"no way to open a model from {_shown(source)}. Give a hub id, a folder with "
            "config.json and weights, a PreTrainedModel with its tokenizer, a transformers pipeline, a PEFT adapter, "
            "or a function from texts to probabilities with labels=."
        )

    def records(self) -> tuple[PluginRecord, ...]:
        """Return one record a plugin, for the report and for `modelaudit plugins`."""
        return tuple(
            PluginRecord(
                name=plugin.name,
                version=plugin.version,
                checkers=tuple(item.info.id for item in plugin.checkers),
                status="loaded" if plugin.failure is None else "failed",
                reason=plugin.failure,
            )
            for plugin in self._plugins
        )

    def _sound(self) -> list[_Plugin]:
        return [plugin for plugin in self._plugins if plugin.failure is None]

    def _fail(self, plugin: _Plugin, reason: str) -> None:
        plugin.failure = reason
        plugin.checkers, plugin.cards = [], []
        if plugin.module is not None and self._manager.get_plugin(_key(plugin)) is plugin.module:
            self._manager.unregister(plugin.module)

    def _load(self, plugin: _Plugin, load: Callable[[], Any]) -> None:
        try:
            with contained():
                plugin.module = load()
                self._manager.register(plugin.module, name=_key(plugin))
                _refuse_misspelt(plugin.module)
                self._manager.check_pending()
        except PluginError as error:
            self._fail(plugin, f"failed while loading: {error}")

    def _collect(self, plugin: _Plugin) -> None:
        taken = {item.info.id: item.plugin for item in self.checkers()}
        hook = "modelaudit_checkers"
        try:
            with contained():
                for checker in self._brought(plugin, hook):
                    made = registered(checker, plugin.name)
                    if made.info.id in taken:
                        raise PluginError(f"checker id {made.info.id} is taken by plugin {taken[made.info.id]}")
                    taken[made.info.id] = plugin.name
                    plugin.checkers.append(made)
                hook = "modelaudit_cards"
                plugin.cards = [_card(text, plugin) for text in self._brought(plugin, hook)]
                hook = "modelaudit_renderers"
                plugin.renderers = [_checked(renderer) for renderer in self._brought(plugin, hook)]
        except PluginError as error:
            self._fail(plugin, f"failed in {hook}: {error}")

    def _renderers(self) -> dict[str, tuple[_Plugin, Renderer]]:
        found: dict[str, tuple[_Plugin, Renderer]] = {}
        for plugin in self._plugins:
            for renderer in plugin.renderers:
                found.setdefault(renderer.suffix.lower(), (plugin, renderer))
        return found

    def _ask(self, plugin: _Plugin, hook: str, **arguments: Any) -> Any:
        others = [other.module for other in self._sound() if other.module is not plugin.module]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)(**arguments)

    def _brought(self, plugin: _Plugin, hook: str) -> list[Any]:
        answer = next(iter(self._ask(plugin, hook)), ())
        if isinstance(answer, str) or not isinstance(answer, Iterable):
            raise PluginError(f"it returned {type(answer).__name__}, not a list")
        return list(answer)


def registered(checker: Any, plugin: str) -> Registered:
    """Read what a checker says of itself.

    Raises:
        PluginError: it lacks a part of the contract. A stranger's attributes may raise anything else; see `contained`.
    """
    if isinstance(checker, type):
        raise PluginError(f"{checker.__name__} is a class; give an instance of it, {checker.__name__}()")
    name = type(checker).__name__
    info = getattr(checker, "info", None)
    if not isinstance(info, CheckerInfo):
        raise PluginError(f"{name}.info must be a modelaudit CheckerInfo")
    # model_construct and model_copy make values that nobody has checked.
    info = CheckerInfo.model_validate(info.model_dump(warnings=False))
    missing = [verb for verb in ("applies", "cost", "run") if not callable(getattr(checker, verb, None))]
    if missing:
        raise PluginError(f"{name} ({info.id}) lacks {', '.join(missing)}")
    names = inspect.signature(type(checker)).parameters
    options = {option: storable(repr(getattr(checker, option, None))) for option in names}
    return Registered(checker, plugin, info, options)


def _card(text: Any, plugin: _Plugin) -> Card:
    if not isinstance(text, str):
        raise PluginError(f"it returned {type(text).__name__} in its list, not the text of a card")
    card = parse_card(text, name="a card of the plugin")
    if card.checker not in {item.info.id for item in plugin.checkers}:
        raise PluginError(f"it brought a card of {card.checker}, which is none of its checkers")
    return card


def _checked(renderer: Any) -> Renderer:
    if not isinstance(renderer, Renderer):
        raise PluginError(f"it returned {type(renderer).__name__} in its list, not a modelaudit Renderer")
    if not isinstance(renderer.suffix, str) or not renderer.suffix.startswith(".") or not callable(renderer.render):
        raise PluginError(f"a Renderer needs a suffix such as '.txt' and a function, not {renderer.suffix!r:.40}")
    return renderer


def _key(plugin: _Plugin) -> str:
    return f"{plugin.distribution}:{plugin.name}"


def _refuse_misspelt(module: Any) -> None:
    known = {name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("modelaudit_")}
    for name, member in inspect.getmembers(module, callable):
        if name.startswith("modelaudit_") and name not in known:
            raise PluginError(f"there is no hook {name}; the hooks are {', '.join(sorted(known))}")
        if name in known and not hasattr(member, "modelaudit_impl"):
            raise PluginError(f"{name} lacks the @hookimpl mark; import it from modelaudit.hookspecs")


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
            name, version = (distribution.name, distribution.version) if distribution else (None, None)
            yield _Plugin(point.name, name or "unknown", version or "unknown"), point.load


def _is_bundled(point: metadata.EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == BUNDLED


def _given(extra: dict[str, Any]) -> Iterator[tuple[_Plugin, Callable[[], Any]]]:
    for name, module in extra.items():
        yield _Plugin(name=name, distribution="given", version="given"), partial(_same, module)


def _same(module: Any) -> Any:
    return module


def _shown(source: Any) -> str:
    """Name what was handed in: a text as it is, anything else by its type alone, since its repr may hold data."""
    if isinstance(source, str | os.PathLike):
        return repr(str(source)[:80])
    kind = f"a {type(source).__name__}"
    return f"{kind}; of a pipeline of scikit-learn hand in predict_proba" if hasattr(source, "predict_proba") else kind
