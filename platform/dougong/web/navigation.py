"""The rail, the dock and the create menu: what an app offers, as HTML made once per revision, language and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from dougong.base.language import label
from dougong.engine.rights.queues import claimed_from
from dougong.metadata.app import App, AppItem
from dougong.metadata.model import Object
from dougong.web.context import hue, initials
from dougong.web.visit import Visit, safe_path, with_query

ADMINISTRATION = "admin"
"""The app of package base in which a company is set up."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation, in the reader's language."""

    kind: str
    label: str
    icon: str = ""
    url: str = ""
    object: str = ""
    current: bool = False
    aside: bool = False
    """Whether it stands under *More*."""


@dataclass(frozen=True, slots=True)
class AppEntry:
    """An app in the switcher."""

    name: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class Navigation:
    """The frame of a page: its parts as HTML, and the person's mark."""

    rail: Markup
    dock: Markup
    create: Markup
    hue: str
    initials: str
    administers: bool


def navigation(visit: Visit, here: str) -> Navigation:
    """The frame for a page at `here`: the name of an object, or a path that begins with a slash."""
    added = tuple(_added(visit, here))
    own = visit.session is None or visit.session.own is None
    access, offered = visit.unit.access, tuple(each.name for each in apps(visit))
    views = (*_held_back(visit), *(("pool", each) for each in _pools(visit)))
    key = ("web.navigation", visit.language, access.rights_key, offered, views, here, added, own)
    parts = visit.unit.runtime.prepared.get(str(key))
    if parts is None:
        parts = visit.unit.runtime.prepared[str(key)] = _parts(visit, here, added, own)
    name = visit.actor.name
    rail, dock, create = parts
    administers = ADMINISTRATION in offered
    return Navigation(rail, dock, create, hue(visit.actor.user_id or ""), initials(name), administers)


def _held_back(visit: Visit) -> Iterator[tuple[str, str]]:
    """The list views that are for others."""
    shared = visit.unit.runtime.prepared.get("web.shared views")
    if shared is None:
        views = [each for obj in visit.model.objects.values() for each in obj.list_views.values() if each.shared_with]
        shared = visit.unit.runtime.prepared["web.shared views"] = views
    yield from ((each.object, each.name) for each in shared if not visit.unit.access.is_one_of(each.shared_with))


def _pools(visit: Visit) -> tuple[str, ...]:
    """The pools whose page is for the reader: as members, or since they give records out of them."""
    known = visit.model.workflows.pools
    mine = claimed_from(visit.unit) if known else frozenset()
    one_of = visit.unit.access.is_one_of
    return tuple(each.name for each in known.values() if each.account in mine or (each.assign and one_of(each.assign)))


def _added(visit: Visit, here: str) -> Iterator[Item]:
    """What plugins add for this person.

    Raises:
        ValueError: an entry has no label, or an address that is neither a path of this site nor https.
    """
    for entries in visit.company.hooks.navigation(actor=visit.actor, model=visit.model):
        for entry in entries or ():
            said, url = entry.get("label"), str(entry.get("url", ""))
            if not said or not (safe_path(url) or url.startswith("https://")):
                raise ValueError(f"an entry of the hook navigation needs a label and a path or https address: {entry}")
            text = said if isinstance(said, str) else label(said, visit.language)
            yield Item("link", text, str(entry.get("icon", "external-link")), url, current=url == here)


def _parts(visit: Visit, here: str, added: tuple[Item, ...], own: bool) -> tuple[Markup, Markup, Markup]:
    """Rail, dock and create menu; the way to one's settings is in them in one's `own` view alone."""
    app = current_app(visit, here)
    found = [*(_items(visit, app, here) if app else ()), *added]
    items = [each for each in found if not each.aside]
    aside = [each for each in found if each.aside]
    values = {
        "app_name": app.name if app else "",
        "items": _without_empty(items),
        "aside": aside,
        "here": here,
        "own": own,
        "app_label": label(app.label, visit.language) if app else visit.site.settings.company_name,
        "apps": [AppEntry(each.name, label(each.label, visit.language), each.icon) for each in apps(visit)],
    }
    links = [each for each in (*items, *aside) if each.kind != "separator"]
    makeable = [each for each in links if each.object and _may_create(visit, each.object)]
    render = visit.site.templates.render
    return (
        Markup(render("parts/rail.html", visit.language, **values)),
        Markup(render("parts/dock.html", visit.language, **{**values, "items": links})),
        Markup(render("parts/create.html", visit.language, items=makeable)),
    )


def _without_empty(items: list[Item]) -> list[Item]:
    """`items` without separators that nothing stands below."""
    kept: list[Item] = []
    for each in reversed(items):
        if each.kind != "separator" or (kept and kept[0].kind != "separator"):
            kept.insert(0, each)
    return kept


def apps(visit: Visit) -> list[App]:
    """The apps offered to the reader: those that a role of theirs names first, then those that are for one.

    The platform's administration is the last, but for those whose role names it.
    """
    offered = [each for each in visit.model.apps.values() if visit.unit.access.may_open(each.name)]
    held = visit.unit.roles
    named = {visit.model.rights.roles[role].app for role in held}
    return sorted(
        offered,
        key=lambda each: (each.name not in named, each.name == ADMINISTRATION, each.roles.isdisjoint(held)),
    )


def current_app(visit: Visit, here: str) -> App | None:
    """The app that a place belongs to: the first that lists the object, else the first."""
    known = apps(visit)
    for each in known:
        if any(item.target == here or item.key == here or f"/pools/{item.target}" == here for item in each.items):
            return each
    return known[0] if known else None


def _items(visit: Visit, app: App, here: str) -> Iterator[Item]:
    for item in app.items:
        made = _item(visit, item, here)
        if made is not None:
            yield made


def _item(visit: Visit, item: AppItem, here: str) -> Item | None:
    if item.kind == "separator":
        return Item("separator", label(item.label, visit.language))
    if item.kind == "link":
        right = visit.site.rights.get(item.target)
        if right and not visit.unit.access.has(right):
            return None
        said, icon = label(item.label, visit.language), item.icon or "external-link"
        return Item("link", said, icon, item.target, current=item.target == here)
    obj = visit.model.objects.get(item.target.partition(".")[0])
    if obj is None or not visit.unit.access.may("read", obj):
        return None
    if item.kind == "pool":
        return _pool(visit, item, here) if item.target in _pools(visit) else None
    tab = visit.unit.access.tab(obj)
    if tab == "hidden":
        return None
    view = item.view or (item.target.partition(".")[2] if item.kind == "view" else "")
    if (obj.name, view) in _held_back(visit):
        return None
    said = label(item.label, visit.language) or several(obj, visit.language)
    url = with_query(f"/o/{obj.name}", [("view", view)] if view else [])
    return Item(item.kind, said, item.icon or obj.icon, url, obj.name, obj.name == here, tab == "off")


def _pool(visit: Visit, item: AppItem, here: str) -> Item:
    said = label(item.label or visit.model.workflows.pools[item.target].label, visit.language)
    url = f"/pools/{item.target}"
    return Item("link", said, item.icon or "inbox", url, current=here == url)


def several(obj: Object, language: str) -> str:
    """What many records of an object are called; a language without plurals says the one label."""
    return obj.plural.get(language) or label(obj.label, language)


def _may_create(visit: Visit, name: str) -> bool:
    return visit.unit.access.may("create", visit.model.objects[name])


def first_page(visit: Visit, app: App | None) -> str:
    """Where an app begins: what navigation shows comes before what stands under *More*."""
    for item in sorted(_items(visit, app, "") if app else (), key=lambda each: each.aside):
        if item.url:
            return item.url
    return "/search"
