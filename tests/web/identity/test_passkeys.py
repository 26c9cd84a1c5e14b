"""What is no passkey opens nothing. That a passkey does is tried in a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.engine.company import Company
from dougong.web.identity import passkeys
from tests.web.conftest import Person

OURS = {"sec-fetch-site": "same-origin"}


def test_the_options_ask_for_a_verified_person_of_this_site(client: TestClient) -> None:
    first, second = (client.post("/sign-in/passkey/options", headers=OURS).json() for _ in range(2))
    assert (first["rpId"], first["userVerification"]) == ("testserver", "required")
    assert first["challenge"] != second["challenge"]
    assert not first.get("allowCredentials"), "nobody learns who has passkeys"


def test_a_new_passkey_stays_on_the_device_and_verifies(person: Person) -> None:
    options = person.post("/account/passkeys/options", {}).json()
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["rp"] == {"id": "testserver", "name": "Workshop"}


@pytest.mark.parametrize("credential", ["", "{}", "null", "[]", json.dumps({"id": "eA", "rawId": "eA", "type": "x"})])
def test_what_is_no_answer_is_refused(client: TestClient, person: Person, credential: str) -> None:
    """At the door with and without a challenge, and where one is added."""
    assert person.post("/account/passkeys", {"credential": credential}).status_code == 422
    person.post("/account/passkeys/options", {})
    assert person.post("/account/passkeys", {"credential": credential}).status_code == 422
    client.cookies.clear()
    assert client.post("/sign-in/passkey", data={"credential": credential}, headers=OURS).status_code == 422
    client.post("/sign-in/passkey/options", headers=OURS)
    answer: Any = client.post("/sign-in/passkey", data={"credential": credential}, headers=OURS)
    assert answer.status_code == 422
    assert "could not be checked" in answer.text


def test_one_renames_and_removes_ones_own_alone(person: Person, sales: Company) -> None:
    for what in ("rename", "remove"):
        other = "00000000-0000-7000-8000-000000000000"
        assert person.post(f"/account/passkeys/{other}/{what}", {"label": "x"}).status_code == 404
    assert passkeys.Site("https://crm.example.com:8443", "x").id == "crm.example.com"
