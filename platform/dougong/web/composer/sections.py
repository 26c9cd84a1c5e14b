"""The marked sections of a field type's template, ready to be inlined."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from types import MappingProxyType

from dougong.metadata.model import Field
from dougong.web.templates import Templates

MARKER = re.compile(r"\{#:\s*(\w+)\s*#\}")
SECTIONS = ("cell", "show", "edit")
INNER = "{{ inner }}"
"""What a template around another one says where the other's section goes."""


def split(text: str, name: str) -> Mapping[str, str]:
    """The sections of a template's `text` by marker. Raises ValueError when one of the three is missing."""
    pieces = MARKER.split(text)
    found = {key: body.strip() for key, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    missing = [section for section in SECTIONS if section not in found]
    if missing:
        raise ValueError(f"{name} has no section {', '.join(missing)}")
    return MappingProxyType(found)


class Sections:
    """The sections of all field types, read once."""

    def __init__(self, templates: Templates) -> None:
        """Read from `templates`, so that a theme may override a field type's template."""
        self._templates = templates
        self._read = functools.cache(self._split)

    def _split(self, path: str) -> Mapping[str, str]:
        return split(self._templates.source(path), path)

    def of(self, field: Field, section: str) -> str:
        """The text of one section of the field's type."""
        inner = self._read(field.type.template)[section]
        around = field.type.around
        return self._read(around)[section].replace(INNER, inner) if around else inner


def bind(text: str, **names: str) -> str:
    """`text` with each of `names` standing for a Jinja expression in it; those it never mentions are left out."""
    bound = ", ".join(f"{name} = {source}" for name, source in names.items() if re.search(rf"\b{name}\b", text))
    return f"{{% with {bound} %}}{text}{{% endwith %}}" if bound else text
