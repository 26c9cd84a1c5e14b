"""What the commands say and in which language: results on standard output, problems on standard error."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dougong.base.errors import BadRequest, DougongError, Place, Problem
from dougong.base.language import LANGUAGES, Message, msg


def language(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the terminal, by POSIX's order of LC_ALL, LC_MESSAGES and LANG; English for others."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    base = locale.replace("_", "-").partition("-")[0].lower()
    return next((tag for tag in LANGUAGES if tag.partition("-")[0] == base), LANGUAGES[0])


def text(message: Message) -> str:
    """`message` in the language of the terminal, as for the help of an option."""
    return message.to(language())


def say(message: Message) -> None:
    """Print a result for people."""
    click.echo(text(message))


def warn(message: Message) -> None:
    """Print a remark that is not the result."""
    click.echo(text(message), err=True)


def explain(problem: Problem) -> str:
    """A problem as the terminal shows it: where and which, then what is wrong, then what to do."""
    where = ", ".join(part for part in (problem.thing, str(problem.place)) if part)
    code = problem.code if problem.severity == "error" else text(msg("{code}, warning", code=problem.code))
    first = f"{where}  [{code}]" if where else f"[{code}]"
    lines = [first, *(f"    {said.to(language())}" for said in (problem.reason, problem.fix) if said)]
    return "\n".join(lines)


_REASONS: Mapping[int, Message] = {
    errno.ENOENT: msg("There is no such file or folder."),
    errno.EACCES: msg("This account may not use it."),
    errno.EPERM: msg("This account may not use it."),
    errno.EISDIR: msg("It is a folder."),
    errno.ENOTDIR: msg("It is a file where a folder is needed."),
    errno.EEXIST: msg("It is there already."),
    errno.ENAMETOOLONG: msg("The name is too long."),
    errno.ENOSPC: msg("The disk is full."),
    errno.EROFS: msg("The disk takes no changes."),
}


def unusable(error: OSError) -> Problem:
    """That a file or folder cannot be used, and why."""
    said = _REASONS.get(error.errno or 0) or msg(
        "The system says: {what}.", what=error.strerror or type(error).__name__
    )
    reason = msg("This file or folder cannot be used. {why}", why=said)
    return Problem(code="file-unusable", thing=os.fsdecode(error.filename)[:200], reason=reason)


def json_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        BadRequest: it holds none.
    """
    reason = msg("The file holds no JSON object.")
    line = None
    try:
        found = json.loads(file.read_bytes())
        if isinstance(found, dict):
            return found
    except json.JSONDecodeError as error:
        line = error.lineno
    except (ValueError, RecursionError):
        pass
    raise BadRequest(Problem(code="file-not-json", place=Place(file=str(file), line=line), reason=reason))


def complain(error: DougongError) -> None:
    """Print every problem of `error`, and how many there are when there is more than one."""
    for problem in error.problems:
        click.echo(explain(problem), err=True)
    if len(error.problems) > 1:
        warn(msg("{n} problem", "{n} problems", n=len(error.problems)))
