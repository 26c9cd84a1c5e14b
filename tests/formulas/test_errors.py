"""Wrong formulas and everything that is said about them, in both languages. A new case is a new line."""

from __future__ import annotations

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import compile
from tests.formulas.sql_rows import SCOPE

CASES = [
    ("Amout * 2", "1:1 There is no field Amout. Did you mean amount?", "没有字段 Amout。是否想写 amount？"),
    ("zzzz", "1:1 There is no field zzzz.", "没有字段 zzzz。"),
    ("today + 1", "1:1 today is a function and needs brackets. Write TODAY().", "today 是函数"),
    ("ROUDN(amount, 2)", "1:1 There is no function ROUDN. Did you mean ROUND?", "没有函数 ROUDN"),
    ("LEFT(name)", "1:1 LEFT cannot take one argument alone. Write LEFT(text, count).", "LEFT 不能只有 1 个参数"),
    (
        "CASE(stage, 'a', 1)",
        "1:1 CASE lacks its last argument: what it yields in all other cases. Write CASE(expression, value",
        "",
    ),
    ("name + amount", "1:6 + cannot join text and number. Use TEXT() to turn", "+ 不能连接文本和数字"),
    ("amount & name", "1:8 & cannot join number and text.", "& 不能连接数字和文本"),
    (
        "stage = 'won'",
        "1:7 = cannot compare picklist and text. Use TEXT(field) for a picklist's value",
        "= 不能比较下拉列表和文本",
    ),
    ("colours = 'red'", "1:9 = cannot compare multi-select picklist and text. Use INCLUDES(field", ""),
    ("seen > start", "1:6 > cannot compare date and time and date. Use DATEVALUE()", "> 不能比较日期时间和日期"),
    ("active > TRUE", "1:8 > cannot compare true/false and true/false.", ""),
    ("IF(amount, 1, 2)", "1:4 IF needs true/false here, not number.", "IF 在此处需要是/否，而不是数字"),
    ("IF(NULL, 1, 2)", "1:4 IF needs true/false here, not NULL.", ""),
    ("IF(active, 1, 'x')", "1:15 IF needs number here, not text.", ""),
    ("YEAR(seen)", "1:6 YEAR needs date here, not date and time. Use DATEVALUE()", ""),
    ("ISPICKVAL(stage, name)", "1:18 ISPICKVAL needs a text in quotes here, not text.", ""),
    ("CASE(stage, name, 1, 2)", "1:13 A picklist is compared with texts in quotes. Write the value in quotes.", ""),
    ("CASE(amount, 1, TRUE, name)", "1:17 CASE needs anything but true/false here, not true/false. Use IF()", ""),
    ("DATETIMEVALUE(NULL)", "1:15 DATETIMEVALUE needs date, date and time or text here, not NULL.", ""),
    ("TIMEVALUE(NULL)", "1:11 TIMEVALUE needs date and time, text or time here, not NULL.", ""),
    ("PRIORVALUE(1)", "1:12 PRIORVALUE needs a field of the record itself here, not number.", ""),
    ("GEOLOCATION(91, -200)", "1:13 Degrees here go from -90 to 90.\n1:17 Degrees here go from -180 to 180.", ""),
    ("GETSESSIONID()", "1:1 GETSESSIONID is not yet supported. A session is a secret", "GETSESSIONID 暂不支持"),
    ("", "1:1 The formula is empty. Write an expression, such as amount * 2.", "公式为空"),
    ("amount *", "1:9 The formula ends too early.", "公式没有写完"),
    ("IF(active, 1, 2", "1:3 This bracket is never closed. Add a closing bracket.", "这个括号没有闭合"),
    ('IF(name = "(", (1, 2)', "1:18 Unexpected comma.", ""),
    ("amount)", "1:7 This closing bracket has no opening one. Remove it.", ""),
    ("(amount + )", "1:11 Something is missing before this bracket.", ""),
    ("amount count", "1:8 Unexpected count: an operator or a comma is missing before it.", ""),
    ("amount + * 2", "1:10 Unexpected *: a value is missing before it.", ""),
    ('name & "x', '1:8 This text is not closed with " on its line.', ""),
    ("amount /* x", "1:8 This comment is never closed. End it with */.", ""),
    ("IF（active, 1, 2)", "1:3 （ is a full-width character. Write ( instead.", "（ 是全角字符。改用 (。"),
    ("amount * .5", "1:10 . has no meaning in a formula. Write a 0 before the decimal point.", ""),
    ("amount @ 2", "1:8 @ has no meaning in a formula.", "@ 在公式中没有意义"),
    (
        "Amout +\n FLOR(amount) + YEAR(name)",
        "1:1 There is no field Amout. Did you mean amount?\n"
        "2:2 There is no function FLOR. Did you mean FLOOR?\n"
        "2:22 YEAR needs date here, not text.",
        "",
    ),
    ("Amout & name", "1:1 There is no field Amout. Did you mean amount?", ""),
    ("Amout * name", "1:1 There is no field Amout. Did you mean amount?", ""),
    ("-Amuont + name", "1:2 There is no field Amuont. Did you mean amount?", ""),
    ("IF(ISBLNK(name), 1, 2)", "1:4 There is no function ISBLNK. Did you mean ISBLANK?", ""),
    ("CASE(stage, won, 1, 2)", '1:13 There is no field won. Did you mean "won"?', ""),
    ("TEXT(stage) = Won", '1:15 There is no field Won. Did you mean "won"?', '没有字段 Won。是否想写 "won"？'),
    ("open = stage", '1:1 There is no field open. Did you mean "open"?', ""),
    ("ISPICKVAL(stage, lost) && active", '1:18 There is no field lost. Did you mean "lost"?', ""),
    ("INCLUDES(colours, Red)", '1:19 There is no field Red. Did you mean "red"?', ""),
    ("amount > 1 & count > 2", "1:12 & cannot join number and number. Use TEXT()", ""),
    ("active & active", "1:8 & cannot join true/false and true/false. Write && between conditions.", ""),
    ("active && amount", "1:8 && cannot join true/false and number. Write a comparison there", ""),
    ("active = 'yes'", "1:8 = cannot compare true/false and text. Compare true/false with TRUE or FALSE", ""),
    ("start + end", "1:7 + cannot join date and date. Write - for the days between two dates.", ""),
    ("amount === 1", "1:8 There is no operator ===. Write = instead.", "没有运算符 ===。"),
    ("amount => 1", "1:8 There is no operator =>. Write >= instead.", ""),
    ("amount =< 1", "1:8 There is no operator =<. Write <= instead.", ""),
    ("amount ** 2", "1:8 There is no operator **. Write ^ instead.", ""),
    ("amount // twice", "1:8 There is no operator //. Comments stand between /* and */.", ""),
    ("active AND active", "1:8 AND does not stand between two values. Write && instead.", "AND 不能写在两个值之间"),
    ("active or active", "1:8 or does not stand between two values. Write || instead.", ""),
    ("amount mod 2", "1:8 mod does not stand between two values. Write MOD(…, …) instead.", ""),
    ("name contains 'x'", "1:6 contains does not stand between two values. Write CONTAINS(…, …) instead.", ""),
    ("amount IS NULL", "1:8 IS does not stand between two values. Write ISBLANK(…) instead.", ""),
    ("if amount > 1 then 2", "1:1 if is a function and needs brackets. Write IF(…, …, …) instead.", ""),
    ("=amount * 2", "1:1 A formula does not begin with =. Remove it.", "公式不以 = 开头。"),
    ("IF(, 1, 2)", "1:4 Something is missing before this comma. Write a value there", "这个逗号前缺少内容。"),
    ("IF(active,, 2)", "1:11 Something is missing before this comma.", ""),
    ("IF(active, 2,)", "1:14 Something is missing before this bracket.", ""),
    ("amount * 1,000", "1:11 Unexpected comma. Write numbers without commas between their digits.", ""),
    ("IF(active; 1; 2)", "1:10 ; has no meaning in a formula. Arguments are separated by commas", ""),
    ("active ? 1 : 2", "1:8 ? has no meaning in a formula. Use IF(condition, then, otherwise).", ""),
    ("amount * 13%", "1:12 % has no meaning in a formula. Write 0.13 for 13 percent", ""),
    ("¥100 + amount", "1:1 ¥ has no meaning in a formula. Write the number without the sign of a currency.", ""),
    ("amount * 1.", "1:11 . has no meaning in a formula. Write digits behind the decimal point.", ""),
    ("amount * 1e5", "1:11 Numbers have no exponent here.", "此处的数字不能带指数。"),
    ("{amount} * 2", "1:1 { has no meaning in a formula. Names are written without brackets.", ""),
    ("amount\u200b * 2", "1:7 An invisible character (U+200B) stands here. Remove it.", ""),
    ("amount × 2", "1:8 × has no meaning in a formula. Write * instead.", ""),
    ("amount * ２", "1:10 ２ is a full-width character. Write 2 instead.", ""),
    ("IF(active，1，2)", "1:10 ， is a full-width character. Write , instead.", ""),
    ("“abc” & name", '1:1 “ is a full-width character. Write " instead.', ""),
    ('name & "it"s"', '1:12 The text before s ends too early. Write \\" for a quotation mark', ""),
    (
        "TEXT(name)",
        "1:6 TEXT needs date, date and time, number, picklist or time here, not text.",
        "TEXT 在此处需要日期、",
    ),
    ("YEAR('2024-01-01')", "1:6 YEAR needs date here, not text. Use DATEVALUE() to read a date from text.", ""),
    ("ADDMONTHS(start, '1')", "1:18 ADDMONTHS needs number here, not text. Use VALUE()", ""),
    ("BEGINS(name, 1)", "1:14 BEGINS needs text here, not number. Use TEXT()", ""),
    ("LEN(active)", "1:5 LEN needs text here, not true/false. Use IF(condition", ""),
    ("CONCATENATE(name, city)", "1:1 There is no function CONCATENATE. Write text & text here.", ""),
    ("COALESCE(amount, 0)", "1:1 There is no function COALESCE. Write BLANKVALUE(value, substitute) here.", ""),
    ("POWER(amount, 2)", "1:1 There is no function POWER. Write number ^ number here.", ""),
    ("ISBLANK()", "1:1 ISBLANK cannot take 0 arguments. Write ISBLANK(value).", ""),
]


@pytest.mark.parametrize(("text", "english", "chinese"), CASES, ids=[case[0] for case in CASES])
def test_what_is_said(text: str, english: str, chinese: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile(text, SCOPE)
    problems = caught.value.problems
    said = "\n".join(f"{each.place.line}:{each.place.column} {each.text('en')}" for each in problems)
    for expected, line in zip(english.split("\n"), said.split("\n"), strict=True):
        assert line.startswith(expected), said
    assert problems[0].text("zh-CN").startswith(chinese)
    assert problems[0].text("zh-CN") != problems[0].text("en")


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("amount", "text", "The formula yields number, but text is needed."),
        ("name", "currency", "The formula yields text, but number is needed."),
        ("seen", "date", "The formula yields date and time, but date is needed. Use DATEVALUE()"),
        ("colours", "boolean", "The formula yields multi-select picklist, but true/false is needed."),
    ],
)
def test_the_result_type_is_held(text: str, wanted: str, said: str) -> None:
    with pytest.raises(FormulaError, match="formula-result-type") as caught:
        compile(text, SCOPE, wanted)
    assert caught.value.problems[0].text().startswith(said)


def test_an_unknown_result_type_is_the_callers_mistake() -> None:
    with pytest.raises(LookupError, match="money"):
        compile("1", SCOPE, "money")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("ISPICKVAL(stage, 'wno')", [18]),
        ("INCLUDES(colours, 'rde')", [19]),
        ("CASE(stage, 'open', 1, 'wno', 2, 3)", [24]),
        ("CASE(TEXT(stage), 'open', 1, 'wno', 2, 3)", [30]),
        ("IN(stage, 'won', 'wno', 'lots')", [18, 25]),
        ("IN(TEXT(stage), 'wno')", [17]),
        ("TEXT(stage) = 'Won'", [15]),
        ("'wno' <> TEXT(stage)", [1]),
        ("TEXT(PRIORVALUE(stage)) = 'wno'", [27]),
        ("ISPICKVAL(PRIORVALUE(stage), 'wno') && INCLUDES(PRIORVALUE(colours), 'rde')", [30, 70]),
    ],
)
def test_a_value_that_a_picklist_lacks_is_a_warning(text: str, places: list[int]) -> None:
    """Old records may still hold it, so the formula compiles."""
    found = compile(text, SCOPE).warnings
    assert [(each.code, each.severity, each.place.column) for each in found] == [
        ("formula-unknown-value", "warning", column) for column in places
    ]
    for each in found:
        assert "Did you mean" in each.text("en")
        assert "没有选项" in each.text("zh-CN")


@pytest.mark.parametrize(
    "text",
    [
        "ISPICKVAL(stage, 'won') || ISPICKVAL(stage, '')",
        "TEXT(stage) = 'won' || TEXT(stage) <> '' || TEXT(stage) = NULL",
        "CASE(TEXT(stage), 'won', 'wno', 'lsot') = 'wno'",
        "UPPER(TEXT(stage)) = 'WON' || LEFT(TEXT(stage), 1) = 'w' || TEXT(stage) & 'x' = 'wonx'",
        "IN('wno', TEXT(stage), name) || TEXT(stage) = name || name = 'wno' || IN(name, 'wno')",
        "IF(active, TEXT(stage), 'none') = 'none' || BLANKVALUE(TEXT(stage), 'none') = 'none'",
        "TEXT(amount) = 'wno' || TEXT(start) = 'wno'",
    ],
)
def test_what_a_picklist_has_or_what_is_computed_raises_no_warning(text: str) -> None:
    assert compile(text, SCOPE).warnings == ()


@pytest.mark.parametrize("sign", ["\0", "\ud83d"])
def test_a_text_holds_what_databases_keep(sign: str) -> None:
    """Neither NUL nor half a character."""
    with pytest.raises(FormulaError, match="formula-syntax"):
        compile(f'"a{sign}b"', SCOPE)
