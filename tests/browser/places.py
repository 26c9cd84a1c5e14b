"""One address of every page kind."""

from __future__ import annotations

from collections.abc import Callable

from dougong.engine.query import Condition
from tests.browser import at_work
from tests.browser.demo import Demo


def _record(object: str, more: str = "", where: Condition | None = None) -> Callable[[Demo], str]:
    return lambda site: f"/o/{object}/{site.first(object, where).id}{more}"


def _fixed(path: str) -> Callable[[Demo], str]:
    return lambda _site: path


def _customer(site: Demo) -> str:
    return str(site.first("account").id)


def _seller(site: Demo) -> str:
    return str(site.first("user", Condition("login", "is", "wang.yutong")).id)


PLACES: dict[str, Callable[[Demo], str]] = {
    "list": _fixed("/o/opportunity"),
    "list-filtered": _fixed("/o/opportunity?where=stage:in:propose;negotiate&sort=-amount"),
    "list-empty": _fixed("/o/campaign_member?q=nothing-is-called-so"),
    "condition": _fixed("/o/opportunity?adding=1&field=stage"),
    "columns": _fixed("/o/opportunity/columns"),
    "export": _fixed("/o/opportunity/export?view=all&where=stage:in:propose;negotiate"),
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
    "formula-list": _fixed("/formulas/all?object=opportunity"),
    "formula-used": _fixed("/formulas/used?object=opportunity&field=close_date"),
    "formula-errors": _fixed("/formulas/errors?object=opportunity"),
    "audit": _fixed("/audit"),
    "roles": _fixed("/access/roles"),
    "role": _fixed("/access/role?of=sales"),
    "rights": _fixed("/access/set?of=sales_work"),
    "rights-fields": _fixed("/access/set/fields?of=sales_work&object=product"),
    "rule": _fixed("/access/rule?object=account"),
    "queue": _fixed("/access/queue?of=new_leads"),
    "why": lambda site: f"/access/why?object=account&record={_customer(site)}&user={_seller(site)}&right=edit",
    "who": lambda site: f"/access/why?object=account&record={_customer(site)}",
    "compare": lambda site: f"/access/compare?left={site.administrator()}&right={_seller(site)}",
    "handover": lambda site: f"/handover/{_seller(site)}",
    "privacy": _fixed("/privacy?object=contact&q=a"),
    "privacy-person": lambda site: f"/privacy/contact/{site.first('contact').id}",
    "owner": _record("account", "/owner"),
    "sharing": _record("account", "/sharing"),
    "approvals": _fixed("/approvals"),
    "approvals-copied": _fixed("/approvals?list=copied"),
    "approval": lambda site: f"/approvals/{at_work.reviewed(site)}",
    "approval-print": lambda site: f"/approvals/{at_work.reviewed(site)}/print",
    "approval-record": lambda site: f"/o/quote/{at_work.quoted(site)}",
    "approval-processes": _fixed("/approvals/of"),
    "approval-process": _fixed("/approvals/of/quote.discount"),
    "approval-figures": _fixed("/approvals/of/quote.discount/figures"),
    "approval-move": _fixed("/approvals/of/quote.discount/move"),
    "approval-replay": _fixed("/approvals/of/quote.discount/replay"),
    "absence": _fixed("/approvals/absence"),
    "notices": _fixed("/notices"),
    "notice-preferences": _fixed("/notices/preferences"),
    "runs": _fixed("/automations/runs?show=done"),
    "run": lambda site: f"/automations/runs/{at_work.run(site)}",
    "preview": _fixed("/automations/preview?automation=contact.birthday&since=2026-01-01"),
    "assignments": _fixed("/automations/assignments"),
    "assignment": _fixed("/automations/assignments/lead.by_region"),
    "templates": _fixed("/automations/templates"),
    "template": _fixed("/automations/templates/lead.assigned"),
    "jobs": _fixed("/jobs?show=done"),
    "deliveries": _fixed("/deliveries"),
    "delivery": lambda site: f"/deliveries/{at_work.delivered(site)}",
    "pool": _fixed("/pools/account.public"),
    "pool-tonight": _fixed("/pools/account.public/tonight"),
    "service-levels": _fixed("/service-levels?of=all"),
    "missing": _fixed("/o/account/01900000-0000-7000-8000-000000000000"),
}
"""How to come to each, by name. What only people who are not signed in see is not among them."""

OF_OTHERS: dict[str, tuple[str, Callable[[Demo], str]]] = {
    "start": (at_work.SELLER, lambda site: f"/approvals/start/quote.discount/{at_work.quoted(site, 1)}"),
    "asked": (at_work.SELLER, _fixed("/approvals?list=mine")),
    "decided": (at_work.HEAD, _fixed("/approvals?list=done")),
    "pool-mine": (at_work.SELLER, _fixed("/pools/account.public/mine")),
}
"""What the administrator has not: whose it is, and how they come to it."""
