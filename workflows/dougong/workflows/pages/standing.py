"""Who acts for whom, and for what, in words."""

from __future__ import annotations

from datetime import date

from dougong.base.language import msg
from dougong.engine.saving.money import company_currency
from dougong.web.visit import Visit
from dougong.workflows.approvals import delegating
from dougong.workflows.approvals.absence import Delegation
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.people import People


def scope_of(visit: Visit, each: Delegation) -> str:
    """For what a delegation is, in the reader's language."""
    obj = next((found for found in visit.model.objects.values() if found.id == each.object), None)
    approval = visit.model.workflows.approvals.get(each.approval or "")
    parts = [visit.context.label(found.label) for found in (obj, approval) if found is not None]
    lost = (each.object and obj is None) or (each.approval and approval is None)
    if lost:
        parts.append(visit.say(msg("what is there no more")))
    what = visit.say(msg(": ")).join(parts) or visit.say(msg("everything"))
    if each.up_to is None:
        return what
    amount = visit.context.money(each.up_to, company_currency(visit.model))
    return visit.say(msg("{what}, up to {amount}", what=what, amount=amount))


def standing(visit: Visit) -> tuple[tuple[str, str, date | None], ...]:
    """For whom who asks acts today: each with a name, for what, and until when."""
    found = delegating.standing_for(visit.unit)
    named = names_of(People(visit.unit), [each.person for each in found]) if found else {}
    everything = visit.say(msg("everything"))
    return tuple(
        (named[each.person].name, scope_of(visit, each.delegation) if each.delegation else everything, each.until)
        for each in found
    )
