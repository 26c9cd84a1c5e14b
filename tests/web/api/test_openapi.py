"""The document at /api/openapi.json is OpenAPI, and true: whatever is sent, what comes back is as it says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import checks
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks as openapi

from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create, Delete
from dougong.engine.unit import Unit
from tests.web.api.conftest import Caller, Served

OBJECTS = ("account", "opportunity", "product", "activity", "currency_rate")
"""One of each shape: plain; with lines, money and a path; with files; with a lookup to several; of the platform."""

EXAMPLES = 12
ROUNDS = 4
"""How often as many examples more are made up while none of them was sound: by chance none may be."""
HELD = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
SEVERAL = 3
"""How many records of each object there are to begin with, and as many more in the bin."""


@dataclass(frozen=True)
class Stock:
    """The document, the application behind it, and what is stored: ids by object, and what makes a sound record."""

    api: Caller
    document: dict[str, Any]
    ids: dict[str, list[str]]
    sound: Mapping[str, dict[str, Any]]
    customer: str
    numbers: Iterator[int]

    def renew(self, name: str) -> None:
        """Some new records of an object, half of them in the bin: what calls did to those before does not matter."""
        if name not in self.sound:
            return

        def work(unit: Unit) -> list[str]:
            made = unit.records.save(
                [Create(name, self.sound[name] | own(name, next(self.numbers))) for _ in range(2 * SEVERAL)]
            )
            unit.records.save([Delete(name, each.id) for each in made.changes[SEVERAL:]])
            return [each.id for each in made.changes]

        self.ids[name] = self.api.company.write(SYSTEM, work)


def values(account: str, user: str) -> dict[str, dict[str, Any]]:
    """What makes a sound record of each object, beside what `own` adds; no call is about its customer."""
    return {
        "account": {"name": "远澜新能源", "record_type": "enterprise"},
        "opportunity": {"name": "Deal", "account": account, "stage": "prospecting", "owner": user},
        "product": {"name": "Pump"},
        "activity": {"subject": "Call", "kind": "call", "related_to": {"object": "account", "id": account}},
        "currency_rate": {"code": "EUR", "rate": "7.8", "valid_from": "2026-01-01"},
    }


def own(name: str, number: int) -> dict[str, Any]:
    """What no two records of an object may share."""
    day = (date(1990, 1, 1) + timedelta(days=number)).isoformat()
    return {"product": {"name": f"Pump {number}"}, "currency_rate": {"valid_from": day}}.get(name, {})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stock(request: pytest.FixtureRequest, served: Served) -> Iterator[Stock]:
    """A few records of each object on each kind of database."""
    with served(request.param) as api:
        customer = Create("account", {"name": "明石电子", "record_type": "enterprise"})
        account = api.company.write(SYSTEM, lambda unit: unit.records.save([customer]).changes[0].id)
        document = api.client.get("/api/openapi.json", headers={"authorization": f"Bearer {api.token}"}).json()
        sound = values(account, api.user_id)
        found = Stock(api, document, {"user": [api.user_id]}, sound, account, count(40_000))
        for name in OBJECTS:
            found.renew(name)
        yield found


def test_the_document_is_openapi(stock: Stock) -> None:
    validate(stock.document)
    every = [each for path in stock.document["paths"].values() for each in path.values()]
    operations = [each["operationId"] for each in every if "operationId" in each]
    assert len(operations) == len(set(operations))


TRYING = settings(
    max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("name", [*OBJECTS, "metadata"])
def test_every_answer_is_as_documented(stock: Stock, name: str) -> None:
    """No call of a test fails in the server, and each operation answers well at least once."""
    schema = schemathesis.openapi.from_dict(stock.document)
    app: Any = stock.api.client.app
    schema.app = app
    parts = "metadata(/|$)" if name == "metadata" else f"records/{name}(/|$)"
    wrong: dict[str, Any] = {}
    with asgi.get_client(app) as session:
        for found in schema.include(path_regex=f"/api/v1/{parts}").get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            seen: Counter[int] = Counter()
            stock.renew(name)
            try:
                for _ in range(ROUNDS):
                    calling(stock, name, operation, session, seen)
                    if well(seen):
                        break
            except Exception as error:  # all operations are tried, so that one run names every one that fails
                wrong[operation.label] = error
            if not well(seen):
                wrong.setdefault(operation.label, dict(seen))
    assert wrong == {}


def well(seen: Counter[int]) -> bool:
    """Whether an operation was carried out at least once."""
    return any(200 <= each < 300 for each in seen)


def calling(stock: Stock, name: str, operation: Any, session: Any, seen: Counter[int]) -> None:
    """Call one operation in many ways; `seen` counts what it answered."""
    token = {"authorization": f"Bearer {stock.api.token}"}

    @TRYING
    @given(case=operation.as_strategy(), seed=st.randoms(use_true_random=False))
    def one_call(case: Any, seed: random.Random) -> None:
        likely(stock, name, case, seed)
        answer = case.call(session=session, headers={**(case.headers or {}), **token})
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=HELD)

    one_call()


# -- making calls that come further than the first check ----------------------------------------------------------
def likely(stock: Stock, name: str, case: Any, seed: random.Random) -> None:
    """Most times, put what exists in place of what was made up: ids, addresses, filters, sound values."""
    if "id" in case.path_parameters and seed.random() < 0.9:
        live, gone = stock.ids[name][:SEVERAL], stock.ids[name][SEVERAL:]
        likelier, other = (gone, live) if case.path.endswith("/restore") else (live, gone)
        case.path_parameters["id"] = seed.choice(likelier if seed.random() < 0.8 else other)
    if "address" in case.path_parameters and seed.random() < 0.7:
        case.path_parameters["address"] = seed.choice(ADDRESSES)
    if "If-Match" in (case.headers or {}) and seed.random() < 0.7:
        del case.headers["If-Match"]
    properties = stock.document["components"]["schemas"].get(f"{name}.values", {}).get("properties", {})
    if isinstance(case.body, dict):
        if "changes" in case.body:
            case.body["changes"] = [change(stock, name, seed) for _ in range(seed.randint(0, 3))]
        elif properties:
            case.body = mended(stock, name, case.body, seed)
    query = case.query or {}
    if "filter" in query:
        query["filter"] = condition(list(properties), seed)
    for each in ("fields", "sort"):
        if each in query and seed.random() < 0.8:
            query[each] = ",".join(seed.sample(list(properties), 2))
    for each in ("cursor", "search"):
        if each in query and seed.random() < 0.5:
            del query[each]


def mended(stock: Stock, name: str, made_up: dict[str, Any], seed: random.Random) -> dict[str, Any]:
    """Sound values, with a few of those made up among them."""
    few = dict(seed.sample(sorted(made_up.items()), min(len(made_up), seed.choice([0, 0, 1, 3]))))
    for key, value in few.items():
        if key in stock.sound[name] and seed.random() < 0.5:
            few[key] = stock.sound[name][key]
        elif isinstance(value, str) and len(value) == 36:
            few[key] = stock.customer
    return {**stock.sound[name], **own(name, seed.randint(100, 36_000)), **few}


def change(stock: Stock, name: str, seed: random.Random) -> dict[str, Any]:
    """One change of a bulk call."""
    one = seed.choice(stock.ids[name])
    match seed.choice(["create", "create", "update", "upsert", "delete", "restore", "nothing"]):
        case "create":
            return {"op": "create", "values": mended(stock, name, {}, seed)}
        case "update":
            return {"op": "update", "id": one, "values": {}, "version": seed.choice([1, 2, 2**70])}
        case "upsert":
            return {"op": "upsert", "key": "external_no", "values": stock.sound[name] | {"external_no": "A1"}}
        case "nothing":
            return {"op": "update", "id": one}
        case op:
            return {"op": op, "id": one}


ADDRESSES = ("object:account", "field:opportunity.amount", "path:opportunity.stage")
VALUES: tuple[Any, ...] = (
    *(None, "", "a", "2026-01-01", 0, -1, 1.5, 10**30, "99", True, [], ["a"], [1, 2], {"a": 1}),
    *("\x00", "..", "this_month", "$me"),
)
OPERATORS = (
    "is",
    "is_not",
    "gt",
    "lte",
    "between",
    "contains",
    "in",
    "blank",
    "not_blank",
    "within",
    "any",
    "near",
    "?",
)
PATHS = ("owner.name", "account.owner.name", "created_at", "id", "nothing", "owner.", "a.b.c.d.e")


def condition(names: list[str], seed: random.Random, depth: int = 0) -> Any:
    """A filter that may or may not make sense."""
    if depth < 3 and seed.random() < 0.3:
        parts = [condition(names, seed, depth + 1) for _ in range(seed.randint(0, 2))]
        return seed.choice([{"all": parts}, {"any": parts}, {"not": condition(names, seed, depth + 1)}])
    field = seed.choice([*names, *PATHS])
    return {"field": field, "op": seed.choice(OPERATORS), "value": seed.choice(VALUES)}
