"""Taking records out of a queue, one or those selected in a list, and giving one back."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.engine.saving.batch import Change, Take, Update
from dougong.web import queues
from dougong.web.context import record_url
from dougong.web.refusals import REFUSALS, Wish, refused
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

MOST = 500
"""How many records are taken at once."""

MOST_TOLD = 3
"""How many different reasons stand in the answer about many records."""


def take(visit: Visit, object: str, id: str) -> Response:
    """Make the reader the owner of a record that waits."""
    here = record_url(object, id)
    try:
        visit.write(lambda unit: unit.records.save([Take(object, id)]), why=visit.sent("why"))
    except REFUSALS as error:
        with visit.read() as reading:
            said = reading.say(msg("Take"))
            wish = Wish(said, said, f"{here}/take", f"/o/{object}", {})
            return refused(reading, reading.object(object), wish, error)
    return visit.go(here, visit.say(msg("This is yours now")))


def take_many(visit: Visit, object: str) -> Response:
    """The same with what was selected: what others have is left to them, and told."""
    ids, back = list(dict.fromkeys(visit.sent_all("id")))[:MOST], visit.back(f"/o/{object}")
    if not ids:
        return visit.go(back, visit.say(msg("Nothing was selected")))
    changes: list[Change] = [Take(object, each) for each in ids]
    saved = visit.write(lambda unit: unit.records.save(changes, partial=True), why=visit.sent("why"))
    told = visit.say(msg("{n} record is yours now", "{n} records are yours now", n=len(saved.changes)))
    reasons = dict.fromkeys(each.text(visit.language) for each in saved.problems)
    return visit.go(back, " · ".join([told, *list(reasons)[:MOST_TOLD]]))


def give_back(visit: Visit, object: str, id: str) -> Response:
    """Give a record of the reader back to a queue that they take from."""
    with visit.read() as reading:
        known = queues.mine(reading.unit, reading.object(object))
        queue = next((each for each in known if each.name == visit.asked("queue")), None)
    if queue is None:
        raise NotFound(Problem(code="queue-unknown", reason=msg("There is no such page."), thing=visit.asked("queue")))
    change, here = Update(object, id, {"owner": queue.record}), record_url(object, id)
    try:
        visit.write(lambda unit: unit.records.save([change]), why=visit.sent("why"))
    except REFUSALS as error:
        with visit.read() as reading:
            said = reading.say(msg("Give back to {queue}", queue=queue.label))
            wish = Wish(said, said, with_query(f"{here}/give-back", [("queue", queue.name)]), here, {}, id)
            return refused(reading, reading.object(object), wish, error)
    return visit.go(here, visit.say(msg("Given back to {queue}", queue=queue.label)))


PAGES = (
    Page("POST", "/o/{object}/take", take_many),
    Page("POST", "/o/{object}/{id}/take", take),
    Page("POST", "/o/{object}/{id}/give-back", give_back),
)
