"""A new object, published while two servers are busy, is usable at both at once; rolled back, it is gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dougong.engine.company import Company
from tests.companies import company_copy, sales  # noqa: F401
from tests.system.serving import Person, Place, Server, Visitor, serving, welcome

LONGEST_WAIT_SECONDS = 1.0
"""What a request may wait beyond the slowest of quiet times. The target is 0.1 s, which benchmarks measure; here two
servers, a command that starts Python and other tests may share two cores."""

PAUSE_SECONDS = 0.25
"""Between two requests of one program of the traffic."""


def label(text: str, chinese: str) -> dict[str, str]:
    """A label in both languages."""
    return {"en": text, "zh-CN": chinese}


VALUES = [{"value": "fit", "label": label("Fit", "合适")}, {"value": "no_fit", "label": label("No fit", "不合适")}]
FIELDS: dict[str, dict[str, Any]] = {
    "name": {"type": "text", "length": 80, "required": True, "searchable": True},
    "number": {"type": "auto_number", "pattern": "SV-{0001}"},
    "notes": {"type": "long_text"},
    "report": {"type": "rich_text"},
    "people": {"type": "integer"},
    "depth": {"type": "decimal", "scale": 3},
    "cost": {"type": "money", "scale": 2},
    "share": {"type": "percent"},
    "visited_on": {"type": "date"},
    "begins_at": {"type": "datetime"},
    "opens_at": {"type": "time"},
    "takes": {"type": "duration"},
    "paid": {"type": "boolean"},
    "result": {"type": "picklist", "values": VALUES},
    "topics": {"type": "multi_picklist", "values": VALUES},
    "email": {"type": "email"},
    "phone": {"type": "phone"},
    "website": {"type": "url"},
    "place": {"type": "address"},
    "guide": {"type": "person_name"},
    "spot": {"type": "geolocation"},
    "account": {"type": "lookup", "target": "account"},
    "rating": {"type": "rating"},
    "raw": {"type": "json"},
}
TYPED: dict[str, Any] = {
    "name": "Quay crane",
    "notes": "Two lines\nof notes",
    "report": "<p>Good</p>",
    "people": "12",
    "depth": "1.250",
    "cost": "1250.00",
    "share": "12.5%",
    "visited_on": "2026-11-20",
    "begins_at": "2026-11-20 09:30",
    "opens_at": "08:15",
    "takes": "1:30",
    "paid": "true",
    "result": "fit",
    "topics": ["fit", "no_fit"],
    "email": "quay@example.com",
    "phone": "13800138000",
    "website": "https://example.com/quay",
    "place": "浙江省杭州市西湖区文三路90号 310012",
    "guide": "韩梅梅",
    "spot": "30.2741, 120.1551",
    "rating": "4",
    "raw": '{"a": 1}',
}
"""A value of each field that people set, but the lookup."""

NAMES = ("Quay crane", "Yard gate")


def documents(folder: Path) -> Path:
    """The folder of the company's own documents, with the one object in it."""
    (folder / "object").mkdir(parents=True)
    fields = {name: {"label": label(name.title(), name), **body} for name, body in FIELDS.items()}
    body = {
        "kind": "object",
        "name": "site_visit",
        "label": label("Site visit", "现场考察"),
        "plural": {"en": "Site visits"},
        "title": {"field": "name"},
        "owner": "user",
        "fields": fields,
    }
    (folder / "object" / "site_visit.json").write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    return folder


class Traffic:
    """Programs that read and write at each server without end, and how long each request took."""

    def __init__(self, servers: list[Server], person: Person) -> None:
        self.person, self.over = person, threading.Event()
        self.took: list[tuple[float, float]] = []
        self.failed: list[object] = []
        self.threads = [
            threading.Thread(target=self._run, args=(server, work))
            for server in servers
            for work in (self._read, self._write)
        ]

    def __enter__(self) -> Traffic:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def slowest(self, since: float, until: float) -> float:
        """The longest request that was under way between two moments."""
        return max(took for begun, took in self.took if begun + took >= since and begun <= until)

    def _run(self, server: Server, work: Any) -> None:
        try:
            with server.visited_by(self.person) as visitor:
                while not self.over.is_set():
                    begun = time.perf_counter()
                    answer = work(visitor)
                    self.took.append((begun, time.perf_counter() - begun))
                    if answer.status_code not in (200, 201):
                        self.failed.append((answer.status_code, answer.text[:500]))
                    time.sleep(PAUSE_SECONDS)
        except Exception as error:  # told by the test: a thread's own exception would go unnoticed
            self.failed.append(error)

    def _read(self, visitor: Visitor) -> Any:
        return visitor.get("/o/account?view=all")

    def _write(self, visitor: Visitor) -> Any:
        return visitor.call("POST", "/records/account", {"name": "Busy Ltd", "record_type": "enterprise"})


@dataclass(frozen=True)
class Scene:
    """Two servers of one company, and who visits them."""

    place: Place
    servers: list[Server]
    person: Person
    visitors: list[Visitor]


@pytest.fixture
def scene(sales: Company, tmp_path: Path) -> Iterator[Scene]:  # noqa: F811
    """Both servers have answered before anything is published."""
    person = welcome(sales)
    place = Place(sales.database.writers.url.render_as_string(hide_password=False), tmp_path)
    with serving(place, 2) as servers, servers[0].visited_by(person) as one, servers[1].visited_by(person) as other:
        for each in (one, other):
            assert each.get("/o/account").status_code == 200
            assert each.get("/o/site_visit").status_code == 404
        yield Scene(place, servers, person, [one, other])
        assert all("Traceback" not in each.said() for each in servers)


def use(scene: Scene, visitor: Visitor, name: str) -> str:
    """List, form, record, search, API: what a person does first with a new object. The id of what they make."""
    assert "Site visits" in visitor.get("/o/site_visit").text
    form = visitor.get("/o/site_visit/new").text
    assert all(f'"{field}' in form for field in TYPED)
    sent = visitor.post("/o/site_visit/new", {**TYPED, "name": name})
    assert sent.status_code == 303, sent.text[-3000:] + scene.servers[0].said()[-3000:]
    made = sent.headers["location"].rpartition("/")[2]
    assert name in visitor.get(f"/o/site_visit/{made}").text
    assert name in visitor.get("/o/site_visit").text
    assert name in visitor.get(f"/search?q={name.split()[0].lower()}").text
    record = visitor.call("GET", f"/records/site_visit/{made}").json()
    assert {key for key in TYPED if record[key] in (None, "")} == set()
    assert (record["cost"], record["depth"], record["share"], record["takes"]) == ("1250.00", "1.250", "0.1250", "1:30")
    return made


def test_it_is_there_for_both_and_gone_for_both(scene: Scene, tmp_path: Path) -> None:
    """Published by a command; imported and exported too; rolled back, nobody sees it; put back, its data are there."""
    place = scene.place
    folder = documents(tmp_path / "own")
    with Traffic(scene.servers, scene.person) as traffic:
        quiet = time.perf_counter()
        before = place.dougong("metadata", "log").splitlines()[0].split()[0]
        begun = time.perf_counter()
        published = place.dougong("metadata", "publish", folder, "-m", "Site visits").split()[1]
        ended = time.perf_counter()
        made = [use(scene, visitor, name) for visitor, name in zip(scene.visitors, NAMES, strict=True)]
    assert traffic.failed == []
    usual, during = traffic.slowest(quiet, begun), traffic.slowest(begun, ended)
    assert during < usual + LONGEST_WAIT_SECONDS, f"usually {usual:.3f} s, during the publish {during:.3f} s"

    place.dougong("export", "site_visit", tmp_path / "out.csv", "--names", "--columns", ",".join(TYPED))
    rows = (
        (tmp_path / "out.csv").read_text("utf-8-sig").replace("Quay crane", "Rail depot").replace("Yard gate", "Silo")
    )
    (tmp_path / "in.csv").write_text(rows, "utf-8")
    said = place.dougong("import", "site_visit", tmp_path / "in.csv", "--errors", tmp_path / "left.csv")
    assert "2 created" in said, (tmp_path / "left.csv").read_text("utf-8")
    for visitor in scene.visitors:
        found = visitor.call("GET", "/records/site_visit?fields=name,spot,place,topics&sort=name").json()["records"]
        assert [each["name"] for each in found] == ["Quay crane", "Rail depot", "Silo", "Yard gate"]
        assert all(each["spot"] == found[0]["spot"] and each["topics"] == ["fit", "no_fit"] for each in found)
        assert "Rail depot" in visitor.get("/search?q=rail").text

    place.dougong("metadata", "rollback", before)
    for visitor in scene.visitors:
        assert visitor.get("/o/site_visit").status_code == 404
        assert visitor.get(f"/o/site_visit/{made[0]}").status_code == 404
        assert visitor.call("GET", "/records/site_visit").status_code == 404
        assert "Rail depot" not in visitor.get("/search?q=rail").text
    place.dougong("metadata", "rollback", published)
    for visitor in scene.visitors:
        assert visitor.call("GET", "/records/site_visit/count").json()["count"] == 4
        assert visitor.call("GET", f"/records/site_visit/{made[1]}").json()["name"] == "Yard gate"
