"""The table of the contract test: for each field type its values in order, what reads as them, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from dougong.base.field_types import Reading, Reference
from dougong.engine.fields import FIELD_TYPES
from dougong.engine.fields.address import Address
from dougong.engine.fields.files import VersionedFile
from dougong.engine.fields.person_name import PersonName
from dougong.engine.fields.places import Point
from dougong.metadata.model import Field, Picklist, PicklistValue

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 3, 26, tzinfo=UTC)
ENGLISH = Reading(language="en", zone=ZONE, now=NOW)
CHINESE = Reading(language="zh-CN", zone=ZONE, now=NOW)

A, B, C = (f"01934f2e-0000-7000-8000-00000000000{digit}" for digit in "abc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One type under test.

    `values` are in the order in which a list sorts them. `reads` pairs inputs with what they are read as, `refused`
    inputs with the code of the refusal. `operands` gives for each operator the operands to try.
    """

    name: str
    values: tuple[Any, ...]
    operands: Mapping[str, tuple[Any, ...]]
    reads: tuple[tuple[Any, Any], ...] = ()
    refused: tuple[tuple[Any, str], ...] = ()
    shown: str = ""
    """What the first value looks like in Chinese."""
    options: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    picklist: Picklist | None = None
    variant: str = ""

    @property
    def id(self) -> str:
        """The name of the case in the test's output and of its table."""
        return f"{self.name}_{self.variant}" if self.variant else self.name

    @property
    def field(self) -> Field:
        """A field of the type, with the defaults of its keys."""
        kind = FIELD_TYPES[self.name]
        defaults = {key: schema["default"] for key, schema in kind.keys.items() if "default" in schema}
        return Field(
            object="thing", name=self.id, id=self.id, type=kind, label={"en": "Thing", "zh-CN": "东西"},
            options=MappingProxyType({**defaults, **self.options}), targets=self.targets, picklist=self.picklist,
        )  # fmt: skip


def _picklist(*values: tuple[str, str, str, tuple[str, ...]]) -> Picklist:
    listed = (
        PicklistValue(value=value, label={"en": english, "zh-CN": chinese}, aliases=aliases, colour="green")
        for value, english, chinese, aliases in values
    )
    return Picklist(name="stage", label={"en": "Stage"}, values={each.value: each for each in listed})


STAGES = _picklist(
    ("qualify", "Qualify", "需求确认", ()),
    ("won", "Won", "赢单", ("Closed Won",)),
    ("lost", "Lost", "输单", ("Closed Lost", "丢单")),
)

NONE = (None,)
TEXT = {
    "contains": ("a", "新能源", "%", "ZZZ"), "not_contains": ("a", "_"), "is": ("ADA", "远澜新能源", "zzz"),
    "is_not": ("ada", "zzz"), "starts": ("ad", "远"), "ends": ("A", "源"), "in": (["ADA", "zzz"], "ada;_", []),
    "not_in": (["ada"], []), "blank": NONE, "not_blank": NONE,
}  # fmt: skip
WORDS = ("100% sure", "Ada", "_", "a\\b", "ada", "ÉCOLE", "远澜新能源")
CHOICE = {"is": (A, B), "is_not": (A,), "in": ([A, C], []), "not_in": ([B], []), "blank": NONE, "not_blank": NONE}
NUMBER = {
    "is": ("20", "0"), "is_not": ("20",), "gt": ("20", "20.5"), "gte": ("20",), "lt": ("20", "-0.5"), "lte": ("20",),
    "between": (["-1", "20"], "1..5"), "in": (["20", "5"], []), "not_in": (["20"], []),
    "blank": NONE, "not_blank": NONE,
}  # fmt: skip
DATES = {
    "within": ("today", "this_week", "last_month", "next_n_days:7", "last_n_days:30", "this_year", "n_days_ago:1"),
    "is": ("2026-11-22", "yesterday"), "is_not": ("2026-11-22", "this_month"), "before": ("today", "2026-11-01"),
    "after": ("today", "this_week"), "gt": ("2026-11-22",), "gte": ("2026-11-22", "this_month"), "lt": ("2026-11-22",),
    "lte": ("2026-11-22", "this_week"), "between": (["2026-11-01", "today"], "2026-01-01..2026-11-21"),
    "in": (["today", "2026-11-21"], []), "not_in": (["today"], []), "blank": NONE, "not_blank": NONE,
}  # fmt: skip
TIMES = {key: value for key, value in DATES.items() if key not in ("within", "before", "after")} | {
    "is": ("09:30",), "is_not": ("09:30",), "gt": ("09:30",), "gte": ("09:30",), "lt": ("09:30",), "lte": ("09:30",),
    "between": (["08:00", "12:00"],), "in": (["09:30"], []), "not_in": (["09:30"], []),
}  # fmt: skip
PRESENCE = {"blank": NONE, "not_blank": NONE}


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


CASES = (
    Case(
        name="text",
        values=WORDS,
        operands=TEXT,
        shown="100% sure",
        reads=((" a\nb ", "a b"), ("e\u0301", "é"), (5, "5"), ("\x00a\x07", "a")),
        refused=(("x" * 256, "value-too-long"), (True, "value-kind"), ("a\ud800", "text-broken"), ([], "value-kind")),
    ),
    Case(
        name="text",
        variant="code",
        values=("ABC", "XYZ"),
        operands=TEXT,
        options={
            "case": "upper",
            "length": 3,
            "pattern": {"regex": "[A-Z]{3}", "message": {"en": "Three letters.", "zh-CN": "三个字母。"}},
        },
        reads=(("abc", "ABC"),),
        refused=(("AB", "value-pattern"), ("ABCD", "value-too-long")),
        shown="ABC",
    ),
    Case(
        name="long_text",
        values=("one\ntwo", "x" * 300),
        operands=TEXT,
        reads=(("a\r\nb", "a\nb"),),
        refused=(("x" * 32_001, "value-too-long"),),
        shown="one\ntwo",
    ),
    Case(
        name="rich_text",
        values=("<p>Ada</p>", "<p>Ada <b>远澜新能源</b> &amp; co</p>"),
        shown="Ada",
        operands={"contains": ("ada", "& co", "<b>", "strong"), "not_contains": ("& CO",), **PRESENCE},
        reads=(
            ("<p onclick=x>a<script>b</script></p>", "<p>a</p>"),
            ("<p> </p>", None),
            ("a\n\nb & c", "<p>a</p><p>b &amp; c</p>"),
            ('<a href="javascript:alert(1)">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        ),
    ),
    Case(
        name="integer",
        values=(-1, 0, 5, 20, 10**17),
        operands=NUMBER,
        shown="−1",
        reads=(("１，０００", 1000), ("3万", 30_000), (Decimal("5.00"), 5), ("1e3", 1000)),
        refused=(
            ("1.5", "too-many-decimals"),
            ("x", "value-not-number"),
            (True, "value-kind"),
            (10**18, "value-too-long"),
        ),
    ),
    Case(
        name="integer",
        variant="limited",
        values=(1, 5),
        options={"min": 1, "max": "12", "unit": {"zh-CN": "台"}},
        operands=NUMBER,
        refused=((0, "value-too-small"), (13, "value-too-large")),
        shown="1 台",
    ),
    Case(
        name="decimal",
        values=(
            Decimal("-0.75"),
            Decimal("0.00"),
            Decimal("0.10"),
            Decimal("5.00"),
            Decimal("20.00"),
            Decimal("9" * 15 + ".99"),
        ),
        operands={**NUMBER, "is": ("20", "0.1", "0.101"), "lt": ("0.105",)},
        shown="−0.75",
        reads=(
            ("1,234.50", Decimal("1234.50")),
            (0.1, Decimal("0.10")),
            ("(5)", Decimal("-5.00")),
            ("−5", Decimal("-5.00")),
            ("1.5亿", Decimal("150000000.00")),
        ),
        refused=(("1.005", "too-many-decimals"), ("1,23", "value-not-number"), (float("nan"), "value-not-number")),
    ),
    Case(
        name="percent",
        values=(Decimal("-0.0500"), Decimal("0.0000"), Decimal("0.2000"), Decimal("0.2250")),
        shown="−5%",
        options={"max": "1"},
        operands={**NUMBER, "is": ("20%", "0.2"), "between": ("0%..20%",), "gt": ({"percent": "20"},)},
        reads=(
            ("20%", Decimal("0.2000")),
            ({"percent": "20"}, Decimal("0.2000")),
            ({"percent": ""}, None),
            ("20 ％", Decimal("0.2000")),
        ),
        refused=(("12.345%", "too-many-decimals"), ("101%", "value-too-large"), ("x%", "value-not-number")),
    ),
    Case(
        name="rating",
        values=(1, 5),
        operands=NUMBER,
        reads=(("★★★☆☆", 3), ("0", None)),
        shown="★☆☆☆☆",
        refused=((6, "value-out-of-range"), ("1.5", "value-out-of-range")),
    ),
    Case(
        name="duration",
        values=(-30, 20, 90, 1440),
        shown="−30 分钟",
        operands={**NUMBER, "is": ("1:30", "90"), "gt": ("1h",)},
        reads=(("90", 90), ("1.5小时", 90), ("1h 30m", 90), ("-0:30", -30), ("2天", 2880), (90, 90)),
        refused=(("soon", "value-not-duration"), ("0.5", "too-many-decimals")),
    ),
    Case(
        name="duration",
        variant="hours",
        values=(30, 90),
        options={"unit": "hours"},
        shown="30 分钟",
        operands={**NUMBER, "is": ("1.5",)},
        reads=(("1.5", 90), ("1:30", 90)),
    ),
    Case(
        name="money",
        values=(Decimal("-28000.00"), Decimal("0.00"), Decimal("20.00"), Decimal("1286000.00")),
        shown="−28,000.00",
        operands={**NUMBER, "gte": ("¥1,286,000.00",)},
        options={"currency": "CNY"},
        reads=(("¥1,234.50", Decimal("1234.50")), ("1.2万元", Decimal("12000.00")), ("CNY 5", Decimal("5.00"))),
        refused=(("5 USD", "currency-beside-amount"), ("x", "value-not-number"), ("0.001", "too-many-decimals")),
    ),
    Case(
        name="date",
        operands=DATES,
        shown="2025-12-31",
        values=(
            date(2025, 12, 31),
            date(2026, 10, 31),
            date(2026, 11, 16),
            date(2026, 11, 21),
            date(2026, 11, 22),
            date(2026, 11, 23),
            date(2026, 12, 1),
            date(2027, 1, 1),
        ),
        reads=(
            ("2026年11月22日", date(2026, 11, 22)),
            ("2026/11/22 0:00:00", date(2026, 11, 22)),
            ("今天", date(2026, 11, 22)),
            ("22 Nov 2026", date(2026, 11, 22)),
            (46348, date(2026, 11, 22)),
            ("31/12/2026", date(2026, 12, 31)),
            ("2026-11-22T20:00:00Z", date(2026, 11, 23)),
            ("20261122", date(2026, 11, 22)),
            ("11月3日", date(2026, 11, 3)),
        ),
        refused=(
            ("2026-02-30", "value-not-date"),
            ("3/4/2026", "date-ambiguous"),
            ("0001-01-01", "year-out-of-range"),
            (True, "value-kind"),
        ),
    ),
    Case(
        name="date",
        variant="month",
        values=(date(2026, 11, 1), date(2026, 12, 1)),
        options={"precision": "month"},
        operands=DATES,
        reads=(("2026-11", date(2026, 11, 1)), ("2026年11月", date(2026, 11, 1))),
        shown="2026-11",
    ),
    Case(
        name="date",
        variant="birthday",
        values=(date(1604, 2, 29), date(1990, 5, 12)),
        operands=DATES,
        options={"year": "optional", "max": "today"},
        shown="02-29",
        reads=(("--02-29", date(1604, 2, 29)), ("2月29日", date(1604, 2, 29)), ("1990-05-12", date(1990, 5, 12))),
        refused=(("2026-11-23", "date-too-late"), ("2-30", "value-not-date")),
    ),
    Case(
        name="date",
        variant="lunar",
        values=(date(1990, 5, 12), date(2025, 7, 25)),
        operands=DATES,
        options={"lunar": True},
        shown="1990-05-12",
        reads=(
            ("农历1990年四月十八", date(1990, 5, 12)),
            ("阴历 1990年4月18日", date(1990, 5, 12)),
            ("lunar 1990-4-18", date(1990, 5, 12)),
            ("农历2025年闰六月初一", date(2025, 7, 25)),
            ("lunar 2025-leap 6-1", date(2025, 7, 25)),
            ("农历2024年腊月廿九", date(2025, 1, 28)),
            ("1990-05-12", date(1990, 5, 12)),
        ),
        refused=(("农历2025年腊月三十一", "value-not-lunar"), ("农历2026年闰六月初一", "value-not-lunar")),
    ),
    Case(
        name="datetime",
        operands={**DATES, "is": ("2026-11-22 11:26", "2026-11-22T03:26:30Z", "today")},
        shown="2026-11-21 23:59",
        values=(
            _utc(2026, 11, 21, 15, 59, 59),
            _utc(2026, 11, 21, 16),
            _utc(2026, 11, 22, 3, 26),
            _utc(2026, 11, 22, 3, 26, 30),
            _utc(2026, 11, 22, 16),
        ),
        reads=(
            ("2026-11-22 11:26", _utc(2026, 11, 22, 3, 26)),
            ("2026年11月22日 下午3点半", _utc(2026, 11, 22, 7, 30)),
            ("2026-11-22T03:26:00.5+00:00", _utc(2026, 11, 22, 3, 26)),
            ("2026-11-22", _utc(2026, 11, 21, 16)),
            (date(2026, 11, 22), _utc(2026, 11, 21, 16)),
            ("22 Nov 2026 3:30 pm", _utc(2026, 11, 22, 7, 30)),
        ),
        refused=(
            ("yesterday noon", "value-not-datetime"),
            ("2026-11-22 25:00", "value-not-datetime"),
            (5, "value-kind"),
        ),
    ),
    Case(
        name="time",
        values=(time(0), time(9, 30), time(9, 31), time(23, 59)),
        operands=TIMES,
        shown="00:00",
        reads=(("9:30", time(9, 30)), ("下午3点半", time(15, 30)), ("3pm", time(15)), ("09:30:15", time(9, 30))),
        refused=(("25:00", "value-not-time"), ("noon", "value-not-time")),
    ),
    Case(
        name="boolean",
        values=(False, True),
        operands={"is": (True, "no"), "is_not": ("是", False)},
        shown="否",
        reads=(("是", True), ("×", False), ("on", True), (["false", "true"], True), (1, True), ("签", True)),
        refused=(("maybe", "value-not-boolean"), (2, "value-not-boolean")),
        options={"yes": {"zh-CN": "签"}},
    ),
    Case(
        name="json",
        values=({"a": [1, 2.5, None]}, [], ["x"]),
        operands=PRESENCE,
        shown='{"a": [1, 2.5, null]}',
        reads=(('{"a": 1}', {"a": 1}), (" ", None)),
        refused=(
            ("[1", "value-not-json"),
            ("5", "value-kind"),
            ({"a": float("inf")}, "value-kind"),
            (["\x00"], "text-broken"),
        ),
    ),
    Case(
        name="json",
        variant="typed",
        values=({"size": 1},),
        operands=PRESENCE,
        shown='{"size": 1}',
        options={"schema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
        refused=(({"size": "x"}, "json-schema"),),
    ),
    Case(
        name="file",
        values=((Reference("file", A, "合同.pdf"),), (Reference("file", B, "a b.pdf"), Reference("file", C))),
        operands=PRESENCE,
        shown="合同.pdf",
        options={"count": 2, "types": ["pdf"]},
        reads=(([f"{A} 合同.pdf", ""], (Reference("file", A, "合同.pdf"),)),),
        refused=(
            ([A, B, C], "too-many-files"),
            ([{"id": A, "name": "a.exe"}], "file-type-refused"),
            (["x"], "reference-not-found"),
        ),
    ),
    Case(
        name="file",
        variant="versions",
        values=(
            (VersionedFile("file", A, "合同.pdf", (Reference("file", B, "合同 <2>.pdf"), Reference("file", C))),),
            (VersionedFile("file", C, "b.pdf"),),
        ),
        operands=PRESENCE,
        shown="合同.pdf",
        options={"versions": True},
        reads=(
            ([f"{A} a.pdf"], (VersionedFile("file", A, "a.pdf"),)),
            ([f"{A} a.pdf", f"{B} a.pdf"], (VersionedFile("file", A, "a.pdf"), VersionedFile("file", B, "a.pdf"))),
        ),
        refused=(([f"{A} a.pdf", f"{B} b.pdf"], "too-many-files"),),
    ),
    Case(
        name="image",
        values=((Reference("file", A, "a.png"),),),
        operands=PRESENCE,
        shown="a.png",
        refused=(([{"id": A, "name": "a.svg"}], "file-type-refused"),),
    ),
    Case(
        name="barcode",
        values=("4006381333931", "ada"),
        operands={k: v for k, v in TEXT.items() if k not in ("ends", "not_contains")},
        refused=(("长" * 400, "value-too-long"),),
        shown="4006381333931",
    ),
    Case(
        name="barcode",
        variant="ean",
        values=("4006381333931",),
        options={"symbology": "ean13", "formula": "ean"},
        shown="4006381333931",
        operands={k: v for k, v in TEXT.items() if k not in ("ends", "not_contains")},
        reads=(("400 6381 33393-1", "4006381333931"),),
        refused=(("4006381333932", "barcode-wrong"),),
    ),
    Case(
        name="geolocation",
        values=(Point(30.2741, 120.1551), Point(31.2304, 121.4737), Point(-17.7, 179.9), Point(-17.7, -179.9)),
        operands={
            "near": ([30.2741, 120.1551, 100], [30.2741, 120.1551, 200], "-17.7 179.95 30", [0, 0, 1000]),
            **PRESENCE,
        },
        reads=(
            ("30.2741, 120.1551", Point(30.2741, 120.1551)),
            ([1, "2"], Point(1.0, 2.0)),
            ({"latitude": "", "longitude": ""}, None),
        ),
        refused=(("91, 0", "value-not-point"), ("1", "value-not-point"), ({"latitude": "1"}, "value-not-point")),
        shown="30.274100, 120.155100",
    ),
    Case(
        name="picklist",
        values=("qualify", "won", "lost"),
        picklist=STAGES,
        options={"other": {"value": "lost", "text": "words"}},
        shown="需求确认",
        operands={
            "is": ("won", "赢单"),
            "is_not": ("won",),
            "in": (["won", "lost"], "Won;Lost", []),
            "not_in": (["won"], []),
            **PRESENCE,
        },
        reads=(("赢单", "won"), ("CLOSED LOST", "lost"), ("", None)),
        refused=(("wonn", "value-not-in-list"), ("xyz", "value-not-in-list"), (5, "value-kind")),
    ),
    Case(
        name="multi_picklist",
        values=(("qualify",), ("qualify", "lost"), ("won", "lost")),
        picklist=STAGES,
        options={"other": {"value": "lost", "text": "words"}},
        shown="需求确认",
        operands={
            "any": (["won", "qualify"], "won"),
            "includes": (["qualify", "lost"], ["lost"]),
            "excludes": (["won"], "qualify;won"),
            "is": (["lost", "qualify"],),
            "is_not": ("qualify",),
            **PRESENCE,
        },
        reads=(("丢单；赢单", ("won", "lost")), (["won", "won", ""], ("won",)), ([], None)),
        refused=((["won", "x"], "value-not-in-list"), (5, "value-kind")),
    ),
    Case(
        name="email",
        values=("ada@example.com", "li@例子.公司"),
        operands={**TEXT, "is": ("ADA@Example.com",)},
        shown="ada@example.com",
        reads=((" mailto:Ada@EXAMPLE.com", "Ada@example.com"), ("ada＠example.com", "ada@example.com")),
        refused=(("ada", "value-not-email"), ("a b@example.com", "value-not-email")),
    ),
    Case(
        name="phone",
        values=("+8613800138000", "+8657188886666;ext=801"),
        shown="138 0013 8000",
        operands={
            **TEXT,
            "is": ("138 0013 8000", "0571-88886666-801"),
            "contains": ("0571-8888", "138"),
            "starts": ("+8613",),
        },
        reads=(
            ("138 0013 8000", "+8613800138000"),
            ("0571-88886666转801", "+8657188886666;ext=801"),
            ("400-820-8820", "+864008208820"),
            ("+1 650 253 0000", "+16502530000"),
            ("95588", "+8695588"),
        ),
        refused=(("138 0013 800", "value-not-phone"), ("call me", "value-not-phone")),
    ),
    Case(
        name="phone",
        variant="mobile",
        values=("+8613800138000",),
        options={"line": "mobile"},
        operands=TEXT,
        shown="138 0013 8000",
        refused=(("0571-88886666", "phone-not-mobile"),),
    ),
    Case(
        name="url",
        values=("https://example.com", "https://例子.公司/路?a=1"),
        operands=TEXT,
        shown="example.com",
        reads=(
            ("Example.com", "https://example.com"),
            ("HTTP://EXAMPLE.com/A", "http://example.com/A"),
            ("[::1]:80", "https://[::1]:80"),
        ),
        refused=(("javascript:alert(1)", "value-not-url"), ("x", "value-not-url"), ("a b.com", "value-not-url")),
    ),
    Case(
        name="address",
        shown="浙江省",
        values=(Address("330000"), Address("330106", "文三路90号", "310012"), Address("500103")),
        operands={
            "contains": ("西湖", "文三路", "310012"),
            "not_contains": ("西湖",),
            "in_region": (["330000"], "浙江省杭州市", ["330106", "500000"]),
            **PRESENCE,
        },
        reads=(
            ("浙江省杭州市西湖区文三路90号 310012", Address("330106", "文三路90号", "310012")),
            ("1 Main St (US)", Address("", "1 Main St", "", "US")),
            ({"region": "浙江杭州市", "street": ""}, Address("330100")),
            ({"region": "", "street": "", "postcode": "", "country": "CN"}, None),
            ({"province": "330000", "city": "330100", "district": "330106"}, Address("330106")),
            ({"province": "110000", "city": "110101", "district": ""}, Address("110101")),
            ({"province": "浙江省", "city": "杭州市"}, Address("330100")),
            ({"city": "330100"}, Address("330100")),
        ),
        refused=(
            ({"region": "999999"}, "region-unknown"),
            ({"street": "a", "postcode": "1"}, "postcode-wrong"),
            ({"street": "a", "country": "XX"}, "country-unknown"),
            ({"region": "330000", "country": "US"}, "region-abroad"),
            ({"province": "320000", "city": "330100", "district": ""}, "region-apart"),
            ({"province": "", "city": "330100", "district": ""}, "region-apart"),
            (5, "value-kind"),
        ),
    ),
    Case(
        name="person_name",
        values=("Ada Lovelace", "欧阳静怡"),
        operands=TEXT,
        shown="Ada Lovelace",
        reads=(
            (" 王 伟 ", PersonName("王 伟")),
            ({"family": "王", "given": "伟"}, "王伟"),
            ({"family": "", "given": ""}, None),
        ),
        refused=(({"first": "a"}, "value-kind"), ("x" * 121, "value-too-long")),
    ),
    Case(
        name="user",
        values=(Reference("user", A), Reference("user", B)),
        operands=CHOICE,
        targets=("user",),
        shown="（记录）",
        reads=((f"user:{A}", Reference("user", A)), ({"id": A}, Reference("user", A)), ("", None)),
        refused=(("Li", "reference-not-found"), (f"account:{A}", "reference-wrong-object")),
    ),
    Case(
        name="department",
        values=(Reference("department", A),),
        operands=CHOICE,
        targets=("department",),
        shown="（记录）",
    ),
    Case(
        name="lookup",
        values=(Reference("account", A), Reference("account", B), Reference("account", C)),
        operands=CHOICE,
        targets=("account",),
        shown="（记录）",
        refused=((A[:-1], "reference-not-found"), (5, "reference-not-found")),
    ),
    Case(
        name="lookup",
        variant="several",
        values=(Reference("account", A), Reference("lead", B)),
        operands=CHOICE,
        targets=("account", "lead"),
        shown="（记录）",
        reads=((f"lead:{A}", Reference("lead", A)),),
        refused=((A, "reference-object-missing"), (f"user:{A}", "reference-wrong-object")),
    ),
    Case(
        name="master_detail", values=(Reference("account", A),), operands=CHOICE, targets=("account",), shown="（记录）"
    ),
    Case(
        name="link",
        values=((Reference("account", A),), (Reference("account", A), Reference("account", B))),
        targets=("account",),
        operands={"includes": ([A], [B, C]), "excludes": ([B],), **PRESENCE},
        shown="（记录）",
        reads=(
            (f"{A};{B}", (Reference("account", A), Reference("account", B))),
            ([A, A], (Reference("account", A),)),
            ([], None),
        ),
        refused=((["x"], "reference-not-found"), (5, "value-kind")),
    ),
    Case(
        name="auto_number",
        values=("HT-202611-0001", "HT-202611-0002"),
        operands=TEXT,
        options={"pattern": "HT-{YYYY}{MM}-{0001}"},
        shown="HT-202611-0001",
    ),
    Case(name="rollup", values=(0, 3, 20), operands=NUMBER, options={"op": "count", "from": "task.account"}, shown="0"),
    Case(
        name="rollup",
        variant="tree",
        values=(0, 3, 20),
        operands=NUMBER,
        options={
            "op": "count",
            "from": "task.account",
            "tree": True,
            "window": {"field": "due", "period": "last_n_days:30"},
            "rights": "system",
        },
        shown="0",
    ),
    Case(
        name="formula",
        values=WORDS,
        operands={**TEXT, "error": NONE},
        shown="100% sure",
        options={"returns": "text", "formula": "name"},
    ),
    Case(name="id", values=(A, B, C), operands=CHOICE, shown=A),
)
