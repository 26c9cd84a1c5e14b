"""A chart tells where an approval stands: which boxes and ways, with whom, and everything inside its box."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from dougong.metadata.approval import Approval, Branch
from dougong.workflows.charts.drawing import PAD, Chart, draw, fitting, measure
from dougong.workflows.charts.telling import Teller
from tests.workflows.approvals.office import Case, Office, asks, chart, holds, node, split

NAMES = {"ann": "王一帆", "bob": "何志刚", "cat": "欧阳静怡", "dan": "Alexandra Featherstonehaugh"}


def _teller(language: str = "en", me: str = "", **ahead: tuple[str, ...]) -> Teller:
    return Teller(say=lambda said: said.to(language), language=language, names=NAMES, me=me, ahead=ahead)


def _drawn(case: Case, me: str = "", **ahead: tuple[str, ...]) -> Chart:
    return draw(_teller(me=me, **ahead), case.approval, case.state, lambda at: f"{at:%d.%m.}")


def _looks(found: Chart) -> dict[str, str]:
    return {each.key: each.look for each in found.wide.nodes}


def _texts(found: Chart, key: str) -> list[str]:
    return [text.text for each in found.wide.nodes if each.key == key for text in each.texts]


def _sized() -> Approval:
    size = node("condition", branches=(Branch(key="big", next="joint", when=holds("big"), label={"en": "Big"}),))
    return chart(
        "head",
        head=asks("heads", next="size"),
        size=replace(size, otherwise="end"),
        joint=replace(asks("both", next="end"), label={"en": "Joint review", "zh-CN": "联合会签"}),
    )


def _office(**more: tuple[str, ...]) -> Office:
    return Office(rules={"heads": ("ann",), "both": ("bob", "cat"), **more}, true={"big"})


def test_where_it_stands_is_shown() -> None:
    """What is passed, what is at work and for whom, what is still to come."""
    case = Case(_sized(), _office()).approves("ann", "bob")
    found = _drawn(case, me="cat")
    assert _looks(found) == {"head": "past", "size": "past", "joint": "now", "end": ""}
    assert _texts(found, "joint") == ["Joint review", "1 / 2", "何志刚", "approved", "欧阳静怡", "your turn"]
    assert found.said == "The steps of the approval; at work: Joint review"
    past = {(each.text.text if each.text else "", each.look) for each in found.wide.ways}
    assert past == {("", "past"), ("Big", "past"), ("otherwise", ""), ("", "")}


def test_what_will_never_come_is_told_apart() -> None:
    """After a rejection the node is refused, and what lay behind it is off."""
    found = _drawn(Case(_sized(), _office()).rejects("ann"))
    assert _looks(found) == {"head": "bad", "size": "off", "joint": "off", "end": "off"}
    assert {each.look for each in found.wide.ways} == {"off"}


def test_who_was_added_and_who_stands_in_are_named_so() -> None:
    """An added approver and a delegate are shown with what they are."""
    office = _office()
    office.away = {"cat": "dan"}
    case = Case(_sized(), office).approves("ann").adds("bob", "parallel", "eve")
    lines = [line.name for each in _drawn(case).steps if each.key == "joint" for line in each.lines]
    assert lines == ["何志刚", "Alexandra Featherstonehaugh for 欧阳静怡", "eve (added)"]


def test_who_would_be_asked_stands_at_what_is_ahead() -> None:
    """Before a node is reached, it names those who would be asked."""
    assert _texts(_drawn(Case(_sized(), _office()), joint=("bob",)), "joint") == ["Joint review", "何志刚"]


def test_a_definition_alone_has_no_state() -> None:
    """Every node and way, none of them passed."""
    found = draw(_teller("zh-CN"), _sized(), None, str)
    assert set(_looks(found).values()) == {""}
    assert _texts(found, "joint") == ["联合会签"]


def test_parallel_branches_are_open_at_once() -> None:
    """Both branches of a split are at work; where one is passed, the join waits."""
    fork = chart(
        "fork", fork=split("left", "right"), left=asks("heads", next="meet"), right=asks("both", next="meet"),
        meet=node("join", "end"),
    )  # fmt: skip
    case = Case(fork, _office()).approves("ann")
    assert _looks(_drawn(case)) == {"fork": "past", "left": "past", "right": "now", "meet": "now", "end": ""}


@given(
    st.text(alphabet="abcXYZ 王审批ｗ。", max_size=60), st.lists(st.text(max_size=40), max_size=8), st.integers(0, 2)
)
def test_texts_stay_inside_their_boxes(title: str, people: list[str], decided: int) -> None:
    """Whatever nodes and people are called, in both directions; on the right as on the left."""
    ids = [f"p{number}" for number in range(len(people))] or ["ann"]
    names = dict(zip(ids, people, strict=False))
    approval = chart("only", only=replace(asks("many"), label={"en": title}))
    case = Case(approval, Office(rules={"many": tuple(ids)})).approves(*ids[: min(decided, len(ids) - 1)])
    teller = replace(_teller(me=ids[-1]), names=names)
    found = draw(teller, approval, case.state, datetime.isoformat)
    for drawing in (found.wide, found.tall):
        for each in drawing.nodes:
            assert each.x >= 0 and each.x + each.width <= drawing.width
            for text in each.texts:
                left = text.x - measure(text.text, bold=text.role == "t") if text.end else text.x
                assert left >= each.x + PAD - 0.01
                assert left + measure(text.text, bold=text.role == "t") <= each.x + each.width - PAD + 0.01
                assert each.y < text.y < each.y + each.height


def test_what_is_too_long_ends_in_dots() -> None:
    """As much as there is room for, and whole where it fits."""
    assert fitting("short", 200) == "short"
    cut = fitting("a very long name of a step", 60)
    assert cut.endswith("…") and measure(cut) <= 60
