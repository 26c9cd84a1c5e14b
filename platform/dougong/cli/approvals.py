"""`dougong approval`: what runs, and acts of people, for whoever looks after a company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dougong.base.errors import Problem, Rejected
from dougong.base.language import label, msg
from dougong.cli.approval_moves import move
from dougong.cli.approval_past import figures, replay
from dougong.cli.opening import acting, for_company, open_company, operator, user_id
from dougong.cli.terminal import language, text

if TYPE_CHECKING:
    from dougong.workflows.approvals.state import Act
    from dougong.workflows.approvals.told import Instance

AS = click.option("--as", "login", required=True, metavar="LOGIN", help=text(msg("Who acts.")))
WHY = click.option("--opinion", default="", metavar="TEXT", help=text(msg("What is said with it.")))


@click.group(help=text(msg("Approvals: what runs, who is waited for, and what is to become of it.")))
def approval() -> None:
    """Commands about approvals."""


for each in (move, replay, figures):
    approval.add_command(each)


@approval.command("list", help=text(msg("List the approvals that have not ended.")))
@click.option("--limit", default=50, show_default=True, help=text(msg("How many to list.")))
@for_company
def list_(limit: int) -> None:
    """Print a line for each approval that runs."""
    from dougong.workflows.approvals import service

    with open_company() as company, company.read(operator()) as unit:
        rows = service.running_now(unit, limit)
    for row in rows:
        said = label(row.label, language())
        click.echo(
            f"{row.instance}  {row.status:<9} {row.at:%Y-%m-%d %H:%M}  {said}: {row.title} ({row.initiator.name})"
        )


@approval.command("show", help=text(msg("Show an approval: where it stands, who did what.")))
@click.argument("id")
@for_company
def show(id: str) -> None:
    """Print an approval with its log."""
    from dougong.workflows.approvals import service

    with open_company() as company, company.read(operator()) as unit:
        _print(service.instance(unit, id))


@approval.command("submit", help=text(msg("Submit a record for approval.")))
@click.argument("name", metavar="APPROVAL")
@click.argument("record", metavar="RECORD")
@AS
@for_company
def submit(name: str, record: str, login: str) -> None:
    """Start an approval as somebody, and print its id."""
    from dougong.workflows.approvals import service

    with open_company() as company:
        click.echo(company.write(acting(company, login), lambda unit: service.submit(unit, name, record)))


@approval.command("act", help=text(msg("Decide, recall or remind as somebody.")))
@click.argument("id")
@click.argument("what", metavar="ACT", type=click.Choice(("approve", "reject", "recall", "remind")))
@AS
@WHY
@for_company
def act(id: str, what: str, login: str, opinion: str) -> None:
    """Carry out an act of a person."""
    from dougong.workflows.approvals import service

    with open_company() as company:
        actor = acting(company, login)
        with company.read(actor) as unit:
            entry = service.instance(unit, id).entry
        wanted = _act(what, actor.user_id or "", entry, opinion)
        _print(company.write(actor, lambda unit: service.act(unit, id, wanted)))


@approval.command("rescue", help=text(msg("Name somebody else for a part of an approval, or end it.")))
@click.argument("id")
@click.option("--end", is_flag=True, help=text(msg("End the approval.")))
@click.option("--entry", metavar="ENTRY", help=text(msg("The part of somebody, as shown.")))
@click.option("--to", metavar="LOGIN", help=text(msg("Who decides instead.")))
@AS
@WHY
@for_company
def rescue(id: str, end: bool, entry: str | None, to: str | None, login: str, opinion: str) -> None:
    """Carry out an administrator's way out."""
    from dougong.workflows.approvals import service
    from dougong.workflows.approvals.state import Rescue

    if end == bool(entry and to):
        raise Rejected(
            Problem(code="approval-rescue", reason=msg("Say either --end, or --entry and --to."), thing="rescue")
        )
    with open_company() as company:
        actor = acting(company, login)
        with company.read(operator()) as unit:
            other = user_id(unit, to) if to else None
        wanted = Rescue(
            by=actor.user_id or "", entry=entry, to=other, end="cancelled" if end else None, opinion=opinion
        )
        _print(company.write(actor, lambda unit: service.act(unit, id, wanted)))


def _act(what: str, by: str, entry: str | None, opinion: str) -> Act:
    from dougong.workflows.approvals.state import Approve, Recall, Reject, Remind

    match what:
        case "recall":
            return Recall(by=by, opinion=opinion)
        case "remind":
            return Remind(by=by)
    if entry is None:
        reason = msg("This approval does not wait for a decision of this person.")
        raise Rejected(Problem(code="approval-no-turn", reason=reason, thing="entry"))
    kind = Approve if what == "approve" else Reject
    return kind(entry=entry, by=by, opinion=opinion)


def _print(seen: Instance) -> None:
    click.echo(f"{seen.id}  {seen.status}  {label(seen.label, language())}: {seen.title} ({seen.initiator.name})")
    for visit in seen.state.visits:
        for entry in visit.entries:
            person = seen.people.get(entry.person)
            click.echo(f"  {entry.id:<6} {visit.node:<16} {entry.status:<12} {person.name if person else entry.person}")
    for each in seen.acts:
        who = each.person.name if each.person else text(msg("the clock"))
        click.echo(f"  {each.at:%Y-%m-%d %H:%M}  {each.act:<12} {who}  {each.opinion}".rstrip())
