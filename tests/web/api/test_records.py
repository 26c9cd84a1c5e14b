"""Records over the API: what goes in comes out, and what is wrong is a clear 4xx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.api.conftest import Caller

MISSING = "01890000-0000-7000-8000-000000000000"


def create(api: Caller, name: str = "远澜新能源", **values: Any) -> dict[str, Any]:
    answer = api.call("POST", "/records/account", {"name": name, "record_type": "enterprise", **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_record_goes_through_its_life(shared_api: Caller) -> None:
    """Create, read, change, delete, restore: each answers what is stored now."""
    made = create(shared_api)
    answer = shared_api.call("GET", f"/records/account/{made['id']}")
    assert answer.json() == made
    assert answer.headers["etag"] == '"1"'
    changed = shared_api.call("PATCH", f"/records/account/{made['id']}", {"name": "远澜集团"})
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "远澜集团", 2)
    assert shared_api.call("DELETE", f"/records/account/{made['id']}").status_code == 204
    assert shared_api.call("GET", f"/records/account/{made['id']}").status_code == 404
    restored = shared_api.call("POST", f"/records/account/{made['id']}/restore")
    assert (restored.status_code, restored.json()["name"]) == (200, "远澜集团")


def test_the_maker_owns_what_they_make(shared_api: Caller) -> None:
    assert create(shared_api)["owner"] == {"object": "user", "id": shared_api.user_id, "title": "李雷"}


def test_a_reason_is_kept_without_control_characters(shared_api: Caller) -> None:
    """`why` comes from the address, where any byte can stand."""
    values = {"name": "Reason", "record_type": "enterprise"}
    assert shared_api.call("POST", "/records/account?why=a%00b", values).status_code == 201


def test_a_stale_version_is_refused_and_changes_nothing(shared_api: Caller) -> None:
    made = create(shared_api)
    path = f"/records/account/{made['id']}"
    assert shared_api.call("PATCH", path, {"name": "One"}, if_match='"1"').status_code == 200
    refused = shared_api.call("PATCH", path, {"name": "Two"}, if_match='"1"')
    assert refused.status_code == 412
    assert shared_api.call("GET", path).json()["name"] == "One"
    assert shared_api.call("DELETE", path, if_match='"1"').status_code == 412


def test_lists_filter_sort_and_page(api: Caller) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        create(api, name)
    page = api.call("GET", "/records/account?fields=name&sort=-name&limit=2").json()
    assert [record["name"] for record in page["records"]] == ["Gamma", "Beta"]
    after = api.call("GET", f"/records/account?fields=name&sort=-name&limit=2&cursor={page['next']}").json()
    assert [record["name"] for record in after["records"]] == ["Alpha"]
    where = json.dumps({"field": "name", "op": "starts", "value": "b"})
    found = api.call("GET", f"/records/account?fields=name,owner.name&filter={where}").json()["records"]
    assert [(record["name"], record["owner.name"]) for record in found] == [("Beta", "李雷")]
    assert api.call("GET", "/records/account/count").json() == {"count": 3, "exact": True}


REFUSED = [
    ("GET", "/records/nothing", None, 404, "object-unknown"),
    ("GET", f"/records/account/{MISSING}", None, 404, "record-unknown"),
    ("GET", "/records/account/1%27%20OR%201=1", None, 404, "record-unknown"),
    ("GET", "/records/account?fields=nmae", None, 400, "field-unknown"),
    ("GET", "/records/account?limit=0", None, 400, "page-size"),
    ("GET", "/records/account?limit=many", None, 400, "page-size"),
    ("GET", "/records/account?cursor=xx", None, 400, "cursor-broken"),
    ("GET", "/records/account?deleted=maybe", None, 400, "parameter-value"),
    ("GET", "/records/account?colour=red", None, 400, "parameter-unknown"),
    ("GET", "/records/account?filter=%7B", None, 400, "body-json"),
    ("GET", '/records/account?filter={"field":"name","op":"resembles","value":1}', None, 400, "operator-unknown"),
    ("POST", "/records/account", [1], 400, "body-shape"),
    ("POST", "/records/account", {"nmae": "x"}, 422, None),
    ("POST", "/records/account", {}, 422, None),
    ("POST", "/records/account", {"name": "x" * 50_000}, 422, None),
    ("POST", "/records/account", {"name": "x", "owner": MISSING}, 422, None),
    ("PATCH", f"/records/account/{MISSING}", {"name": "x"}, 404, "record-unknown"),
    ("DELETE", f"/records/account/{MISSING}", None, 404, "record-unknown"),
    ("POST", f"/records/account/{MISSING}/restore", None, 404, "record-unknown"),
    ("POST", "/records/account/bulk", {"changes": 3}, 400, "bulk-shape"),
    ("POST", "/records/account/bulk", {"changes": [{"op": "explode"}]}, 400, "change-shape"),
]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_is_wrong_is_named_and_nothing_changes(shared_api: Caller, language: str) -> None:
    before = shared_api.call("GET", "/records/account/count").json()
    for method, path, body, status, code in REFUSED:
        answer = shared_api.call(method, path, body, accept_language=language)
        assert answer.status_code == status, (path, answer.text)
        errors = answer.json()["errors"]
        assert code is None or code in [error["code"] for error in errors], (path, errors)
        assert all(error["message"] for error in errors)
    assert shared_api.call("GET", "/records/account/count").json() == before


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wrong", "Basic YTpi"])
def test_without_a_token_nothing_is_answered(shared_api: Caller, header: str | None) -> None:
    headers = {"authorization": header} if header else {}
    for method, path in (("GET", "/records/account"), ("POST", "/records/account"), ("GET", "/metadata")):
        answer = shared_api.client.request(method, f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_many_changes_at_once(api: Caller) -> None:
    """All or none; with partial, what breaks no rule."""
    made = create(api)
    changes = [
        {"op": "create", "values": {"name": "Two", "record_type": "enterprise"}},
        {"op": "update", "id": made["id"], "values": {"name": ""}},
    ]
    assert api.call("POST", "/records/account/bulk", {"changes": changes}).status_code == 422
    assert api.call("GET", "/records/account/count").json()["count"] == 1
    answer = api.call("POST", "/records/account/bulk", {"changes": changes, "partial": True})
    results = answer.json()["results"]
    assert [("errors" in result, result["row"]) for result in results] == [(False, 1), (True, 2)]
    assert api.call("GET", "/records/account/count").json()["count"] == 2


def test_upsert_finds_by_external_key_and_lines_are_taken(api: Caller) -> None:
    lines = "\n".join(
        json.dumps(
            {
                "op": "upsert",
                "key": "external_no",
                "values": {"external_no": "A1", "name": name, "record_type": "enterprise"},
            }
        )
        for name in ("First",)
    )
    for action, text in (("create", lines), ("update", lines.replace("First", "Second"))):
        answer = api.client.post(
            "/api/v1/records/account/bulk",
            content=text,
            headers={"authorization": f"Bearer {api.token}", "content-type": "application/x-ndjson"},
        )
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.text)["action"] == action
    assert api.call("GET", "/records/account?fields=name").json()["records"][0]["name"] == "Second"


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("GET", "/api/v1/record/account", 404, "call-unknown", None),
        ("GET", "/api/", 404, "call-unknown", None),
        ("PUT", "/api/v1/records/account", 405, "method-unknown", "GET, POST"),
        ("DELETE", "/api/v1/records/account/bulk", 405, "method-unknown", "POST"),
        ("GET", "/api/v1/metadata/publish", 405, "method-unknown", "POST"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_an_address_or_method_that_does_not_exist_is_told_in_json(
    shared_api: Caller, method: str, path: str, status: int, code: str, allow: str | None, language: str
) -> None:
    answer = shared_api.client.request(method, path, headers={"accept-language": language})
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert error["message"].isascii() == (language == "en")
