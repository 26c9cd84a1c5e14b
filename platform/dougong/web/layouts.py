"""Which layout a record has for a purpose, and one made up where the metadata has none."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.metadata.model import Field, Layout, LayoutItem, LayoutTab, Object, RelatedList, Section
from dougong.web.visit import Visit

LATE = frozenset({"created_at", "created_by", "updated_at", "updated_by", "owner", "life_status", "currency"})


def layout_for(visit: Visit, obj: Object, purpose: str, record_type: str | None) -> Layout:
    """The layout for view, edit or quick_create that the reader has of a record of the type."""
    found = obj.layout_for(purpose, record_type, visit.unit.roles)
    if found is not None:
        return found
    return layout_for(visit, obj, "edit", record_type) if purpose == "view" and obj.layouts else plain_layout(obj)


def plain_layout(obj: Object) -> Layout:
    """Every field in one section, the system's in a second, children as related lists."""
    own = tuple(LayoutItem(field=each.name, wide=_is_wide(each)) for each in obj.fields.values() if not each.system)
    late = tuple(LayoutItem(field=name) for name in obj.fields if name in LATE)
    sections = (
        Section(key="fields", label=obj.label, items=own),
        Section(key="system", label={"en": "System", "zh-CN": "系统信息"}, items=late, collapsed=True),
    )
    return Layout(
        object=obj.name,
        name="plain",
        purposes=("view", "edit"),
        record_types=(),
        highlights=(),
        actions=(),
        tabs=(LayoutTab(key="main", label=obj.label, sections=sections),),
        related=tuple(_children(obj)),
    )


def _is_wide(field: Field) -> bool:
    return field.type.name in ("long_text", "rich_text", "json")


def _children(obj: Object) -> Iterator[RelatedList]:
    for child in obj.children:
        if (
            child.object not in ("activity", "task", "comment", "file")
            and f"{child.object}.{child.field}" not in obj.lines
        ):
            yield RelatedList(
                key=child.name or child.object, label=child.label, path=(child.object, child.field), columns=()
            )


def wide(item: LayoutItem, field: Field) -> bool:
    """Whether an item takes the whole width."""
    return item.wide or _is_wide(field)
