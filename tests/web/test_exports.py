"""Lists taken out as files: what the view shows, to those who may, with a reason where it is much."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from dougong.engine.actor import SYSTEM
from dougong.engine.audit.reading import Asked, Recorded, search
from dougong.engine.transfer import limits
from dougong.web import sessions
from dougong.web.pages import exports
from tests.companies import person as member
from tests.web.conftest import Person

LIST = "/o/account?where=name:contains:a&sort=-name&columns=name,website"
HERE = "/o/account/export?view=all&where=name:contains:a&sort=-name&columns=name,website"


def logged(person: Person) -> list[Recorded]:
    with person.company.read(SYSTEM) as unit:
        return search(unit, Asked(kinds=["exported"]))[0]


def rows(answer: Any) -> list[list[Any]]:
    """The cells of the first sheet."""
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()


@pytest.fixture
def names(person: Person) -> list[str]:
    """The customers that the list of the tests finds, in its order."""
    with person.company.read(SYSTEM) as unit:
        found = [str(unit.records.get("account", person.ids[each]).values["name"]) for each in ("account1", "account2")]
    return sorted((each for each in found if "a" in each.lower()), reverse=True)


def test_from_the_list_to_the_file(person: Person, names: list[str]) -> None:
    """The list leads to the questions, with its conditions; the file has its columns, order and records."""
    assert names
    assert "/o/account/export?" in person.get(LIST).text
    asked = person.get(HERE).text
    assert 'name="why"' not in asked and "Exported by" not in asked
    answer = person.post(HERE, {"format": "xlsx"})
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment; filename*=utf-8")
    assert rows(answer)[0] == ["Name", "Website"] and [row[0] for row in rows(answer)[1:]] == names
    text = person.post(HERE, {"format": "csv", "with_id": "1"}).content.decode("utf-8-sig")
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == names
    assert text.startswith("Record id,") and "dougong: Exported by" in text.splitlines()[0]
    assert [each.data["records"] for each in logged(person)] == [len(names)] * 2


def test_the_selected_alone(person: Person) -> None:
    """The bar of selected records leads to the same questions; what is not visible or no id finds nothing."""
    account = person.ids["account2"]
    assert f'name="id" value="{account}"' in person.post(HERE, {"id": account}).text
    answer = person.post(HERE, {"id": account, "format": "xlsx"})
    assert [row[0] for row in rows(answer)[1:]] == [person.value("account", account, "name")]
    missing = person.post(HERE, {"id": "01890000-0000-7000-8000-000000000000", "format": "xlsx"})
    assert len(rows(missing)) == 1


def test_much_takes_a_reason_and_too_much_is_refused(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks, what is sent without is shown again, and nothing goes out; the log keeps what was said."""
    everything = "/o/account/export?view=all&plain=1"
    monkeypatch.setattr(limits, "limits_of", lambda model: limits.Limits(reason_above=1, most_records=50))
    assert 'name="why"' in person.get(everything).text
    refused = person.post(everything, {"format": "csv"})
    assert refused.status_code == 422 and "takes a reason" in refused.text and not logged(person)
    assert person.post(everything, {"format": "csv", "why": "A mailing"}).status_code == 200
    assert [each.personal["why"] for each in logged(person)] == ["A mailing"]
    monkeypatch.setattr(limits, "limits_of", lambda model: limits.Limits(reason_above=0, most_records=1))
    assert 'name="format"' not in person.get(everything).text
    assert person.post(everything, {"format": "csv", "why": "A mailing"}).status_code == 413


def test_one_after_the_other(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that is unknown is refused as in the list; where enough exports are being made one is asked to wait."""
    assert person.get("/o/account/export?columns=zz").status_code == person.get("/o/account?columns=zz").status_code
    monkeypatch.setattr(exports, "_places", Full())
    assert person.post(HERE, {"format": "csv"}).status_code == 409 and not logged(person)


class Full:
    """As many exports are being made as may be."""

    def acquire(self, blocking: bool) -> bool:
        return blocking


def test_without_the_right_there_is_no_way_to_it(person: Person) -> None:
    """Neither button nor page nor file."""
    other = member(person.company, "lin", "sales")
    token = person.company.write(SYSTEM, lambda unit: sessions.begin(unit, str(other.user_id), "test", "127.0.0.1"))
    person.client.cookies.clear()
    person.client.cookies.set("dougong", token)
    page = person.get("/o/account")
    assert page.status_code == 200 and "/export" not in page.text
    assert [person.get(HERE).status_code, person.post(HERE, {"format": "csv"}).status_code] == [403, 403]
    assert not logged(person)
