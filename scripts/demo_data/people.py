"""The company's own people and reference data, its customers and their contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import cast
import texts
from identity import Mobiles, credit_code, english_phone, landline
from rows import Row, Rows, day, money

STANCES = ("supportive", "neutral", "neutral", "unknown", "opposed")
FOUNDED = -700
"""The day on which the demo company began to use the system."""


@dataclass(slots=True)
class Customer:
    """A customer with what later rows need of it."""

    row: Row
    short: str
    owner: str
    english: bool
    currency: str | None
    industry: str
    person: bool = False
    contacts: list[Row] = field(default_factory=list)


def add_company(rows: Rows) -> None:
    """Rates, departments, positions and users."""
    for code, rates in cast.CURRENCY_RATES:
        for start, rate in zip(cast.RATE_DAYS, rates, strict=True):
            rows.add("currency_rate", f"rate-{code.lower()}{start}", start, code=code, rate=rate, valid_from=day(start))
    departments = {}
    for key, name, code, parent in cast.DEPARTMENTS:
        parent_ref = f"@{parent}" if parent else ""
        departments[key] = rows.add("department", key, FOUNDED, name=name, code=code, parent=parent_ref)
    for key, name, code in cast.POSITIONS:
        rows.add("position", key, FOUNDED, name=name, code=code)
    for number, (key, name, login, department, position, manager, language) in enumerate(cast.USERS, 1):
        rows.add(
            "user", key, FOUNDED, name=name, login=login, employee_no=f"E{number:03d}", email=f"{login}@hengmu.example",
            mobile=f"1350000{number:04d}", department=f"@{department}", position=f"@{position}",
            manager=f"@{manager}" if manager else "", language=language, roles=[cast.ROLES[position]],
        )  # fmt: skip
    for department, head in cast.HEADS.items():
        departments[department].change(FOUNDED, head=f"@{head}")


def add_products(rows: Rows) -> None:
    """Products, price books and competitors."""
    for key, name, code, category, series, specification, unit, price, cost, tax, barcode in cast.PRODUCTS:
        rows.add(
            "product", key, FOUNDED, name=name, code=code, category=category, series=series, unit=unit,
            specification=specification, list_price=money(price), cost=money(cost), tax_rate=tax, barcode=barcode,
        )  # fmt: skip
    _price_book(rows, "standard", "标准价格表", "直销客户", "CNY", Decimal(1))
    _price_book(rows, "dealer", "经销商价格表", "签约经销商", "CNY", Decimal("0.75"))
    _price_book(rows, "export", "Export price list", "Customers abroad, in US dollars", "USD", Decimal("0.15"))
    for key, name, web, threat, strengths, weaknesses, answer in cast.COMPETITORS:
        website = f"https://www.{web}.example" if web else ""
        rows.add(
            "competitor", key, FOUNDED, name=name, website=website, threat=threat, strengths=strengths,
            weaknesses=weaknesses, answer=answer, owner="@user-zhou",
        )  # fmt: skip


RISE, RISEN, RISEN_BY = -40, ("vs10", "ts20"), Decimal("1.05")
"""Some sensors cost more since a while: a price of its own from that day on."""

FOR_KEY_CUSTOMERS, KEY_SHARE = ("eg200", "eg500", "pm30"), Decimal("0.95")
"""What customers of the first level get for less."""


def _price_book(rows: Rows, key: str, name: str, note: str, currency: str, factor: Decimal) -> None:
    book = rows.add(
        "price_book", f"book-{key}", -690, name=name, description=note, currency=currency, valid_from=day(-690)
    )
    for product in cast.PRODUCTS:
        price = Decimal(product[7])
        steps = [(1, factor)] if price > 5000 else [(1, factor), (50, factor * Decimal("0.92"))]
        for quantity, share in steps:
            shared = {"price_book": book.ref, "product": f"@{product[0]}", "min_quantity": str(quantity)}
            name = f"price-{key}-{product[0]}-{quantity}"
            entry = rows.add("price_entry", name, -690, **shared, unit_price=money(price * share))
            if key == "standard" and product[0] in RISEN:
                entry.change(RISE - 1, valid_to=day(RISE - 1))
                rows.add("price_entry", f"{name}-risen", RISE, **shared, unit_price=money(price * share * RISEN_BY),
                         valid_from=day(RISE))  # fmt: skip
            if key == "standard" and product[0] in FOR_KEY_CUSTOMERS and quantity == 1:
                rows.add(
                    "price_entry", f"{name}-a", -690, **shared, level="a", unit_price=money(price * share * KEY_SHARE)
                )


def _seller(random: Random, region: str) -> str:
    area = "east" if region[:2] in cast.EAST else "south" if region[:2] in cast.SOUTH else "north"
    return random.choice(cast.SELLERS[area])


def _region(code: str) -> str:
    """The sales region of a province, by the first digits of its code."""
    names = {"1": "north", "2": "northeast", "3": "east", "5": "southwest", "6": "northwest"}
    return names.get(code[0]) or ("south" if code[:2] in ("44", "45", "46") else "central")


def add_customers(rows: Rows, random: Random) -> list[Customer]:
    """Every customer with its contacts."""
    mobiles = Mobiles()
    customers = [_chinese(rows, random, line) for line in cast.CHINESE]
    by_key = {customer.row.key: customer for customer in customers}
    for line, customer in zip(cast.CHINESE, customers, strict=True):
        _relate(customer, line[8], by_key[f"acc-{line[9]}"].row if line[9] else None)
    customers += [_english(rows, random, line) for line in cast.ENGLISH]
    for customer in customers:
        _contacts(rows, random, customer, mobiles)
    return customers + [_person(rows, random, line, mobiles) for line in cast.PERSONS]


def _chinese(rows: Rows, random: Random, line: list[str]) -> Customer:
    key, name, short, web, industry, region, street, level, channel, _ = line
    owner = f"@{_seller(random, region)}"
    row = rows.add(
        "account", f"acc-{key}", random.randrange(-640, -545), record_type="enterprise", name=name, short_name=short,
        credit_code=credit_code(random, region), channel_role=channel, level=level, industry=industry,
        price_book="@book-dealer" if channel == "dealer" else "@book-standard",
        source=random.choice(("website", "exhibition", "referral", "cold_call", "search_ad", "event", "phone_in")),
        phone=landline(random, region), email=f"info@{web}.example", website=f"https://www.{web}.example",
        region=_region(region), address={"region": region, "street": street}, employees=random.randrange(60, 2400, 10),
        annual_revenue=money(random.randrange(30, 2600) * 1_000_000), founded_year=random.randrange(1992, 2021),
        bank_name=random.choice(("中国工商银行", "中国建设银行", "招商银行", "中国银行")) + "股份有限公司",
        bank_account=str(random.randrange(10**17, 10**18)), owner=owner,
    )  # fmt: skip
    return Customer(row, short, owner, False, None, industry)


def _relate(customer: Customer, channel: str, other: Row | None) -> None:
    if other is None:
        return
    link = "dealer" if channel == "dealer_customer" else "parent"
    customer.row.change(max(customer.row.created, other.created) + 1, **{link: other.ref})


def _english(rows: Rows, random: Random, line: list[str]) -> Customer:
    key, name, web, industry, country, street, level, currency, phone = line
    row = rows.add(
        "account", f"acc-{key}", random.randrange(-600, -500), record_type="enterprise", name=name,
        channel_role="direct", level=level, industry=industry, region="overseas",
        price_book="@book-export" if currency == "USD" else None,
        address={"street": street, "country": country},
        source=random.choice(("website", "exhibition", "event", "partner", "search_ad")),
        phone=english_phone(random, phone), email=f"office@{web}.example", website=f"https://www.{web}.example",
        employees=random.randrange(40, 1800, 5), founded_year=random.randrange(1948, 2018), owner="@user-emma",
    )  # fmt: skip
    return Customer(row, name.split()[0], "@user-emma", True, currency, industry)


def _person(rows: Rows, random: Random, line: list[str], mobiles: Mobiles) -> Customer:
    key, name, gender, region, street, born = line
    english = not region
    owner = "@user-emma" if english else f"@{_seller(random, region)}"
    row = rows.add(
        "account", f"acc-{key}", random.randrange(-420, -60), record_type="person", name=name, gender=gender,
        mobile="+44 7700 900417" if english else mobiles.next(), birth_date=day(-int(born)), level="d",
        channel_role="direct", region="overseas" if english else _region(region),
        source=random.choice(("wechat", "online_chat", "referral", "website")),
        address={"street": street, "country": "GB"} if english else {"region": region, "street": street}, owner=owner,
    )  # fmt: skip
    return Customer(row, name, owner, english, "GBP" if english else None, "other", person=True)


def _contacts(rows: Rows, random: Random, customer: Customer, mobiles: Mobiles) -> None:
    positions = texts.ENGLISH_POSITIONS if customer.english else texts.POSITIONS
    count = {"a": 4, "b": 3, "c": 2, "d": 2}[customer.row.values["level"]]
    web = customer.row.values["email"].split("@")[1]
    chosen = [positions[0], *random.sample(positions[1:], count - 1)]
    for number, (position, department, role) in enumerate(chosen, 1):
        name, gender = _name(random, customer.english)
        contact = rows.add(
            "contact", f"{customer.row.key.replace('acc', 'con')}-{number}",
            customer.row.created + random.randrange(1, 12), name=name, gender=gender, account=customer.row.ref,
            position=position, department_name=department, role=role, email=f"{role}.{number}@{web}",
            mobile=None if customer.english else mobiles.next(), phone=customer.row.values.get("phone"),
            birth_date=day(-random.randrange(10000, 20500)) if random.random() < 0.4 else None, owner=customer.owner,
        )  # fmt: skip
        if number > 1 and random.random() < 0.5:
            contact.change(contact.created + 14, reports_to=customer.contacts[0].ref)
        customer.contacts.append(contact)


def _name(random: Random, english: bool) -> tuple[str, str | None]:
    if english:
        return random.choice(texts.ENGLISH_PEOPLE), None
    male = random.random() < 0.58
    given = random.choice(texts.GIVEN_MALE if male else texts.GIVEN_FEMALE)
    return random.choice(texts.SURNAMES) + given, "male" if male else "female"


def add_roles(rows: Rows, random: Random, customers: list[Customer]) -> None:
    """Who counts at which customer; some people have a role at a second one."""
    by_ref = {customer.row.ref: customer for customer in customers}
    for customer in customers:
        if customer.person:
            continue
        for contact in customer.contacts[:2]:
            _role(rows, random, customer.row, contact, contact.values["role"])
        for entry in customer.row.history:
            other = entry["set"].get("dealer") or entry["set"].get("parent")
            if other:
                _role(rows, random, customer.row, by_ref[other].contacts[0], "sponsor")


def _role(rows: Rows, random: Random, account: Row, contact: Row, role: str) -> None:
    created = max(account.created, contact.created) + 20
    rows.add(
        "account_contact_role", f"role-{account.key[4:]}-{contact.key[4:]}", created, account=account.ref,
        contact=contact.ref, role=role, stance=random.choice(STANCES),
        influence=random.randrange(2, 6), valid_from=day(created),
    )  # fmt: skip
