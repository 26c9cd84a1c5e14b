"""Tables of records: the rows of a list page, of a related list, of a search."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Template

from dougong.web.composer.columns import Column
from dougong.web.composer.sections import Sections, bind
from dougong.web.templates import Templates

BOX = (
    '<td role="cell" class="pin"><input type="checkbox" name="id" value="{{ row.id }}" form="bulk" '
    'aria-label="{{ choose }}"></td>'
)


def rows_source(object_name: str, columns: Sequence[Column], sections: Sections, selectable: bool) -> str:
    """The Jinja source of table rows: `rows` of the engine in, one `<tr>` each out.

    Uses `rows`, `fields` (the field of each column), `currencies` (per column: the code to show in the cell, or ""),
    `x`, `r` and `blank`. An object's name is an identifier by the metadata's rules, so it may stand in the source.
    """
    cells = "".join(_cell(object_name, at, column, sections) for at, column in enumerate(columns))
    row = f'<tr role="row">{BOX if selectable else ""}{cells}</tr>\n'
    return f"{{% for row in rows %}}{{% set values = row.values %}}{row}{{% endfor %}}"


def _cell(object_name: str, at: int, column: Column, sections: Sections) -> str:
    text = sections.of(column.field, "cell") if column.path.attribute is None else "{{ v if v is not none }}"
    shown = bind(text, f=f"fields[{at}]", v=f"values[{at}]", currency=f"currencies[{at}]")
    classes = " ".join(name for name, applies in (("pin name", column.is_title), ("num", column.numeric)) if applies)
    attributes = f' class="{classes}"' if classes else ""
    attributes += f' data-p="{column.role}"' if column.role else ""
    if column.is_title:
        shown = (
            f'<a href="/o/{object_name}/{{{{ row.id }}}}">{{% if values[{at}] %}}{shown}'
            f"{{% else %}}{{{{ untitled }}}}{{% endif %}}</a>"
        )
    return f'<td role="cell"{attributes}>{shown}</td>'


def compile_rows(
    templates: Templates,
    language: str,
    object_name: str,
    columns: Sequence[Column],
    sections: Sections,
    selectable: bool,
) -> Template:
    """The template of `rows_source` in one language."""
    return templates.environment(language).from_string(rows_source(object_name, columns, sections, selectable))
