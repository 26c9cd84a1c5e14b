"""`dougong automation`: what there is, what ran, and setting one off, or going on, by hand."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import label, msg
from dougong.cli.opening import acting, for_company, open_company, operator, user_id
from dougong.cli.periods import days
from dougong.cli.terminal import language, say, text

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.metadata.automation import Automation
    from dougong.workflows.automations.kept import Note, Run

STATES = ("waiting", "running", "done", "failed", "stopped")
AS = click.option(
    "--as", "login", default=None, metavar="LOGIN", help=text(msg("Who sets it off; nobody where left out."))
)


@click.group(help=text(msg("Automations: what they did, and setting one off.")))
def automation() -> None:
    """Commands about automations."""


@automation.command("list", help=text(msg("List the automations: what sets each off, and whether it is on.")))
@for_company
def list_() -> None:
    """Print a line for each automation."""
    from dougong.workflows.automations import clock

    with open_company() as company, company.read(operator()) as unit:
        every = unit.runtime.model.workflows.automations
        for name in sorted(every):
            each = every[name]
            state = text(msg("on")) if clock.is_on(unit, each) else text(msg("off"))
            click.echo(f"{name:<32} {each.trigger.type:<8} {state:<4} {label(each.label, language(), name)}")


@automation.command("run", help=text(msg("Set an automation off over records, for the workers to carry out.")))
@click.argument("name", metavar="AUTOMATION")
@click.argument("records", metavar="RECORD…", nargs=-1, required=True)
@AS
@for_company
def run(name: str, records: tuple[str, ...], login: str | None) -> None:
    """Ask for the runs, and print their ids."""
    from dougong.workflows.automations import starting

    with open_company() as company:
        wanted = named(company, name)
        refuse_by_hand(wanted)
        actor = acting(company, login) if login else operator()
        with company.read(actor) as unit:
            for id in records:
                unit.records.get(wanted.object, id)
        for id in company.write(actor, lambda unit: starting.fire(unit, wanted, records, "button")):
            click.echo(id)


@automation.command("runs", help=text(msg("List runs, the newest first; or show one with its steps.")))
@click.argument("id", required=False)
@click.option("--state", type=click.Choice(STATES), help=text(msg("Only runs of this state.")))
@click.option("--of", "name", metavar="AUTOMATION", help=text(msg("Only runs of this automation.")))
@click.option("--limit", default=20, show_default=True, help=text(msg("How many to list.")))
@click.option("--json", "as_json", is_flag=True, help=text(msg("Print as JSON.")))
@for_company
def runs(id: str | None, state: str | None, name: str | None, limit: int, as_json: bool) -> None:
    """Print runs, or one run with every try of every step."""
    from dougong.workflows.automations import kept

    with open_company() as company, company.read(operator()) as unit:
        notes: tuple[Note, ...] = ()
        if id is None:
            found = kept.latest(unit, limit, state, name)
        else:
            one = kept.find(unit, id)
            if one is None:
                reason = msg("There is no run {id}.", id=id)
                raise NotFound(Problem(code="run-unknown", thing=id, reason=reason))
            found, notes = (one,), kept.notes_of(unit, id)
    if as_json:
        click.echo(json.dumps([_document(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo(_line(each))
    for note in notes:
        gave = json.dumps(note.output, ensure_ascii=False) if note.state == "done" else _said(note.error)
        click.echo(f"  {note.at:%Y-%m-%d %H:%M}  {note.path:<24} {note.attempt:>2}  {note.state:<7} {gave}")


@automation.command("resume", help=text(msg("Let failed or stopped runs go on after the last step that was done.")))
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@for_company
def resume(ids: tuple[str, ...]) -> None:
    """Ask for the rest of each run."""
    from dougong.workflows.automations import runs as carrying_out

    with open_company() as company:
        for id in ids:
            company.write(operator(), partial(carrying_out.resume_one, run_id=id))
    say(msg("{n} run goes on", "{n} runs go on", n=len(ids)))


@automation.command("again", help=text(msg("Run ended runs once more, from their start, each as a new run.")))
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@AS
@for_company
def again(ids: tuple[str, ...], login: str | None) -> None:
    """Ask for the runs, and print their ids."""
    from dougong.workflows.automations.again import run_again

    with open_company() as company:
        actor = acting(company, login) if login else operator()
        for id in ids:
            for made in company.write(actor, partial(run_again, run_id=id)):
                click.echo(made)
    say(msg("Every step is done once more. What was done before is not undone."))


@automation.command("preview", help=text(msg("Tell what an automation would do to a record; nothing is written.")))
@click.argument("name", metavar="AUTOMATION")
@click.argument("record", metavar="RECORD", required=False)
@click.option(
    "--since", metavar="7d", help=text(msg("Instead of a record: over what really happened in so many days."))
)
@click.option("--offset", metavar="OFFSET", help=text(msg("Which of the offsets of a date, as in its definition.")))
@AS
@for_company
def preview(name: str, record: str | None, since: str | None, offset: str | None, login: str | None) -> None:
    """Print each step with what it would write, tell and call."""
    from dougong.cli.foreseen import print_period, print_preview
    from dougong.workflows.automations import period
    from dougong.workflows.automations.previewing import preview as foresee

    if (record is None) == (since is None) or (since is not None and (offset or login)):
        raise click.UsageError(text(msg("Say either a record or --since; --offset and --as go with a record.")))
    with open_company() as company:
        wanted = named(company, name)
        if record is None:
            with company.read(operator()) as unit:
                found = period.over(unit, wanted, unit.now - days(since or ""))
            print_period(company, found)
            return
        with company.read(operator()) as unit:
            by = user_id(unit, login) if login else None
        print_preview(company, foresee(company, wanted, record, by=by, offset=offset))


@automation.command(
    "assignment", help=text(msg("Tell who would get records by an assignment rule; nothing is written."))
)
@click.argument("name", metavar="RULE")
@click.argument("records", metavar="RECORD…", nargs=-1)
@for_company
def assignment(name: str, records: tuple[str, ...]) -> None:
    """Print who would get each record and why; without records, the newest that the rule is for."""
    from dougong.workflows.assigning import previewing

    with open_company() as company, company.read(operator()) as unit:
        rule = previewing.named(unit, name)
        for id in records:
            unit.records.get(rule.object, id)
        ids = records or tuple(row.id for row in previewing.meant(unit, rule))
        for each in previewing.foresee(unit, rule, ids):
            click.echo(f"{each.record}  {each.name or '–'}  {each.why.to(language())}")


@automation.command(
    "message", help=text(msg("Print what a message template says of a record to somebody; nothing is sent."))
)
@click.argument("name", metavar="TEMPLATE")
@click.argument("record", metavar="RECORD")
@click.option("--to", "login", required=True, metavar="LOGIN", help=text(msg("Who would read it.")))
@for_company
def message(name: str, record: str, login: str) -> None:
    """Print subject and body, and what mail and channels say otherwise."""
    from dougong.workflows.notices import templates

    with open_company() as company, company.read(operator()) as unit:
        template = templates.named(unit, name)
        unit.records.get(template.object, record)
        found = templates.said(unit, template, record, str(user_id(unit, login)))
    if found is None:
        reason = msg("{login} may not sign in, and is told nothing.", login=login)
        raise Rejected(Problem(code="template-nobody", thing=f"message_template:{name}", reason=reason))
    click.echo(f"{next(iter(found.title.values()))}\n\n{next(iter(found.body.values()))}")
    for way, each in found.ways.items():
        click.echo(f"\n[{way}] {each['subject']}\n\n{each.get('html') or each['text']}")


def named(company: Company, name: str) -> Automation:
    """An automation of the company.

    Raises:
        NotFound: there is none of this name.
    """
    with company.read(operator()) as unit:
        found = unit.runtime.model.workflows.automations.get(name)
    if found is None:
        reason = msg("There is no automation {name}.", name=name)
        raise NotFound(Problem(code="automation-unknown", thing=f"automation:{name}", reason=reason))
    return found


def refuse_by_hand(automation: Automation) -> None:
    """Refuse what only a change can set off.

    Raises:
        Rejected: it runs while a record is saved, or its condition asks what changed.
    """
    if automation.trigger.before_save or (automation.when is not None and automation.when.save_only):
        reason = msg("It looks at what changes, so only a change of a record sets it off.")
        raise Rejected(Problem(code="automation-by-hand", thing=f"automation:{automation.name}", reason=reason))


def _line(run: Run) -> str:
    said = f"{run.id}  {run.status:<7} {run.created_at:%Y-%m-%d %H:%M}  {run.automation}  {len(run.records)}"
    return f"{said}  {_said(run.error)}".rstrip()


def _said(error: object) -> str:
    """The first problem that was kept."""
    problems = error.get("problems", ()) if isinstance(error, dict) else ()
    return label(problems[0].get("text"), language()) if problems else ""


def _document(run: Run) -> dict[str, object]:
    return {
        "id": run.id, "automation": run.automation, "status": run.status, "event": run.event, "object": run.object,
        "records": list(run.records), "way": list(run.way), "cause": run.cause,
        "repeats": run.repeats,
        "created_at": run.created_at.isoformat(), "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "error": run.error,
    }  # fmt: skip
