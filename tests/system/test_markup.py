"""Injection of HTML: whatever a label, a value, a file name or an address says, no page takes it for markup.

Every label of every component and every text of some records is made of markup here, and every page is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from dougong.base.ids import record_id
from dougong.base.settings import Settings
from dougong.cli.assembly import application
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.trees import Tree
from dougong.web.app import make_site
from dougong.web.pages import PAGES
from dougong.workflows.pages import PAGES as OF_WORKFLOWS
from tests.companies import PACKAGES, opened, tree_of
from tests.system.serving import Person, welcome

MARK = "xq7"
ATTACK = f"<img src={MARK} onerror=a>"
BREAKING_OUT = f"\"'><svg onload={MARK}>"
TEMPLATE = "{{ 7*7 }}{% raw %}${7*7}"
CLOSING = f"</script></title></textarea><script>{MARK}</script>"
RAW = re.compile(rf"<(img src={MARK}|svg onload={MARK}|script>{MARK}|/textarea><script>{MARK})")


FORMULAS = ("with",)
"""What a step is given are formulas, not texts."""


def hostile(value: Any) -> Any:
    """A document in which every text for people is markup."""
    if isinstance(value, Mapping):
        if isinstance(value.get("en"), str) and set(value) <= {"en", "zh-CN"}:
            return {
                language: f"{text[:12].partition('{')[0]}{BREAKING_OUT}{ATTACK}" for language, text in value.items()
            }
        return {key: each if key in FORMULAS and "do" in value else hostile(each) for key, each in value.items()}
    return [hostile(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A sales company whose labels are all hostile."""
    tree = tree_of(PACKAGES / "base", PACKAGES / "sales-core")
    changed = [replace(each, body=hostile(dict(each.body))) for each in tree.components.values()]
    company = opened(f"sqlite:///{tmp_path_factory.mktemp('markup')}/company.sqlite3")
    publish(company, Publication(tree=Tree.of(changed), message=ATTACK))
    yield company
    company.close()


@pytest.fixture(scope="module")
def person(company: Company) -> Person:
    """Somebody who may see everything, and is called by markup."""
    made = welcome(company)
    company.write(SYSTEM, lambda unit: unit.records.save([Update("user", made.user_id, {"name": ATTACK})]))
    return made


TEXTS = ("text", "long_text", "person_name")


@pytest.fixture(scope="module")
def ids(company: Company, person: Person) -> dict[str, str]:
    """A record of each of some objects, every text of it markup."""

    def texts(unit: Any, name: str) -> dict[str, Any]:
        fields = unit.runtime.model.objects[name].fields.values()
        wanted = [each for each in fields if each.type.name in TEXTS and not each.system and each.compute is None]
        long = {each.name: f"{ATTACK}{BREAKING_OUT}{CLOSING}{TEMPLATE}" for each in wanted}
        return {
            each: text[: int(unit.runtime.model.objects[name].fields[each].options.get("length") or 80)]
            for each, text in long.items()
        }

    def work(unit: Any) -> dict[str, str]:
        found: dict[str, str] = {}

        def make(name: str, **values: Any) -> None:
            given = {**texts(unit, name), **values}
            found[name] = unit.records.save([Create(name, given)]).changes[0].id

        make("account", record_type="enterprise", credit_code=None)
        make("contact", account=found["account"], external_no=None)
        make("opportunity", account=found["account"], record_type="standard", owner=person.user_id)
        make("lead", credit_code=None)
        make("task")
        content = [{"id": record_id(), "name": ATTACK}]
        make("file", content=content, related_to={"object": "account", "id": found["account"]})
        make("comment", related_to={"object": "account", "id": found["account"]})
        return found

    return company.write(SYSTEM, work)


@pytest.fixture(scope="module")
def client(company: Company) -> Iterator[TestClient]:
    """A browser."""
    site = make_site(Settings.from_environment({}), company)
    with TestClient(application(site), base_url="http://testserver") as made:
        yield made


def get(client: TestClient, person: Person, path: str, **headers: str) -> Any:
    return client.get(path, headers={"cookie": f"dougong={person.cookie}", **headers}, follow_redirects=False)


def addresses(ids: dict[str, str], person: Person) -> Iterator[str]:
    """Every page that is read, of every object where it asks for one."""
    for page in (*PAGES, *OF_WORKFLOWS):
        if page.method != "GET":
            continue
        for name, id in {**ids, "user": person.user_id}.items():
            values = {"object": name, "id": person.user_id if page.path.startswith("/sign-ins") else id}
            rest = dict.fromkeys(re.findall(r"{(\w+)}", page.path), "name")
            yield page.path.format(**{**rest, **values})
            if "{object}" not in page.path:
                break


def test_no_label_and_no_value_is_markup(client: TestClient, person: Person, ids: dict[str, str]) -> None:
    """On every page, whole and as a part; and the pages do show them."""
    wrong: dict[str, str] = {}
    shown = 0
    for path in dict.fromkeys(addresses(ids, person)):
        answer = get(client, person, path)
        found = RAW.search(answer.text) if "html" in answer.headers.get("content-type", "") else None
        shown += MARK in answer.text
        if found:
            wrong[path] = answer.text[max(0, found.start() - 80) : found.end() + 40]
    assert wrong == {}
    assert shown > 40, "the pages show the labels"


@pytest.mark.parametrize("attack", [ATTACK, BREAKING_OUT, CLOSING, "javascript:alert(1)"])
def test_no_address_is_markup(client: TestClient, person: Person, ids: dict[str, str], attack: str) -> None:
    """What a link says in its path or query comes back as text or not at all, and never as the target of a link."""
    quoted = quote(attack, safe="")
    names = ("q", "view", "filter", "where", "sort", "cursor", "columns", "field", "value", "back", "tab", "v.name")
    query = "&".join(f"{name}={quoted}" for name in names)
    for path in dict.fromkeys(addresses(ids, person)):
        named = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", quoted, path)
        for asked in (f"{path}?{query}", *([named] if named != path else [])):
            text = get(client, person, asked).text
            assert not RAW.search(text), asked
            assert not re.search(r'(href|action|src)="\s*javascript:', text, re.IGNORECASE), asked


def test_no_template_is_run(company: Company, client: TestClient, person: Person, ids: dict[str, str]) -> None:
    """Neither ours in a value nor one in a label."""
    with company.read(SYSTEM) as unit:
        (row,) = unit.records.query(Query(object="lead", columns=("need_detail",), limit=1)).rows
    assert "{{ 7*7 }}" in str(row.values[0])
    assert "{{ 7*7 }}" in get(client, person, f"/o/lead/{ids['lead']}").text
