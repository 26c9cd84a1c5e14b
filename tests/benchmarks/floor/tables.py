"""The tables of the hand-written application: fixed, typed, indexed for the pages and calls that it has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR, UUID
from sqlalchemy.types import TypeDecorator

METADATA = MetaData()


class Money(TypeDecorator[Decimal]):
    """NUMERIC(18, 2); cents where the database has no decimals."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Numeric(18, 2) if dialect.name == "postgresql" else BigInteger())

    def bind_processor(self, dialect: Any) -> Any:
        if dialect.name == "postgresql":
            return None
        return lambda value: None if value is None else int(value * 100)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        if dialect.name == "postgresql":
            return None
        return lambda value: None if value is None else Decimal(value).scaleb(-2)


def _id() -> Any:
    return String(36).with_variant(UUID(as_uuid=False), "postgresql")


def _to(table: str) -> tuple[Any, ...]:
    return _id(), ForeignKey(f"{table}.id")


def _table(name: str, *columns: Any, owned: bool = True) -> Table:
    common = [
        Column("id", _id(), primary_key=True),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("created_by", _id()),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("updated_by", _id()),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("deleted_at", DateTime(timezone=True)),
    ]
    owner = [Column("owner", *_to("person"))] if owned else []
    return Table(name, METADATA, *common, *owner, *columns)


person = _table(
    "person", Column("name", Text, nullable=False), Column("login", Text, unique=True), Column("kind", Text),
    Column("active", Boolean), Column("language", Text), Column("time_zone", Text), owned=False,
)  # fmt: skip

session = Table(
    "session", METADATA, Column("token", Text, primary_key=True), Column("person", *_to("person")),
    Column("seen_at", DateTime(timezone=True)), Column("expires_at", DateTime(timezone=True)),
)  # fmt: skip

token = Table(
    "token", METADATA, Column("token", Text, primary_key=True), Column("person", *_to("person")),
    Column("expires_at", DateTime(timezone=True)),
)  # fmt: skip

account = _table(
    "account", Column("record_type", Text), Column("name", Text, nullable=False), Column("channel_role", Text),
    Column("status", Text), Column("industry", Text), Column("source", Text),
)  # fmt: skip
contact = _table("contact", Column("name", Text), Column("account", *_to("account")))
campaign = _table("campaign", Column("name", Text))
product = _table("product", Column("name", Text))
competitor = _table("competitor", Column("name", Text))

opportunity = _table(
    "opportunity",
    Column("record_type", Text), Column("currency", Text), Column("name", Text, nullable=False),
    Column("account", *_to("account")), Column("primary_contact", *_to("contact")), Column("stage", Text,
    nullable=False),
    Column("amount", Money), Column("probability", Money), Column("weighted", Money), Column("start_date", Date),
    Column("close_date", Date), Column("industry", Text), Column("source", Text), Column("campaign", *_to("campaign")),
    Column("product", *_to("product")), Column("dealer", *_to("account")), Column("next_step", Text), Column("need",
    Text),
    Column("solution", Text), Column("tender_no", Text), Column("tender_method", Text), Column("tender_on", Date),
    Column("tender_budget", Money), Column("bid_bond", Money), Column("lost_reason", Text),
    Column("lost_to", *_to("competitor")), Column("lost_note", Text), Column("is_closed", Boolean), Column("is_won",
    Boolean),
    Column("line_total", Money), Column("line_count", Integer), Column("quote_count", Integer),
    Column("contract_amount", Money), Column("received_amount", Money), Column("external_no", Text),
    Column("last_activity_at", DateTime(timezone=True)),
)  # fmt: skip

_deal = Column("opportunity", *_to("opportunity"), index=True)

opportunity_line = _table(
    "opportunity_line", _deal.copy(), Column("name", Text), Column("product", *_to("product")), Column("quantity",
    Money),
    Column("unit", Text), Column("unit_price", Money), Column("discount", Money), Column("tax_rate", Money),
    Column("net_amount", Money), Column("notes", Text), owned=False,
)  # fmt: skip
quote = _table(
    "quote", _deal.copy(), Column("number", Text), Column("status", Text), Column("life_status", Text),
    Column("total", Money), Column("discount_rate", Money),
)  # fmt: skip
opportunity_competitor = _table(
    "opportunity_competitor", _deal.copy(), Column("competitor", *_to("competitor")), Column("threat", Text),
    Column("offered_price", Money), Column("notes", Text), owned=False,
)  # fmt: skip
order = _table(
    "sales_order", _deal.copy(), Column("number", Text), Column("total", Money), Column("order_date", Date),
    Column("delivery_status", Text),
)  # fmt: skip
contract = _table(
    "contract", _deal.copy(), Column("number", Text), Column("name", Text), Column("amount", Money),
    Column("balance", Money),
)  # fmt: skip
receipt = _table(
    "receipt", Column("contract", *_to("contract"), index=True), Column("number", Text), Column("amount", Money),
    Column("received_on", Date),
)  # fmt: skip
expense = _table(
    "expense", _deal.copy(), Column("subject", Text), Column("kind", Text), Column("amount", Money),
    Column("spent_on", Date),
)  # fmt: skip
activity = _table(
    "activity", _deal.copy(), Column("subject", Text), Column("kind", Text), Column("status", Text),
    Column("done_at", DateTime(timezone=True)), Column("notes", Text),
)  # fmt: skip
task = _table(
    "task", _deal.copy(), Column("subject", Text), Column("status", Text), Column("priority", Text), Column("due_on",
    Date),
)  # fmt: skip
comment = _table("comment", _deal.copy(), Column("body", Text))

history = Table(
    "history", METADATA, Column("id", _id(), primary_key=True), Column("opportunity", _id(), index=True),
    Column("at", DateTime(timezone=True)), Column("actor", Text), Column("changes", JSON),
)  # fmt: skip

words = Table(
    "opportunity_words", METADATA, Column("opportunity", _id(), primary_key=True),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql")),
)  # fmt: skip

_live: dict[str, Any] = {
    "sqlite_where": opportunity.c.deleted_at.is_(None),
    "postgresql_where": opportunity.c.deleted_at.is_(None),
}
Index("opportunity_closing", opportunity.c.close_date, opportunity.c.id, **_live)
Index("opportunity_running", opportunity.c.is_closed, opportunity.c.close_date, opportunity.c.id, **_live)
Index("opportunity_stage", opportunity.c.stage, opportunity.c.close_date, opportunity.c.id, **_live)
Index("opportunity_account", opportunity.c.account, opportunity.c.id)
Index("opportunity_owner", opportunity.c.owner)
Index("opportunity_contact", opportunity.c.primary_contact)
Index("opportunity_campaign", opportunity.c.campaign)
Index("opportunity_product", opportunity.c.product)
Index("opportunity_name", opportunity.c.name, opportunity.c.id, **_live)
Index("opportunity_number", opportunity.c.external_no, unique=True, **_live)
Index("account_name", account.c.name, account.c.id)
