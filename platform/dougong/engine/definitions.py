"""What a stored formula field means, as one short text: where that changes, its values are other ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from dougong.engine.columns import shape
from dougong.formulas import typed
from dougong.metadata.model import Field, Object

DIGEST_BYTES = 6


def definition(field: Field, objects: Mapping[str, Object]) -> str:
    """A digest of what the formula of `field` says, those that it uses put in their place. Names do not matter."""
    text = "\n".join(_lines(field, objects))
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _lines(field: Field, objects: Mapping[str, Object]) -> Iterator[str]:
    formula = field.formula
    if formula is None:
        return
    yield f"{field.options['returns']} {formula.scale}"
    for node in typed.walk(formula.node):
        match node:
            case typed.Constant():
                yield f"{node.type} {node.value!r}"
            case typed.Inlined():
                yield f"blank {node.blank!r}"
            case typed.Apply():
                yield f"{node.function.name} {len(node.arguments)}"
            case typed.Field():
                yield f"{node.blanks} {_meant(node.path, objects[field.object], objects)}"


def _meant(path: tuple[str, ...], obj: Object, objects: Mapping[str, Object]) -> str:
    """A reference by stable ids, and what its values are kept as."""
    said: list[str] = []
    for name in path:
        field = obj.fields.get(name)
        if field is None:
            return ".".join((*said, name))
        said += [field.id, *_kept(field, objects, path[-1])]
        if field.type.refers and len(field.targets) == 1:
            obj = objects[field.targets[0]]
    return ".".join(said)


def _kept(field: Field, objects: Mapping[str, Object], last: str) -> Iterator[str]:
    if field.formula is not None and not field.type.virtual:
        yield definition(field, objects)
    if field.picklist is not None and last in field.picklist.attributes_schema:
        yield repr([(each.value, each.attributes.get(last)) for each in field.picklist.values.values()])
    yield from (shape(part.type) for part in field.type.parts(field))
