"""Tables of records: the rows of a list page, of a related list, of a search."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.web.composer.columns import Column
from dougong.web.composer.sections import Sections, bind

BOX = (
    '<td role="cell" class="pin"><input type="checkbox" name="id" value="{{ id }}" form="bulk" '
    'aria-label="{{ choose }}"></td>'
)


HELD = (
    '{% if id in locks %}<span class="held" role="img" title="{{ x.text(locks[id].reason) }}" '
    'aria-label="{{ x.text(locks[id].reason) }}">{{ icon("lock", "s") }}</span>{% endif %}'
)
"""Before the title of a record that somebody holds: who does."""

MENU = (
    '<a class="ib s act" href="/o/{object}/{{{{ id }}}}/actions" data-menu aria-label="{{{{ more }}}}">'
    '{{{{ icon("dots", "s") }}}}</a>'
)


def rows_source(
    object_name: str,
    columns: Sequence[Column],
    sections: Sections,
    selectable: bool,
    currency_at: int | None,
    menu: bool = False,
    leads: bool = True,
) -> str:
    """The Jinja source of table rows: `rows` of the engine in, one `<tr>` each out.

    Uses `rows`, `locks` (of records that somebody holds, by id), `fields` (the field of each column), `own_currency`
    (whether each row says its code, which stands at `currency_at` of its values, or else is the `company_currency`),
    `choose`, `untitled` and `more` (what boxes, records without a name and the `menu` of a row are called), `x` and
    `r`. An object's name is an identifier by the metadata's rules, so it may stand in the source. Rows that do not lead
    to their record are of such as the reader sees no page of.
    """
    place = object_name if leads else ""
    cells = "".join(_cell(place, at, column, sections, currency_at, menu) for at, column in enumerate(columns))
    row = f'<tr role="row">{BOX if selectable else ""}{cells}</tr>\n'
    return f"{{% for row in rows %}}{{% set values = row.values %}}{{% set id = row.id %}}{row}{{% endfor %}}"


def _cell(object_name: str, at: int, column: Column, sections: Sections, currency_at: int | None, menu: bool) -> str:
    text = sections.of(column.field, "cell") if column.path.attribute is None else "{{ v if v is not none }}"
    code = f'(values[{currency_at}] or company_currency if own_currency else "")' if currency_at is not None else '""'
    shown = bind(text, f=f"fields[{at}]", v=f"values[{at}]", currency=code)
    classes = " ".join(name for name, applies in (("pin name", column.is_title), ("num", column.numeric)) if applies)
    attributes = f' class="{classes}"' if classes else ""
    attributes += f' data-p="{column.role}"' if column.role else ""
    if column.is_title and object_name:
        shown = (
            f'<a href="/o/{object_name}/{{{{ id }}}}">{HELD}{{% if values[{at}] %}}{shown}'
            f"{{% else %}}{{{{ untitled }}}}{{% endif %}}</a>{MENU.format(object=object_name) if menu else ''}"
        )
    return f'<td role="cell"{attributes}>{shown}</td>'
