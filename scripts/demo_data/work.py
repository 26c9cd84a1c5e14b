"""Daily work: leads, campaigns and members, activities, tasks, expenses, and what customers have become."""

from __future__ import annotations

from random import Random

import cast
import texts
from deals import Deal
from identity import Mobiles, english_phone
from people import Customer
from rows import Row, Rows, day, money

OUTCOMES = ("advanced", "advanced", "neutral", "neutral", "setback", None)
CLOCKS = ("09:20", "10:05", "10:40", "11:15", "13:40", "14:30", "15:10", "16:00", "16:45")


def add_campaigns(rows: Rows) -> None:
    """Campaigns, past and to come."""
    for key, name, kind, status, start, end, place, budget, goal in cast.CAMPAIGNS:
        begin, finish = int(start), int(end)
        created = min(begin - 60, -70)
        row = rows.add(
            "campaign", key, created, name=name, kind=kind, start_on=day(begin), end_on=day(finish), place=place,
            budget=money(budget), goal=goal, status="planned", owner="@user-xu",
        )  # fmt: skip
        if status != "planned":
            row.change(begin, status="running")
        if status == "completed":
            row.change(finish + 1, status="completed")


def add_leads(rows: Rows, random: Random, customers: list[Customer]) -> None:
    """Leads in every status; the converted ones are customers of today."""
    mobiles = Mobiles()
    for number, (company, person, position, status, source, industry, need) in enumerate(texts.LEADS, 1):
        english = not "\u4e00" <= person[0] <= "\u9fff"
        at = -random.randrange(1, 9) if status == "new" else -random.randrange(8, 60)
        campaign = {"event": "@cam-openday", "search_ad": "@cam-search"}.get(source) if not english else None
        lead = rows.add(
            "lead", f"lead-{number:02d}", at, company=company, person=person, position=position, source=source,
            mobile=english_phone(random, "+44 7700 900###") if english else mobiles.next().replace("0000", "0001"),
            industry=industry, region=_region(company, english), need=need, interest=random.randrange(1, 6),
            campaign=campaign,
            owner="@user-emma" if english else random.choice(("@user-li", "@user-wang", "@user-lin", "@user-sun")),
        )  # fmt: skip
        _follow(random, lead, status)
    _converted(rows, random, customers)


def _region(company: str, english: bool) -> str | None:
    if english or not company:
        return "overseas" if english else None
    return next((region for region, cities in texts.LEAD_REGIONS.items() if company[:2] in cities), "east")


def add_dispatch(rows: Rows) -> None:
    """Who gets the leads of a region and an industry, as the company has agreed."""
    for number, (region, industry, person) in enumerate(DISPATCH, 1):
        rows.add("lead_dispatch", f"dispatch-{number:02d}", -300, region=region, industry=industry, responsible=person)


DISPATCH = (
    ("east", None, "@user-wang"), ("east", "electronics", "@user-zhao"), ("south", None, "@user-lin"),
    ("central", None, "@user-lin"), ("southwest", None, "@user-huang"), ("north", None, "@user-sun"),
    ("northeast", None, "@user-liu"), ("northwest", None, "@user-liu"), ("overseas", None, "@user-emma"),
)  # fmt: skip
"""Region, industry (None: every one) and who gets such leads."""

WAITING = ("lead-10", "lead-13", "lead-24", "lead-26")
"""New leads that nobody has taken yet."""

TAKEN = "lead-07"
"""A new lead that waited for a day."""

QUEUE = "@queue:new_leads"


def leave_in_queue(rows: Rows) -> None:
    """Let some of the new leads wait, and one have waited before somebody took it."""
    for lead in rows.of("lead"):
        if lead.key == TAKEN:
            lead.change(lead.created + 1, owner=lead.values["owner"])
        if lead.key in (*WAITING, TAKEN):
            lead.values["owner"] = QUEUE


POOLED = {
    "account": {"acc-henglan": -22, "acc-quanpan": -41, "acc-rongyan": -9, "acc-denghe": -12, "acc-northmere": -18},
    "lead": {"lead-08": -10, "lead-14": -7, "lead-16": -9, "lead-20": -4},
}
"""What nobody follows up any more, by object, and the day on which it went to the public pool."""


def leave_in_pools(rows: Rows) -> None:
    """Let some customers and leads have gone to the pools."""
    for name, keys in POOLED.items():
        for row in rows.of(name):
            if row.key in keys:
                row.change(keys[row.key], owner=f"@queue:{name}.public")


def _follow(random: Random, lead: Row, status: str) -> None:
    at = lead.created
    if status == "new":
        return
    lead.change(at + 1, status="contacting")
    if status == "qualified":
        lead.change(at + 5, status="qualified")
    elif status == "unqualified":
        lead.change(at + 4, status="unqualified", unqualified_reason=random.choice(texts.UNQUALIFIED))


def _converted(rows: Rows, random: Random, customers: list[Customer]) -> None:
    by_key = {customer.row.key: customer for customer in customers}
    for number, key in enumerate(texts.CONVERTED_LEADS, len(texts.LEADS) + 1):
        customer = by_key[f"acc-{key}"]
        values = customer.row.values
        at = customer.row.created - random.randrange(9, 25)
        lead = rows.add(
            "lead", f"lead-{number:02d}", at, company=values["name"], person=customer.contacts[0].values["name"],
            mobile=customer.contacts[0].values.get("mobile"), email=customer.contacts[0].values.get("email"),
            source=values["source"], industry=values["industry"], website=values["website"], owner=customer.owner,
            need="Machine monitoring" if customer.english else "设备数据采集", interest=4,
        )  # fmt: skip
        lead.change(at + 1, status="contacting")
        lead.change(at + 4, status="qualified")
        lead.change(customer.row.created, status="converted")


def add_members(rows: Rows, random: Random, customers: list[Customer]) -> None:
    """Who was asked to the campaigns, and what came of it."""
    chinese = [c for customer in customers if not customer.english for c in customer.contacts]
    english = [c for customer in customers if customer.english for c in customer.contacts]
    for key, pool, count in (
        ("cam-energy", chinese, 16), ("cam-south", chinese, 14), ("cam-openday", chinese, 12),
        ("cam-webinar", english, 14), ("cam-fair", english, 8),
    ):  # fmt: skip
        campaign = next(row for row in rows.of("campaign") if row.key == key)
        running = next((entry["at"] for entry in campaign.history), None)
        for contact in random.sample(pool, count):
            _member(rows, random, campaign, "contact", contact, running)
    for lead in rows.of("lead"):
        if "campaign" in lead.values:
            campaign = next(row for row in rows.of("campaign") if row.ref == lead.values["campaign"])
            _member(rows, random, campaign, "lead", lead, None)


def _member(rows: Rows, random: Random, campaign: Row, kind: str, who: Row, running: int | None) -> None:
    at = max(campaign.created + 5, who.created)
    member = rows.add("campaign_member", f"{campaign.key}-{who.key}", at, campaign=campaign.ref, **{kind: who.ref})
    if running is None or running < at:
        return
    member.change(running, status=random.choice(("registered", "attended", "attended", "responded", "declined")))


def settle_customers(customers: list[Customer], deals: list[Deal]) -> None:
    """A customer who bought is active; one with nothing new for ten months sleeps."""
    for customer in customers:
        own = [deal for deal in deals if deal.customer is customer]
        won = sorted(deal.end for deal in own if deal.stage == "won")
        if won:
            customer.row.change(won[0], status="active")
        if own and max(deal.end for deal in own) < -240:
            customer.row.change(-30, status="dormant")


def _progress(deal: Deal, at: int) -> float:
    """How far the deal had come on day `at`, from 0 to 1; 1 is reached by won deals alone."""
    share = (at - deal.row.created) / max(1, deal.end - deal.row.created)
    return share * {"won": 1.0, "lost": 0.55, "negotiate": 0.7, "propose": 0.5, "bidding": 0.5}.get(deal.stage, 0.2)


class Work:
    """Activities and tasks of one deal after another."""

    def __init__(self, rows: Rows, random: Random) -> None:
        self._rows, self._random = rows, random
        self._activities = self._tasks = self._expenses = 0

    def add(self, deal: Deal) -> None:
        """What was done for the deal, and what is planned."""
        first, last = deal.row.created, deal.end
        count = min(self._random.randrange(2, 6), max(1, (last - first) // 4))
        for at in sorted(self._random.randrange(first, last + 1) for _ in range(count)):
            self._done(deal, at, _progress(deal, at))
        if deal.stage in ("won", "lost"):
            if self._random.random() < 0.3:
                self._task(deal, last - 2, "done")
            return
        if self._random.random() < 0.4:
            self._planned(deal)
        for _ in range(self._random.choice((0, 1, 1, 2))):
            self._task(deal, self._random.randrange(-9, 15), "open")

    def _done(self, deal: Deal, at: int, progress: float) -> None:
        kind, subject, notes = self._what(deal, progress)
        clock = self._random.choice(CLOCKS)
        minutes = {"call": (5, 25), "visit": (60, 180), "meeting": (40, 110)}.get(kind)
        activity = self._activity(
            deal, at, kind=kind, status="done", subject=subject, notes=notes, done_at=day(at, clock),
            outcome=self._random.choice(OUTCOMES) if kind != "note" else None,
            duration=self._random.randrange(*minutes, 5) if minutes else None,
            participants=["@user-he"] if kind in ("visit", "meeting") and self._random.random() < 0.4 else None,
            location=deal.customer.short if kind == "visit" else None,
        )  # fmt: skip
        if kind == "visit" and not deal.customer.english and self._random.random() < 0.7:
            self._expense(deal, activity, at)

    def _activity(self, deal: Deal, at: int, **values: object) -> Row:
        self._activities += 1
        contact = deal.contact.ref if deal.contact else None
        return self._rows.add(
            "activity", f"act-{self._activities:03d}", at, related_to=deal.row.ref, contact=contact,
            owner=deal.customer.owner, **values,
        )  # fmt: skip

    def _what(self, deal: Deal, progress: float) -> tuple[str, str, str]:
        """Kind, subject and notes of something that is done at this point of a deal."""
        draw = self._random.random()
        if deal.customer.english:
            tables = (
                ("call", texts.ENGLISH_CALLS),
                ("meeting", texts.ENGLISH_MEETINGS),
                ("email", texts.ENGLISH_EMAILS),
            )
            kind, table = tables[0 if draw < 0.4 else 1 if draw < 0.75 else 2]
        else:
            tables_zh = (
                (0.36, "call", texts.CALLS), (0.64, "visit", texts.VISITS), (0.8, "meeting", texts.MEETINGS),
                (0.9, "email", texts.EMAILS), (1.0, "note", texts.NOTES),
            )  # fmt: skip
            kind, table = next((kind, table) for limit, kind, table in tables_zh if draw < limit)
        place = progress * (len(table) - 1) + self._random.uniform(-0.8, 0.8)
        subject, notes = table[max(0, min(round(place), len(table) - 1))]
        return kind, self._fill(subject, deal), self._fill(notes, deal)

    def _fill(self, text: str, deal: Deal) -> str:
        english = deal.customer.english
        who = deal.contact.values["name"] if deal.contact else deal.customer.row.values["name"]
        title = deal.contact.values["position"] if deal.contact and not english else ""
        return text.format(who=f"{who}({title})" if title else who, deal=deal.row.values["name"])

    def _planned(self, deal: Deal) -> None:
        english = deal.customer.english
        ahead = self._random.randrange(1, 12)
        kind, subject = self._random.choice(
            (("meeting", "Online demo"), ("call", "Weekly call"))
            if english
            else (("visit", "上门沟通报价"), ("meeting", "方案评审会"), ("call", "回访预算进度"))
        )
        made = max(deal.row.created, -2)
        clock = self._random.choice(CLOCKS)
        self._activity(deal, made, kind=kind, status="planned", subject=subject, due=day(ahead, clock))

    def _task(self, deal: Deal, due: int, status: str) -> None:
        self._tasks += 1
        made = max(deal.row.created, min(due - 3, -1))
        subject = self._random.choice(texts.ENGLISH_TASKS if deal.customer.english else texts.TASKS)
        who = deal.contact.values["name"] if deal.contact else deal.customer.short
        helper = self._random.random() < 0.2
        task = self._rows.add(
            "task", f"task-{self._tasks:03d}", made, subject=subject.format(who=who, deal=deal.row.values["name"]),
            related_to=deal.row.ref, due=day(due), priority=self._random.choice(("high", "normal", "normal", "low")),
            owner="@user-he" if helper else deal.customer.owner,
        )  # fmt: skip
        if status == "done":
            finished = max(made, min(due, -1))
            task.change(finished, status="done", done_at=day(finished, "17:00"))
        elif self._random.random() < 0.25:
            task.change(-1, status="in_progress")

    def _expense(self, deal: Deal, activity: Row, at: int) -> None:
        self._expenses += 1
        subject, kind, least, most = self._random.choice(texts.EXPENSES)
        amount = self._random.randrange(least, most + 1)
        spent = self._rows.add(
            "expense", f"exp-{self._expenses:03d}", at, subject=subject, kind=kind, amount=money(amount),
            spent_on=day(at), account=deal.customer.row.ref, opportunity=deal.row.ref, activity=activity.ref,
            owner=deal.customer.owner,
        )  # fmt: skip
        if at < -6:
            spent.become(at + 5, "effective")

    def add_campaign_costs(self) -> None:
        """What the campaigns have cost so far."""
        for campaign in self._rows.of("campaign"):
            running = next((entry["at"] for entry in campaign.history), None)
            if running is None:
                continue
            for subject, share in (("场地与搭建", 0.55), ("物料与差旅", 0.3)):
                self._expenses += 1
                spent = self._rows.add(
                    "expense", f"exp-{self._expenses:03d}", min(running + 3, -1), subject=subject, kind="event",
                    amount=money(float(campaign.values["budget"]) * share), spent_on=day(running),
                    campaign=campaign.ref, owner="@user-xu",
                )  # fmt: skip
                spent.become(min(running + 6, -1), "effective")

    def add_lead_calls(self) -> None:
        """First calls to leads that were contacted."""
        for lead in self._rows.of("lead"):
            if not lead.history:
                continue
            at = lead.history[0]["at"]
            english = lead.values["owner"] == "@user-emma"
            self._activities += 1
            self._rows.add(
                "activity", f"act-{self._activities:03d}", at, kind="call", status="done", related_to=lead.ref,
                subject="First call" if english else "首次电话沟通", done_at=day(at, self._random.choice(CLOCKS)),
                duration=self._random.randrange(5, 20), outcome="advanced", owner=lead.values["owner"],
                notes=f"{'Need' if english else '需求'}: {lead.values['need']}",
            )  # fmt: skip
            if lead.history[-1]["set"]["status"] == "contacting":
                self._tasks += 1
                self._rows.add(
                    "task", f"task-{self._tasks:03d}", at, related_to=lead.ref, owner=lead.values["owner"],
                    subject="Send data sheets and a case" if english else "发送产品资料和同行案例",
                    due=day(self._random.randrange(-3, 8)), priority="normal",
                )  # fmt: skip
