"""Deals: where they start, which stages they pass and when, their lines and competitors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import cast
import texts
from people import Customer
from rows import Row, Rows, day, money

DEALS = 132
STANDARD = (("qualify", 5, 14), ("propose", 8, 20), ("negotiate", 10, 28), ("won", 7, 26))
TENDER = (("tender_out", 20, 60), ("bidding", 14, 28), ("negotiate", 10, 24), ("won", 5, 15))
STARTS = ((-535, -130), (-130, -32), (-32, -2))
REASONS = ("price", "price", "feature", "relation", "timing", "budget", "cancelled", "no_decision")
EXCHANGE = {
    None: Decimal(1),
    "CNY": Decimal(1),
    "USD": Decimal("0.14"),
    "EUR": Decimal("0.125"),
    "GBP": Decimal("0.11"),
}
PRODUCTS = {line[0]: line for line in cast.PRODUCTS}


@dataclass(slots=True)
class Line:
    """A line of a deal, as quotes and orders take it over."""

    product: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax_rate: str
    unit_cost: Decimal

    @property
    def net(self) -> Decimal:
        """What the line costs, tax included."""
        return Decimal(money(self.quantity * self.unit_price * (1 - self.discount)))

    def values(self) -> dict[str, str]:
        """The fields that every kind of line has."""
        shared = {"product": f"@{self.product}", "quantity": str(self.quantity), "unit_price": money(self.unit_price)}
        return shared | {"discount": str(self.discount), "tax_rate": self.tax_rate}


@dataclass(slots=True)
class Deal:
    """A deal with the days on which it reached each stage."""

    row: Row
    customer: Customer
    contact: Row | None
    reached: dict[str, int]
    stage: str
    lines: list[Line] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The day of closing, or yesterday."""
        return self.reached[self.stage] if self.stage in ("won", "lost") else -1

    @property
    def offered(self) -> int | None:
        """The day on which the customer was first offered something."""
        return self.reached.get("propose") or self.reached.get("bidding")

    @property
    def total(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.net for line in self.lines), Decimal(0))


def add_deals(rows: Rows, random: Random, customers: list[Customer]) -> list[Deal]:
    """All deals, in order of their start."""
    weight = {"a": 5, "b": 3, "c": 2, "d": 1}
    weights = [weight[customer.row.values["level"]] for customer in customers]
    firsts = [customer for customer in customers if random.random() < 0.8]
    chosen = firsts + random.choices(customers, weights, k=DEALS - len(firsts))
    starts = sorted(random.randrange(*random.choices(STARTS, (46, 24, 30))[0]) for _ in chosen)
    random.shuffle(chosen)
    seen: Counter[tuple[str, str]] = Counter()
    deals = []
    for number, (customer, start) in enumerate(zip(chosen, starts, strict=True), 1):
        deals.append(_deal(rows, random, number, customer, max(start, customer.row.created + 15), seen))
    return deals


def _project(random: Random, customer: Customer, seen: Counter[tuple[str, str]]) -> tuple[texts.Project, str]:
    """A project that the customer has not had yet, or its next phase; and the name of the deal."""
    if customer.person:
        choices = texts.ENGLISH_PRIVATE_PROJECTS if customer.english else texts.CHINESE_PRIVATE_PROJECTS
    else:
        offered = texts.ENGLISH_PROJECTS if customer.english else texts.CHINESE_PROJECTS
        choices = tuple(each for each in offered if customer.industry in texts.SUITS.get(each.name, customer.industry))
    fresh = [project for project in choices if (customer.row.key, project.name) not in seen] or list(choices)
    project = random.choice(fresh)
    seen[customer.row.key, project.name] += 1
    phase = seen[customer.row.key, project.name]
    name = f"{customer.short} {project.name}"
    if phase > 1:
        name += f", phase {phase}" if customer.english else f"({phase} 期)"
    return project, name


def _deal(
    rows: Rows, random: Random, number: int, customer: Customer, start: int, seen: Counter[tuple[str, str]]
) -> Deal:
    project, name = _project(random, customer, seen)
    tender = not customer.person and not customer.english and random.random() < 0.22
    reached, stage = _journey(random, start, tender)
    contact = random.choice(customer.contacts) if customer.contacts else None
    expected = start + random.randrange(45, 110) if not tender else start + random.randrange(100, 190)
    lines = _lines(random, project, customer)
    estimate = sum((line.net for line in lines), Decimal(0)) * Decimal(random.randrange(80, 125)) / 100
    row = rows.add(
        "opportunity", f"opp-{number:03d}", start, record_type="tender" if tender else "standard",
        name=name, account=customer.row.ref,
        primary_contact=contact.ref if contact else None, stage="qualify" if tender else "prospecting",
        amount=money(estimate, "1E3" if estimate > 10000 else "1E2"), start_date=day(start), close_date=day(expected),
        source=customer.row.values["source"], campaign=_campaign(random, customer, start),
        product=f"@{project.products[0][0]}", currency=customer.currency, owner=customer.owner,
    )  # fmt: skip
    deal = Deal(row, customer, contact, reached, stage)
    _tell(random, deal, project, tender, expected)
    _detail(rows, random, deal, lines)
    return deal


def _campaign(random: Random, customer: Customer, start: int) -> str | None:
    """The campaign that brought the deal: one that ended in the two months before."""
    if customer.person:
        return None
    for key, _, kind, _, _, end, place, *_ in cast.CAMPAIGNS:
        abroad = place in ("Online", "Hannover")
        if abroad == customer.english and int(end) <= start <= int(end) + 70 and kind != "visit_day":
            return f"@{key}" if random.random() < 0.6 else None
    return None


def _journey(random: Random, start: int, tender: bool) -> tuple[dict[str, int], str]:
    """Stage → day reached, and the stage of today."""
    reached = {"qualify" if tender else "prospecting": start}
    stage, at = next(iter(reached)), start
    steps = TENDER if tender else STANDARD
    lost_before = random.choice([name for name, _, _ in steps]) if random.random() < 0.42 else None
    for name, least, most in steps:
        at += random.randrange(least, most)
        if at > (-6 if name == "won" else -1):
            break
        stage = "lost" if name == lost_before else name
        reached[stage] = at
        if stage == "lost":
            break
    return reached, stage


def _tell(random: Random, deal: Deal, project: texts.Project, tender: bool, expected: int) -> None:
    """The changes that the deal has seen."""
    row = deal.row
    for stage, at in list(deal.reached.items())[1:]:
        more: dict[str, object] = {}
        if stage in ("propose", "bidding"):
            more["solution"] = project.solution
        if stage in ("qualify", "tender_out"):
            more["need"] = project.need
        if stage == "tender_out":
            more |= _tender(random, deal, at)
        if stage in ("won", "lost"):
            more["close_date"] = day(at)
        if stage == "lost":
            more |= _loss(random, deal)
        row.change(at, stage=stage, **more)
    if tender and "tender_out" not in deal.reached:
        row.change(deal.row.created + 1, need=project.need)
    if deal.stage not in ("won", "lost"):
        _keep_open(random, deal, expected)


def _tender(random: Random, deal: Deal, at: int) -> dict[str, str]:
    budget = Decimal(deal.row.values["amount"]) * Decimal("1.1")
    number = f"ZB-{deal.row.key[4:]}-{random.randrange(1000, 9999)}"
    method = random.choice(("open", "open", "invited", "consultation"))
    bond = money(min(budget * Decimal("0.02"), Decimal(80000)), "1E2")
    opening = deal.reached.get("bidding", at + random.randrange(16, 28))
    return {
        "tender_no": number, "tender_method": method, "tender_on": day(opening), "tender_budget": money(budget, "1E3"),
        "bid_bond": bond,
    }  # fmt: skip


def _loss(random: Random, deal: Deal) -> dict[str, str]:
    english = deal.customer.english
    told = texts.ENGLISH_LOST_NOTES if english else texts.LOST_NOTES
    reason = random.choice([name for name in REASONS if name in told])
    found = {"lost_reason": reason, "lost_note": told[reason]}
    if reason in ("price", "feature", "relation", "timing"):
        found["lost_to"] = random.choice(_rivals(english))
    return found


def _rivals(english: bool) -> tuple[str, ...]:
    return ("@com-brook", "@com-nordvik") if english else ("@com-yijian", "@com-hanshu", "@com-dingce", "@com-self")


def _keep_open(random: Random, deal: Deal, expected: int) -> None:
    """Move most past close dates into the future; note the next step."""
    english = deal.customer.english
    if expected < 0 and random.random() < 0.8:
        slip = random.randrange(max(deal.reached[deal.stage], -20), 0)
        deal.row.change(slip, close_date=day(random.randrange(4, 60)))
    step = random.choice(
        ("Call after their board meeting", "Send two references", "Book the demo")
        if english
        else ("周三前提交修改后的报价", "约设备部现场确认点位", "请总监拜访对方总经理", "等待对方预算批复后回访")
    )
    deal.row.change(deal.reached[deal.stage], next_step=step)
    if deal.stage == "negotiate" and random.random() < 0.25 and deal.reached["negotiate"] < -4:
        back = random.randrange(deal.reached["negotiate"] + 1, -1)
        earlier = "bidding" if "bidding" in deal.reached else "propose"
        why = "They changed the scope; a new quote is needed." if english else "客户调整了范围,需要重新报价。"
        deal.row.change(back, why, stage=earlier)
        deal.stage = earlier


def _lines(random: Random, project: texts.Project, customer: Customer) -> list[Line]:
    discount = Decimal(random.choice(("0", "0", "0.05", "0.08", "0.1", "0.12")))
    rate = EXCHANGE[customer.currency]
    lines = []
    for product, least, most in project.products:
        count = random.randint(least, most)
        price = Decimal(PRODUCTS[product][7]) * rate
        software = PRODUCTS[product][3] in ("software", "service")
        rounded = Decimal(money(price, "1" if rate != 1 and price > 20 else "0.01"))
        cost = Decimal(PRODUCTS[product][8]) * rate
        tax = "0" if customer.english else PRODUCTS[product][9]
        lines.append(Line(product, count, rounded, Decimal(0) if software else discount, tax, cost))
    return lines


def _detail(rows: Rows, random: Random, deal: Deal, lines: list[Line]) -> None:
    """Lines and competitors, once something was offered."""
    at = deal.offered
    if at is None:
        return
    if random.random() < 0.86 or deal.stage == "won":
        deal.lines = lines
        for number, line in enumerate(lines, 1):
            rows.add("opportunity_line", f"{deal.row.key}-{number}", at, opportunity=deal.row.ref, **line.values())
    if random.random() < 0.45:
        rivals = _rivals(deal.customer.english)
        for rival in random.sample(rivals, random.randint(1, 2)):
            price = deal.total * Decimal(random.randrange(82, 112)) / 100
            rows.add(
                "opportunity_competitor", f"{deal.row.key}-{rival[5:]}", at + 1 if at < -1 else at,
                opportunity=deal.row.ref, competitor=rival, threat=random.choice(("high", "medium", "low")),
                offered_price=money(price, "1E2") if deal.lines and random.random() < 0.5 else None,
            )  # fmt: skip
