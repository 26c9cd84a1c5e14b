"""What people and the clock may do at a step, and what comes of it: by table."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.metadata.approval import PeopleRules, TimeLimit
from dougong.metadata.steps import Step
from dougong.workflows.approvals.machine import HAND_OVERS, REMINDED_EVERY, ahead, possible
from dougong.workflows.approvals.state import (
    Approve,
    HandOver,
    Invalidate,
    Recall,
    Remind,
    Reminded,
    Remove,
    Rescue,
    Resubmit,
    State,
    Stranded,
    Submit,
    Sweep,
    TakeBack,
    TimeOut,
    Timer,
)
from tests.workflows.approvals.office import Case, Office, asks, chart, node, rule, split

NAMES = ("ann", "bob", "cat", "dan", "eve")
Move = Callable[[Case], Any]


def office(**more: Any) -> Office:
    """An office in which each rule finds the person of its name."""
    return Office(rules={each: (each,) for each in (*NAMES, "ivy")} | more.pop("rules", {}), **more)


def refused(move: Callable[[], Any]) -> str:
    """The code of the refusal of a move."""
    with pytest.raises(DougongError) as error:
        move()
    return error.value.problems[0].code


def line(**more: Any) -> Case:
    """Ann, then Bob and Cat together, then Dan."""
    people = more.pop("people", PeopleRules())
    approval = chart(
        "one",
        one=asks("ann", next="two"),
        two=asks("bob", "cat", next="three"),
        three=asks("dan"),
        people=people,
        **more,
    )
    return Case(approval, office())


def forked(**more: Any) -> Case:
    """Ann, then Bob and Cat in one branch beside Dan in another, then Eve."""
    approval = chart(
        "start",
        start=asks("ann", next="fork"),
        fork=split("left", "right"),
        left=asks("bob", next="left2"),
        left2=asks("cat", next="meet"),
        right=asks("dan", next="meet"),
        meet=node("join", "last"),
        last=asks("eve"),
        **more,
    )
    return Case(approval, office())


# -- 退回 -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ready", "who", "to", "then", "turns"),
    [
        (("ann",), "bob", "initiator", None, set()),
        (("ann",), "bob", "previous", None, {"ann"}),
        (("ann", "bob", "cat"), "dan", "one", None, {"ann"}),
        (("ann", "bob", "cat"), "dan", "previous", None, {"bob", "cat"}),
        (("ann", "bob", "cat"), "dan", "two", "resume", {"bob", "cat"}),
    ],
)
def test_sent_back_along_a_line(ready: tuple[str, ...], who: str, to: str, then: str | None, turns: set[str]) -> None:
    case = line().approves(*ready).sends_back(who, to, then)
    assert case.turns == turns
    assert case.entry(who, "sent_back").status == "sent_back"


def test_again_runs_the_whole_way_and_resume_goes_straight_back() -> None:
    again = line().approves("ann", "bob", "cat").sends_back("dan", "one", "again").approves("ann")
    assert again.turns == {"bob", "cat"}
    resumed = line().approves("ann", "bob", "cat").sends_back("dan", "one", "resume").approves("ann")
    assert resumed.turns == {"dan"}
    assert resumed.approves("dan").status == "approved"


@pytest.mark.parametrize(
    ("who", "to", "then", "turns", "after"),
    [
        # the target lies in the branch: only the branch goes back
        ("cat", "left", "again", {"bob", "dan"}, {"cat", "dan"}),
        ("cat", "left", "resume", {"bob", "dan"}, {"cat", "dan"}),
        ("cat", "previous", "again", {"bob", "dan"}, {"cat", "dan"}),
        # it lies before the split: all branches are left; resuming opens both where they were
        ("cat", "start", "again", {"ann"}, {"bob", "dan"}),
        ("cat", "start", "resume", {"ann"}, {"cat", "dan"}),
        ("dan", "previous", "resume", {"ann"}, {"cat", "dan"}),
    ],
)
def test_sent_back_from_a_branch(who: str, to: str, then: str, turns: set[str], after: set[str]) -> None:
    case = forked().approves("ann", "bob").sends_back(who, to, then)
    assert case.turns == turns
    case.approves(*(turns - {"dan"}))
    assert case.turns == after


def test_sent_back_into_one_branch_from_behind_the_join() -> None:
    """The other branch has arrived; the join waits for the one that was gone back into."""
    case = forked().approves("ann", "bob", "cat", "dan").sends_back("eve", "right", "again")
    assert case.turns == {"dan"}
    assert case.approves("dan").turns == {"eve"}
    assert case.approves("eve").status == "approved"


def test_a_step_that_was_not_on_the_way_is_no_target() -> None:
    case = forked().approves("ann", "bob")
    assert refused(lambda: case.sends_back("cat", "right")) == "approval-no-target"
    assert refused(lambda: case.sends_back("cat", "last")) == "approval-no-target"
    assert refused(lambda: forked().sends_back("ann", "previous")) == "approval-no-target"


def test_submitted_again_all_who_were_open_are_asked_and_who_approved_is_not() -> None:
    case = line().approves("ann", "bob").sends_back("cat")
    assert (case.status, case.turns) == ("returned", set())
    case.act(Resubmit(by="ivy", then="resume"))
    assert case.turns == {"cat"}
    assert case.entry("bob").why == "approved_before"
    assert case.approves("cat").turns == {"dan"}


def test_submitted_again_from_the_start() -> None:
    case = line().approves("ann", "bob").sends_back("cat").act(Resubmit(by="ivy", then="again"))
    assert case.turns == {"ann"}
    assert case.approves("ann").turns == {"bob", "cat"}, "an approval of an earlier round counts for nothing"


def test_both_branches_are_opened_again_as_they_were() -> None:
    case = forked().approves("ann", "bob").sends_back("dan").act(Resubmit(by="ivy", then="resume"))
    assert case.turns == {"cat", "dan"}
    assert case.approves("cat", "dan").turns == {"eve"}


@pytest.mark.parametrize(
    ("stated", "said", "offered", "turns"),
    [
        ("choose", None, ("resume", "again"), {"ann"}),
        ("choose", "resume", (), {"bob", "cat"}),
        ("choose", "again", (), {"ann"}),
        ("resume", None, (), {"bob", "cat"}),
        ("again", None, (), {"ann"}),
    ],
)
def test_who_says_how_it_goes_on(stated: Any, said: Any, offered: tuple[str, ...], turns: set[str]) -> None:
    case = line(resubmit=stated).approves("ann").sends_back("bob", then=said)
    [may] = [each for each in possible(case.approval, case.state, "ivy", case.office) if each.act == "resubmit"]
    assert may.then == offered
    assert case.act(Resubmit(by="ivy")).turns == turns


def test_what_is_stated_cannot_be_chosen_otherwise() -> None:
    assert refused(lambda: line(resubmit="again").sends_back("ann", then="resume")) == "approval-then-stated"
    case = line(resubmit="again").sends_back("ann")
    assert refused(lambda: case.act(Resubmit(by="ivy", then="resume"))) == "approval-then-stated"
    assert refused(lambda: case.act(Resubmit(by="ann"))) == "approval-not-initiator"
    assert refused(lambda: line().act(Resubmit(by="ivy"))) == "approval-running"


@pytest.mark.parametrize(
    ("where", "status", "turns"),
    [("end", "rejected", set()), ("initiator", "returned", set()), ("previous", "open", {"ann"})],
)
def test_what_a_rejected_step_does(where: Any, status: str, turns: set[str]) -> None:
    case = Case(chart("one", one=asks("ann", next="two"), two=asks("bob", on_reject=where)), office())
    case.approves("ann").rejects("bob")
    assert (case.status, case.turns) == (status, turns)


# -- 撤回 and 取回 ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule_", "ready", "code"),
    [
        ("until_next_decision", (), None),
        ("until_next_decision", ("ann",), "approval-recall-late"),
        ("until_end", ("ann", "bob"), None),
        ("never", (), "approval-no-recall"),
    ],
)
def test_recall(rule_: Any, ready: tuple[str, ...], code: str | None) -> None:
    case = line(recall=rule_).approves(*ready)
    if code is None:
        assert case.act(Recall(by="ivy")).status == "recalled"
    else:
        assert refused(lambda: case.act(Recall(by="ivy"))) == code
    assert refused(lambda: line().act(Recall(by="ann"))) == "approval-not-initiator"


def test_what_was_sent_back_can_always_be_recalled() -> None:
    assert line(recall="never").sends_back("ann").act(Recall(by="ivy")).status == "recalled"


def take(case: Case, who: str) -> Case:
    """Take a decision back."""
    return case.act(TakeBack(entry=case.part(who, "approved", "rejected"), by=who))


@pytest.mark.parametrize(
    ("ready", "who", "turns"),
    [
        (("ann",), "ann", {"ann"}),
        (("ann", "bob"), "bob", {"bob", "cat"}),
        (("ann", "bob", "cat"), "bob", {"bob"}),  # the node was passed: Dan's task goes
        (("ann", "bob", "cat"), "cat", {"cat"}),
        (("ann", "bob"), "ann", "approval-acted-after"),
        (("ann", "bob", "cat", "dan"), "cat", "approval-ended"),
    ],
)
def test_a_decision_is_taken_back_while_nobody_after_has_acted(
    ready: tuple[str, ...], who: str, turns: set[str] | str
) -> None:
    case = line().approves(*ready)
    if isinstance(turns, str):
        assert refused(lambda: take(case, who)) == turns
    else:
        assert take(case, who).turns == turns


def test_taken_back_who_had_been_passed_over_is_asked_again() -> None:
    case = Case(chart("one", one=asks("ann", "bob", mode="any", next="two"), two=asks("cat")), office())
    assert take(case.approves("ann"), "ann").turns == {"ann", "bob"}
    assert case.entry("cat").status == "void"


def test_behind_a_join_only_ones_own_branch_is_taken_back() -> None:
    case = forked().approves("ann", "bob", "cat", "dan")
    assert take(case, "dan").turns == {"dan"}
    assert case.approves("dan").turns == {"eve"}


def test_taken_back_the_branches_that_a_join_closed_open_again() -> None:
    approval = chart(
        "fork",
        fork=split("one", "two"),
        one=asks("ann", next="meet"),
        two=asks("bob", next="meet"),
        meet=node("join", "last", wait_for="any"),
        last=asks("cat"),
    )
    assert take(Case(approval, office()).approves("ann"), "ann").turns == {"ann", "bob"}


@pytest.mark.parametrize("between", [{"steps": (Step(key="x", do="set", given={}),)}, {"approval": "a.b"}])
def test_what_has_been_set_in_motion_cannot_be_taken_back(between: dict[str, Any]) -> None:
    kind = "action" if "steps" in between else "sub_process"
    case = Case(chart("one", one=asks("ann", next="do"), do=node(kind, "two", **between), two=asks("bob")), office())
    case.approves("ann")
    assert refused(lambda: take(case, "ann")) == "approval-effects-after"


# -- 加签, 减签, 转办, 委派 -------------------------------------------------------------------------------------------
def one(**more: Any) -> Case:
    """A step of Ann and Bob."""
    return Case(chart("one", one=asks("ann", "bob", **more)), office())


def test_the_trail_keeps_everybody() -> None:
    case = one().hands_over("ann", "cat").hands_over("cat", "dan", comes_back=True).approves("dan", "cat", "bob")
    assert case.status == "approved"
    told = [(each.person, each.kind, each.status) for each in case.state.visits[0].entries]
    assert told == [
        ("ann", "approver", "handed_over"),
        ("bob", "approver", "approved"),
        ("cat", "handed_over", "approved"),
        ("dan", "delegate", "approved"),
    ]


@pytest.mark.parametrize("decides", ["approves", "rejects"])
def test_an_opinion_decides_nothing(decides: str) -> None:
    case = one().hands_over("ann", "cat", comes_back=True)
    getattr(case, decides)("cat")
    assert (case.status, case.turns) == ("open", {"ann", "bob"})
    assert refused(lambda: one().hands_over("ann", "cat", comes_back=True).adds("cat", "after", "dan")) == (
        "approval-delegate"
    )


def test_somebody_added_may_hand_over_and_be_removed() -> None:
    case = one().adds("ann", "before", "cat").hands_over("cat", "dan")
    assert case.turns == {"dan", "bob"}
    added = case.part("cat", "handed_over")
    case.act(Remove(entry=case.part("ann", "waiting"), by="ann", removed=added))
    assert case.turns == {"ann", "bob"}
    assert case.entry("dan").status == "removed"
    assert refused(lambda: case.approves("dan")) == "approval-void"


def test_handing_on_has_an_end() -> None:
    people = [f"p{each}" for each in range(HAND_OVERS + 2)]
    case = Case(chart("one", one=asks(rule("p0"))), office(rules={"p0": ("p0",)}))
    for giver, taker in itertools.pairwise(people[:-1]):
        case.hands_over(giver, taker)
    assert refused(lambda: case.hands_over(people[HAND_OVERS], people[HAND_OVERS + 1])) == "approval-handed-on"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("ivy", "approval-own"),
        ("bob", "approval-asked-already"),
        ("gone", "approval-inactive"),
        ("stand_in", "approval-own"),
    ],
)
def test_who_cannot_be_brought_in(to: str, code: str) -> None:
    case = one()
    case.office.gone.add("gone")
    case.office.away["ivy"] = "stand_in"
    assert refused(lambda: case.hands_over("ann", to)) == code
    assert refused(lambda: case.adds("ann", "parallel", to)) == code


def test_a_step_allows_only_what_it_says() -> None:
    case = one(may=frozenset({"hand_over"}))
    assert refused(lambda: case.adds("ann", "after", "cat")) == "approval-may-not"
    assert refused(lambda: case.sends_back("ann")) == "approval-may-not"
    assert case.hands_over("ann", "cat").turns == {"cat", "bob"}


@pytest.mark.parametrize(
    ("opinion", "yes", "no"), [("free", False, False), ("required_on_reject", False, True), ("required", True, True)]
)
def test_an_opinion_is_required_as_stated(opinion: Any, yes: bool, no: bool) -> None:
    for needed, move in [
        (yes, lambda: one(opinion=opinion).approves("ann", opinion=" ")),
        (no, lambda: one(opinion=opinion).rejects("ann")),
        (no, lambda: one(opinion=opinion).sends_back("ann")),
    ]:
        if needed:
            assert refused(move) == "approval-opinion"
        else:
            move()


# -- who is asked -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "asked"),
    [("skip", {"bob"}), ("next_manager", {"boss", "bob"}), ("department_head", {"head", "bob"})],
)
def test_the_initiator_is_no_approver(how: Any, asked: set[str]) -> None:
    world = office(managers={"ivy": "boss"}, heads={"ivy": "head"})
    case = Case(chart("one", one=asks("ivy", "bob"), people=PeopleRules(initiator_is_approver=how)), world)
    assert case.turns == asked


@pytest.mark.parametrize("how", ["skip", "next_manager", "department_head"])
def test_an_initiator_who_is_alone_is_nobody(how: Any) -> None:
    world = office(heads={"ivy": "ivy"}, addresses={"role:chief": ("ivy", "eve")})
    people = PeopleRules(initiator_is_approver=how, nobody=("role:empty", "role:chief", "refuse"))
    assert Case(chart("one", one=asks("ivy"), people=people), world).turns == {"eve"}
    strict = chart("one", one=asks("ivy"), people=PeopleRules(initiator_is_approver=how))
    assert refused(lambda: Case(strict, world)) == "approval-nobody"


@pytest.mark.parametrize(("mode", "asked"), [("any", {"bob"}), ("all", {"ann", "bob"}), ("vote", {"ann", "bob"})])
def test_who_stands_in_for_the_initiator_never_decides_alone(mode: Any, asked: set[str]) -> None:
    world = office(away={"ivy": "ann"}, addresses={"role:chief": ("eve",)})
    assert Case(chart("one", one=asks("ann", "bob", mode=mode)), world).turns == asked
    alone = chart("one", one=asks("ann", mode=mode), people=PeopleRules(nobody=("role:chief",)))
    assert Case(alone, world).turns == {"eve"}


@pytest.mark.parametrize(
    ("absent", "away", "asked", "stands_for"),
    [
        ("delegate", {"ann": "bob"}, "bob", "ann"),
        ("delegate", {"ann": "ann"}, "ann", None),
        ("delegate", {"ann": "ivy"}, "ann", None),
        ("wait", {"ann": "bob"}, "ann", None),
    ],
)
def test_the_absent(absent: Any, away: dict[str, str], asked: str, stands_for: str | None) -> None:
    case = Case(chart("one", one=asks("ann"), people=PeopleRules(absent=absent)), office(away=away))
    assert [(each.person, each.stands_for) for each in case.last.entries] == [(asked, stands_for)]


def test_all_steps_that_find_nobody_are_named_at_the_start() -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("none", next="three"), three=asks("none"))
    with pytest.raises(DougongError) as error:
        Case(approval, office())
    assert [each.thing for each in error.value.problems] == ["two", "three"]


@pytest.mark.parametrize(("mode", "asked"), [("any", {"ann"}), ("all", {"ann", "eve"}), ("sequence", {"ann"})])
def test_a_rule_that_finds_nobody_is_replaced_where_its_voice_counts(mode: Any, asked: set[str]) -> None:
    world = office(addresses={"role:chief": ("eve",)})
    case = Case(chart("one", one=asks("ann", "none", mode=mode), people=PeopleRules(nobody=("role:chief",))), world)
    assert case.turns == asked


@pytest.mark.parametrize(
    ("how", "changed", "turns"),
    [("skip", False, {"bob"}), ("skip", True, {"ann", "bob"}), ("repeat", False, {"ann", "bob"})],
)
def test_who_approved_already_is_passed_over(how: Any, changed: bool, turns: set[str]) -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("ann", "bob"), people=PeopleRules(same_person=how))
    case = Case(approval, office())
    if changed:
        case.office.changed_at = case.office.now + timedelta(hours=1)
    assert case.approves("ann").turns == turns


@pytest.mark.parametrize(("how", "asked"), [("skip", 1), ("repeat", 2)])
def test_somebody_found_twice_at_a_step(how: Any, asked: int) -> None:
    approval = chart("one", one=asks("ann", rule("ann", key="again")), people=PeopleRules(same_person=how))
    case = Case(approval, office())
    assert sum(each.status == "open" for each in case.last.entries) == asked


# -- chosen people ----------------------------------------------------------------------------------------------------
def choosing(by: str) -> Any:
    """A step, then one whose approvers are chosen among three, at most two."""
    picked = rule(by, key="picked", way="chosen_by", source="role:team", most=2)
    return chart("one", one=asks("ann", next="two"), two=asks(picked))


TEAM = {"role:team": ("bob", "cat", "dan", "ivy")}


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (None, "approval-choose"),
        ((), "approval-choose"),
        (("bob", "cat", "dan"), "approval-chosen-many"),
        (("eve",), "approval-chosen-who"),
        (("bob", "bob"), "approval-chosen-who"),
        (("ivy",), "approval-own"),
        (("bob", "cat"), None),
    ],
)
def test_whom_the_initiator_chooses(people: tuple[str, ...] | None, code: str | None) -> None:
    chosen = {} if people is None else {"two__picked": people}
    if code is None:
        case = Case(choosing("initiator"), office(addresses=TEAM), **chosen)
        assert case.approves("ann").turns == set(people or ())
    else:
        assert refused(lambda: Case(choosing("initiator"), office(addresses=TEAM), **chosen)) == code


def test_whom_the_approver_before_chooses() -> None:
    case = Case(choosing("previous"), office(addresses=TEAM))
    assert refused(lambda: case.approves("ann")) == "approval-choose"
    assert refused(lambda: case.approves("ann", chosen={"nowhere.x": ("bob",)})) == "approval-chosen-where"
    assert case.approves("ann", chosen={"two.picked": ("bob",)}).turns == {"bob"}


# -- the clock --------------------------------------------------------------------------------------------------------
def late(then: Any, **more: Any) -> Case:
    """Ann and Bob, whose eight hours are over; what they name is Cat and Dan."""
    limit = TimeLimit(after="8h", remind_every="2h", then=then, to=more.pop("to", (rule("cat"), rule("dan"))))
    world = office(managers={"ann": "boss", "bob": "boss"})
    case = Case(chart("one", one=asks("ann", "bob", timeout=limit, **more)), world)
    case.office.now += timedelta(hours=8)
    return case.act(TimeOut(visit=1))


@pytest.mark.parametrize(
    ("then", "more", "status", "turns"),
    [
        ("remind", {}, "open", {"ann", "bob"}),
        ("pass", {}, "approved", set()),
        ("reject", {}, "rejected", set()),
        ("reject", {"mode": "any", "reject": "all"}, "rejected", set()),
        ("escalate", {}, "open", {"ann", "bob", "cat", "dan"}),
        ("escalate", {"to": ()}, "open", {"ann", "bob", "boss"}),
        ("hand_over", {}, "open", {"cat", "dan"}),
        ("hand_over", {"to": (rule("cat"),)}, "open", {"cat"}),
        ("hand_over", {"to": (rule("none"),)}, "open", {"ann", "bob"}),
    ],
)
def test_time_runs_out(then: Any, more: dict[str, Any], status: str, turns: set[str]) -> None:
    case = late(then, **more)
    assert (case.status, case.turns) == (status, turns)
    state = case.state
    assert case.act(TimeOut(visit=1)).state == state, "once"


def test_the_first_of_the_two_decides_for_both() -> None:
    case = late("escalate", to=()).approves("boss")
    assert case.entry("bob").status == "void"
    case.act(Approve(entry=case.part("boss"), by="boss"))
    assert case.status == "approved"


def test_before_its_time_nothing_happens() -> None:
    limit = TimeLimit(after="8h", then="pass")
    case = Case(chart("one", one=asks("ann", timeout=limit)), office())
    assert [each for each in case.effects if isinstance(each, Timer)] == [
        Timer(1, "due", case.office.now + timedelta(hours=8))
    ]
    case.office.now += timedelta(hours=7)
    assert case.act(TimeOut(visit=1)).status == "open"


def test_reminders() -> None:
    case = line()
    case.act(Remind(by="ivy"))
    assert [each.entry.person for each in case.effects if isinstance(each, Reminded)] == ["ann"]
    assert refused(lambda: case.act(Remind(by="ivy"))) == "approval-reminded"
    case.office.now += REMINDED_EVERY
    case.act(Remind(by="ivy"))
    assert refused(lambda: case.act(Remind(by="eve"))) == "approval-not-involved"
    timed = late("remind").act(Remind(by="", visit=1))
    assert [type(each).__name__ for each in timed.effects] == ["Reminded", "Reminded", "Timer"]


# -- who leaves -------------------------------------------------------------------------------------------------------
def test_who_has_left_is_replaced() -> None:
    world = office(addresses={"role:chief": ("eve",)}, rules={"pair": ("ann", "bob"), "lead": ("cat",)})
    people = PeopleRules(nobody=("role:chief",))
    case = Case(chart("one", one=asks("pair", "lead"), people=people), world)
    world.gone |= {"ann"}
    assert case.act(Sweep()).turns == {"bob", "cat"}, "the rule has another voice"
    world.gone |= {"cat"}
    world.rules["lead"] = ("dan",)
    assert case.act(Sweep()).turns == {"bob", "dan"}, "the rule finds somebody else by now"
    world.gone |= {"dan"}
    assert case.act(Sweep()).turns == {"bob", "eve"}, "who stands in"


def test_who_left_while_they_waited_is_replaced_when_their_turn_comes() -> None:
    """They had no task yet, so that nothing of theirs was found when they left."""
    world = office(addresses={"role:chief": ("eve",)})
    people = PeopleRules(nobody=("role:chief",))
    case = Case(chart("one", one=asks("ann", "bob", "cat", mode="sequence"), people=people), world)
    world.gone.add("bob")
    world.away["cat"] = "dan"
    assert case.approves("ann").turns == {"eve"}
    assert case.approves("eve").turns == {"dan"}
    assert case.entry("dan").stands_for == "cat"
    assert case.approves("dan").status == "approved"


def test_nobody_left_is_told_and_rescued() -> None:
    case = Case(chart("one", one=asks("ann")), office())
    case.office.gone.add("ann")
    case.act(Sweep())
    assert [type(each) for each in case.effects] == [Stranded]
    case.act(Rescue(by="root", entry=case.part("ann"), to="eve"))
    assert case.approves("eve").status == "approved"


def test_who_goes_on_leave_is_stood_in_for() -> None:
    case = Case(chart("one", one=asks("ann")), office())
    case.office.away["ann"] = "bob"
    assert case.act(Sweep()).turns == {"bob"}
    assert case.entry("bob").stands_for == "ann"


def test_a_hundred_tasks_of_one_who_left_all_go_elsewhere() -> None:
    world = office(addresses={"role:chief": ("eve",)})
    people = PeopleRules(nobody=("role:chief",))
    cases = [Case(chart("one", one=asks("ann"), people=people), world) for _ in range(100)]
    world.gone.add("ann")
    assert all(each.act(Sweep()).turns == {"eve"} for each in cases)
    assert all(each.entry("ann").why == "inactive" for each in cases)


@pytest.mark.parametrize(
    "move",
    [lambda case: case.act(Rescue(by="root", end="cancelled")), lambda case: case.act(Invalidate(reason="edited"))],
)
def test_ended_from_outside(move: Move) -> None:
    case = forked().approves("ann")
    move(case)
    assert (case.status, case.turns) == ("cancelled", set())
    assert refused(lambda: case.act(Submit(by="ivy"))) == "approval-ended"
    assert refused(lambda: case.act(HandOver(entry="3.1", by="bob", to="eve"))) == "approval-ended"


# -- looking ahead ----------------------------------------------------------------------------------------------------
def test_what_is_still_to_come() -> None:
    start = forked()
    before = ahead(start.approval, State(status="open", initiator="ivy"), start.office)
    assert [each.node for each in before] == ["start", "fork", "left", "right", "left2", "meet", "last", "end"]
    assert [each.entries[0].person for each in before if each.entries] == ["ann", "bob", "dan", "cat", "eve"]
    after = ahead(start.approval, start.approves("ann", "bob").state, start.office)
    assert [each.node for each in after] == ["meet", "last", "end"]


def test_ahead_says_who_is_missing() -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("none"))
    found = ahead(approval, State(status="open", initiator="ivy"), office())
    assert [problem.code for each in found for problem in each.problems] == ["approval-nobody"]


def test_ahead_says_where_the_way_ends() -> None:
    approval = chart("one", one=asks("ann", next="which"), which=node("condition"))
    found = ahead(approval, State(status="open", initiator="ivy"), office())
    assert [(each.node, [problem.code for problem in each.problems]) for each in found] == [
        ("one", []),
        ("which", ["approval-no-way-on"]),
    ]
