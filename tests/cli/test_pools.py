"""`dougong pool`: what there is and waits, what the night would do and does, claiming."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result

from dougong.cli import pools
from dougong.cli.program import program
from dougong.engine.company import Company
from tests.companies import company_copy, person, sales
from tests.workflows.pools.conftest import aged, customer, owner, pool

__all__ = ["company_copy", "sales"]


@pytest.fixture
def dougong(sales: Company, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs `dougong pool` at a company with the sales package."""

    @contextmanager
    def opened() -> Iterator[Company]:
        yield sales

    monkeypatch.setattr(pools, "open_company", opened)
    return lambda *words: CliRunner().invoke(program, ["pool", *words])


def test_from_the_preview_to_the_claim(dougong: Callable[..., Result], sales: Company) -> None:
    """The preview writes nothing, the night warns, and what waits is listed and claimed once."""
    wang = person(sales, "wang", "sales")
    idle = customer(sales, str(wang.user_id), "久未跟进")
    waits = customer(sales, pool(sales).account, "公海一")
    aged(sales, [idle], 200)
    for _ in range(2):
        (line,) = json.loads(dougong("preview", "account.public", "--json").output)
        assert (line["id"], line["what"], line["rule"]) == (idle, "warn", "idle")
    assert dougong("reclaim").output.startswith("0 taken, 1 warned of")
    assert [each["what"] for each in json.loads(dougong("preview", "--json").output)] == ["warned"]
    assert [each.split()[:2] for each in dougong("list").output.splitlines()] == [
        ["account.public", "1"], ["lead.public", "0"],
    ]  # fmt: skip
    assert dougong("list", "account.public").output.split() == [waits, "公海一"]
    assert dougong("claim", "account.public", waits, "--as", "wang").output.strip() == waits
    assert owner(sales, waits) == wang.user_id
    assert dougong("claim", "account.public", waits, "--as", "wang").exit_code != 0
    assert dougong("preview", "account.pubic").exit_code != 0
