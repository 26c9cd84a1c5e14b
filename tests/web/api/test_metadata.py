"""Metadata over the API: a new object is there in the next call, and what is wrong is refused whole."""

from __future__ import annotations

from typing import Any

from tests.web.api.conftest import Caller

VISIT: dict[str, Any] = {
    "kind": "object",
    "name": "site_visit",
    "label": {"en": "Site visit", "zh-CN": "现场勘察"},
    "plural": {"en": "Site visits"},
    "title": {"field": "name"},
    "owner": "user",
    "fields": {
        "name": {"type": "text", "length": 80, "required": True, "label": {"en": "Name", "zh-CN": "名称"}},
        "account": {"type": "lookup", "target": "account", "label": {"en": "Customer", "zh-CN": "客户"}},
        "visited_on": {"type": "date", "label": {"en": "Visited on", "zh-CN": "日期"}},
    },
}


def test_a_published_object_is_usable_in_the_next_call(api: Caller) -> None:
    change = {"components": [VISIT], "message": "Visits"}
    plan = api.call("POST", "/metadata/plan", change).json()
    assert plan["possible"], plan
    assert "object:site_visit" in [each["address"] for each in plan["changes"]]
    published = api.call("POST", "/metadata/publish", change)
    assert published.status_code == 200, published.text
    made = api.call("POST", "/records/site_visit", {"name": "Plant two", "visited_on": "2026-11-20"})
    assert made.status_code == 201, made.text
    assert api.call("GET", "/records/site_visit?search=plant&fields=name").json()["records"][0]["name"] == "Plant two"
    assert "object:site_visit" in api.call("GET", "/metadata").json()["components"]
    assert api.call("GET", "/metadata/object:site_visit").json()["name"] == "site_visit"
    document = api.client.get("/api/openapi.json", headers={"authorization": f"Bearer {api.token}"}).json()
    assert "/api/v1/records/site_visit" in document["paths"]


def test_removed_metadata_keeps_its_records(api: Caller) -> None:
    """The same documents, with the ids that they got, find the values again."""
    api.call("POST", "/metadata/publish", {"components": [VISIT]})
    kept = [
        api.call("GET", f"/metadata/{address}").json()
        for address in api.call("GET", "/metadata").json()["components"]
        if address.endswith(":site_visit") or ":site_visit." in address
    ]
    made = api.call("POST", "/records/site_visit", {"name": "Kept"}).json()
    gone = api.call("POST", "/metadata/publish", {"remove": ["object:site_visit"]})
    assert gone.status_code == 200, gone.text
    assert api.call("GET", f"/records/site_visit/{made['id']}").status_code == 404
    answer = api.call("POST", "/metadata/publish", {"components": kept})
    assert answer.status_code == 200, answer.text
    assert api.call("GET", f"/records/site_visit/{made['id']}").json()["name"] == "Kept"


def test_what_is_wrong_is_refused_whole(api: Caller) -> None:
    """Every problem is named, nothing is published."""
    broken = {**VISIT, "title": {"field": "nmae"}, "colur": "red"}
    before = api.call("GET", "/metadata").json()["revision"]
    problems = api.call("POST", "/metadata/check", {"components": [broken]}).json()["problems"]
    assert len(problems) >= 2
    assert api.call("POST", "/metadata/publish", {"components": [broken]}).status_code == 422
    for body in (
        {"components": 3},
        {"colour": 1},
        {"base": "x"},
        {"remove": ["object:none"]},
        {"components": [{"kind": 3}]},
    ):
        assert api.call("POST", "/metadata/publish", body).status_code in (400, 422), body
    assert api.call("GET", "/metadata").json()["revision"] == before
    assert api.call("GET", "/metadata/object:none").status_code == 404
