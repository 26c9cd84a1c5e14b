"""What makes a password good enough, for whom, and how its hash is kept."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from dougong.engine.sign_in_tables import credentials as stored
from dougong.engine.sign_in_tables import former_passwords
from dougong.engine.unit import Unit
from dougong.web import credentials
from dougong.web.identity import policy
from dougong.web.identity.policy import Policy
from tests.companies import PACKAGES

ZHANG = ("张小明", "zhangxiaoming", "xiaomingzhang", "zhangxm")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("several words together", None),
        ("紫色的河马在下午三点唱歌", None),
        ("k7#qLw2!vZ", None),
        ("short one", "password-short"),
        ("x" * 201, "password-long"),
        ("abababababab", "password-simple"),
        ("1234567890", "password-common"),
        ("QWERTYUIOP", "password-common"),
        ("zhangxiaoming1", "password-personal"),
        ("ZhangXM-2024", "password-personal"),
        ("password123!", "password-guessable"),
        ("P@ssw0rd2024!", "password-guessable"),
    ],
)
def test_a_password_that_others_try_first_is_refused(password: str, code: str | None) -> None:
    found = credentials.weakness(password, Policy(), ZHANG)
    assert (found.code if found else None) == code


def test_the_policy_decides_the_length() -> None:
    twelve = Policy(password_length=12)
    assert credentials.weakness("k7#qLw2!vZ", twelve) is not None
    assert credentials.weakness("k7#qLw2!vZ-9", twelve) is None


def test_package_base_brings_every_setting_with_the_same_default() -> None:
    """One default per setting: what the code falls back on is what the package says."""
    folder = PACKAGES / "base" / "setting" / "sign_in"
    brought = {path.stem: json.loads(path.read_text(encoding="utf-8"))["default"] for path in folder.glob("*.json")}
    assert brought == {each.name: getattr(Policy(), each.name) for each in fields(Policy)}
    assert Path(folder).is_dir()


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("password_length", 0, 8),
        ("password_length", 900, 64),
        ("session_days", 0, 1),
        ("session_days", 10**9, 366),
        ("second_step", "managers", "managers"),
        ("second_step", "sometimes", "all"),
        ("free_tries", -3, 1),
    ],
)
def test_a_mistake_in_a_setting_opens_no_door(name: str, given: Any, taken: Any) -> None:
    model: Any = SimpleNamespace(settings={f"sign_in.{name}": given})
    assert policy.policy_of(model) == replace(Policy(), **{name: taken})


def test_former_passwords_are_refused_and_forgotten_in_time(sales: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the policy looks back, no more; the present one does not count as former."""
    monkeypatch.setattr(credentials, "policy_of", lambda _: Policy(password_history=2))
    values = {"login": "zhangxm", "name": "张小明"}
    user_id = sales.write(SYSTEM, lambda unit: unit.records.save([Create("user", values)]).changes[0].id)

    def choose(password: str) -> str | None:
        try:
            sales.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, password))
        except Rejected as error:
            return error.problems[0].code
        return None

    words = [f"quite another phrase {number}" for number in "αβγδ"]
    assert [choose(each) for each in words[:3]] == [None, None, None]
    assert [choose(words[1]), choose(words[0])] == ["password-former", "password-former"]
    assert choose(words[3]) is None
    assert choose(words[0]) is None, "the policy looks two back"
    assert choose("zhangxiaoming!") == "password-personal"
    with sales.read(SYSTEM) as unit:
        assert len(unit.connection.execute(select(former_passwords)).all()) == 2


def test_a_hash_of_older_parameters_is_renewed(sales: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who signs in has their hash made anew when it is weaker than ours."""
    monkeypatch.setattr(credentials, "_hasher", PasswordHasher.from_parameters(credentials.PARAMETERS))
    password, weak = "several words together", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    user_id = sales.write(SYSTEM, lambda unit: _user(unit))
    sales.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, password))
    old = update(stored).values(hash=weak.hash(password))
    sales.write(SYSTEM, lambda unit: unit.connection.execute(old))
    with sales.read(SYSTEM) as unit:
        known = credentials.account(unit, "ZHANGXM")
    assert known is not None
    assert credentials.fits(known, password)
    renewed = credentials.renewed(known, password)
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert credentials.renewed(replace(known, hash=renewed), password) is None


def _user(unit: Unit) -> str:
    return unit.records.save([Create("user", {"login": "zhangxm", "name": "张小明"})]).changes[0].id
