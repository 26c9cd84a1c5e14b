"""One address of every page kind."""

from __future__ import annotations

from collections.abc import Callable

from dougong.engine.query import Condition
from tests.browser.demo import Demo


def _record(object: str, more: str = "", where: Condition | None = None) -> Callable[[Demo], str]:
    return lambda site: f"/o/{object}/{site.first(object, where).id}{more}"


def _fixed(path: str) -> Callable[[Demo], str]:
    return lambda _site: path


PLACES: dict[str, Callable[[Demo], str]] = {
    "list": _fixed("/o/opportunity"),
    "list-filtered": _fixed("/o/opportunity?where=stage:in:propose;negotiate&sort=-amount"),
    "list-empty": _fixed("/o/campaign_member?q=nothing-is-called-so"),
    "condition": _fixed("/o/opportunity?adding=1&field=stage"),
    "columns": _fixed("/o/opportunity/columns"),
    "customer": _record("account"),
    "deal": _record("opportunity", where=Condition("stage", "is", "negotiate")),
    "quote": _record("quote"),
    "history": _record("opportunity", "?tab=history"),
    "kind": _fixed("/o/opportunity/new"),
    "form": _fixed("/o/opportunity/new?type=standard"),
    "edit": _record("quote", "/edit"),
    "rich": _record("product", "/edit"),
    "convert": _record("lead", "/convert/convert", Condition("status", "is", "qualified")),
    "search": _fixed("/search?q=%E7%A7%91%E6%8A%80"),
    "bin": _fixed("/bin"),
    "settings": _fixed("/preferences"),
    "security": _fixed("/account/security"),
    "authenticator": _fixed("/account/authenticator"),
    "prove": _fixed("/account/prove"),
    "tokens": _fixed("/account/tokens"),
    "sign-ins": _fixed("/sign-ins"),
    "sign-in-of": lambda site: f"/sign-ins/{site.administrator()}",
    "formula": _fixed("/formulas?object=opportunity&formula=IF(amount+%3E+1000,+amont,+naem)"),
    "formula-names": _fixed("/formulas/names?object=opportunity"),
    "missing": _fixed("/o/account/01900000-0000-7000-8000-000000000000"),
}
"""How to come to each, by name. What only people who are not signed in see is not among them."""
