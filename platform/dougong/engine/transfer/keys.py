"""Finding records by what files call them: one statement per object and field for a whole batch of names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reading, ValueRefused
from dougong.engine.query import Condition, Query
from dougong.engine.search.tokens import fold
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

SEVERAL = ""
"""Stands for the id where a name fits more than one record."""


def folded(value: Any) -> str:
    """A name as names are compared: without differences of width, case and blanks."""
    return " ".join(fold(str(value)).split())


@dataclass
class KnownNames:
    """What names are known to mean, while one import runs: (object, field, normal form) → record id."""

    found: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def look_up(self, unit: Unit, obj: Object, name: str, texts: Iterable[Any], reading: Reading) -> None:
        """Learn what `texts` mean as values of field `name` of `obj`: one statement per 500 unknown ones."""
        target = obj.fields[name]
        wanted: dict[str, Any] = {}
        for text in texts:
            value = _value(target, text, reading)
            if value is None:
                continue
            key = folded(target.type.display(target, value, reading))
            if (obj.name, name, key) not in self.found:
                wanted[key] = target.type.to_json(target, value)
        values = list(wanted.values())
        for start in range(0, len(values), 500):
            self._ask(unit, obj, target, tuple(values[start : start + 500]), reading)

    def _ask(self, unit: Unit, obj: Object, target: Field, values: tuple[Any, ...], reading: Reading) -> None:
        cursor = None
        while True:
            page = unit.records.query(
                Query(
                    object=obj.name,
                    columns=(target.name,),
                    where=Condition(target.name, "in", values),
                    limit=1000,
                    cursor=cursor,
                )
            )
            for row in page.rows:
                key = (obj.name, target.name, folded(target.type.display(target, row.values[0], reading)))
                known = self.found.get(key)
                self.found[key] = row.id if known in (None, row.id) else SEVERAL
            cursor = page.next
            if cursor is None:
                return

    def meaning(self, obj: Object, name: str, text: Any, reading: Reading) -> str | None:
        """The id that `text` means, `SEVERAL`, or None where it is unknown."""
        return self.found.get((obj.name, name, normal(obj.fields[name], text, reading)))


def _value(target: Field, text: Any, reading: Reading) -> Any:
    """The text as the field would keep it (a phone number in its normal form), or None where it cannot be one."""
    try:
        return target.type.coerce(target, text, reading)
    except ValueRefused:
        return None


def normal(target: Field, text: Any, reading: Reading) -> str:
    """A name in the form under which it is compared; the folded text itself where the field cannot hold it."""
    value = _value(target, text, reading)
    return folded(text if value is None else target.type.display(target, value, reading))
