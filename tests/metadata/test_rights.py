"""What a permission set gives by what it says: rights that imply others, or follow unless held back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dougong.metadata.rights import rights_said, system_said

RIGHTS: list[tuple[Mapping[str, bool], str]] = [
    ({}, ""),
    ({"read": False}, ""),
    ({"read": True}, "print read"),
    ({"export": True}, "export print read"),
    ({"read": True, "print": False}, "read"),
    ({"create": True}, "copy create print read"),
    ({"create": True, "copy": False}, "create print read"),
    ({"create": True, "copy": False, "print": False}, "create read"),
    ({"copy": True}, "copy print read"),
    ({"modify_all": True, "print": False}, "delete edit modify_all read transfer view_all"),
]


@pytest.mark.parametrize(("said", "given"), RIGHTS)
def test_rights_on_an_object(said: Mapping[str, bool], given: str) -> None:
    assert " ".join(sorted(rights_said(said))) == given


@pytest.mark.parametrize(
    ("said", "on_objects", "given"),
    [
        ({}, False, ""),
        ({}, True, "api"),
        ({"api": False, "design": True}, True, "design"),
        ({"api": True}, False, "api"),
        ({"api": False}, False, ""),
    ],
)
def test_the_api_comes_with_any_right_on_an_object(said: Mapping[str, bool], on_objects: bool, given: str) -> None:
    assert " ".join(sorted(system_said(said, on_objects))) == given
