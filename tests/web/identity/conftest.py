"""What the tests of signing in share."""

from __future__ import annotations

from tests.companies import empty_company  # noqa: F401
