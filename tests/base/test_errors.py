"""Problems: the same facts for page, API and command line."""

from __future__ import annotations

import pytest

from dougong.base import errors
from dougong.base.errors import DougongError, Place, Problem, Rejected
from dougong.base.language import msg

PLACES = [
    (Place(), ""),
    (Place(file="deal.json", pointer="/fields/amount"), "deal.json, /fields/amount"),
    (Place(row=3, field="amount"), "row 3, amount"),
    (Place(line=2, column=7), "line 2, column 7"),
]


@pytest.mark.parametrize(("place", "text"), PLACES)
def test_a_place_is_named_by_what_is_known_of_it(place: Place, text: str) -> None:
    assert str(place) == text


def test_a_problem_as_json_holds_what_applies_and_no_more() -> None:
    place = Place(row=3, field="amount")
    problem = Problem(code="too-large", reason=msg("Commands"), fix=msg("Instead of PORT."), place=place)
    expected = {"code": "too-large", "message": "命令", "fix": "替代 PORT 设置。", "field": "amount", "row": 3}
    assert problem.to_json("zh-CN") == expected
    warning = Problem(code="odd", reason=msg("Commands"), thing="object:deal", severity="warning")
    assert warning.to_json() == {
        "code": "odd",
        "message": "Commands",
        "thing": "object:deal",
        "severity": "warning",
    }


def test_a_problem_as_text_says_where_what_and_the_fix() -> None:
    problem = Problem(code="c", reason=msg("Commands"), fix=msg("Instead of PORT."), thing="field:deal.amount")
    assert str(problem) == "field:deal.amount: Commands. Instead of PORT. [c]"
    assert problem.text("zh-CN") == "命令。替代 PORT 设置。"
    asked = Problem(code="c", reason=msg("Say why?"), fix=msg("Instead of PORT."))
    assert asked.text() == "Say why? Instead of PORT."
    assert str(Problem(code="c", reason=msg("Commands"))) == "Commands [c]"


def test_an_error_carries_every_problem_by_field() -> None:
    first = Problem(code="a", reason=msg("Commands"), place=Place(field="amount"))
    second = Problem(code="b", reason=msg("Commands"), place=Place(field="amount"))
    third = Problem(code="c", reason=msg("Commands"))
    error = Rejected([first, second], third)
    assert error.problems == (first, second, third)
    assert error.by_field() == {"amount": (first, second), None: (third,)}


def test_each_kind_of_error_is_in_the_tree_with_its_status() -> None:
    """The drawing in the module's docstring is the list."""
    kinds = DougongError.__subclasses__()
    drawn = {line.split()[1]: line.split()[2] for line in (errors.__doc__ or "").splitlines() if "──" in line}
    assert drawn == {kind.__name__: str(kind.status) for kind in kinds if kind.__module__ == errors.__name__}
