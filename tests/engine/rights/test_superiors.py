"""Nobody gives, takes or takes over rights that they do not hold themselves: by form, API, import or a button.

The user administration here may do everything with user records, holds the everyday sets, and nothing of sales.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dougong.base.errors import Forbidden
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM, Actor, Channel
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.rights import superiors
from dougong.engine.rights.holder import Holder
from dougong.engine.saving.batch import Create, Update
from dougong.formulas import FieldInfo, Formula, NamedFields, Type, compile
from dougong.metadata.app import App
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Model
from dougong.metadata.rights import DataScope, PermissionSet, Role
from tests.companies import ADMINISTRATOR, PACKAGES, Copies, company_copy, person  # noqa: F401
from tests.conftest import KINDS

USERS = {"create": True, "read": True, "edit": True, "view_all": True, "import": True, "mass_edit": True}
PERSONNEL: tuple[dict[str, Any], ...] = (
    {
        "kind": "permission_set", "name": "personnel", "label": {"en": "Personnel", "zh-CN": "人事"},
        "objects": {"user": USERS}, "system": {"manage_users": True},
    },
    {
        "kind": "role", "name": "personnel", "label": {"en": "Personnel", "zh-CN": "人事"},
        "permission_sets": ["work_basics", "personnel"], "scope": {"user": {"read": "all", "edit": "all"}},
    },
    {
        "kind": "role", "name": "colleague", "label": {"en": "Colleague", "zh-CN": "同事"},
        "permission_sets": ["work_basics"],
    },
)  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def office(request: pytest.FixtureRequest, company_copy: Copies) -> Iterator[Company]:  # noqa: F811
    """A sales company with a user administration."""
    with company_copy(request.param, "sales", (PACKAGES / "base", PACKAGES / "sales-core")) as company:
        with company.read(SYSTEM) as unit:
            tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        publish(company, Publication(tree=tree.put(*from_bodies(PERSONNEL)), message="Personnel"))
        yield company


@pytest.fixture(scope="module")
def people(office: Company) -> dict[str, Actor]:
    """One person of each kind."""
    roles = {"personnel": "personnel", "colleague": "colleague", "seller": "sales", "boss": ADMINISTRATOR}
    return {name: person(office, name, role, email=f"{name}@example.com") for name, role in roles.items()}


def change(office: Company, actor: Actor, whom: Actor, values: dict[str, Any], channel: Channel = "form") -> None:
    """A change of a user that is tried and not kept."""

    class Tried(Exception):
        pass

    def work(unit: Any) -> None:
        unit.records.save([Update("user", str(whom.user_id), values)])
        raise Tried

    with pytest.raises(Tried):
        office.write(replace(actor, channel=channel), work)


TAKING_OVER: tuple[dict[str, Any], ...] = (
    {"email": "mine@example.com"},
    {"login": "other"},
    {"active": False},
    {"roles": []},
    {"roles": ["colleague"]},
    {"permission_sets": ["work_basics"]},
    {"kind": "partner"},
)


@pytest.mark.parametrize("values", TAKING_OVER, ids=str)
@pytest.mark.parametrize("channel", ["form", "api", "import", "bulk"])
@pytest.mark.parametrize("whom", ["seller", "boss"])
def test_who_holds_more_is_not_taken_over(
    office: Company, people: dict[str, Actor], whom: str, channel: Channel, values: dict[str, Any]
) -> None:
    with pytest.raises(Forbidden, match="rights that you do not hold"):
        change(office, people["personnel"], people[whom], values, channel)
    change(office, people["boss"], people[whom], values, channel)


@pytest.mark.parametrize("values", [*TAKING_OVER, {"roles": ["personnel"]}], ids=str)
def test_who_holds_no_more_is_looked_after(office: Company, people: dict[str, Actor], values: dict[str, Any]) -> None:
    if values != {"roles": ["colleague"]}:
        change(office, people["personnel"], people["colleague"], values)


def test_other_fields_of_anybody_are_personnel_work(office: Company, people: dict[str, Actor]) -> None:
    change(office, people["personnel"], people["boss"], {"employee_no": "0815"})


@pytest.mark.parametrize(
    "values",
    [{"roles": ["sales"]}, {"roles": ["personnel", ADMINISTRATOR]}, {"permission_sets": ["work_basics", "sales_work"]}],
)
def test_nobody_gives_what_they_do_not_hold(office: Company, people: dict[str, Actor], values: dict[str, Any]) -> None:
    """Neither to themselves, nor to somebody who is there, nor to somebody new."""
    for whom in ("personnel", "colleague"):
        with pytest.raises(Forbidden, match="cannot give rights"):
            change(office, people["personnel"], people[whom], values)
    with pytest.raises(Forbidden, match="cannot give rights"):
        office.write(
            people["personnel"],
            lambda unit: unit.records.save([Create("user", {"login": "new", "name": "New", **values})]),
        )
    change(office, people["boss"], people["colleague"], values)


def test_a_switched_off_administrator_is_not_switched_on(office: Company) -> None:
    """What somebody would hold counts, whether they are switched on or not."""
    personnel = person(office, "personnel2", "personnel")
    former = person(office, "former", ADMINISTRATOR, active=False)
    with pytest.raises(Forbidden):
        change(office, personnel, former, {"active": True})


def test_the_buttons_ask_the_same(office: Company, people: dict[str, Actor]) -> None:
    """Passwords, second steps, sessions and tokens of others (`dougong.web.pages.sign_ins`)."""
    expected = {"personnel": {"personnel", "colleague"}, "boss": set(people), "seller": {"seller", "colleague"}}
    for name, over in expected.items():
        with office.read(people[name]) as unit:
            found = {each for each, actor in people.items() if superiors.has_power_over(unit, str(actor.user_id))}
            assert found == over
            with pytest.raises(Forbidden) if "boss" not in over else office.read(SYSTEM):
                superiors.require_power_over(unit, str(people["boss"].user_id))


# -- what is compared -----------------------------------------------------------------------------------------------
def granting(name: str = "s", **said: Any) -> PermissionSet:
    said["objects"] = {key: frozenset(each.split()) for key, each in said.get("objects", {}).items()}
    return PermissionSet(name=name, label={}, **said)


def scoped(reach: str, right: str = "read", when: Formula | None = None, name: str = "r") -> Role:
    return Role(name=name, label={}, scopes={"account": {right: DataScope(reach=reach, when=when)}})  # type: ignore[arg-type]


READ, WRITE = {"objects": {"account": "read"}}, {"objects": {"account": "read edit"}}
COST = "product.cost"
MORE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an object": ({}, READ),
    "a right": (READ, WRITE),
    "every object": (READ, {"objects": {"*": "read"}}),
    "a field": (
        {"objects": {"product": "read"}, "fields": {COST: {"read": False}}},
        {"objects": {"product": "read"}},
    ),
    "a field to edit": (
        {"objects": {"product": "read edit"}, "fields": {COST: {"edit": False}}},
        {"objects": {"product": "read edit"}},
    ),
    "a record type": (
        {**WRITE, "record_types": {"account.person": False}},
        WRITE,
    ),
    "an action": ({**READ, "actions": {"account.x": False}}, READ),
    "a global action": ({**READ, "actions": {"x": False}}, READ),
    "an app": (READ, {**READ, "apps": frozenset(("sales",))}),
    "a system right": (READ, {**READ, "system": frozenset(("publish",))}),
}


@pytest.fixture(scope="module")
def model(office: Company) -> Model:
    """The metadata of the office."""
    return office.runtime().model


@pytest.mark.parametrize(("mine", "theirs"), MORE.values(), ids=MORE)
def test_each_right_counts(model: Model, mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    """What one set holds back another one may give: then it is held."""
    low, high = Holder("", (), (granting(**mine),)), Holder("", (), (granting(**theirs),))
    assert not superiors.covers(model, low, high)
    assert superiors.covers(model, high, high) and superiors.covers(model, low, low)
    assert superiors.covers(model, high, low)
    both = Holder("", (), (granting(**mine), granting("t", **theirs)))
    assert superiors.covers(model, both, high)


REACHES = ("none", "own", "own_and_subordinates", "department", "department_and_below", "segment", "all")


@pytest.mark.parametrize(
    ("mine", "theirs", "covered"),
    [(each, each, True) for each in REACHES]
    + [("all", each, True) for each in REACHES]
    + [(each, "all", False) for each in REACHES[:-1]]
    + [("own", "own_and_subordinates", False), ("department_and_below", "department", True)]
    + [("department", "department_and_below", False), ("own_and_subordinates", "segment", False)],
)
def test_how_far_each_right_reaches_counts(model: Model, mine: str, theirs: str, covered: bool) -> None:
    """Whoever may modify everything needs no reach."""
    for right in ("read", "edit", "delete", "transfer"):
        sets = (granting(objects={"account": f"read {right}"}),)
        low, high = (Holder("", (scoped(reach, right),), sets) for reach in (mine, theirs))
        assert superiors.covers(model, low, high) is covered, right
        wide = (granting(objects={"account": f"read {right} view_all modify_all edit delete transfer"}),)
        assert superiors.covers(model, Holder("", (), wide), high), right


def test_a_formula_is_covered_by_itself_and_by_everything(model: Model) -> None:
    one, other = (
        compile(text, NamedFields({("name",): FieldInfo(Type.TEXT)}), "boolean") for text in ("ISBLANK(name)", "TRUE")
    )
    sets = (granting(objects={"account": "read"}),)

    def held(scope: Role) -> Holder:
        return Holder("", (scope,), sets)

    assert superiors.covers(model, held(scoped("none", when=one)), held(scoped("none", when=one)))
    assert superiors.covers(model, held(scoped("all")), held(scoped("none", when=one)))
    for mine in (scoped("none", when=other), scoped("segment")):
        assert not superiors.covers(model, held(mine), held(scoped("none", when=one)))


def test_an_app_for_a_role_counts_for_who_holds_the_role(model: Model) -> None:
    """The permission set alone does not open it."""
    desk = App(name="desk", label={}, icon="", items=(), roles=frozenset(("r",)))
    known = replace(model, apps={"desk": desk})
    sets = (granting(apps=frozenset(("desk",))),)
    opening, closed = Holder("", (Role(name="r", label={}),), sets), Holder("", (), sets)
    assert superiors.covers(known, opening, closed) and superiors.covers(known, closed, closed)
    assert not superiors.covers(known, closed, opening)
