"""`dougong privacy`: what is kept of a person, shown, given out and erased."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from dougong.base.language import label, msg
from dougong.base.settings import Settings
from dougong.cli.assembly import of_company
from dougong.cli.opening import chosen_company, for_company, open_company, operator
from dougong.cli.terminal import language, say, text
from dougong.engine import file_contents
from dougong.engine.company import Companies
from dougong.engine.privacy import Kept, erase, find
from dougong.engine.privacy.retaining import carry_out, due, rules_of
from dougong.web.person_archive import write_archive

MOST_REFUSED = 20
"""How many records that a rule left out are named."""

OBJECT = click.argument("object_name", metavar="OBJECT")
ID = click.argument("record_id", metavar="ID")


@click.group(help=text(msg("What is kept of a person: show it, give it out, erase it.")))
def privacy() -> None:
    """Commands about personal data."""


@privacy.command("show", help=text(msg("Say what is kept of a person, and where.")))
@OBJECT
@ID
@for_company
def show(object_name: str, record_id: str) -> None:
    """What an erasure would erase; nothing is changed."""
    with open_company() as company, company.read(operator()) as unit:
        _tell(find(unit, object_name, record_id))


@privacy.command("export", help=text(msg("Write all that is kept of a person into a ZIP file, their files included.")))
@OBJECT
@ID
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@for_company
def export(object_name: str, record_id: str, file: Path) -> None:
    """Write person.json and the bytes of each file."""
    with open_company() as company, company.read(operator()) as unit:
        write_archive(unit, object_name, record_id, _folder(), file)
    file.chmod(0o600)
    say(msg("All that is kept is in {file}.", file=str(file)))


@privacy.command("erase", help=text(msg("Erase what is kept of a person, for good.")))
@OBJECT
@ID
@click.option("--why", default="", help=text(msg("The reason, for the audit log.")))
@click.option("--yes", is_flag=True, help=text(msg("Do it; without it you are only told.")))
@for_company
def erase_(object_name: str, record_id: str, why: str, yes: bool) -> None:
    """Tell what there is; with --yes erase it in one transaction, then remove the bytes of its files."""
    with open_company() as company:
        if not yes:
            with company.read(operator()) as unit:
                _tell(find(unit, object_name, record_id))
            say(msg("This would be erased for good. With --yes it is."))
            return
        erased = company.write(operator(), lambda unit: erase(unit, object_name, record_id), why=why)
    for content in erased.contents:
        file_contents.forget(_folder(), content)
    _tell(erased)
    say(msg("This was erased. The audit log has the proof."))


@privacy.command("retain", help=text(msg("Carry out the retention rules of all objects, or of one.")))
@click.argument("object_name", metavar="OBJECT", required=False, default="")
@click.option("--dry-run", is_flag=True, help=text(msg("Say how many records are due; nothing is changed.")))
@for_company
def retain(object_name: str, dry_run: bool) -> None:
    """Tell of each rule how many records are due, or what became of them; what was refused stays, with its reason."""
    with open_company() as company:
        rules = list(rules_of(company.runtime().model, object_name))
        if not rules:
            say(msg("No object has a retention rule."))
        for obj, rule in rules:
            named = f"{obj.name}.{rule.key}"
            if dry_run:
                with company.read(operator()) as unit:
                    say(
                        msg(
                            "{rule}: {n} record is due",
                            "{rule}: {n} records are due",
                            n=due(unit, obj, rule),
                            rule=named,
                        )
                    )
                continue
            done = carry_out(company, operator(), obj, rule, partial(file_contents.forget_all, _folder()))
            say(msg("{rule}: {n} record done", "{rule}: {n} records done", n=done.records, rule=named))
            for record_id, reason in done.refused[:MOST_REFUSED]:
                click.echo(f"  {record_id}: {reason.to(language())}")
            if len(done.refused) > MOST_REFUSED:
                say(msg("{n} more is left out", "{n} more are left out", n=len(done.refused) - MOST_REFUSED))


def _folder() -> Path:
    """Where the files of the chosen company stand."""
    settings, name = Settings.from_environment(), chosen_company()
    if name is None:
        return settings.data_dir
    companies = Companies(settings)
    try:
        return of_company(settings, companies.directory.listed().get(name)).data_dir
    finally:
        companies.close()


def _tell(kept: Kept) -> None:
    fields = kept.object.fields
    for name in kept.values:
        category = fields[name].options["personal"]
        click.echo(f"  {label(fields[name].label, language())} ({name}, {category})")
    say(msg("{n} field holds something", "{n} fields hold something", n=len(kept.values)))
    say(msg("{n} entry of the history", "{n} entries of the history", n=kept.history))
    say(msg("{n} file of the person", "{n} files of the person", n=len(kept.files)))
    say(msg("{n} entry of the audit log", "{n} entries of the audit log", n=len(kept.entries)))
    say(
        msg(
            "{n} session, password, token or second step",
            "{n} sessions, passwords, tokens or second steps",
            n=kept.sign_in,
        )
    )
