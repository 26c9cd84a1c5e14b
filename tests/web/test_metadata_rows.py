"""Records that travel with the metadata on pages and in the API: there to be read, with a hint where they change."""

from __future__ import annotations

from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query
from dougong.engine.revisions import tree_of
from dougong.metadata.documents import from_bodies
from tests.web.conftest import Person

NAME = {"type": "text", "label": {"en": "Name", "zh-CN": "名称"}}
LEVEL = {"kind": "object", "name": "level", "label": {"en": "Level", "zh-CN": "级别"}, "rows": "metadata",
         "owner": "none", "title": {"field": "name"}, "fields": {"name": NAME}}  # fmt: skip
GOLD = {"kind": "row", "name": "level.gold", "values": {"name": "Gold"}}
HINT = "with the configuration"


def published(person: Person) -> str:
    """The address of the one level there is."""
    with person.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    publish(person.company, Publication(tree=tree.put(*from_bodies([LEVEL, GOLD]))))
    with person.company.read(SYSTEM) as unit:
        return f"/o/level/{unit.records.query(Query(object='level', columns=('id',))).rows[0].id}"


def test_list_and_record_can_be_read_and_not_changed(person: Person) -> None:
    """A hint says where rows change; nothing offers to change them here, and an address that is known is refused."""
    url = published(person)
    shown, record = person.get("/o/level").text, person.get(url).text
    assert HINT in shown and "Gold" in shown and "/o/level/new" not in shown and "data-editable" not in shown
    assert HINT in record and f"{url}/edit" not in record and f"{url}/delete" not in record
    assert HINT not in person.get("/o/account").text
    for path in ("/o/level/new", f"{url}/edit"):
        answer = person.get(path)
        assert answer.status_code == 403 and "travel with the metadata" in answer.text
    sent = person.post("/o/level/delete", {"id": url.rpartition("/")[2]})
    assert sent.status_code == 403


def test_a_row_that_left_is_shown_as_such(person: Person) -> None:
    """Its page is still there for those who come from a record that names it; the bin does not offer it."""
    url = published(person)
    with person.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    publish(person.company, Publication(tree=tree.without("row:level.gold")))
    record = person.get(url).text
    assert "has left the configuration" in record and f"{url}/restore" not in record
    assert "Gold" not in person.get("/bin").text
