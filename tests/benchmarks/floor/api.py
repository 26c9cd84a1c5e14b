"""The floor's API: one statement for who asks, one or two for what is asked, JSON by orjson."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, text, tuple_, update
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong.base.ids import record_id
from dougong.engine.search.tokens import query_phrases
from tests.benchmarks.floor.database import Database, digest
from tests.benchmarks.floor.tables import (
    account,
    campaign,
    competitor,
    contact,
    opportunity,
    opportunity_competitor,
    person,
    product,
    token,
)

LOOKUPS: Mapping[str, Table] = {
    "owner": person, "created_by": person, "updated_by": person, "account": account, "primary_contact": contact,
    "campaign": campaign, "product": product, "dealer": account, "lost_to": competitor,
}  # fmt: skip

WRITABLE = frozenset(opportunity.c.keys()) - {"id", "created_at", "created_by", "updated_at", "updated_by", "version"}
MONEY = frozenset({"amount", "probability", "weighted", "tender_budget", "bid_bond"})
DATES = frozenset({"start_date", "close_date", "tender_on"})
PROBABILITY = {
    "prospecting": Decimal("0.1"), "qualify": Decimal("0.2"), "tender_out": Decimal("0.3"), "propose": Decimal("0.4"),
    "bidding": Decimal("0.5"), "negotiate": Decimal("0.7"), "won": Decimal(1), "lost": Decimal(0),
}  # fmt: skip

WHO = (
    select(token.c.expires_at, person.c.id, person.c.name, person.c.login, person.c.language, person.c.time_zone)
    .join(person, person.c.id == token.c.person)
    .where(token.c.token == bindparam("token"), person.c.active)
)


def caller(connection: Connection, request: Request) -> Any:
    """The person whose token the request bears."""
    found = connection.execute(WHO, {"token": digest(request.headers.get("authorization", "")[7:])}).first()
    if found is None or found.expires_at.replace(tzinfo=UTC) < datetime.now(UTC):
        raise HTTPException(401)
    return found


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status, media_type="application/json")


# -- one record ---------------------------------------------------------------------------------------------------
def _one() -> Select[Any]:
    source, shown = opportunity, [*opportunity.c]
    for name, table in LOOKUPS.items():
        named = table.alias(f"to_{name}")
        source = source.outerjoin(named, named.c.id == opportunity.c[name])  # type: ignore[assignment]
        shown.append(named.c.name.label(f"{name}_name"))
    wanted = opportunity.c.id == bindparam("id"), opportunity.c.deleted_at.is_(None)
    return select(*shown).select_from(source).where(*wanted)


ONE = _one()
RIVALS = (
    select(competitor.c.id, competitor.c.name)
    .join(opportunity_competitor, opportunity_competitor.c.competitor == competitor.c.id)
    .where(opportunity_competitor.c.opportunity == bindparam("id"))
    .order_by(competitor.c.name)
)


def one(connection: Connection, deal: str) -> dict[str, Any]:
    """A deal in full, with the names of all that it refers to."""
    row = connection.execute(ONE, {"id": deal}).mappings().first()
    if row is None:
        raise HTTPException(404)
    body = {str(name): value for name, value in row.items()}
    del body["deleted_at"]
    for name in LOOKUPS:
        title = body.pop(f"{name}_name")
        if body[name] is not None:
            body[name] = {"id": body[name], "title": title}
    body["competitors"] = [{"id": id, "title": name} for id, name in connection.execute(RIVALS, {"id": deal})]
    return body


# -- lists ----------------------------------------------------------------------------------------------------------
def _list() -> Select[Any]:
    shown = (
        opportunity.c.id, opportunity.c.version, opportunity.c.name, opportunity.c.account,
        account.c.name.label("account_name"), opportunity.c.stage, opportunity.c.amount, opportunity.c.close_date,
        opportunity.c.owner, person.c.name.label("owner_name"),
    )  # fmt: skip
    source = opportunity.outerjoin(account, account.c.id == opportunity.c.account)
    source = source.outerjoin(person, person.c.id == opportunity.c.owner)
    return select(*shown).select_from(source).where(opportunity.c.deleted_at.is_(None)).limit(bindparam("limit"))


PLACE = tuple_(opportunity.c.close_date, opportunity.c.id)
AFTER = tuple_(bindparam("day", type_=opportunity.c.close_date.type), bindparam("last", type_=opportunity.c.id.type))


@cache
def listing(stage: bool, industry: bool, after: bool, backwards: bool) -> Select[Any]:
    """The list by closing date, under the conditions that are asked for."""
    statement = _list()
    if stage:
        statement = statement.where(opportunity.c.stage == bindparam("stage"))
    if industry:
        statement = statement.where(account.c.industry == bindparam("industry"))
    if after:
        statement = statement.where(PLACE < AFTER if backwards else PLACE > AFTER)
    keys = opportunity.c.close_date, opportunity.c.id
    return statement.order_by(*(key.desc() for key in keys) if backwards else keys)


SQLITE_SEARCH = opportunity.c.id.in_(
    text(
        "SELECT opportunity FROM opportunity_words WHERE rowid IN "
        "(SELECT rowid FROM words_index WHERE words_index MATCH :words)"
    )
)
POSTGRESQL_SEARCH = opportunity.c.id.in_(
    text("SELECT opportunity FROM opportunity_words WHERE words @@ cast(:words AS tsquery)")
)
SEARCH = {
    kind: _list().where(found).order_by(opportunity.c.id.desc())
    for kind, found in (("sqlite", SQLITE_SEARCH), ("postgresql", POSTGRESQL_SEARCH))
}


def words_of(kind: str, asked: str) -> str:
    """The full-text query of what a person typed."""
    phrases = query_phrases(asked)
    if kind == "sqlite":
        return " ".join(f'"{" ".join(phrase)}"' for phrase in phrases)
    return " & ".join("(" + " <-> ".join(phrase) + ")" for phrase in phrases)


def _rows(found: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": row[0], "version": row[1], "name": row[2],
            "account": {"id": row[3], "title": row[4]} if row[3] else None, "stage": row[5], "amount": row[6],
            "close_date": row[7], "owner": {"id": row[8], "title": row[9]} if row[8] else None,
        }
        for row in found
    ]  # fmt: skip


def cursor_of(row: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([row.close_date, row.id])).decode()


def place_of(cursor: str) -> dict[str, Any]:
    day, last = orjson.loads(base64.urlsafe_b64decode(cursor))
    return {"day": date.fromisoformat(day), "last": last}


class Api:
    """The calls."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def routes(self) -> list[Route]:
        return [
            Route("/api/opportunity", self.list, methods=["GET"]),
            Route("/api/opportunity", self.create, methods=["POST"]),
            Route("/api/opportunity/{id}", self.read, methods=["GET"]),
            Route("/api/opportunity/{id}", self.update, methods=["PATCH"]),
        ]

    def read(self, request: Request) -> Response:
        with self.database.readers.connect() as connection:
            caller(connection, request)
            return answer(one(connection, request.path_params["id"]))

    def list(self, request: Request) -> Response:
        asked = request.query_params
        with self.database.readers.connect() as connection:
            caller(connection, request)
            limit = min(int(asked.get("limit", "50")), 1000)
            params: dict[str, Any] = {"limit": limit + 1}
            if "search" in asked:
                statement = SEARCH[self.database.kind]
                params["words"] = words_of(self.database.kind, asked["search"])
            else:
                stage, industry, cursor = asked.get("stage"), asked.get("industry"), asked.get("cursor")
                statement = listing(bool(stage), bool(industry), bool(cursor), asked.get("sort") == "-close_date")
                params |= {"stage": stage} if stage else {}
                params |= {"industry": industry} if industry else {}
                params |= place_of(cursor) if cursor else {}
            found = list(connection.execute(statement, params))
        more = len(found) > limit
        found = found[:limit]
        return answer({"records": _rows(found), "next": cursor_of(found[-1]) if more else None})

    # -- writing ------------------------------------------------------------------------------------------------
    async def create(self, request: Request) -> Response:
        return await run_in_threadpool(self._create, request, await request.body())

    def _create(self, request: Request, raw: bytes) -> Response:
        values = _given(orjson.loads(raw))
        now = datetime.now(UTC)
        with self.database.writers.begin() as connection:
            person_id = caller(connection, request).id
            row = {
                "record_type": "standard", "stage": "prospecting", "start_date": now.date(), **values,
                "id": record_id(),
                "owner": values.get("owner", person_id), "created_at": now, "updated_at": now,
                "created_by": person_id, "updated_by": person_id, "version": 1,
            }  # fmt: skip
            connection.execute(insert(opportunity), _derived(row))
            made = one(connection, row["id"])
        return answer(made, 201)

    async def update(self, request: Request) -> Response:
        return await run_in_threadpool(self._update, request, await request.body())

    def _update(self, request: Request, raw: bytes) -> Response:
        values = _given(orjson.loads(raw))
        deal = request.path_params["id"]
        with self.database.writers.begin() as connection:
            person_id = caller(connection, request).id
            statement = (
                update(opportunity)
                .where(opportunity.c.id == bindparam("deal"), opportunity.c.deleted_at.is_(None))
                .values(version=opportunity.c.version + 1)
            )
            now = {"updated_at": datetime.now(UTC), "updated_by": person_id}
            done = connection.execute(statement, {"deal": deal, **values, **now})
            if done.rowcount != 1:
                raise HTTPException(404)
            made = one(connection, deal)
        return answer(made)


SUMS = (
    select(opportunity.c.stage, func.sum(opportunity.c.amount, type_=opportunity.c.amount.type))
    .where(opportunity.c.deleted_at.is_(None))
    .group_by(opportunity.c.stage)
    .order_by(opportunity.c.stage)
)


def _given(body: Any) -> dict[str, Any]:
    """The values of a request, checked as far as types go."""
    if not isinstance(body, dict) or set(body) - WRITABLE:
        raise HTTPException(400)
    try:
        return {name: read(name, value) for name, value in body.items()}
    except (ValueError, ArithmeticError):
        raise HTTPException(400) from None


def read(name: str, value: Any) -> Any:
    """A value of a request as the column takes it."""
    if value is None:
        return None
    if name in MONEY:
        return Decimal(value)
    return date.fromisoformat(value) if name in DATES else value


def _derived(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that follow from others."""
    probability = PROBABILITY[row["stage"]]
    amount = row.get("amount")
    return {
        **row, "probability": probability, "weighted": round(amount * probability,
        2) if amount is not None else Decimal(0),
        "is_closed": row["stage"] in ("won", "lost"), "is_won": row["stage"] == "won",
    }  # fmt: skip
