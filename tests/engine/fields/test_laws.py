"""Laws that hold for every value, not only for those in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select
from sqlalchemy.engine import make_url

from dougong.base.field_types import ValueRefused
from dougong.engine.dialects import open_database
from dougong.engine.fields.address import Address
from dougong.engine.fields.number_text import read_number, write_number
from dougong.engine.fields.person_name import PersonName, join_name
from dougong.engine.fields.places import Circle, Point, distance_km
from dougong.engine.fields.regions import find_region, region_name, regions
from dougong.engine.lettercase import lowered
from tests.engine.fields.case import CHINESE, ENGLISH, Case
from tests.engine.fields.cases import CASES

BY_ID = {case.id: case for case in CASES}
ZONES = st.sampled_from(
    ["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
DECIMALS = st.decimals(min_value=-(10**15), max_value=10**15, places=2)


@given(DECIMALS)
def test_numbers_read_what_they_write(number: Decimal) -> None:
    """Grouped, plain, full-width and European: one number."""
    field = BY_ID["decimal"].field
    plain = format(number, "f")
    european = format(number, ",.2f").translate({ord(","): ".", ord("."): ","})
    for text in (
        plain,
        format(number, ",.2f"),
        write_number(number, 2),
        plain.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"}),
    ):
        assert field.type.coerce(field, text, ENGLISH) == number
    assert field.type.coerce(field, european, replace(ENGLISH, decimal_mark=",")) == number


@given(st.text(max_size=40))
def test_no_text_breaks_a_type(text: str) -> None:
    """Any text is read or refused, never an error of another kind; what was read, reads back."""
    for case in CASES:
        field = case.field
        try:
            value = field.type.coerce(field, text, CHINESE)
        except ValueRefused as refused:
            assert refused.reason.to("zh-CN")
            continue
        assert field.type.coerce(field, field.type.to_json(field, value), CHINESE) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
)
def test_no_json_breaks_a_type(value: Any) -> None:
    """Nor does any JSON value, as value or as operand."""
    for case in CASES:
        for read in _readers(case):
            try:
                read(value)
            except ValueRefused as refused:
                assert refused.code


def _readers(case: Case) -> list[Callable[[Any], Any]]:
    field = case.field
    return [
        lambda each: field.type.coerce(field, each, CHINESE),
    ] + [
        lambda each, op=operator.name: field.type.operand(field, op, each, CHINESE)  # type: ignore[misc]
        for operator in field.type.operators(field)
    ]


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(9998, 12, 31)))
def test_dates_read_what_they_write(day: date) -> None:
    """In ISO, Chinese, English and with slashes."""
    field = BY_ID["date"].field
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[day.month - 1]
    for text in (
        day.isoformat(), f"{day.year}年{day.month}月{day.day}日",
        f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}",
        f"{day.year}/{day.month}/{day.day}", f"{day.year:04d}{day.month:02d}{day.day:02d}",
    ):  # fmt: skip
        assert field.type.coerce(field, text, CHINESE) == day, text
    for order, text in (("dmy", f"{day.day}/{day.month}/{day.year}"), ("mdy", f"{day.month}-{day.day}-{day.year}")):
        assert field.type.coerce(field, text, replace(CHINESE, date_order=order)) == day


@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9998, 12, 30)), ZONES)
def test_moments_read_what_they_write(moment: datetime, zone: str) -> None:
    """In every zone, the hour that the clock passes twice included."""
    field, reading = BY_ID["datetime"].field, replace(CHINESE, zone=ZoneInfo(zone))
    value = moment.replace(microsecond=0, tzinfo=UTC)
    assert field.type.coerce(field, field.type.to_text(field, value, reading), reading) == value
    assert field.type.coerce(field, field.type.to_json(field, value), reading) == value


def test_moment_in_the_hour_that_passes_twice() -> None:
    """01:30 in New York on 1 November 2026 comes twice; export tells them apart."""
    field, reading = BY_ID["datetime"].field, replace(ENGLISH, zone=ZoneInfo("America/New_York"))
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6))
    texts = [field.type.to_text(field, each, reading) for each in (first, second)]
    assert texts[0] != texts[1]
    assert [field.type.coerce(field, text, reading) for text in texts] == [first, second]


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)), ZONES)
def test_today_is_the_readers_day(now: datetime, zone: str) -> None:
    """ "Is today" covers the reader's calendar day, be it 23, 24 or 25 hours long."""
    field = BY_ID["datetime"].field
    reading = replace(ENGLISH, zone=ZoneInfo(zone), now=now.replace(tzinfo=UTC))
    span = field.type.operand(field, "within", "today", reading)
    assert span.start <= reading.now < span.end
    local = [each.astimezone(reading.zone) for each in (span.start, span.end - timedelta(microseconds=1))]
    assert {each.date() for each in local} == {reading.today}
    assert local[0].time() == time() or reading.zone.key == "America/Sao_Paulo"  # type: ignore[attr-defined]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20))
def test_text_compares_without_case(text: str) -> None:
    """Lowering is stable and keeps the number of letters, so that both databases can do the same."""
    assert lowered(lowered(text)) == lowered(text)
    assert len(lowered(text)) == len(text)


@pytest.mark.parametrize("kind", ("sqlite", "postgresql"))
def test_databases_lower_as_python_does(kind: str, fresh_database_url: Callable[[str], str]) -> None:
    """Filters without case find the same letters on both databases."""
    letters = "AZaz0_ÀÉÖØÞßΑΒΣΩАЯЁＡＺ中İŁŻĐ"
    text = BY_ID["text"].field
    database = open_database(make_url(fresh_database_url(kind)), "default", 2)
    database.create()
    metadata = MetaData()
    table = Table("letters", metadata, *(Column(f"v{part.suffix}", part.type) for part in text.type.parts(text)))
    with database.writers.connect() as connection:
        database.begin_write(connection)
        metadata.create_all(connection)
        connection.execute(insert(table), [{"v": letter} for letter in letters])
        for letter in letters:
            found = set(
                connection.scalars(select(table.c.v).where(text.type.condition(text, [table.c.v], "is", letter)))
            )
            assert found == {each for each in letters if lowered(each) == lowered(letter)}
        connection.rollback()
    database.close()


@given(
    st.sampled_from(sorted(regions())),
    st.text(alphabet="文三路解放9号-A中山东西北", max_size=8),
    st.sampled_from(["", "310012"]),
)
def test_addresses_read_what_they_write(code: str, street: str, postcode: str) -> None:
    """An address written as text reads back to the same region, street and postcode."""
    field = BY_ID["address"].field
    value = Address(code, street, postcode)
    assert field.type.coerce(field, field.type.to_text(field, value, CHINESE), CHINESE) == value
    assert field.type.coerce(field, field.type.to_json(field, value), CHINESE) == value


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("浙江省杭州市西湖区文三路90号", "330106", "文三路90号"),
        ("北京市海淀区中关村", "110108", "中关村"),
        ("北京海淀区中关村", "110108", "中关村"),
        ("内蒙古呼和浩特市", "150100", ""),
        ("广东省东莞市松山湖", "441900", "松山湖"),
        ("杭州市西湖区", "330106", ""),
        ("文三路90号", None, "文三路90号"),
    ],
)
def test_regions_are_found_in_addresses(text: str, code: str | None, rest: str) -> None:
    """Whole names, short provinces, left-out provinces; and no region where there is none."""
    assert find_region(text) == (code, rest)


def test_every_region_is_found_by_its_name() -> None:
    """The whole name of each region leads to a region of that name."""
    for code in regions():
        name = region_name(code)
        found, rest = find_region(name)
        assert found is not None and not rest.strip() and region_name(found) == name, (code, name, found, rest)


@given(st.floats(-60, 60), st.floats(-180, 180), st.floats(0.5, 1000), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_the_series_is_near_the_haversine(
    latitude: float, longitude: float, km: float, north: float, east: float
) -> None:
    """The distance that SQL computes differs from the great circle by less than a thousandth."""
    centre = Point(round(latitude, 6), round(longitude, 6))
    reach = km / 111.195
    place = Point(centre.latitude + north * reach, centre.longitude + east * reach)
    if abs(place.latitude) > 80 or abs(place.longitude) > 180:
        return
    distance = distance_km(centre, place)
    if abs(distance - km) > 0.001 * km + 0.001:
        assert _near(Circle(centre, km), place) == (distance <= km)


def _near(circle: Circle, place: Point) -> bool:
    """The condition's own arithmetic, on numbers instead of columns."""
    from dougong.engine.fields import places

    inside = places._within(place.latitude, place.longitude - circle.centre.longitude, circle)  # type: ignore[arg-type]
    return bool(inside)


@pytest.mark.parametrize(
    ("text", "family", "given_name"),
    [
        ("王伟", "王", "伟"),
        ("欧阳静怡", "欧阳", "静怡"),
        ("欧阳", "欧", "阳"),
        ("司马光", "司马", "光"),
        ("诸葛 亮", "诸葛", "亮"),
        ("Sarah Whitfield", "Whitfield", "Sarah"),
        ("Ludwig van Beethoven", "van Beethoven", "Ludwig"),
        ("Whitfield, Sarah", "Whitfield", "Sarah"),
        ("Madonna", "", "Madonna"),
        ("Mary Ann Evans", "Evans", "Mary Ann"),
    ],
)
def test_names_are_taken_apart(text: str, family: str, given_name: str) -> None:
    """Chinese surnames first, foreign ones last."""
    name = PersonName(text)
    assert (name.family, name.given) == (family, given_name)


def test_stated_parts_of_a_name_are_kept() -> None:
    """Parts that the name alone would not give survive JSON and the database."""
    field = BY_ID["person_name"].field
    name = field.type.coerce(field, {"family": "García Márquez", "given": "Gabriel"}, ENGLISH)
    assert name == join_name("García Márquez", "Gabriel") == "Gabriel García Márquez"
    for again in (
        field.type.coerce(field, field.type.to_json(field, name), ENGLISH),
        field.type.from_row(field, field.type.to_row(field, name)),
    ):
        assert (again, again.family, again.given) == (name, "García Márquez", "Gabriel")


def test_a_binary_fraction_is_taken_at_its_sure_digits() -> None:
    """0.1 + 0.2 of a spreadsheet is 0.3."""
    assert read_number(0.1 + 0.2, ENGLISH) == Decimal("0.3")
