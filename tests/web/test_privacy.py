"""What is kept of a person, at the pages: found, given out, erased for a reason, proved; with the right alone."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from dougong.base.settings import Settings
from dougong.engine import file_contents
from dougong.engine.actor import SYSTEM
from dougong.engine.audit.chain import link
from dougong.engine.audit.verify import verify
from dougong.engine.saving.batch import Create
from dougong.engine.tables import audit
from dougong.web import sessions
from tests.companies import person as member
from tests.web.conftest import Person

NAME = "Zebrafinch Quill"


@pytest.fixture
def contact(person: Person) -> str:
    values = {"name": NAME, "mobile": "13800138000", "account": person.ids["account1"]}
    return person.save(Create("contact", values))[0]


def test_from_finding_to_the_proof(person: Person, contact: str, settings: Settings) -> None:
    """Counted, given out with the bytes of files, refused without a reason, erased, proved; totals and log stand."""
    assert (
        person.post(f"/o/contact/{contact}/files", {}, files={"file": ("q.txt", b"bytes of hers")}).status_code == 303
    )
    here = f"/privacy/contact/{contact}"
    assert here in person.get("/privacy?object=contact&q=Zebrafinch").text and NAME in person.get(here).text
    assert here in person.get(f"/o/contact/{contact}").text
    archive = zipfile.ZipFile(io.BytesIO(person.post(f"{here}/export", {}).content))
    given = json.loads(archive.read("person.json"))
    assert "+8613800138000" in {each["value"] for each in given["values"]}
    (file,) = (name for name in archive.namelist() if name.startswith("files/"))
    assert archive.read(file) == b"bytes of hers"
    kept: Path = file_contents.place(settings.data_dir, file.removeprefix("files/"))
    assert kept.is_file()
    refused = person.post(f"{here}/erase", {"why": " "})
    assert refused.status_code == 422 and person.value("contact", contact, "name") == NAME
    assert person.post(f"{here}/erase", {"why": "Letter of 3 May"}).headers["location"] == here
    page = person.get(here).text
    assert NAME not in page and "Letter of 3 May" in page and "Nothing is kept" in page and not kept.exists()
    assert person.value("contact", contact, "account").id == person.ids["account1"]
    assert person.post(f"{here}/erase", {"why": "Again"}).status_code == 409
    (proof,) = json.loads(person.get(f"{here}/proof").content)
    with person.company.read(SYSTEM) as unit:
        assert list(verify(unit.connection)) == []
        before = unit.connection.scalar(
            audit.select().with_only_columns(audit.c.hash).where(audit.c.seq == proof["seq"] - 1)
        )
    assert link(str(before), proof["body"]) == proof["hash"] and proof["hash"] in page
    assert NAME not in json.dumps(proof, ensure_ascii=False)


def test_without_the_right_there_is_nothing(person: Person, contact: str) -> None:
    """Not even whether there is such a person; oneself and what is not personal cannot be erased."""
    own = f"/privacy/user/{person.user_id}"
    assert "cannot erase" in person.get(own).text or "Nobody can erase themselves" in person.get(own).text
    assert person.post(f"{own}/erase", {"why": "me"}).status_code == 409
    other = member(person.company, "lin", "sales_director")
    token = person.company.write(SYSTEM, lambda unit: sessions.begin(unit, str(other.user_id), "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    here = f"/privacy/contact/{contact}"
    for path in ("/privacy", here, f"{here}/proof"):
        assert person.get(path).status_code == 403
    for path in (f"{here}/export", f"{here}/erase"):
        assert person.post(path, {"why": "curious"}).status_code == 403
    assert person.value("contact", contact, "name") == NAME and not re.search("/privacy", person.get("/o/contact").text)
