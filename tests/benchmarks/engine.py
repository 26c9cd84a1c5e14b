"""The engine's side: the real application over the packages that ship, filled past `Records.save` for speed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, select, update

from dougong.base.field_types import Reference
from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Update
from dougong.engine.saving.plan import COMPANY, ObjectPlan, plan_of
from dougong.engine.search.documents import pinyin_paths, record_words, search_paths
from dougong.engine.search.tokens import sort_key
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.identity.api_tokens import make as make_token
from tests.benchmarks import data
from tests.companies import ADMINISTRATOR, PACKAGES, opened, tree_of

AT_ONCE = 2000


def fill(url: str, deals: int) -> None:
    """Publish the packages into the empty database at `url` and put the rows in."""
    company = opened(url)
    publish(company, Publication(tree=tree_of(PACKAGES / "base", PACKAGES / "sales-core"), message="for benchmarks"))
    for part in data.parts(deals):
        for batch in batches(map(part.make, range(part.count)), AT_ONCE):
            company.write(SYSTEM, lambda unit, part=part, batch=batch: store(unit, part.object, batch))  # type: ignore[misc]
    company.write(SYSTEM, lambda unit: _history(unit, deals))
    company.write(SYSTEM, _roll_up)
    roles = Update("user", data.identity("user", 0), {"roles": [ADMINISTRATOR]})
    company.write(SYSTEM, lambda unit: unit.records.save([roles]))
    company.close()


def batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`rows` in lists of at most `size`."""
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def store(unit: Unit, name: str, rows: list[data.Values]) -> None:
    """Put rows in as they are, with what search knows of them."""
    plan = plan_of(unit.runtime, name)
    unit.connection.execute(insert(plan.table), [_params(unit, plan, row) for row in rows])
    entries = [_search_row(unit, plan, row) for row in rows]
    unit.connection.execute(insert(tables.search), entries)


def _params(unit: Unit, plan: ObjectPlan, row: data.Values) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in row.items():
        slot = plan.slots.get(name)
        if slot is None or value is None:
            continue
        field = slot.field
        if field.type.refers and not slot.plain:
            target, found = value if isinstance(value, tuple) else (field.targets[0], value)
            values[name] = Reference(target, found)
        elif not slot.plain and isinstance(value, str):
            values[name] = field.type.coerce(field, value, unit.reading)
        else:
            values[name] = value
            if slot.money:
                values[name + COMPANY] = value
    made = plan.params(values, [name for name in row if name in plan.slots])
    for name, column in plan.records.keys.items():
        made[column.key] = sort_key(row.get(name) or "")
    return made


def _search_row(unit: Unit, plan: ObjectPlan, row: data.Values) -> dict[str, Any]:
    obj = plan.object
    values = {**row, "account.name": _customer(row)}
    if isinstance(values.get("account"), str):
        values["account"] = None
    fields = {path: obj.fields[path] for path in search_paths(obj) if path in obj.fields}
    if "account.name" in search_paths(obj):
        fields["account.name"] = obj.fields[obj.title]
    spelt = pinyin_paths(obj)
    texts = ((value, path in spelt) for path in fields if isinstance(value := values.get(path), str))
    return {
        "record_id": row["id"], "object": obj.id, "title": str(row.get(obj.title) or ""),
        "words": record_words(texts),
    }  # fmt: skip


def _customer(row: data.Values) -> str | None:
    return data.account_name(int(row["account"][-12:], 16)) if isinstance(row.get("account"), str) else None


def _history(unit: Unit, deals: int) -> None:
    """Two changes of each deal that people look at."""
    plan = plan_of(unit.runtime, "opportunity")
    stage, step = plan.object.fields["stage"].id, plan.object.fields["next_step"].id
    rows = []
    for number in range(0, deals, data.BUSY):
        deal = data.opportunity(number)
        common = {"object": plan.object.id, "record_id": deal["id"], "actor_id": deal["owner"], "actor": "Person 00",
                  "channel": "form", "why": "", "at": deal["created_at"]}  # fmt: skip
        rows.append({**common, "id": record_id(), "version": 1, "action": "create", "changes": {}})
        changed = {stage: ["prospecting", deal["stage"]], step: [None, deal["next_step"]]}
        rows.append({**common, "id": record_id(), "version": 2, "action": "update", "changes": changed})
    unit.connection.execute(insert(tables.history), rows)


def _roll_up(unit: Unit) -> None:
    """The roll-up values of customers, as `Records.save` would have left them."""
    account, deal = (unit.runtime.storage.tables[name].table for name in ("account", "opportunity"))
    mine = deal.c.account == account.c.id

    def measured(what: ColumnElement[Any], where: ColumnElement[bool]) -> Any:
        return select(what).where(and_(mine, where)).scalar_subquery()

    running, won = deal.c.is_closed.is_(False), deal.c.is_won.is_(True)
    amount = func.sum(deal.c.amount, type_=deal.c.amount.type)
    values = {
        "open_deals": measured(func.count(), running), "open_amount": measured(amount, running),
        "open_amount_company": measured(amount, running), "won_deals": measured(func.count(), won),
        "won_amount": measured(amount, won), "won_amount_company": measured(amount, won),
        "last_won_on": measured(func.max(deal.c.close_date), won), "contact_count": 1,
    }  # fmt: skip
    unit.connection.execute(update(account).values(values))


def token_and_cookie(company: Company) -> tuple[str, str]:
    """A new bearer token and a new session's cookie of the first person."""
    person = data.identity("user", 0)

    def work(unit: Unit) -> tuple[str, str]:
        return make_token(unit, person, "benchmarks"), sessions.begin(unit, person, "benchmarks", "127.0.0.1")

    return company.write(SYSTEM, work)
