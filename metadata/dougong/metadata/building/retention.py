"""The retention rules of an object document, for the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.formulas import compile as compile_formula
from dougong.metadata.index import Index
from dougong.metadata.retention import Retention
from dougong.metadata.scope import FieldScope


def build_retention(index: Index, object_name: str, body: Mapping[str, Any]) -> tuple[Retention, ...]:
    """The rules in the order of their keys."""
    return tuple(
        Retention(
            key=key,
            days=int(str(said["after"]).removesuffix("d")),
            do=said["do"],
            since="deleted_at" if said["do"] == "delete" else said.get("since", "updated_at"),
            when=compile_formula(said["when"], FieldScope(index, object_name), "boolean") if "when" in said else None,
        )
        for key, said in sorted(body.get("retention", {}).items())
    )
