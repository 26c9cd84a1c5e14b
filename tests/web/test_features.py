"""The features of an object decide what its pages and files offer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import BadRequest, Forbidden
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query
from dougong.engine.revisions import tree_of
from dougong.engine.saving.batch import Create
from dougong.engine.transfer.exporting import write_csv
from dougong.engine.transfer.mapping import plan
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from tests.companies import company_copy, sales  # noqa: F401

FEATURES = ("activities", "files", "comments", "history", "import", "export")


@pytest.fixture
def record_page(sales: Company) -> Iterator[tuple[Company, TestClient, str, str]]:  # noqa: F811
    """A company, its pages, the address of a customer and a session."""

    def work(unit: Unit) -> tuple[str, str]:
        user = (
            unit.records.save(
                [Create("user", {"login": "li", "name": "Li", "language": "en", "roles": ["system_administrator"]})]
            )
            .changes[0]
            .id
        )
        made = unit.records.save([Create("account", {"name": "Acme", "record_type": "enterprise"})]).changes[0].id
        return made, sessions.begin(unit, user, "test", "127.0.0.1")

    made, cookie = sales.write(SYSTEM, work)
    site = make_site(Settings.from_environment(), sales)
    with TestClient(create_app(site), base_url="http://127.0.0.1:8000") as client:
        yield sales, client, f"/o/account/{made}", cookie


def set_features(company: Company, **features: bool) -> None:
    """Publish other features of customers."""
    with company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    old = tree.components["object:account"]
    body = MappingProxyType({**old.body, "features": {**dict.fromkeys(FEATURES, True), **features}})
    publish(company, Publication(tree=tree.put(replace(old, body=dict(body)))))
    assert isinstance(old, Component)


SIGNS = {"activities": "log_call", "files": 'name="file"', "comments": "/comment", "history": "tab=history"}
"""What stands on a record page where the feature is on."""


def test_a_feature_that_is_off_leaves_no_trace(record_page: tuple[Company, TestClient, str, str]) -> None:
    company, client, url, cookie = record_page
    for off in ("", *SIGNS):
        set_features(company, **({off: False} if off else {}))
        text = client.get(url, headers={"cookie": f"dougong={cookie}"}).text
        for feature, sign in SIGNS.items():
            assert (sign in text) == (feature != off), (off, feature)


def test_an_object_may_refuse_files(record_page: tuple[Company, TestClient, str, str]) -> None:
    company, *_ = record_page
    set_features(company, **{"import": False, "export": False})
    with company.read(SYSTEM) as unit:
        with pytest.raises(BadRequest):
            plan(unit.runtime.model, unit.access, ["name"], object_name="account")
        with pytest.raises(Forbidden):
            write_csv(unit, Query(object="account", columns=("name",)), io.BytesIO())
