"""What search finds follows every change in the same transaction."""

from __future__ import annotations

from dougong.engine.query import Query
from tests.engine.saving.conftest import Studio


def found(studio: Studio, object_name: str, text: str) -> set[str]:
    page = studio.read(lambda unit: unit.records.query(Query(object=object_name, columns=("name",), search=text)))
    return {row.id for row in page.rows}


def test_search_follows_a_record_through_its_life(studio: Studio) -> None:
    client = studio.create("client", name="远澜新能源", code="YL-7")
    assert (
        found(studio, "client", "新能")
        == found(studio, "client", "yl-7")
        == found(studio, "client", "yuanlan")
        == {client}
    )
    studio.update("client", client, name="海川科技")
    assert found(studio, "client", "新能") == set()
    assert found(studio, "client", "海川") == {client}
    studio.delete("client", client)
    assert found(studio, "client", "海川") == set()
    studio.restore("client", client)
    assert found(studio, "client", "海川") == {client}


def test_a_record_is_found_by_the_new_name_of_its_parent(studio: Studio) -> None:
    client = studio.create("client", name="Alpha")
    job = studio.create("job", name="Roof", client=client)
    assert found(studio, "job", "alpha") == {job}
    studio.update("client", client, name="Gamma")
    assert (found(studio, "job", "alpha"), found(studio, "job", "gamma")) == (set(), {job})
