"""What a record would be before it is made: the values that a form of a new record begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dougong.base.ids import record_id
from dougong.engine.saving import defaults, derived, intake, references
from dougong.engine.saving.batch import Create
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Batch

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

NOT_YET = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_with"}
)
"""System fields that only saving gives."""


def initial(unit: Unit, object_name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values of a new record of `object_name` with what is `given`: defaults, copies, computed and filled
    fields with their values.

    Nothing is written and no rule is checked; a given value that does not fit its field is left out.
    """
    related = Related(unit)
    rows = intake.rows_of(unit, [(1, Create(object_name, given))])
    batch = Batch(unit, rows, related, record_id(), Expressions(unit, related))
    intake.read_given(batch)
    defaults.begin(batch)
    defaults.fill_defaults(batch, batch.expressions)
    references.fetch(batch, lock=False)
    derived.settle(batch, batch.rows, batch.expressions)
    row = batch.rows[0]
    return {name: value for name, value in row.values.items() if name in row.plan.object.fields and name not in NOT_YET}
