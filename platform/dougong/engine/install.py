"""Installing packages: their components join the tree as layers; an upgrade is a three-way merge.

base = the files that the installed version came from    theirs = the new files    ours = what the company made of it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection

from dougong.base.errors import Conflict, MetadataError, Problem
from dougong.base.language import msg
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.publish import Publication, conflict_problem
from dougong.engine.rehearsal import publish_tested
from dougong.metadata.documents import Documents
from dougong.metadata.trees import Tree, merge

Take = Literal["ours", "theirs"]
"""Whose side stands where the company and the new version changed the same."""


def install(
    company: Company,
    packages: Sequence[Documents],
    author: Actor = SYSTEM,
    take: Take | None = None,
    *,
    tests: bool = False,
) -> int:
    """Install or upgrade `packages`, all in one publish; the revision. `tests`: those of the whole must pass.

    Raises:
        MetadataError: a document cannot be read, or the whole does not pass its check.
        Conflict: the company changed what the new version changes too, and `take` does not say who wins; or it uses a
            name that the package brings.
    """
    return publish_tested(company, installation(company, packages, author, take), tests=tests)


def installation(
    company: Company, packages: Sequence[Documents], author: Actor = SYSTEM, take: Take | None = None
) -> Publication:
    """What installing `packages` would publish: for a plan, or for `install` (which see)."""
    problems = [problem for each in packages for problem in each.problems]
    if problems:
        raise MetadataError(problems)
    origins = {_name(each): Tree.of(each.components) for each in packages}
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        known = revisions.installed(unit.connection)
        for name, files in origins.items():
            tree = _with_package(unit.connection, tree, name, files, known.get(name, ("", ""))[1], take)
        return Publication(
            tree=tree,
            author=author,
            message=", ".join(f"{name} {_version(files, name)}" for name, files in origins.items()),
            base=unit.runtime.revision,
            kind="install",
            origins=origins,
        )


def behind(company: Company, packages: Sequence[Documents]) -> tuple[str, ...]:
    """Those of `packages` by name that are installed from other files than these: an upgrade would change them."""
    with company.read(SYSTEM) as unit:
        known = revisions.installed(unit.connection)
    found = {_name(each): revisions.hashed(Tree.of(each.components)).digest for each in packages}
    return tuple(name for name, digest in found.items() if name in known and known[name][1] != digest)


def _name(documents: Documents) -> str:
    return next(each.name for each in documents.components if each.kind == "package")


def _version(files: Tree, name: str) -> str:
    return str(files.components[f"package:{name}"].body.get("version", ""))


def _with_package(connection: Connection, tree: Tree, name: str, files: Tree, origin: str, take: Take | None) -> Tree:
    ours = tree.of_layer(name)
    others = tree.without(*ours.components)
    taken = [address for address in files.components if address in others]
    if taken:
        raise Conflict(map(_taken, taken))
    if origin:
        files = _upgraded(revisions.get_tree(connection, origin), ours, files, take)
    return others.put(*files.components.values())


def _upgraded(base: Tree, ours: Tree, theirs: Tree, take: Take | None) -> Tree:
    first, second = (theirs, ours) if take == "theirs" else (ours, theirs)
    found = merge(base, first, second)
    if found.conflicts and take is None:
        raise Conflict(conflict_problem(each) for each in found.conflicts)
    return found.tree


def _taken(address: str) -> Problem:
    return Problem(
        code="package-name-taken",
        thing=address,
        reason=msg("The package brings {address}, and another layer has it already.", address=address),
        fix=msg("Rename that one first; references follow."),
    )
