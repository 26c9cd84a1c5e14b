"""`dougong user` and `dougong token`: who may sign in, and with what a program calls the API."""

from __future__ import annotations

import click

from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator, user_id
from dougong.cli.terminal import say, text
from dougong.engine.actor import Scope
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.web.credentials import one_time_password, set_password
from dougong.web.identity import throttle
from dougong.web.identity.api_tokens import make as make_token
from dougong.web.identity.events import tell
from dougong.web.sessions import end_all


@click.group(help=text(msg("People who sign in.")))
def user() -> None:
    """Commands about users."""


@user.command("add", help=text(msg("Add a user with a one-time password.")))
@click.argument("login")
@click.option("--name", required=True, help=text(msg("The person's name.")))
@click.option("--role", "roles", multiple=True, help=text(msg("A role that the person holds.")))
@for_company
def add(login: str, name: str, roles: tuple[str, ...]) -> None:
    """Add a user; the password is shown once and changed at first use."""
    password = one_time_password()

    def work(unit: Unit) -> None:
        saved = unit.records.save(
            [Create("user", {"login": login, "name": name, **({"roles": list(roles)} if roles else {})})]
        )
        set_password(unit, saved.changes[0].id, password, must_change=True)

    with open_company() as company:
        company.write(operator(), work)
    say(msg("{login} signs in once with: {password}", login=login, password=password))


@user.command("password", help=text(msg("Give a user a new one-time password.")))
@click.argument("login")
@for_company
def password(login: str) -> None:
    """Make a new one-time password, as for somebody who forgot theirs."""
    made = one_time_password()
    with open_company() as company:
        company.write(operator(), lambda unit: set_password(unit, user_id(unit, login), made, must_change=True))
    say(msg("{login} signs in once with: {password}", login=login, password=made))


@user.command("unlock", help=text(msg("Let somebody try again who waits after wrong passwords.")))
@click.argument("login")
@for_company
def unlock(login: str) -> None:
    """Forget the wrong tries of an account."""
    with open_company() as company:
        company.write(operator(), lambda unit: throttle.unlock(unit, user_id(unit, login)))
    say(msg("{login} can try again now.", login=login))


@user.command("sign-out", help=text(msg("Sign somebody out everywhere.")))
@click.argument("login")
@for_company
def sign_out(login: str) -> None:
    """End every session of a user."""

    def work(unit: Unit) -> int:
        person = user_id(unit, login)
        ended = end_all(unit, person)
        tell(unit, "session_ended", person, count=ended)
        return ended

    with open_company() as company:
        n = company.write(operator(), work)
    say(msg("{login} is signed out of {n} place.", "{login} is signed out of {n} places.", login=login, n=n))


@user.command("freeze", help=text(msg("Shut somebody out at once, without touching what they own.")))
@click.argument("login")
@click.option("--undo", is_flag=True, help=text(msg("Let them in again.")))
@for_company
def freeze(login: str, undo: bool) -> None:
    """End a user's sessions and refuse their tokens, until they are let in again."""
    with open_company() as company:
        company.write(
            operator(), lambda unit: unit.records.save([Update("user", user_id(unit, login), {"frozen": not undo})])
        )
    if undo:
        say(msg("{login} can sign in again.", login=login))
    else:
        say(msg("{login} is frozen and signed out everywhere.", login=login))


@click.group(help=text(msg("Tokens of programs that call the API.")))
def token() -> None:
    """Commands about tokens."""


@token.command("create", help=text(msg("Make a token for a user; it is shown once.")))
@click.argument("login")
@click.option("--label", default="", help=text(msg("What it is for.")))
@click.option("--days", type=click.IntRange(1, 3650), help=text(msg("How long it is good for.")))
@click.option("--read-only", is_flag=True, help=text(msg("It only reads.")))
@click.option(
    "--object",
    "objects",
    multiple=True,
    help=text(msg("An object that it is for; several times for several. Without it, all.")),
)
@for_company
def create(login: str, label: str, days: int | None, read_only: bool, objects: tuple[str, ...]) -> None:
    """Make a token and print it alone, so that a script can take it."""
    narrowed = read_only or bool(objects)
    scope = Scope(frozenset(objects) or None, write=not read_only, metadata=not narrowed)
    with open_company() as company:
        made = company.write(operator(), lambda unit: make_token(unit, user_id(unit, login), label, days, scope))
    click.echo(made)
