"""Files at opinions, at the pages: chosen with the form, opened from the trail, gone with what was refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dougong.base.settings import Settings
from dougong.engine.query import Query
from tests.workflows.approvals.conftest import Office, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office"]

PDF = b"%PDF-1.7\n" + b"x" * 2000


def send(desk: Desk, login: str, path: str, files: list[Any], **sent: str) -> Any:
    """A form with files, as somebody."""
    page = desk.get(login, path).text
    assert 'type="file"' in page
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    number = re.search(r'name="number" value="(\d+)"', page)
    assert found is not None
    data = {"csrf": found[1], **({"number": number[1]} if number else {}), **sent}
    parts = [("file", each) for each in files]
    headers = {"sec-fetch-site": "same-origin"}
    return desk.client.post(path, data=data, files=parts, headers=headers, follow_redirects=False)


def kept(folder: Path) -> list[Path]:
    """The contents on disk."""
    return [each for each in (folder / "files").rglob("*") if each.is_file()]


def names(office: Office) -> list[str]:
    rows = office.read("", lambda unit: unit.records.query(Query(object="file", columns=("name",))).rows)
    return sorted(str(row.values[0]) for row in rows)


def test_a_file_goes_with_a_decision_and_is_opened_from_the_trail(desk: Desk) -> None:
    """By everybody who sees the approval; it is in the printed record too."""
    instance = asked(desk)
    here, entry = f"/approvals/{instance}", desk.office.entry("boss", instance)
    answer = send(desk, "boss", here, [("terms.pdf", PDF), ("list.txt", b"x" * 100)], act="approve", entry=entry)
    assert answer.status_code == 303
    page = desk.get("clerk", here).text
    link = re.search(rf'href="({here}/files/[0-9a-f-]+)">terms\.pdf</a> <span class="mute">2\.0 KB<', page)
    assert link is not None
    assert ">list.txt</a>" in page
    given = desk.get("clerk", link[1])
    assert (given.status_code, given.content) == (200, PDF)
    assert given.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert link[1] in desk.get("clerk", f"{here}/print").text
    assert desk.get("stranger", link[1]).status_code == 404


def test_files_go_with_a_submission_and_a_comment(desk: Desk) -> None:
    """With the first word, and with no word at all."""
    purchase = desk.office.make("clerk", amount=2000)
    sent = send(desk, "clerk", f"/approvals/start/purchase.spend/{purchase}", [("offer.txt", b"cheap")], comment="hm")
    assert sent.status_code == 303
    (row,) = desk.office.tasks("clerk", "mine").rows
    assert send(desk, "boss", f"/approvals/{row.instance}", [("why.txt", b"?")], act="comment").status_code == 303
    found = [[file.name for file in each.files] for each in desk.office.look("clerk", row.instance).acts]
    assert [each for each in found if each] == [["offer.txt"], ["why.txt"]]


def test_what_is_refused_leaves_nothing(desk: Desk, settings: Settings) -> None:
    """Neither record nor bytes: a program, an empty file, an act that somebody else has done already."""
    instance = asked(desk)
    here, entry = f"/approvals/{instance}", desk.office.entry("boss", instance)
    for files, said in (
        ([("run.exe", b"MZ")], "Files that end in .exe are not taken."),
        ([("fine.txt", b"x"), ("none.txt", b"")], "none.txt is empty."),
    ):
        answer = send(desk, "boss", here, files, act="approve", entry=entry, opinion="kept words")
        assert answer.status_code == 422
        assert said in answer.text
        assert "kept words" in answer.text
        assert "choose them again" in answer.text
    late = send(desk, "boss", here, [("late.txt", b"x")], act="approve", entry=entry, number="0")
    assert late.status_code == 409
    assert (names(desk.office), kept(settings.data_dir)) == ([], [])


def test_nothing_is_offered_where_records_have_no_files(desk: Desk) -> None:
    """The form of an approval of suppliers."""
    supplier = desk.office.make("clerk", object_name="supplier", risky=True)
    (row,) = desk.office.tasks("clerk", "mine").rows
    assert row.record == supplier
    assert 'type="file"' not in desk.get("clerk", f"/approvals/{row.instance}").text
