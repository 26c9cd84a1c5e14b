"""The data that both sides hold: made from numbers, so that either can be filled with the same rows at any time.

Values are as a person would write them in Python, by field name; a lookup holds the id of what it names, a reference
to one of several objects is a pair (object, id).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Values = dict[str, Any]

KINDS = (
    "user", "account", "contact", "campaign", "product", "competitor", "opportunity", "opportunity_line", "quote",
    "opportunity_competitor", "order", "contract", "receipt", "expense", "activity", "task", "comment", "history",
)  # fmt: skip

PLACES = ("远澜", "晨星", "江海", "北辰", "华川", "Harbour", "Alpine", "Cedar", "Meridian", "Quarry")
TRADES = ("新能源", "医疗器械", "精密制造", "物流", "软件", "Energy", "Medical", "Precision", "Logistics", "Software")
NEEDS = (
    "储能项目",
    "产线改造",
    "年度框架",
    "备件采购",
    "平台升级",
    "storage",
    "line upgrade",
    "framework",
    "spares",
    "rollout",
)
STAGES = ("prospecting", "qualify", "tender_out", "propose", "bidding", "negotiate", "won", "lost")
PROBABILITY = ("0.10", "0.20", "0.30", "0.40", "0.50", "0.70", "1", "0")
INDUSTRIES = (
    "manufacturing", "electronics", "energy", "construction", "transport", "retail", "healthcare", "education",
    "finance", "software", "telecom", "media", "government", "agriculture", "services", "other",
)  # fmt: skip
SOURCES = ("phone_in", "website", "exhibition", "referral", "partner", "existing")
LOST_REASONS = ("price", "product", "competitor", "no_budget")

FIRST_DAY = date(2025, 1, 1)
BEGAN = datetime(2025, 1, 1, 8, tzinfo=UTC)

USERS, ACCOUNTS, CAMPAIGNS, PRODUCTS, COMPETITORS = 20, 2000, 10, 30, 10
BUSY = 500
"""Every so many-th deal has lines, quotes, competitors and a timeline, as those that people look at have."""


def identity(kind: str, number: int) -> str:
    """The id of a row: a UUIDv7 whose time grows with `number`."""
    milliseconds = int(BEGAN.timestamp() * 1000) + number * 1000
    text = f"{milliseconds:012x}7{KINDS.index(kind):03x}8{number:015x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _common(kind: str, number: int) -> Values:
    at, person = BEGAN + timedelta(seconds=number), identity("user", number % USERS)
    return {
        "id": identity(kind, number), "created_at": at, "created_by": person, "updated_at": at, "updated_by": person,
        "version": 1, "deleted_at": None,
    }  # fmt: skip


def _owned(kind: str, number: int) -> Values:
    return {**_common(kind, number), "owner": identity("user", number % USERS)}


def user(number: int) -> Values:
    """A person who signs in."""
    return {
        **_common("user", number), "name": f"Person {number:02}", "login": f"person{number}", "kind": "internal",
        "active": True, "language": "en", "time_zone": "Asia/Shanghai",
    }  # fmt: skip


def account_name(number: int) -> str:
    """The name of a customer."""
    return f"{PLACES[number % 10]}{TRADES[number // 10 % 10]} {number:04}"


def account(number: int) -> Values:
    """A customer."""
    return {
        **_owned("account", number), "name": account_name(number), "channel_role": "direct", "status": "prospect",
        "industry": INDUSTRIES[number % 16], "source": SOURCES[number % 6], "record_type": "enterprise",
        "life_status": "effective",
    }  # fmt: skip


def contact(number: int) -> Values:
    """The one contact of customer `number`."""
    return {**_owned("contact", number), "name": f"Contact {number:04}", "account": identity("account", number)}


def _named(kind: str, number: int) -> Values:
    return {**_owned(kind, number), "name": f"{kind.title()} {number:02}"}


def opportunity_name(number: int) -> str:
    """The name of a deal."""
    return f"{account_name(number % ACCOUNTS)} {NEEDS[number // 7 % 10]} {number:06}"


def opportunity(number: int) -> Values:
    """A deal."""
    stage = (number * 7 + number // 11) % 8
    amount = Decimal((number * 7919) % 1_000_000) + Decimal(number % 100) / 100
    probability = Decimal(PROBABILITY[stage])
    customer = number % ACCOUNTS
    return {
        **_owned("opportunity", number), "record_type": "standard", "currency": None,
        "name": opportunity_name(number), "account": identity("account", customer),
        "primary_contact": identity("contact", customer), "stage": STAGES[stage], "amount": amount,
        "probability": probability, "weighted": round(amount * probability, 2),
        "start_date": FIRST_DAY + timedelta(days=number % 700),
        "close_date": FIRST_DAY + timedelta(days=(number * 31) % 900), "industry": INDUSTRIES[customer % 16],
        "source": SOURCES[number % 6], "campaign": identity("campaign", number % CAMPAIGNS),
        "product": identity("product", number % PRODUCTS), "next_step": "Send the revised offer",
        "need": "Replaces the present line by summer; the plant must not stand still.",
        "lost_reason": LOST_REASONS[number % 4] if stage == 7 else None,
        "lost_to": identity("competitor", number % COMPETITORS) if stage == 7 else None,
        "is_closed": stage >= 6, "is_won": stage == 6, "line_total": Decimal(0), "line_count": 0, "quote_count": 0,
        "external_no": f"D-{number:07}", "last_activity_at": BEGAN + timedelta(hours=number % 8000),
    }  # fmt: skip


def _line(number: int) -> Values:
    return {
        **_common("opportunity_line", number), "opportunity": _deal(number), "name": f"Line {number}",
        "product": identity("product", number % PRODUCTS), "quantity": Decimal(3), "unit_price": Decimal("1250.00"),
        "net_amount": Decimal("3750.00"), "tax_rate": Decimal("0.13"), "unit": "set",
    }  # fmt: skip


def _deal(number: int) -> str:
    return identity("opportunity", number // 3 * BUSY)


def _quote(number: int) -> Values:
    return {
        **_owned("quote", number), "opportunity": _deal(number), "number": f"Q-{number:05}", "status": "draft",
        "life_status": "effective", "total": Decimal("11250.00"),
    }  # fmt: skip


def _rival(number: int) -> Values:
    return {
        **_common("opportunity_competitor", number), "opportunity": _deal(number),
        "competitor": identity("competitor", number % COMPETITORS), "threat": "high",
        "offered_price": Decimal("10900.00"), "notes": "Cheaper, slower",
    }  # fmt: skip


def _expense(number: int) -> Values:
    return {
        **_owned("expense", number), "opportunity": _deal(number), "subject": f"Journey {number}", "kind": "travel",
        "amount": Decimal("860.00"), "spent_on": FIRST_DAY,
    }  # fmt: skip


def _activity(number: int) -> Values:
    return {
        **_owned("activity", number), "related_to": ("opportunity", _deal(number)), "subject": f"Call {number}",
        "kind": "call", "status": "done", "done_at": BEGAN + timedelta(hours=number % 8000),
        "notes": "Asked for the revised offer; decides after the fair.",
    }  # fmt: skip


def _task(number: int) -> Values:
    return {
        **_owned("task", number), "related_to": ("opportunity", _deal(number)), "subject": f"Prepare offer {number}",
        "status": "open", "priority": "normal", "due_on": FIRST_DAY + timedelta(days=number % 900),
    }  # fmt: skip


def _comment(number: int) -> Values:
    return {
        **_owned("comment", number), "related_to": ("opportunity", _deal(number)),
        "body": "Legal has seen the draft; two clauses to go.",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one object."""

    object: str
    count: int
    make: Callable[[int], Values]


def parts(deals: int) -> tuple[Part, ...]:
    """Every row of a company with so many deals, parents first."""
    busy = 3 * (deals // BUSY)
    return (
        Part("user", USERS, user),
        Part("account", ACCOUNTS, account),
        Part("contact", ACCOUNTS, contact),
        Part("campaign", CAMPAIGNS, lambda number: _named("campaign", number)),
        Part("product", PRODUCTS, lambda number: _named("product", number)),
        Part("competitor", COMPETITORS, lambda number: _named("competitor", number)),
        Part("opportunity", deals, opportunity),
        Part("opportunity_line", busy, _line),
        Part("quote", busy, _quote),
        Part("opportunity_competitor", busy, _rival),
        Part("expense", busy, _expense),
        Part("activity", busy, _activity),
        Part("task", busy, _task),
        Part("comment", busy, _comment),
    )


def import_file(rows: int, run: int) -> str:
    """A CSV file of new deals; `run` makes its keys its own."""
    lines = ["Number,Name,Customer,Stage,Amount,Close date,Source,Owner,Next step"]
    for number in range(rows):
        deal = opportunity(number)
        lines.append(
            f"I{run}-{number:06},{deal['name']},{account_name(number % ACCOUNTS)},{STAGES[number % 2]},"
            f"{deal['amount']},{deal['close_date']},{deal['source']},Person {number % USERS:02},Call back"
        )
    return "\n".join(lines) + "\n"


MAPPING: dict[str, Any] = {
    "object": "opportunity",
    "columns": {
        "Number": {"field": "external_no"},
        "Name": {"field": "name"},
        "Customer": {"field": "account", "look_up": ["name"], "missing": "refuse"},
        "Stage": {"field": "stage"},
        "Amount": {"field": "amount"},
        "Close date": {"field": "close_date"},
        "Source": {"field": "source"},
        "Owner": {"field": "owner", "look_up": ["name"], "missing": "refuse"},
        "Next step": {"field": "next_step"},
    },
    "key": ["external_no"],
}
"""How the engine reads `import_file`: create-or-update by its number."""
