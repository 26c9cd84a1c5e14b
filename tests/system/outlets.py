"""What the people of a company with markers can ask: every page, call, file, preview and import, each once."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from dougong.base.errors import BadRequest
from dougong.engine.actor import Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving import past
from dougong.engine.saving.batch import Update
from dougong.engine.transfer.exporting import error_file, every_field, write_csv, write_lines, write_xlsx
from dougong.engine.transfer.importing import run_import
from dougong.engine.transfer.sheets import Table
from dougong.metadata.model import Object
from tests.system import planting
from tests.web.conftest import fields


@dataclass(frozen=True)
class Arena:
    """A company with markers in all of its fields, and two people at its pages and its API."""

    company: Company
    client: TestClient
    actors: Mapping[str, Actor]
    cookies: Mapping[str, str]
    tokens: Mapping[str, str]
    labels: Mapping[str, str]
    planted: planting.Planted

    def page(self, who: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        """A page, or what a form says when it is sent, as its reader gets it."""
        headers = {"cookie": f"dougong={self.cookies[who]}", "sec-fetch-site": "same-origin"}
        method = "GET" if form is None else "POST"
        answer = self.client.request(method, path, data=form, headers=headers, follow_redirects=False)
        return answer.status_code, answer.text

    def call(self, who: str, path: str, method: str = "GET", body: Any = None) -> tuple[int, str]:
        """A call of the API."""
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        answer = self.client.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.text

    def save(self, who: str, change: Update) -> None:
        """Save a change as the person."""
        self.company.write(self.actors[who], lambda unit: unit.records.save([change]))

    def forbidden(self, who: str) -> dict[str, set[str]]:
        """What the person must see nowhere, by ``object.field``: labels and values of what is hidden, masked values."""
        found: dict[str, set[str]] = {}
        shown: list[str] = []
        with self.company.read(self.actors[who]) as unit:
            for obj in unit.runtime.model.objects.values():
                for each in obj.fields.values():
                    name = f"{obj.name}.{each.name}"
                    texts = self.planted.values.get(name, frozenset())
                    if unit.access.may_field("read", obj, each):
                        shown += texts
                    else:
                        hidden = unit.access.seen(obj, each) is None and not each.system
                        found[name] = {*texts, *([self.labels[name]] if hidden and name in self.labels else [])}
        return {
            name: {text for text in texts if not any(text in other for other in shown)} for name, texts in found.items()
        }


def pages(arena: Arena) -> Iterator[str]:
    """The address of everything that can be looked at."""
    yield from ("/", "/bin", "/formulas", "/formulas/names", "/preferences", "/search?q=vq", "/search?q=138")
    for name, id in arena.planted.ids.items():
        here = f"/o/{name}"
        yield from (here, f"{here}?view=everything", f"{here}/columns", f"{here}/condition", f"{here}/new")
        yield from (f"/lookup/{name}?q=", f"/formulas?object={name}", f"/formulas/all?object={name}")
        yield f"/formulas/names?object={name}"
        record = f"{here}/{id}"
        yield from (record, f"{record}/edit", f"{record}?tab=history", f"{record}?timeline=all", f"{record}/actions")
        yield from (f"{record}?at=2999-01-01", f"{here}/new?clone={id}", f"{record}/void")
    for obj in arena.company.runtime().model.objects.values():
        yield from (f"/o/{obj.name}?view={view}" for view in obj.list_views)
        if obj.name in arena.planted.ids:
            record = f"/o/{obj.name}/{arena.planted.ids[obj.name]}"
            yield from (f"/o/{obj.name}/new?type={each}" for each in obj.record_types)
            yield from (f"{record}/convert/{each}" for each in obj.conversions)
            asking = [each for each, body in obj.actions.items() if "edit" in body.get("does", {})]
            yield from (f"{record}/action/{each}" for each in asking)
            for each, body in obj.actions.items():
                if "create" in body.get("does", {}):
                    made = body["does"]["create"]["object"]
                    yield f"/o/{made}/new?action={each}&from={obj.name}:{arena.planted.ids[obj.name]}"


def answers(arena: Arena, who: str) -> Iterator[tuple[str, str]]:
    """Every outlet, and all that it says to the person."""
    for path in pages(arena):
        status, text = arena.page(who, path)
        assert status in (200, 303, 403, 404), (path, status, text[-3000:])
        yield path, text
    for name, id in arena.planted.ids.items():
        here = f"/api/v1/records/{name}"
        for path in (here, f"{here}/{id}", f"{here}/count"):
            status, text = arena.call(who, path)
            assert status == 200, (path, text)
            yield path, text
        yield f"POST {here}", arena.call(who, here, "POST", {})[1]
        yield f"POST {here}/bulk", arena.call(who, f"{here}/bulk", "POST", {
            "changes": [{"op": "upsert", "key": "zz", "values": {}}], "partial": True})[1]  # fmt: skip
        yield f"DELETE {here}", arena.call(who, f"{here}/01890000-0000-7000-8000-000000000000", "DELETE")[1]
        yield f"new {name}", arena.page(who, f"/o/{name}/new", {})[1]
    yield "/api/openapi.json", arena.call(who, "/api/openapi.json")[1]
    yield from files(arena, who)
    yield from previews(arena, who)
    yield from imports(arena, who)


def files(arena: Arena, who: str) -> Iterator[tuple[str, str]]:
    """Exports in every format, and what the engine tells of the past."""
    with arena.company.read(arena.actors[who]) as unit:
        for name, id in arena.planted.ids.items():
            if not unit.runtime.model.objects[name].features["export"]:
                continue
            query = Query(object=name, columns=every_field(unit, name))
            for write in (write_csv, write_lines, write_xlsx):
                file = io.BytesIO()
                write(unit, query, file)
                text = sheet(file) if write is write_xlsx else file.getvalue().decode("utf-8-sig")
                yield f"{write.__name__} {name}", text
            yield f"history {name}", repr(past.history(unit, name, id))
    for obj in arena.company.runtime().model.objects.values():
        if obj.name in arena.planted.ids and obj.features["export"]:
            yield from exports(arena, who, obj)


def exports(arena: Arena, who: str, obj: Object) -> Iterator[tuple[str, str]]:
    """The page of exports and its files, of each view and of all columns that the chooser offers."""
    columns = re.findall(r'name="column" value="([^"]+)"', arena.page(who, f"/o/{obj.name}/columns")[1])
    here, chosen = f"/o/{obj.name}/export", f"view=everything&plain=1&columns={','.join(columns)}"
    for asked in (*(f"view={each}" for each in obj.list_views), chosen):
        status, text = arena.page(who, f"{here}?{asked}")
        yield f"{here}?{asked}", text
        if asked != chosen and status == 404:  # its conditions ask for what is hidden
            continue
        assert status == 200, (asked, text[-3000:])
        for format in ("csv", "xlsx"):
            headers = {"cookie": f"dougong={arena.cookies[who]}", "sec-fetch-site": "same-origin"}
            answer = arena.client.post(f"{here}?{asked}", data={"format": format, "with_id": "1"}, headers=headers)
            assert answer.status_code == 200, (asked, answer.text[-3000:])
            found = sheet(io.BytesIO(answer.content)) if format == "xlsx" else answer.content.decode("utf-8-sig")
            yield f"{format} {here}?{asked}", found


def sheet(file: io.BytesIO) -> str:
    """The cells of a workbook's first sheet."""
    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    return "\n".join(str(cell) for row in rows for cell in row)


def held_back(arena: Arena, who: str, obj: Object) -> list[str]:
    """The fields of an object that the person sees masked, or not at all."""
    with arena.company.read(arena.actors[who]) as unit:
        found = [each.name for each in obj.fields.values() if not unit.access.may_field("read", obj, each)]
    return [each for each in found if not obj.fields[each].system]


def previews(arena: Arena, who: str) -> Iterator[tuple[str, str]]:
    """What forms say while they are filled in, formulas while they are written, conditions while they are chosen."""
    for name, id in arena.planted.ids.items():
        obj = arena.company.runtime().model.objects[name]
        for path in (f"/o/{name}/new", f"/o/{name}/{id}/edit"):
            status, page = arena.page(who, path)
            if status == 200 and 'name="base"' in page:
                yield f"again {path}", arena.page(who, f"{path}?refresh=form", fields(page))[1]
        for each in held_back(arena, who, obj)[:4]:
            asked = f"field={each}&op=is&value=1"
            for path in (f"condition?{asked}", f"?{asked}&add=1", f"?filter={each}:is:1", f"?sort={each}"):
                status, text = arena.page(who, f"/o/{name}/{path}".replace("/?", "?"))
                assert status in (200, 303, 400, 404), (name, path, text[-3000:])
                yield f"{name} {path}", text
        yield from formulas(arena, who, obj, id)


def formulas(arena: Arena, who: str, obj: Object, id: str) -> Iterator[tuple[str, str]]:
    """A new formula over what is held back, and every formula that there is, each tried on the record."""
    hidden = held_back(arena, who, obj)
    for text in (" & ".join(hidden), hidden[0] if hidden else "name", "; ".join(hidden)):
        form = {"object": obj.name, "formula": text, "record": id, "do": "check"}
        status, page = arena.page(who, "/formulas", form)
        assert status == 200, page[-3000:]
        yield f"formula {obj.name} {text}", page.replace(html.escape(text), "")
    _, listed = arena.page(who, f"/formulas/all?object={obj.name}")
    for path in sorted(set(re.findall(r'href="(/formulas/edit[^"]+)"', listed))):
        status, page = arena.page(who, html.unescape(path) + f"&record={id}")
        assert status == 200, page[-3000:]
        yield path, page


def imports(arena: Arena, who: str) -> Iterator[tuple[str, str]]:
    """What a rehearsed import says of a file with every field, of nonsense in each, and of its own record's id."""
    for name, id in arena.planted.ids.items():
        obj = arena.company.runtime().model.objects[name]
        for header in ({each.name: "zz" for each in obj.fields.values()}, {"id": id, obj.title: "zz"}):
            yield f"import {name}", rehearsed(arena, who, name, header)
        for each in held_back(arena, who, obj):
            yield f"import {name} by {each}", rehearsed(arena, who, name, {each: "zz"}, each)


def rehearsed(arena: Arena, who: str, name: str, row: Mapping[str, Any], *key: str) -> str:
    """What a dry run of a file with one row says: its report with the error file, or why there is none."""
    table = Table("file.csv", tuple(row), ((2, tuple(row.values())),))
    try:
        report = run_import(arena.company, arena.actors[who], table, object_name=name, key=key, dry=True)
    except BadRequest as refused:
        return " ".join(each.text("en") for each in refused.problems)
    told = [each.text("en") for some in (report.problems, report.warnings) for several in some.values()
            for each in several]  # fmt: skip
    return " ".join([str(report), *told, error_file(table, report.problems, "en").decode()])
