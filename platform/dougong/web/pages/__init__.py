"""Every page of the platform, one module per kind. `PAGES` is the list that the application serves."""

from __future__ import annotations

from dougong.web.pages import (
    actions,
    audit,
    bin,
    conversions,
    fields,
    files,
    forms,
    formula_edit,
    formulas,
    lists,
    lookups,
    preferences,
    records,
    search,
    sign_in,
    stages,
)
from dougong.web.routing import Page

PAGES: tuple[Page, ...] = (
    *sign_in.PAGES,
    *preferences.PAGES,
    *formulas.PAGES,
    *audit.PAGES,
    *formula_edit.PAGES,
    *search.PAGES,
    *bin.PAGES,
    *lookups.PAGES,
    *files.PAGES,
    *lists.PAGES,
    *forms.PAGES,
    *conversions.PAGES,
    *records.PAGES,
    *fields.PAGES,
    *stages.PAGES,
    *actions.PAGES,
)
