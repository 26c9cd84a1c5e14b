"""Functions that authors know from elsewhere and that this language refuses by name, with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.base.language import Message, msg

_PAGES = msg("It belongs to pages and buttons, not to formulas over records.")
_REPORTS = msg("It belongs to summaries of reports, not to formulas over records.")

NOT_SUPPORTED: Mapping[str, Message] = {
    "FORMAT": msg("Use TEXT() or FORMATCURRENCY()."),
    "GETRECORDIDS": _PAGES,
    "GETSESSIONID": msg("A session is a secret of the browser and is never given to formulas."),
    "IMAGEPROXYURL": msg("Use IMAGE() with the address itself."),
    "INCLUDE": _PAGES,
    "JUNCTIONIDLIST": _PAGES,
    "LABEL": msg("Use $Label.name."),
    "LINKTO": _PAGES,
    "PARENTGROUPVAL": _REPORTS,
    "PREDICT": msg("There is no prediction service."),
    "PREVGROUPVAL": _REPORTS,
    "REQUIRESCRIPT": _PAGES,
    "URLFOR": _PAGES,
}
"""By upper-case name."""

_WRITTEN_HERE: Mapping[str, str] = {
    "AVERAGE": "(a + b) / 2",
    "AVG": "(a + b) / 2",
    "CEIL": "CEILING(number)",
    "CHAR": "CHR(number)",
    "COALESCE": "BLANKVALUE(value, substitute)",
    "CONCAT": "text & text",
    "CONCATENATE": "text & text",
    "DATEADD": "date + days",
    "DATEDIF": "DATEDIFF(unit, start, end)",
    "DAYS": "end - start",
    "EDATE": "ADDMONTHS(date, months)",
    "IFBLANK": "BLANKVALUE(value, substitute)",
    "IFNULL": "BLANKVALUE(value, substitute)",
    "IIF": "IF(condition, then, otherwise)",
    "INT": "MFLOOR(number)",
    "ISEMPTY": "ISBLANK(value)",
    "ISNUMERIC": "ISNUMBER(text)",
    "LCASE": "LOWER(text)",
    "LENGTH": "LEN(text)",
    "NETWORKDAYS": "WORKDAYS(start, end)",
    "NVL": "BLANKVALUE(value, substitute)",
    "POW": "number ^ number",
    "POWER": "number ^ number",
    "PROPER": "INITCAP(text)",
    "REPLACE": "SUBSTITUTE(text, old, new)",
    "SUBSTRING": "MID(text, start, count)",
    "SUM": "a + b",
    "SWITCH": "CASE(expression, value, result, otherwise)",
    "TOSTRING": "TEXT(value)",
    "UCASE": "UPPER(text)",
    "WORKDAY": "ADDWORKDAYS(day, days)",
    "XOR": "a <> b",
}
"""What spreadsheets and databases call by another name, as it is written here."""


def known_elsewhere(name: str) -> Message | None:
    """What to write for a function of spreadsheets or databases; None for a name that is not known from there."""
    return msg("Write {form} here.", form=_WRITTEN_HERE[name]) if name in _WRITTEN_HERE else None
