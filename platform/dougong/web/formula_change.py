"""A formula that stands somewhere is changed: what was typed becomes a change of its document, or of an overlay."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dougong.base.language import LANGUAGES
from dougong.metadata.component import COMPANY, Component, content_hash, same
from dougong.metadata.keyed import find, split
from dougong.metadata.overlays import apply
from dougong.metadata.tree import Tree

GONE: Any = object()
"""The value of a key that is to stand there no more."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A value that goes without saying: written only where the key stands in the document already."""

    value: Any

    def within(self, body: Mapping[str, Any], path: str) -> Any:
        """What is to stand at `path` of `body`."""
        return GONE if _at(body, path) is GONE else self.value


class HasComponent(Protocol):
    """What stands in a component, or the component itself."""

    @property
    def component(self) -> Component:
        """The component, as overlays leave it."""


SEVERITIES = ("error", "warning")
TIMES = ("create", "update", "stage")
USUAL_TIMES = ("create", "update")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to stand at places of a component, as overlays write them: of a formula also what goes with it.

    `new`: the component is to be made, and nothing of its name is there.
    """

    place: HasComponent
    values: Mapping[str, Any]
    new: bool = False

    @property
    def digest(self) -> str:
        """What tells this change from any other."""
        known = {path: value.value if isinstance(value, Usual) else value for path, value in self.values.items()}
        said = {path: ["gone"] if value is GONE else value for path, value in known.items()}
        return content_hash([self.place.component.address, said])

    @property
    def component(self) -> Component:
        """The component as it would be, everything that overlays say of it included."""
        body = copy.deepcopy(dict(self.place.component.body))
        apply(_instructions("overlay", self.place.component.address, self.values, body), body, {})
        return replace(self.place.component, body=body, source=None)

    def of(self, tree: Tree) -> Tree:
        """`tree` with the change: in the document where it is the company's own, else in an overlay of the company."""
        address = self.place.component.address
        plain = tree.components.get(address)
        if plain is None:
            return tree.put(self.component) if self.new else tree
        if plain.layer == COMPANY:
            body = copy.deepcopy(dict(plain.body))
            apply(_instructions("overlay", address, self.values, body), body, {})
            return tree.put(replace(plain, body=body, source=None))
        return self._laid_over(tree, plain)

    def _laid_over(self, tree: Tree, plain: Component) -> Tree:
        """The company's overlay of `plain` says what differs from it, and no more; one that says nothing goes."""
        known = next(
            (
                each
                for each in tree.of_kind("overlay")
                if (each.layer, each.body.get("target")) == (COMPANY, plain.address)
            ),
            None,
        )
        name = known.name if known else _named_after(plain.address)
        body: dict[str, Any] = copy.deepcopy(dict(known.body)) if known else {}
        given, hidden = dict(body.get("set", {})), list(body.get("hide", ()))
        for path, value in self.values.items():
            given.pop(path, None)
            hidden = [each for each in hidden if each != path]
            was = _at(plain.body, path)
            value = value.within(plain.body, path) if isinstance(value, Usual) else value
            if value is GONE and was is not GONE:
                hidden.append(path)
            elif value is not GONE and (was is GONE or not same(value, was)):
                given[path] = value
        for key, said in (("set", given), ("hide", hidden)):
            body.pop(key, None)
            body |= {key: said} if said else {}
        body = {"kind": "overlay", "name": name, "target": plain.address, **body}
        if not any(body.get(key) for key in ("set", "add", "hide")):
            return tree.without(known.address) if known else tree
        return tree.put(Component("overlay", name, body))


def _named_after(address: str) -> str:
    """The name of an overlay of the component `address`: 40 characters at most, and another for each address."""
    readable = address.replace(":", "_").replace(".", "_")[:30].rstrip("_")
    return f"{readable}_{content_hash(address)[:8]}"


def _at(body: Mapping[str, Any], path: str) -> Any:
    try:
        return find(body, split(path))
    except LookupError:
        return GONE


def _instructions(name: str, target: str, values: Mapping[str, Any], body: Mapping[str, Any]) -> Component:
    """The overlay that makes `body` what `values` say."""
    values = {path: value.within(body, path) if isinstance(value, Usual) else value for path, value in values.items()}
    said = {
        "set": {path: value for path, value in values.items() if value is not GONE},
        "hide": [path for path, value in values.items() if value is GONE and _at(body, path) is not GONE],
    }
    return Component("overlay", name, {"kind": "overlay", "name": name, "target": target, **said})


# -- what goes with a formula ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RuleForm:
    """What a validation rule says beside its formula. `active` is "on", "off" or "by", which `switch` then says."""

    labels: Mapping[str, str]
    messages: Mapping[str, str]
    at: tuple[str, ...]
    severity: str
    on: tuple[str, ...]
    record_types: tuple[str, ...]
    active: str
    switch: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> RuleForm:
        """As the rule stands."""
        active = body.get("active", True)
        return cls(
            labels={tag: str(body.get("label", {}).get(tag, "")) for tag in LANGUAGES},
            messages={tag: str(body.get("message", {}).get(tag, "")) for tag in LANGUAGES},
            at=tuple(body.get("at", ())),
            severity=str(body.get("severity", "error")),
            on=tuple(body.get("on", USUAL_TIMES)),
            record_types=tuple(body.get("record_types", ())),
            active="by" if isinstance(active, str) else "on" if active else "off",
            switch=active if isinstance(active, str) else "",
        )

    def values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What is to stand in the rule `body`; what is as usual is not written where it was not."""
        labels = _said(body.get("label", {}), self.labels)
        return {
            "label": labels if labels else GONE,
            "message": _said(body.get("message", {}), self.messages),
            "at": list(self.at) if self.at else GONE,
            "severity": _usual(self.severity, "error"),
            "on": _usual(list(self.on), list(USUAL_TIMES)),
            "record_types": list(self.record_types) if self.record_types else GONE,
            "active": _usual({"on": True, "off": False}.get(self.active, self.switch), True),
        }


def _usual(value: Any, usual: Any) -> Any:
    return Usual(value) if value == usual else value


@dataclass(frozen=True, slots=True)
class FieldForm:
    """What a formula field says beside its formula."""

    labels: Mapping[str, str]
    scale: str
    blanks: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> FieldForm:
        """As the field stands."""
        labels = {tag: str(body.get("label", {}).get(tag, "")) for tag in LANGUAGES}
        scale = body.get("scale")
        return cls(labels, "" if scale is None else str(scale), str(body.get("blanks", "blank")))

    def values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What is to stand in the field `body`."""
        return {
            "label": _said(body.get("label", {}), self.labels),
            "scale": int(self.scale) if self.scale.isdecimal() else GONE,
            "blanks": _usual(self.blanks, "blank"),
        }


def _said(was: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, beside what `was` said in languages that the form does not show."""
    others = {tag: text for tag, text in was.items() if tag not in LANGUAGES}
    return {**others, **{tag: text for tag, text in typed.items() if text}}


def with_tests(body: Mapping[str, Any], tests: Sequence[Mapping[str, Any]], dropped: frozenset[str]) -> dict[str, Any]:
    """The tests that are to stand in `body`: `tests` less those that are `dropped`."""
    kept = [dict(each) for each in tests if each.get("key") not in dropped]
    return {"tests": kept or GONE} if kept or "tests" in body else {}
