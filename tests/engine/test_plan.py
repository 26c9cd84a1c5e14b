"""The plan says what a publish will do and counts it on the live records, without doing it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.plan import Effect, plan
from dougong.engine.publish import Publication
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from tests.engine.test_publish import LABEL, change, field, head_tree, store


def planned(company: Company, *components: Component, without: tuple[str, ...] = ()) -> dict[tuple[str, str], Effect]:
    """The effects of a change, by code and thing."""
    tree = head_tree(company).put(*components).without(*without)
    found = plan(company, Publication(tree=tree))
    assert not [each for each in found.problems if each.severity == "error"]
    return {(each.code, each.thing): each for each in found.effects}


def body_of(company: Company, address: str, **changes: Any) -> Component:
    """A component of the head with some keys changed."""
    found = head_tree(company).components[address]
    return Component(found.kind, found.name, {**found.body, **changes}, found.layer)


def test_type_change_counts_what_converts(company: Company) -> None:
    """Converted and lost values are counted, and some of the lost are named; deleted records do not count."""
    change(company, field("part.extra", id="extra0000001", type="text", length=40))
    ids = [store(company, "part", name="P", sku=str(at), extra=value) for at, value in enumerate(["1", "2", "x", None])]
    gone = store(company, "part", name="P", sku="gone", extra="y")

    def delete(unit: Unit) -> None:
        table = unit.runtime.storage.tables["part"].table
        unit.connection.execute(update(table).where(table.c.id == gone).values(deleted_at=unit.now))

    company.write(SYSTEM, delete)
    found = planned(company, field("part.extra", id="extra0000001", type="integer"))
    thing = "field:part.extra"
    assert (found["values-converted", thing].count, found["values-converted", thing].total) == (2, 4)
    lost = found["values-lost", thing]
    assert (1, (ids[2],), "warning") == (lost.count, lost.records, lost.severity)


def test_newly_required_field_counts_blanks(company: Company) -> None:
    """Records that lack it are named."""
    blank = store(company, "customer", name="A")
    store(company, "customer", name="B", city="Xi'an")
    found = planned(company, body_of(company, "field:customer.city", required=True))
    missing = found["required-missing", "field:customer.city"]
    assert (1, (blank,)) == (missing.count, missing.records)


def test_removed_picklist_value_in_use_is_counted(company: Company) -> None:
    """So are values that the list no longer has."""
    used = store(company, "customer", name="A", level="c")
    store(company, "customer", name="B", level="a")
    level = body_of(company, "field:customer.level")
    values = [each for each in level.body["values"] if each["value"] != "c"]
    found = planned(company, body_of(company, "field:customer.level", values=values))
    refused = found["values-refused", "field:customer.level"]
    assert (1, (used,)) == (refused.count, refused.records)


def test_shorter_text_counts_what_is_longer(company: Company) -> None:
    """A stricter length is tried on every value."""
    long = store(company, "customer", name="A", city="Llanfairpwllgwyngyll")
    found = planned(company, body_of(company, "field:customer.city", length=10))
    assert (long,) == found["values-refused", "field:customer.city"].records


def test_unique_field_with_duplicates_is_an_error(company: Company) -> None:
    """All records of a group are named, since any of them may be the one to change."""
    ids = {store(company, "customer", name=str(at), city="Wuhan") for at in range(2)}
    store(company, "customer", name="C", city="Xi'an")
    found = planned(company, body_of(company, "field:customer.city", unique=True))
    effect = found["not-unique", "field:customer.city"]
    assert ("error", ids) == (effect.severity, set(effect.records))


def test_unique_constraint_with_duplicates_is_an_error(company: Company) -> None:
    """Keys are compared as they will be: folded."""
    ids = {store(company, "bicycle", frame_number=str(at), model=name) for at, name in enumerate(["Tour", "tour"])}
    store(company, "bicycle", frame_number="3", model="Trail")
    constraint = {"type": "unique", "fields": ["model"], "fold": {"case": True}}
    found = planned(company, body_of(company, "object:bicycle", constraints={"one_model": constraint}))
    assert ids == set(found["not-unique", "object:bicycle#constraints/one_model"].records)


def test_removed_field_and_object_say_what_is_kept(company: Company) -> None:
    """With the number of values and records."""
    store(company, "part", name="Chain", sku="C1", stock=7)
    store(company, "visit", subject="Brakes")
    tree = head_tree(company)
    gone = [address for address, each in tree.components.items() if each.object == "visit" or address == "object:visit"]
    found = planned(
        company, without=("field:part.stock", "list_view:part.by_price", "field:customer.last_visit", *gone)
    )
    assert found["field-removed", "field:part.stock"].count == 1
    assert found["object-removed", "object:visit"].count == 1


def test_plan_names_problems_of_the_check(company: Company) -> None:
    """A tree that does not pass its check has a plan that says why."""
    wrong = field("part.extra", type="lookup", target="nothing")
    found = plan(company, Publication(tree=head_tree(company).put(wrong)))
    assert not found.possible
    assert "field:part.extra" in {each.thing for each in found.problems}


def test_plan_changes_nothing(company: Company) -> None:
    """No revision, no column."""
    planned(company, field("part.extra", type="text", length=3, label=LABEL))
    with company.read(SYSTEM) as unit:
        assert unit.runtime.revision == 1


def test_a_new_rule_is_tried_on_the_records_there_are(company: Company) -> None:
    """Those that it stands against are counted and named; one without an answer counts too, a deleted one does not."""
    store(company, "customer", name="A", city="Xi'an")
    wrong = [store(company, "customer", name="B", city="Oslo"), store(company, "customer", name="C", city="Oslo")]
    blank = store(company, "customer", name="D")

    def rule(when: str) -> Component:
        body = {"kind": "validation_rule", "name": "customer.r", "object": "customer", "when": when, "message": LABEL}
        return Component("validation_rule", "customer.r", body)

    thing = "validation_rule:customer.r"
    found = planned(company, rule('city = "Oslo"'))["rule-tried", thing]
    assert (found.count, found.total, set(found.records), found.severity) == (2, 4, set(wrong), "warning")
    found = planned(company, rule("1 / LEN(city) > 1"))["rule-tried", thing]
    assert (found.count, found.records) == (1, (blank,))
    assert planned(company, rule("ISNEW()"))["rule-tried", thing].severity == "info"
    change(company, rule('city = "Oslo"'))
    assert ("rule-tried", thing) not in planned(company, rule('city = "Oslo"'), field("customer.more", type="text"))
