"""The start, apps, and what a person sets for themselves: language, zone, theme, density."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import available_timezones

from starlette.responses import Response

from dougong.base.errors import BadRequest, NotFound, Problem
from dougong.base.language import LANGUAGES, Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Update
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.frame import framed
from dougong.web.navigation import apps, first_page
from dougong.web.pages.formulas import may_design
from dougong.web.pages.sign_in import LANGUAGE_NAMES
from dougong.web.routing import Page
from dougong.web.visit import Visit

THEME_NAMES = {"system": msg("As the system"), "light": msg("Light"), "dark": msg("Dark")}
DENSITY_NAMES = {"compact": msg("Compact"), "ordinary": msg("Ordinary"), "comfortable": msg("Comfortable")}
ZONES = (*sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")), "UTC")


def start(visit: Visit) -> Response:
    """The first page of the first app."""
    known = apps(visit)
    return visit.go(first_page(visit, known[0] if known else None))


def app(visit: Visit, name: str) -> Response:
    """The first page of an app."""
    found = visit.model.apps.get(name)
    if found is None or not visit.unit.access.may_open(name):
        raise NotFound(Problem(code="app-unknown", reason=msg("There is no such page."), thing=name))
    return visit.go(first_page(visit, found))


def show(visit: Visit) -> Response:
    """The page of a person's settings."""
    return framed(
        visit,
        "preferences.html",
        "/preferences",
        visit.say(msg("Settings")),
        languages=[(tag, LANGUAGE_NAMES[tag]) for tag in LANGUAGES],
        themes=[(key, visit.say(name)) for key, name in THEME_NAMES.items()],
        densities=[(key, visit.say(name)) for key, name in DENSITY_NAMES.items()],
        zones=ZONES if (zone := str(visit.actor.zone)) in ZONES else (zone, *ZONES),
        zone=zone,
        designs=may_design(visit),
    )


def keep(visit: Visit) -> Response:
    """Keep what was chosen. The language and zone are the user record's own."""
    user_id = visit.actor.user_id
    assert user_id is not None
    zone, language = str(visit.actor.zone), visit.language
    offered: tuple[tuple[str, Message, Iterable[str]], ...] = (
        ("language", msg("Language"), LANGUAGES),
        ("zone", msg("Time zone"), (*ZONES, zone)),
        ("theme", msg("Light or dark"), sessions.THEMES),
        ("density", msg("Height of rows"), sessions.DENSITIES),
    )
    sent = {name: visit.sent(name) for name, _, _ in offered if visit.sent(name)}
    unknown = [
        Problem(
            code="choice-unknown",
            thing=name,
            reason=msg("{label}: “{value}” is none of the choices.", label=label, value=sent[name][:40]),
        )
        for name, label, known in offered
        if name in sent and sent[name] not in known
    ]
    if unknown:
        raise BadRequest(*unknown)
    language, zone = sent.pop("language", language), sent.pop("zone", zone)

    def write(unit: Unit) -> None:
        sessions.prefer(unit, user_id, sent)
        unit.records.save([Update("user", user_id, {"language": language, "time_zone": zone})])

    visit.company.write(SYSTEM, write)
    return visit.go("/preferences", msg("Settings saved").to(language))


PAGES = (
    Page("GET", "/", start),
    Page("GET", "/app/{name}", app),
    Page("GET", "/preferences", show),
    Page("POST", "/preferences", keep),
)
