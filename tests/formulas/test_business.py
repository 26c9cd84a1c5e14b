"""Business functions at their edges: in Python, and in SQL on both databases where they have it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from dougong.base.errors import FormulaError
from dougong.formulas import EvaluationError, Failure, FieldInfo, NamedFields, Path, Type, compile
from tests.formulas.two_ways import hold

FIELDS: dict[Path, FieldInfo] = {
    ("d",): FieldInfo(Type.DATE),
    ("o",): FieldInfo(Type.DATE),
    ("n",): FieldInfo(Type.NUMBER, 18, 4),
    ("t",): FieldInfo(Type.TEXT),
}
SCOPE = NamedFields(FIELDS)


def day(text: str) -> date:
    return date.fromisoformat(text)


AGES = [
    ("2000-02-29", "2001-02-27", 0), ("2000-02-29", "2001-02-28", 1), ("2000-02-29", "2004-02-28", 3),
    ("2000-02-29", "2004-02-29", 4), ("2001-02-28", "2004-02-28", 3), ("2001-02-28", "2004-02-29", 3),
    ("1990-05-20", "1990-05-20", 0), ("1990-05-20", "1989-05-20", -1), ("1990-05-20", "1990-05-19", -1),
    ("0001-01-01", "9999-12-31", 9998), ("1999-12-31", "2000-01-01", 0), ("1970-01-31", "2020-01-30", 49),
]  # fmt: skip
ANNIVERSARIES = [
    ("2000-02-29", "2023-03-01", "2024-02-29"), ("2000-02-29", "2023-02-28", "2023-02-28"),
    ("2000-02-29", "2024-02-28", "2024-02-29"), ("2001-02-28", "2024-02-29", "2025-02-28"),
    ("1990-12-31", "2024-12-31", "2024-12-31"), ("1990-01-01", "2024-01-02", "2025-01-01"),
    ("1990-01-01", "9999-01-02", Failure.OUT_OF_RANGE), ("1990-06-30", "1980-01-01", "1980-06-30"),
    ("2100-02-28", "2100-02-28", "2100-02-28"), ("2096-02-29", "2100-01-01", "2100-02-28"),
]  # fmt: skip
DIFFERENCES = [
    ("month", "2024-01-31", "2024-02-28", 0), ("month", "2024-01-31", "2024-02-29", 1),
    ("month", "2024-02-29", "2024-01-31", -1), ("month", "2024-02-29", "2024-01-29", -1),
    ("month", "2023-12-31", "2024-12-30", 11), ("year", "2024-02-29", "2023-02-28", -1),
    ("year", "2023-02-28", "2024-02-28", 1), ("week", "2024-01-08", "2024-01-01", -1),
    ("week", "2024-01-07", "2024-01-01", 0), ("day", "0001-01-01", "9999-12-31", 3652058),
]  # fmt: skip
LATER = [
    ("ADDMONTHS", "2024-01-31", "1", "2024-02-29"), ("ADDMONTHS", "2023-01-31", "1", "2023-02-28"),
    ("ADDMONTHS", "2024-02-29", "12", "2025-02-28"), ("ADDMONTHS", "2024-02-29", "48", "2028-02-29"),
    ("ADDMONTHS", "2023-02-28", "12", "2024-02-29"), ("ADDMONTHS", "2024-04-30", "-1", "2024-03-31"),
    ("ADDMONTHS", "2024-03-30", "-1", "2024-02-29"), ("ADDMONTHS", "2024-02-28", "1", "2024-03-28"),
    ("ADDMONTHS", "2024-05-15", "0", "2024-05-15"), ("ADDMONTHS", "2024-05-15", "-0.9", "2024-05-15"),
    ("ADDMONTHS", "0001-01-31", "-1", Failure.OUT_OF_RANGE), ("ADDMONTHS", "9999-12-31", "1", Failure.OUT_OF_RANGE),
    ("ADDMONTHS", "0001-01-31", "119987", "9999-12-31"),
    ("EOMONTH", "2024-02-29", "0", "2024-02-29"), ("EOMONTH", "2024-01-30", "1", "2024-02-29"),
    ("EOMONTH", "2023-01-30", "1", "2023-02-28"), ("EOMONTH", "2024-02-29", "-12", "2023-02-28"),
    ("EOMONTH", "2024-12-31", "1", "2025-01-31"), ("EOMONTH", "2024-03-31", "-1.9", "2024-02-29"),
    ("EOMONTH", "2024-03-31", "0.9", "2024-03-31"), ("EOMONTH", "9999-12-01", "0", "9999-12-31"),
    ("EOMONTH", "9999-12-01", "1", Failure.OUT_OF_RANGE), ("EOMONTH", "0001-01-01", "-1", Failure.OUT_OF_RANGE),
    ("EOMONTH", "0001-01-01", "99999999999999", Failure.OUT_OF_RANGE), ("EOMONTH", "1900-02-01", "0", "1900-02-28"),
    ("EOMONTH", "2000-02-01", "0", "2000-02-29"),
]  # fmt: skip
QUARTERS = [
    ("2024-01-01", 1), ("2024-03-31", 1), ("2024-04-01", 2), ("2024-06-30", 2), ("2024-07-01", 3), ("2024-09-30", 3),
    ("2024-10-01", 4), ("2024-12-31", 4), ("0001-01-01", 1), ("9999-12-31", 4), ("2024-02-29", 1),
]  # fmt: skip
CAPITALS = [
    ("0", "零元整"), ("0.05", "伍分"), ("0.5", "伍角整"), ("10", "壹拾元整"), ("105", "壹佰零伍元整"),
    ("1001", "壹仟零壹元整"), ("1010.1", "壹仟零壹拾元壹角整"), ("10000", "壹万元整"), ("10001.01", "壹万零壹元零壹分"),
    ("100000", "壹拾万元整"), ("1000000.1", "壹佰万元壹角整"), ("10100000", "壹仟零壹拾万元整"),
    ("100000000", "壹亿元整"), ("100000001", "壹亿零壹元整"), ("100010000", "壹亿零壹万元整"),
    ("1234567890.12", "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"), ("-0.004", "零元整"), ("-0.005", "负壹分"),
    ("99999999999999.99", "玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"), ("0.995", "壹元整"),
]  # fmt: skip
BIRTHS = [
    ("11010519491231002X", "1949-12-31"), ("11010519491231002x", "1949-12-31"), ("110105200002290021", "2000-02-29"),
    ("110105190002290021", Failure.DATE_TEXT), ("11010519491231002", Failure.DATE_TEXT), ("", None),
    ("1101051949123100２X", Failure.DATE_TEXT), ("110105194913310021", Failure.DATE_TEXT),
    ("110105194900310021", Failure.DATE_TEXT), ("客户", Failure.DATE_TEXT), ("11010500001231002X", Failure.DATE_TEXT),
]  # fmt: skip


def _dated(value: Any) -> Any:
    return day(value) if type(value) is str else value


CASES: list[tuple[str, dict[str, Any], Any]] = [
    *(("AGE(d, o)", {"d": day(one), "o": day(two)}, Decimal(found)) for one, two, found in AGES),
    *(("ANNIVERSARY(d, o)", {"d": day(one), "o": day(two)}, _dated(found)) for one, two, found in ANNIVERSARIES),
    *((f"DATEDIFF('{unit}', d, o)", {"d": day(one), "o": day(two)}, Decimal(found))
      for unit, one, two, found in DIFFERENCES),
    *((f"{name}(d, n)", {"d": day(one), "n": Decimal(months)}, _dated(found)) for name, one, months, found in LATER),
    *(("QUARTER(d)", {"d": day(one)}, Decimal(found)) for one, found in QUARTERS),
    *(("EOMONTH(d)", {"d": day(f"2023-{month:02}-15")}, day(f"2023-{month:02}-{last}"))
      for month, last in ((1, 31), (2, 28), (4, 30), (12, 31))),
    *(("SIGN(n)", {"n": Decimal(given)}, Decimal(found))
      for given, found in (("0", 0), ("0.0001", 1), ("-0.0001", -1), ("99999999999999", 1))),
    *((f"SIGN({text})", {}, Decimal(found))
      for text, found in ((f"1{'0' * 30} - 0.000000001", 1), ("-1 / 3", -1), ("0 / 7", 0))),
    *(("RMB(n)", {"n": Decimal(number)}, found) for number, found in CAPITALS),
    *(("IDCARD_BIRTH(t)", {"t": number}, _dated(found)) for number, found in BIRTHS),
    *((text, {}, None) for text in ("AGE(d, o)", "ANNIVERSARY(d, o)", "DATEDIFF('day', d, o)", "RMB(n)")),
]  # fmt: skip


def test_in_python_and_in_sql(connection: Connection) -> None:
    """Value, blank and kind of failure are one."""
    hold(connection, FIELDS, CASES)


STATISTICS: list[tuple[str, str | Failure | None]] = [
    ("MEDIAN(1)", "1"), ("MEDIAN(2, 1)", "1.5"), ("MEDIAN(-1, 0, 5)", "0"), ("MEDIAN(1, 1, 1, 9)", "1"),
    ("MEDIAN(0)", "0"), ("MEDIAN(-3, -1)", "-2"), ("MEDIAN(9, 1, 5, 3, 7)", "5"), ("MEDIAN(1, NULL)", None),
    ("MEDIAN(0.1, 0.2)", "0.15"), ("MEDIAN(99999999999999999999, 99999999999999999998)", "99999999999999999998.5"),
    ("PERCENTILE(0.5, NULL)", None), ("PERCENTILE(NULL, 1, 2)", None), ("PERCENTILE(0.5, -5, 5)", "0"),
    ("PERCENTILE(0.99, 1, 1, 1)", "1"), ("PERCENTILE(0.333, 0, 1000)", "333"),
    ("PERCENTILE(-0.01, 1)", Failure.OUT_OF_RANGE), ("PERCENTILE(1.0001, 1, 2)", Failure.OUT_OF_RANGE),
    ("PERCENTILE(0, 3, 1, 2)", "1"), ("PERCENTILE(1, 3, 1, 2)", "3"), ("PERCENTILE(0.5, 3, 1, 2)", "2"),
    ("PERCENTILE(0.25, 1, 2, 3, 4)", "1.75"), ("PERCENTILE(0.1, 10)", "10"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STATISTICS)
def test_statistics(text: str, expected: str | Failure | None) -> None:
    try:
        found: Any = compile(text, SCOPE).evaluate({})
    except EvaluationError as error:
        found = error.kind
    assert found == (expected if expected is None or isinstance(expected, Failure) else Decimal(expected))


READINGS = [
    ("长沙", "chang sha"), ("银行行长", "yin hang hang zhang"), ("女", "nv"), ("重慶", "zhong qing"),
    ("音乐 快乐", "yin yue kuai le"), ("客户😀", "ke hu 😀"), ("12号", "12 hao"), ("Ada", "Ada"), ("，", "，"),
    ("〇", "ling"), ("厦门", "xia men"), ("", None), ("中" * 1001, Failure.OUT_OF_RANGE),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READINGS)
def test_how_a_chinese_text_is_read(text: str, expected: str | Failure | None) -> None:
    try:
        found: Any = compile("PINYIN(t)", SCOPE).evaluate({("t",): text})
    except EvaluationError as error:
        found = error.kind
    assert found == expected


REGIONS: list[tuple[str, str | Failure | None]] = [
    ("13012345678", "重庆市"), ("+8613800138000", "北京市"), ("0086 138 0013 8000", "北京市"),
    ("138-0013-8000", "北京市"), ("010-65529988", "北京市"),
    ("(0755) 8601 3388", "广东省深圳市"), ("19912345678", "中国"), ("400-800-1234", "中国"),
    ("+1 650 253 0000", "美国"), ("１３８００１３８０００", "北京市"), ("1380013800", Failure.NUMBER_TEXT),
    ("客户", Failure.NUMBER_TEXT), ("110", Failure.NUMBER_TEXT), ("+999 1", Failure.NUMBER_TEXT), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("number", "expected"), REGIONS)
def test_the_region_of_a_telephone_number(number: str, expected: str | Failure | None) -> None:
    try:
        found: Any = compile("PHONE_REGION(t)", SCOPE).evaluate({("t",): number})
    except EvaluationError as error:
        found = error.kind
    assert found == expected


def test_a_language_without_regions_is_told() -> None:
    with pytest.raises(FormulaError, match="fr is no language in which regions are said"):
        compile("PHONE_REGION(t, 'fr')", SCOPE)


def test_a_unit_that_is_none_is_told() -> None:
    with pytest.raises(FormulaError, match="fortnight is no unit of time here"):
        compile("DATEDIFF('fortnight', d, o)", SCOPE)
