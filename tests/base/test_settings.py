"""Settings: what is read, what is refused and with which advice; the operator's page says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dougong.base.errors import SettingError
from dougong.base.language import LANGUAGES
from dougong.base.settings import Settings, describe, shown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operators.md"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PORT", "8080", 8080),
        ("PORT", "", 8000),
        ("LISTEN", " 0.0.0.0 ", "0.0.0.0"),
        ("LOG_LEVEL", "WARNING", "warning"),
        ("DEFAULT_LANGUAGE", "zh-cn", "zh-CN"),
        ("DEFAULT_TIMEZONE", "Asia/Shanghai", "Asia/Shanghai"),
        ("PUBLIC_URL", "https://crm.example.com/", "https://crm.example.com"),
        ("PUBLIC_URL", "", ""),
        ("DATABASE_URL", "sqlite:////srv/crm.sqlite3", "sqlite:////srv/crm.sqlite3"),
        ("DATABASE_URL", "postgres://u:p@db/crm", "postgresql+psycopg://u:***@db/crm"),
        ("DATABASE_URL", "postgresql://u@/crm?host=/run", "postgresql+psycopg://u@/crm?host=%2Frun"),
    ],
)
def test_a_setting_is_read(variable: str, text: str, value: object) -> None:
    settings = Settings.from_environment({variable: text})
    assert shown(getattr(settings, variable.lower())) == str(value)


@pytest.mark.parametrize(
    ("variable", "text", "code", "advice"),
    [
        ("PORT", "http", "setting-number", "from 1 to 65535"),
        ("PORT", "70000", "setting-number", "from 1 to 65535"),
        ("PORT", "-1", "setting-number", "from 1 to 65535"),
        ("PORT", "８０００", "setting-number", "from 1 to 65535"),
        ("WORKERS", "0", "setting-number", "from 1 to 64"),
        ("LOG_LEVEL", "loud", "setting-choice", "debug, info, warning, error"),
        ("DEFAULT_LANGUAGE", "fr", "setting-choice", "en, zh-CN"),
        ("DEFAULT_TIMEZONE", "Asia/Shanghia", "setting-time-zone", "Asia/Shanghai"),
        ("DEFAULT_TIMEZONE", "../../etc/passwd", "setting-time-zone", "IANA"),
        ("PUBLIC_URL", "crm.example.com", "setting-address", "https://crm.example.com"),
        ("PUBLIC_URL", "https://crm.example.com/crm", "setting-address", "without a path"),
        ("DATABASE_URL", "mysql://u:p@db/crm", "setting-database", "postgresql://"),
        ("DATABASE_URL", "crm.db", "setting-database", "sqlite:///"),
        ("DATABASE_URL", "sqlite://", "setting-database", "sqlite:////absolute"),
        ("DATABASE_URL", "sqlite:///:memory:", "setting-database", "sqlite:////absolute"),
        ("DATA_DIR", __file__, "setting-folder", "is a file"),
        ("DATA_DIR", f"{__file__}/below", "setting-folder", "is a file"),
    ],
)
def test_a_bad_setting_is_named_with_its_fix(variable: str, text: str, code: str, advice: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({variable: text})
    (problem,) = caught.value.problems
    assert (problem.thing, problem.code) == (variable, code)
    assert advice in str(problem)


def test_every_bad_setting_is_named_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"DATA_DIR": __file__, "PORT": "x", "THREADS": "x"})
    assert [problem.thing for problem in caught.value.problems] == ["DATA_DIR", "PORT", "THREADS"]


def test_a_password_is_never_shown() -> None:
    """Not in a value, not in what is said about a bad one."""
    settings = Settings.from_environment({"DATABASE_URL": "postgresql://u:hunter2@db/crm"})
    assert "hunter2" not in shown(settings.database_url) + repr(settings)
    for bad in ("oracle://u:hunter2@db", "u:hunter2@db"):
        with pytest.raises(SettingError) as caught:
            Settings.from_environment({"DATABASE_URL": bad})
        assert "hunter2" not in str(caught.value)


def test_the_default_database_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path)})
    assert settings.database_url.database == str(tmp_path / "dougong.sqlite3")


def test_each_setting_is_explained_in_each_language() -> None:
    for each in describe():
        texts = {each.help.to(language) for language in LANGUAGES}
        assert len(texts) == len(LANGUAGES), each.variable


def test_the_operators_page_lists_every_setting() -> None:
    """One row per setting: name, default, meaning, in the order of the code."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [
        (each.variable, f"`{each.default_text()}`" if each.default_text() else "", str(each.help))
        for each in describe()
    ]
