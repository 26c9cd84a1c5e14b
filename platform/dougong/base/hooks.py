"""Every hook, on one page: what a plugin, and each room of the platform itself, may add or narrow.

    from dougong.base.hooks import hook

    class Discreet:
        @hook
        def access(self, actor, model):
            return OnlyOwnRecords(actor)

Types of the rooms above are named in the docstrings, not imported: imports point one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import pluggy

PROJECT = "dougong"

hook = pluggy.HookimplMarker(PROJECT)
"""Marks a function or method as an implementation of the hook of its name."""

_specification = pluggy.HookspecMarker(PROJECT)

Hooks = pluggy.HookRelay
"""What the rooms call: one attribute per hook; a call gives the list of what the plugins answered."""


class Specifications:
    """The hooks and their arguments. An implementation may leave out arguments that it does not need."""

    @_specification
    def field_types(self) -> Iterable[Any]:
        """`FieldType` instances to register."""
        raise NotImplementedError

    @_specification
    def jobs(self) -> Iterable[Any]:
        """`Job`s (`dougong.engine.jobs`) that the workers can run."""
        raise NotImplementedError

    @_specification
    def access(self, actor: Any, model: Any) -> Any:
        """An `Access` (`dougong.engine.access`) that narrows what `actor` may do, or None to leave it."""
        raise NotImplementedError

    @_specification
    def step_types(self) -> Iterable[Any]:
        """`StepType` instances (`dougong.base.step_types`) that approvals and automations can use."""
        raise NotImplementedError

    @_specification
    def channel_types(self) -> Iterable[Any]:
        """`ChannelType` instances (`dougong.base.channel_types`) by which people can be told things."""
        raise NotImplementedError

    @_specification
    def before_save(self, unit: Any, changes: Sequence[Any]) -> bool | None:
        """Inspect the coerced changes of a batch before rules are checked; add problems or values to them.

        True where a value was set: what is computed from it is then computed anew.
        """

    @_specification
    def indifferent(self, model: Any, object_name: str, fields: Set[str]) -> bool:
        """True where `before_save` and `after_save` of a plugin do nothing with records of which `fields` alone change.

        Saving then reads less of records that only follow from others.
        """
        raise NotImplementedError

    @_specification
    def published(self, company: Any, connection: Any, model: Any) -> None:
        """Ask for what a model needs from now on, in the transaction that puts it in force."""

    @_specification
    def rehearse(self, company: Any, tree: Any) -> Iterable[Any]:
        """Try a tree (`dougong.metadata.trees.Tree`) that is to be published; a `Problem` for each thing that fails.

        It is sound, and nothing is locked. Nobody may see what is tried.
        """
        raise NotImplementedError

    @_specification
    def locks(self, unit: Any, object_name: str, ids: Sequence[str]) -> Mapping[str, Any]:
        """`RecordLock`s (`dougong.engine.record_locks`) by record id, for those of `ids` that may not be changed now.

        Asked on every write of people and programs, and by pages that offer to change a record.
        """
        raise NotImplementedError

    @_specification
    def record_panels(self, visit: Any, obj: Any, record: Any) -> Iterable[Any]:
        """`Panel`s (`dougong.web.panels`) to show on the page of a record, above its tabs."""
        raise NotImplementedError

    @_specification
    def ways_on(self, visit: Any, obj: Any, changes: Sequence[Any], problems: Sequence[Any]) -> Iterable[Any]:
        """`Way`s (`dougong.web.ways`) to offer a person whose `changes` of one record were refused with `problems`.

        The first of the changes is of the record itself, the others of its lines; none of them was saved.
        """
        raise NotImplementedError

    @_specification
    def after_save(self, unit: Any, changes: Sequence[Any]) -> None:
        """Act on what was written, in the same transaction."""

    @_specification
    def routes(self, site: Any) -> Iterable[Any]:
        """Starlette routes to add to the application of `site` (`dougong.web.site.Site`)."""
        raise NotImplementedError

    @_specification
    def pages(self) -> Iterable[Any]:
        """`Page`s (`dougong.web.routing`) to serve beside the platform's own."""
        raise NotImplementedError

    @_specification
    def badges(self, runtime: Any) -> Mapping[str, Any]:
        """What every page wants to know of who is signed in: scalar selects by name, about ``dg_session.user_id``.

        They are columns of the one statement by which a page learns who asks: cheap ones, by an index.
        """
        raise NotImplementedError

    @_specification
    def navigation(self, actor: Any, model: Any) -> Iterable[Mapping[str, Any]]:
        """Entries to add to the navigation of every app, below its own, for `actor`.

        Each has `label` (a text, or texts by language) and `url` (a path of this site, or an https address), and may
        have `icon` (a name of the theme's icons) and `count` (shown beside it where it is not 0).
        """
        raise NotImplementedError

    @_specification
    def commands(self) -> Iterable[Any]:
        """Click commands to add to `dougong`."""
        raise NotImplementedError


def plugin_manager(plugins: Iterable[Any] = ()) -> pluggy.PluginManager:
    """A manager with `plugins` registered and held to the specifications; ``.hook`` is what rooms call.

    Raises:
        pluggy.PluginValidationError: a plugin implements a hook or names an argument that does not exist.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specifications)
    for plugin in plugins:
        manager.register(plugin)
    manager.check_pending()
    return manager
