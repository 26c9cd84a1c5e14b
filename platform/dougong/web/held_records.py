"""Forms of records that somebody holds: what is left open may be changed, the rest is shown, and who holds it is said.

One question for a form; a list asks one for all of its rows.
"""

from __future__ import annotations

from dataclasses import replace

from dougong.base.errors import Problem, Rejected
from dougong.engine.record_locks import RecordLock, locks_on
from dougong.metadata.model import Object
from dougong.web.forms import Form
from dougong.web.visit import Visit


def lock_of(visit: Visit, obj: Object, record_id: str) -> RecordLock | None:
    """What holds a record now; None where nothing does."""
    return locks_on(visit.unit, obj.name, [record_id]).get(record_id)


def restricted(visit: Visit, obj: Object, form: Form) -> Form:
    """The form of a stored record with what its lock leaves open; its lines are locked with it, and not shown."""
    lock = lock_of(visit, obj, form.id) if form.id else None
    if lock is None:
        return form
    made = {
        name: each if name in lock.except_fields else replace(each, locked=True) for name, each in form.inputs.items()
    }
    hidden = form.hidden_sections | form.tables.keys()
    return replace(form, inputs=made, hidden_sections=hidden, held=visit.say(lock.reason))


def check_open(visit: Visit, obj: Object, record_id: str, name: str) -> None:
    """Refuse the input of a field that is not open now.

    Raises:
        Rejected: somebody holds the record; the reason says who, and until when.
    """
    lock = lock_of(visit, obj, record_id)
    if lock is not None and name not in lock.except_fields:
        raise Rejected(Problem(code="record-locked", reason=lock.reason, thing=f"field:{obj.name}.{name}"))
