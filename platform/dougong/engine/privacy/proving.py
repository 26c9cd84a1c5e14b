"""What proves an erasure: its entry of the audit log, with what shows that it stands unaltered in the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import NotFound, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.audit.reading import Recorded, recorded
from dougong.engine.privacy.finding import ERASED, require_right
from dougong.engine.reading.listing import readable
from dougong.engine.tables import audit

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def proofs(unit: Unit, object_name: str, record_id: str) -> list[Recorded]:
    """The entries that prove what was erased of a person, the latest first.

    Raises:
        Forbidden: the actor may not erase what is kept of people.
        NotFound: there is no such object.
    """
    require_right(unit)
    if not is_record_id(record_id):
        return []
    target = f"record:{readable(unit, object_name).name}/{record_id}"
    found = select(audit).where(audit.c.kind == ERASED, audit.c.target == target).order_by(audit.c.seq.desc())
    return [recorded(row) for row in unit.connection.execute(found)]


def proof_json(unit: Unit, object_name: str, record_id: str) -> list[dict[str, Any]]:
    """The same for a file: each entry as the log has it (`body`, `personal`), with the hash of the chain up to it.

    Raises:
        Forbidden, NotFound: as `proofs`; nothing was erased there.
    """
    numbers = [each.seq for each in proofs(unit, object_name, record_id)]
    if not numbers:
        reason = msg("Nothing was erased here, so there is nothing to prove.")
        raise NotFound(Problem(code="proof-missing", thing=f"object:{object_name}", reason=reason))
    rows = unit.connection.execute(select(audit).where(audit.c.seq.in_(numbers)).order_by(audit.c.seq))
    return [{"seq": row.seq, "body": row.body, "personal": row.personal, "hash": row.hash} for row in rows]
