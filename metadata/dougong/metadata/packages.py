"""Packages: folders of documents that are checked, formatted, installed and exported as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from dougong.base.errors import MetadataError, NotFound, Problem
from dougong.base.ids import component_id
from dougong.base.language import Labels, msg
from dougong.metadata.canonical import canonical_text, file_of
from dougong.metadata.check import Checked, check
from dougong.metadata.component import Component
from dougong.metadata.documents import Documents, read_folder, texts_of
from dougong.metadata.schema import KINDS, kind_schema
from dougong.metadata.tree import Tree

WITHOUT_ID = frozenset({"package", "overlay", "translation"})
"""Kinds that nothing is stored for, so that their names identify them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A package that could be installed: what its ``package.json`` says, and the folder."""

    name: str
    version: str
    label: Labels
    requires: Mapping[str, str]
    folder: Path | Traversable


def shipped() -> Mapping[str, Listed]:
    """The packages that come with the platform, by name, each after what it requires."""
    found = {each.name: each for each in _listed(files("dougong.metadata") / "packages")}
    ordered: dict[str, Listed] = {}

    def add(name: str) -> None:
        if name in found and name not in ordered:
            for needed in sorted(found[name].requires):
                add(needed)
            ordered[name] = found[name]

    for name in sorted(found):
        add(name)
    return ordered


def _listed(folder: Path | Traversable) -> Iterator[Listed]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir() and (entry / "package.json").is_file():
            about = next((each.body for each in read_folder(entry).components if each.kind == "package"), {})
            yield Listed(
                name=str(about.get("name")),
                version=str(about.get("version")),
                label=about.get("label", {}),
                requires=about.get("requires", {}),
                folder=entry,
            )


def read_package(folder: Path | Traversable) -> Documents:
    """The documents of a package's folder, its layer being its name.

    Raises:
        NotFound: the folder holds no ``package.json``.
    """
    if not (folder / "package.json").is_file():
        reason = msg("{folder} is no package: it has no package.json.", folder=str(folder))
        raise NotFound(Problem(code="package-folder", reason=reason, fix=msg("Name the folder of a package.")))
    return read_folder(folder)


def with_required(documents: Documents) -> Documents:
    """`documents` with the shipped packages that they require, in turn, where they are not among them."""
    known, components = shipped(), documents.components
    there = {each.name for each in components if each.kind == "package"}
    waiting = [needed for each in components if each.kind == "package" for needed in each.body.get("requires", {})]
    while waiting:
        name = waiting.pop()
        if name in known and name not in there:
            there.add(name)
            components = (*components, *read_folder(known[name].folder).components)
            waiting += known[name].requires
    return Documents(components, documents.problems)


def check_package(folder: Path | Traversable) -> Checked:
    """Check the package in a folder together with the shipped packages that it requires.

    Raises:
        NotFound: the folder holds no package.
    """
    documents = read_package(folder)
    checked = check(with_required(documents))
    return dataclasses.replace(checked, problems=(*_misplaced(documents), *checked.problems))


def _misplaced(documents: Documents) -> Iterator[Problem]:
    """Files that do not lie where the address of what they hold says."""
    for each in documents.components:
        if each.source is None or each.source.inside or each.source.file == file_of(each):
            continue
        reason = msg("{address} belongs into the file {file}.", address=each.address, file=file_of(each))
        fix = msg("Move it there, or run dougong package format.")
        place = dataclasses.replace(each.place("/name"), pointer=None)
        yield Problem(code="file-misplaced", reason=reason, fix=fix, thing=each.address, place=place)


def exported(tree: Tree, package: str) -> Mapping[str, str]:
    """The files of an installed package as the tree holds it, in canonical form, by path."""
    components = sorted(tree.of_layer(package).components.values(), key=file_of)
    return {file_of(each): canonical_text(each) for each in components}


def formatted(
    documents: Documents, new_id: Callable[[], str] = component_id, inside: bool = False
) -> Mapping[str, str]:
    """The files of a package in canonical form, by path: one component a file, each with an id.

    With `inside`, fields that were read from the file of their object stay there, for people who write by hand.

    Raises:
        MetadataError: a file cannot be read, or holds no kind that is known.
    """
    unknown = [each for each in documents.components if each.kind not in KINDS]
    if documents.problems or unknown:
        raise MetadataError(documents.problems or check(documents).problems)
    components = [identified(each, new_id) for each in documents.components]
    held = [each for each in components if inside and each.source is not None and each.source.inside]
    return {
        file_of(each): canonical_text(each, [field for field in held if field.object == each.name])
        for each in components
        if each not in held
    }


def identified(component: Component, new_id: Callable[[], str] = component_id) -> Component:
    """The component with an id: its own, or else a new one where its kind has ids."""
    has_ids = component.kind in KINDS and "id" in kind_schema(component.kind)["properties"]
    if not has_ids or component.kind in WITHOUT_ID or "id" in component.body:
        return component
    return dataclasses.replace(component, body={**component.body, "id": new_id()})


def format_folder(folder: Path, new_id: Callable[[], str] = component_id, inside: bool = False) -> tuple[str, ...]:
    """Bring the package in a folder into canonical form (see `formatted`); the files that changed, came or went.

    Raises:
        NotFound: the folder holds no package.
        MetadataError: a file cannot be read; nothing is changed then.
    """
    wanted = formatted(read_package(folder), new_id, inside)
    there = texts_of(folder)
    changed = [file for file, text in wanted.items() if there.get(file) != text.encode()]
    for file in changed:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wanted[file].encode())
    gone = [file for file in there if file not in wanted]
    for file in gone:
        (folder / file).unlink()
    return tuple(sorted((*changed, *gone)))
