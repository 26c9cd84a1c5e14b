"""A checked tree to the frozen `Model`.

    tree → effective tree (`layers`) → index of names (`index`) → fields, objects, layouts, rules (`building`) → Model

`compile_tree` expects a tree that passed `check`; `load` checks first and is what everybody should call with
documents from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from dougong.metadata.building.calendars import build_calendars
from dougong.metadata.building.fields import build_picklist, labels
from dougong.metadata.building.layouts import build_app
from dougong.metadata.building.objects import build_objects
from dougong.metadata.building.rights import build_rights
from dougong.metadata.building.rows import build_rows
from dougong.metadata.building.workflows import build_workflows
from dougong.metadata.index import Index
from dougong.metadata.layers import Effective, effective
from dougong.metadata.model import Model
from dougong.metadata.tree import Tree


def compile_tree(tree: Tree, revision: str = "") -> Model:
    """The model of a tree that has been checked. `revision` is the id that it will be known by."""
    return compile_effective(effective(tree), revision or tree.content_hash)


def compile_effective(whole: Effective, revision: str) -> Model:
    """The model of an effective tree that has been checked."""
    index = Index(whole)
    return Model(
        revision=revision,
        objects=build_objects(index),
        picklists=_frozen({name: build_picklist(name, each.body) for name, each in index.named("picklist").items()}),
        apps=_frozen({name: build_app(name, each.body) for name, each in index.named("app").items()}),
        settings=_frozen({name: _setting(each.body) for name, each in index.named("setting").items()}),
        labels=_frozen({name: labels(each.body.get("label")) for name, each in index.named("label").items()}),
        import_mappings=_bodies(index, "import_mapping"),
        packages=_bodies(index, "package"),
        rows=build_rows(index),
        components=_frozen({address: each.body for address, each in whole.components.items()}),
        layers=whole.provenance,
        calendars=build_calendars(index),
        rights=build_rights(index),
        workflows=build_workflows(index),
    )


def _bodies(index: Index, kind: str) -> Mapping[str, Mapping[str, Any]]:
    return _frozen({name: each.body for name, each in index.named(kind).items()})


def _frozen(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(found))


def _setting(body: Mapping[str, Any]) -> Any:
    """The value of a setting: numbers as `Decimal`."""
    value = body.get("default")
    return Decimal(str(value)) if body.get("type") in ("integer", "decimal", "percent") and value is not None else value
