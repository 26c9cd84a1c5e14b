"""Bodies that are too many fields, or never end."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from dougong.web import slow_bodies
from dougong.web.routing import MOST_FIELDS
from tests.web.conftest import Person

SCOPE = {"type": "http", "method": "POST", "path": "/o/account/new", "raw_path": b"/o/account/new", "query_string": b""}


def test_more_fields_than_any_form_has_are_refused(person: Person) -> None:
    """Before they cost anything: as a form, and in parts."""
    fields = {f"f{at}": "x" for at in range(MOST_FIELDS + 1)}
    files = [("file", (f"{at}.txt", b"x")) for at in range(40)]
    assert person.post("/o/account/new", {}, files=[(name, (None, "x")) for name in fields]).status_code == 400
    assert person.post(f"/o/account/{person.ids['account1']}/files", {}, files=files).status_code == 400


@pytest.mark.parametrize("path", ["/o/account/new", "/sign-in", "/nothing"])
def test_a_body_that_never_ends_is_cut_off(person: Person, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Whoever sends it; the answer is 408, and the request is over."""
    monkeypatch.setattr(slow_bodies, "BODY_SECONDS", 0.05)
    answers: list[Any] = []

    async def receive() -> Any:
        if not answers:
            await anyio.sleep(0.01)
        return {"type": "http.request", "body": b"a=b&", "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"host", b"testserver")]
    app: Any = person.client.app
    anyio.run(app, {**SCOPE, "path": path, "raw_path": path.encode(), "headers": headers, "app": app}, receive, send)
    assert answers[0]["status"] in ({408} if path != "/nothing" else {404})
