"""`dougong access handover` and `take-back`: a look, the deed, the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result

from dougong.cli import handovers
from dougong.cli.program import program
from dougong.engine.company import Company
from tests.companies import company_copy, sales
from tests.engine.handover.conftest import Office, office

__all__ = ["company_copy", "office", "sales"]


@pytest.fixture
def dougong(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs `dougong access` in the office."""

    @contextmanager
    def opened() -> Iterator[Company]:
        yield office.company

    monkeypatch.setattr(handovers, "open_company", opened)

    def run(*arguments: str, code: int = 0) -> Result:
        found = CliRunner().invoke(program, ("access", *arguments), env={"LC_ALL": "C"}, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found

    return run


def test_handover(dougong: Callable[..., Result], office: Office) -> None:
    """Without --yes it only tells; with it work moves; what is told to stay stays; take-back gives it back."""
    words = ("handover", "wang", "--to", "li", "--leave", "contact.owner", "--freeze", "--why", "left")
    told = dougong(*words).output
    assert "Customers (account.owner)\n       2  → Li" in told
    assert "Stays: 2 as asked" in told
    assert "Nothing has moved yet" in told
    assert office.owners("account", "east") == ["wang"]
    told = dougong(*words, "--yes").output
    assert office.owners("account", "east", "west") == ["li", "li"]
    assert office.owners("contact", "east contact") == ["wang"]
    assert office.value("user.frozen", "wang") is True
    operation = told.split("take-back ")[1].split()[0]
    assert "8 records are back where they were." in dougong("take-back", operation).output
    assert office.owners("account", "east", "west") == ["wang", "wang"]
    dougong("handover", "nobody", "--to", "li", code=1)
