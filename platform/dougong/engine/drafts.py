"""Drafts: trees that people work on, each on a base revision, seen by nobody else until they are published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import insert, select, update

from dougong.base.errors import Conflict, Forbidden, NotFound, Problem
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import msg
from dougong.engine import revisions
from dougong.engine.actor import Actor
from dougong.engine.company import Company
from dougong.engine.publish import Publication, come, identified, make_room, merged, turn
from dougong.engine.runtime import Runtime
from dougong.engine.tables import drafts
from dougong.engine.unit import Unit
from dougong.engine.viewing import refuse_viewing
from dougong.metadata.component import Component
from dougong.metadata.trees import MergeConflict, Tree, merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft. `tree` is the hash of its tree, `base` the revision that it builds on, `version` counts its edits."""

    id: str
    title: str
    owner_id: str | None
    owner: str
    base: int
    tree: str
    version: int
    created_at: datetime
    updated_at: datetime


_SELECT = select(*(drafts.c[name] for name in Draft.__slots__))


def create(unit: Unit, title: str) -> Draft:
    """A new draft of the actor's, on the revision in force.

    Raises:
        Forbidden: the actor does not design.
    """
    _require(unit)
    refuse_viewing(unit.actor)
    base = unit.runtime.revision
    draft = Draft(
        id=record_id(),
        title=title,
        owner_id=unit.actor.user_id,
        owner=unit.actor.name,
        base=base,
        tree=revisions.put_tree(unit.connection, revisions.tree_of(unit.connection, base)),
        version=1,
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.connection.execute(insert(drafts).values({name: getattr(draft, name) for name in Draft.__slots__}))
    return draft


def mine(unit: Unit) -> list[Draft]:
    """The actor's drafts, the one last worked on first; the system sees all."""
    found = _SELECT.order_by(drafts.c.updated_at.desc())
    if not unit.actor.is_system:
        found = found.where(drafts.c.owner_id == unit.actor.user_id)
    return [Draft(**row) for row in unit.connection.execute(found).mappings()]


def get(unit: Unit, id: str) -> Draft:
    """A draft of the actor's.

    Raises:
        NotFound: there is none of this id, or it is another person's.
    """
    _require(unit)
    asked = _SELECT.where(drafts.c.id == id)
    row = unit.connection.execute(asked).mappings().one_or_none() if is_record_id(id) else None
    if row is None or not (unit.actor.is_system or row["owner_id"] == unit.actor.user_id):
        raise NotFound(Problem(code="draft-unknown", thing=id, reason=msg("There is no such draft.")))
    return Draft(**row)


def tree(unit: Unit, draft: Draft) -> Tree:
    """The tree of a draft."""
    return revisions.get_tree(unit.connection, draft.tree)


def edit(unit: Unit, draft: Draft, put: Sequence[Component] = (), remove: Sequence[str] = ()) -> Draft:
    """Set components and take some out, by address. Nothing is checked: a draft may be wrong while it is worked on.

    Raises:
        Conflict: the draft was edited since it was read, in another window.
    """
    now = tree(unit, draft)
    changed = identified(now.without(*remove).put(*put), now)
    return _store(unit, draft, changed, draft.base)


def rebase(unit: Unit, draft: Draft) -> tuple[Draft, tuple[MergeConflict, ...]]:
    """Merge what was published meanwhile into the draft; the draft now, and where it stands against the others.

    With conflicts the draft keeps its own side of each, and builds on the revision in force all the same: the person
    has seen them and publishes what the draft says then.
    """
    base = revisions.tree_of(unit.connection, draft.base)
    head = revisions.tree_of(unit.connection, unit.runtime.revision)
    found = merge(base, tree(unit, draft), head)
    return _store(unit, draft, found.tree, unit.runtime.revision), found.conflicts


def delete(unit: Unit, draft: Draft) -> None:
    """Throw a draft away."""
    unit.connection.execute(sql_delete(drafts).where(drafts.c.id == draft.id))


def publication(unit: Unit, draft: Draft, message: str) -> Publication:
    """What publishing the draft means."""
    return Publication(tree=tree(unit, draft), author=unit.actor, message=message or draft.title, base=draft.base)


def _store(unit: Unit, draft: Draft, changed: Tree, base: int) -> Draft:
    refuse_viewing(unit.actor)
    digest = revisions.put_tree(unit.connection, changed)
    done = unit.connection.execute(
        update(drafts)
        .where(drafts.c.id == draft.id, drafts.c.version == draft.version)
        .values(tree=digest, base=base, version=draft.version + 1, updated_at=unit.now)
    )
    if not done.rowcount:
        raise Conflict(
            Problem(
                code="draft-stale",
                thing=draft.id,
                reason=msg("The draft was changed in another window."),
                fix=msg("Load it again and repeat the change."),
            )
        )
    return replace(draft, tree=digest, base=base, version=draft.version + 1, updated_at=unit.now)


def _require(unit: Unit) -> None:
    granted = unit.access.has("design") if unit.runtime.model.rights.roles else False
    if not (granted or unit.actor.rights & {"all", "design"}):
        raise Forbidden(
            Problem(code="right-missing", thing="right:design", reason=msg("Designing needs the right to design."))
        )


# -- preview --------------------------------------------------------------------------------------------------
@contextmanager
def preview(company: Company, id: str, actor: Actor) -> Iterator[Unit]:
    """A reading unit in which the draft's metadata are in force, for its author alone.

    Columns that the draft adds are made beforehand, where nobody else sees them; fields that change their type are
    blank until they are published.

    Raises:
        MetadataError: the draft does not pass its check.
        Conflict: it stands against what others published.
    """
    with company.read(actor) as unit:
        draft, head = get(unit, id), unit.runtime.revision
        key = (draft.id, draft.version, head)
        runtime = company.previews.get(key)
        wanted = None if runtime else publication(unit, draft, "")
    if runtime is None:
        assert wanted is not None
        runtime = company.previews[key] = _prepared(company, draft, wanted)
        for old in [known for known in company.previews if known[0] == draft.id and known != key]:
            del company.previews[old]
    with company.database.readers.connect() as connection:
        people = company.database.begin_read(connection).people
        yield Unit(company, connection, runtime, actor, datetime.now(UTC), people=people)


def _prepared(company: Company, draft: Draft, wanted: Publication) -> Runtime:
    with turn(company) as connection:
        with connection.begin():
            coming = come(company, connection, merged(company, connection, wanted, revisions.head(connection)))
        make_room(company, coming)
    return replace(coming.runtime, draft=draft.id, prepared={})
