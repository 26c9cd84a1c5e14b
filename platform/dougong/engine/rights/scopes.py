"""Data scopes: what a person owns, and how far the roles that they hold reach beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.rights import grounds, person
from dougong.engine.rights.asking import asks, searches
from dougong.engine.rights.grounds import Ground
from dougong.formulas import Formula
from dougong.metadata.model import Object
from dougong.metadata.rights import DataScope, Role

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def scoped(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What the data scopes of the person's roles cover; what they own in any case, unless a role says none."""
    scopes = [(role, role.scope(obj.name, right)) for role in rows.holder.roles]
    owned = obj.owner != "none" and bool(rows.holder.user_id)
    if owned and (not scopes or any(scope.when is not None or scope.reach != "none" for _, scope in scopes)):
        yield grounds.owner(person.one(rows.holder))
    for role, scope in scopes:
        if scope.when is not None:
            yield _formula(rows, role, obj, scope.when)
        elif scope.reach == "all":
            yield grounds.everybody(msg("The role {role} covers all records.", role=role.label))
        elif scope.reach == "segment":
            yield from _segment(rows, role, obj)
        elif owned:
            yield from _place(rows, role, scope)


def _place(rows: Rows, role: Role, scope: DataScope) -> Iterator[Ground]:
    """What people below, or in the same department, own."""
    groups: grounds.Groups
    match scope.reach:
        case "own_and_subordinates":
            groups = person.several(rows.holder, "below")
            said = msg("The owner reports to them (role {role}).", role=role.label)
            otherwise = msg("The owner does not report to them (role {role}).", role=role.label)
        case "own_and_roles_below":
            groups = [f"role:{each}" for each in sorted(rows.model.rights.below(role.name))]
            said = msg("The owner holds a role below {role}.", role=role.label)
            otherwise = msg("The owner holds no role below {role}.", role=role.label)
        case "department":
            groups = person.several(rows.holder, "department")
            said = msg("The owner is of their department (role {role}).", role=role.label)
            otherwise = msg("The owner is not of their department (role {role}).", role=role.label)
        case "department_and_below":
            groups = person.several(rows.holder, "within")
            said = msg("The owner is of their department or one below it (role {role}).", role=role.label)
            otherwise = msg("The owner is not of their department, nor of one below it (role {role}).", role=role.label)
        case _:
            return
    if groups if isinstance(groups, list) else groups.value:
        yield grounds.owned_within(scope.reach, said, otherwise, groups, rows.small_circle)


def _segment(rows: Rows, role: Role, obj: Object) -> Iterator[Ground]:
    partition = rows.model.rights.partition_of(obj.name)
    if partition is None:
        return
    field = partition.fields[obj.name]
    yield grounds.plain(
        "segment",
        msg("It is of their segment (role {role}).", role=role.label),
        msg("It is not of their segment (role {role}).", role=role.label),
        lambda table: rows.of_segment(partition, rows.column(obj, table, field)),
    )


def _formula(rows: Rows, role: Role, obj: Object, formula: Formula) -> Ground:
    said = msg("The scope of the role {role} covers it.", role=role.label)
    otherwise = msg("The scope of the role {role} does not cover it.", role=role.label)

    def asked(table: FromClause) -> ColumnElement[bool]:
        return asks(rows, obj, table, formula)

    def found(table: FromClause) -> ColumnElement[bool]:
        return searches(rows, obj, table, formula)

    return Ground("scope", said, otherwise, asked, found, formula=(obj.name, formula))
