"""What is chosen for the holders of a role: the app of the role, its layouts, first list views, usual record types."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.people import need_role
from dougong.metadata.checking.report import Spot, enumerated, need_object, spots, unknown
from dougong.metadata.index import Index, texts


def by_role(index: Index) -> Iterator[Problem]:
    """What roles choose is there and open to their holders; who a list view or record type is chosen for is a role."""
    for spot, body in spots(index, "role"):
        if isinstance(body.get("app"), str):
            yield from _app(spot / "app", body["app"])
        for name, layout in body.get("layouts", {}).items():
            yield from _layout(spot / "layouts" / name, name, layout)
    for kind in ("record_type", "list_view"):
        for spot, body in spots(index, kind):
            for below, each in enumerated(spot, "default_for", body):
                yield from need_role(below, each)
                yield from _offered(below, each, texts(body.get("shared_with")))


def _app(spot: Spot, name: str) -> Iterator[Problem]:
    known = spot.index.named("app")
    if name not in known:
        yield unknown(spot, msg("app"), name, known)
        return
    role = spot.component.name
    people = texts(known[name].body.get("for"))
    if people and f"role:{role}" not in people:
        reason = msg("The app {app} is not for the role {role}.", app=name, role=role)
        yield spot.problem("role-not-offered", reason, msg("Add the role there, or choose another one."))


def _layout(spot: Spot, object_name: str, layout: str) -> Iterator[Problem]:
    if object_name not in spot.index.named("object"):
        yield from need_object(spot, object_name)
        return
    known = {each.name: each for each in spot.index.of_object("layout", object_name).values()}
    if layout not in known:
        yield unknown(spot, msg("layout"), layout, known)
        return
    role = spot.component.name
    roles = texts(known[layout].body.get("for", {}).get("roles"))
    if roles and role not in roles:
        reason = msg("The layout {layout} is not for the role {role}.", layout=layout, role=role)
        yield spot.problem("role-not-offered", reason, msg("Add the role there, or choose another one."))


def _offered(spot: Spot, role: str, people: tuple[str, ...]) -> Iterator[Problem]:
    """A list view for some roles alone cannot be the first one of another role."""
    roles_alone = bool(people) and all(each.startswith("role:") for each in people)
    if roles_alone and role in spot.index.named("role") and f"role:{role}" not in people:
        reason = msg("The list view is not shared with the role {role}.", role=role)
        yield spot.problem("role-not-offered", reason, msg("Add the role to shared_with, or take it out here."))
