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
