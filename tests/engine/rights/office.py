"""A small company whose metadata and people are made at random, and a plain reading of its rules.

The reading knows the documents and the records, nothing of SQL, of memberships or of the compiled rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies

Body = dict[str, Any]

RIGHTS = ("read", "edit", "delete", "transfer")
LEVELS = ("a", "b", "c")
REGIONS = ("north", "south", "east")
CODES = ("D1", "D2", "D3", "D4")
GROUPS = ("G1", "G2")
QUEUES = ("Q1", "Q2")
QUEUED = ("account", "memo", "slip")
TERRITORIES = ("T1", "T2", "T3", "T4")
SPREAD = ("account", "deal")
"""The objects whose records belong to territories."""
ROLES = ("chief", "head", "seller", "clerk")
REACHES = (
    "none", "own", "own_and_subordinates", "own_and_roles_below", "department", "department_and_below", "segment",
    "all",
)  # fmt: skip


def label(text: str) -> Mapping[str, str]:
    return {"en": text, "zh-CN": text}


def text(name: str, **keys: Any) -> Body:
    return {"type": "text", "label": label(name), **keys}


def picklist(name: str, values: Iterable[str], kind: str = "picklist") -> Body:
    return {"type": kind, "label": label(name), "values": [{"value": each, "label": label(each)} for each in values]}


def obj(name: str, access: Body, fields: Body, owner: str = "user") -> Body:
    title = {"name": text("Name", required=True)}
    return {
        "kind": "object", "name": name, "label": label(name), "title": {"field": "name"}, "owner": owner,
        "access": access, "fields": {**title, **fields},
    }  # fmt: skip


def lookup(target: str, kind: str = "lookup", **keys: Any) -> Body:
    return {"type": kind, "label": label(target), **({"target": target} if kind != "user" else {}), **keys}


def counted(way: str, op: str = "count", field: str | None = None, **keys: Any) -> Body:
    """A roll-up by the viewer's right."""
    read = {"field": field} if field else {}
    return {"type": "rollup", "label": label(op), "from": way, "op": op, "rights": "viewer", **read, **keys}


STANDING: tuple[Body, ...] = (
    obj("user", {"default": "read"}, {
        "roles": {"type": "multi_picklist", "label": label("Roles"), "picklist": "role"},
        "permission_sets": {"type": "multi_picklist", "label": label("Sets"), "picklist": "permission_set"},
        "department": {"type": "department", "label": label("Department")},
        "departments": {"type": "link", "label": label("Further"), "target": "department"},
        "manager": lookup("user", "user"),
        "regions": picklist("Regions", REGIONS, "multi_picklist"),
        "region": picklist("Region", REGIONS),
        "kind": picklist("Kind", ("internal", "queue")), "queue": text("Queue", unique=True),
        "queue_members": {"type": "link", "label": label("Members"), "target": "user"},
    }, owner="none"),
    obj("department", {"default": "read"}, {
        "code": text("Code", unique=True), "parent": lookup("department")
    }, owner="none"),
    obj("group", {"default": "read"}, {
        "code": text("Code", unique=True),
        "members": {"type": "link", "label": label("Members"), "target": "user"},
    }, owner="none"),
    obj("account", {"default": "private"}, {
        "level": picklist("Level", LEVELS), "region": picklist("Region", REGIONS),
        "amount": {"type": "integer", "label": label("Amount")},
        "city": lookup("city"),
        "deals": counted("deal.account"), "north": counted("deal.account", where='ISPICKVAL(region, "north")'),
        "lines": counted("line.deal.account"),
        "size": counted("deal.account", "sum", "size"),
        "notes": counted("note.about"),
    }, owner="user_or_queue"),
    obj("city", {"default": "read"}, {
        "large": {"type": "boolean", "label": label("Large")},
        "accounts": counted("account.city"), "amount": counted("account.city", "sum", "amount"),
        "least": counted("account.city", "min", "amount"), "most": counted("account.city", "max", "amount"),
        "levels": counted("account.city", "distinct", "level"),
        "deals": counted("deal.account.city"),
        "theirs": counted("account.city", where="owner = $User.id"),
    }),
    obj("deal", {"default": "by_parent", "parent": "account"}, {
        "account": lookup("account"), "region": picklist("Region", REGIONS),
        "size": {"type": "decimal", "label": label("Size"), "precision": 12, "scale": 2},
        "notes": counted("note.about"),
    }),
    obj("line", {"default": "by_parent", "parent": "deal"}, {
        "deal": lookup("deal", "master_detail")
    }, owner="none"),
    obj("note", {"default": "by_parent", "parent": "about"}, {
        "about": {"type": "lookup", "label": label("About"), "targets": ["account", "deal"]}
    }),
    obj("memo", {"default": "write"}, {}, owner="user_or_queue"),
    obj("slip", {"default": "private"}, {}, owner="user_or_queue"),
    obj("record_share", {"default": "by_parent", "parent": "record"}, {
        "record": {"type": "lookup", "label": label("Record"), "targets": ["account", "deal", "memo"]},
        "user": lookup("user", "user"), "group": lookup("group"),
        "department": {"type": "department", "label": label("Department")},
        "below": {"type": "boolean", "label": label("Below")},
        "role": {"type": "picklist", "label": label("Role"), "picklist": "role"},
        "team_role": {"type": "picklist", "label": label("In the team"), "picklist": "team_role"},
        "level": picklist("Level", ("read", "edit")), "until": {"type": "date", "label": label("Until")},
    }, owner="none"),
    {"kind": "team_role", "name": "helper", "label": label("Helper"), "level": "edit"},
    {"kind": "team_role", "name": "guest", "label": label("Guest"), "level": "read"},
)  # fmt: skip

OBJECTS = ("account", "city", "deal", "line", "note", "memo", "slip")
"""The objects whose records are judged."""

FORMULAS: Mapping[str, Mapping[str, Any]] = {
    "account": {
        "amount > 50": lambda row, world, me: (row["amount"] or 0) > 50,
        'ISPICKVAL(level, "a")': lambda row, world, me: row["level"] == "a",
        "city.large": lambda row, world, me: bool(world.at("city", row["city"]).get("large")),
        'owner.department.code = "D1"': lambda row, world, me: world.code(row["owner"]) == "D1",
        "TEXT(region) = TEXT($User.region)": lambda row, world, me: (row["region"] or "") == (me["region"] or ""),
        "owner = $User.id": lambda row, world, me: row["owner"] == me["id"],
    },
    "deal": {
        'ISPICKVAL(account.level, "b")': lambda row, world, me: world.at("account", row["account"]).get("level") == "b",
        'ISPICKVAL(region, "north")': lambda row, world, me: row["region"] == "north",
    },
    "memo": {'BEGINS(name, "memo 1")': lambda row, world, me: row["name"].startswith("memo 1")},
}
"""Conditions, each with what it means."""


SETTLED: Mapping[str, tuple[str, ...]] = {
    "account": ("amount > 50", 'ISPICKVAL(level, "a")', "city.large"),
    "deal": ('ISPICKVAL(account.level, "b")', 'ISPICKVAL(region, "north")'),
}
"""The conditions that do not depend on who looks: rules of territories."""


def rules(random: Random) -> list[Body]:
    """Random permission sets, roles, sharing rules, territories and perhaps a partition."""
    found: list[Body] = [_set(random, f"set{number}") for number in range(4)]
    for at, name in enumerate(ROLES):
        parent = random.choice([None, *ROLES[:at]])
        scope = {each: _scope(random, each) for each in random.sample(OBJECTS, random.randint(1, 4))}
        if random.random() < 0.3:
            scope["*"] = {right: random.choice(REACHES) for right in random.sample(RIGHTS, 2)}
        held = random.sample([f"set{number}" for number in range(4)], random.randint(1, 2))
        found.append({
            "kind": "role", "name": name, "label": label(name), "permission_sets": held, "scope": scope,
            **({"parent": parent} if parent else {}),
        })  # fmt: skip
    queues = random.sample(QUEUES, random.choice((1, 2, 2)))
    found += [_queue(random, name) for name in queues]
    territories = [_territory(random, at) for at in range(random.choice((0, 2, 3, 4)))]
    found += territories
    found += [_rule(random, number, queues, territories) for number in range(random.randint(0, 5))]
    if random.random() < 0.6:
        found.append({
            "kind": "partition", "name": "regions", "label": label("Regions"), "user_field": "regions",
            "objects": {"account": "region", **({"deal": "region"} if random.random() < 0.5 else {})},
            "across": [f"role:{each}" for each in random.sample(ROLES, random.randint(0, 1))],
        })  # fmt: skip
    return found


def _set(random: Random, name: str) -> Body:
    known = ("create", *RIGHTS, "view_all", "modify_all")
    weights = (5, 8, 6, 5, 5, 1, 1)
    objects = {
        each: {right: True for right, weight in zip(known, weights, strict=True) if random.random() < weight / 10}
        for each in (*OBJECTS, "record_share")
        if random.random() < 0.8
    }
    return {
        "kind": "permission_set", "name": name, "label": label(name),
        "objects": {each: rights for each, rights in objects.items() if rights},
    }  # fmt: skip


def _scope(random: Random, name: str) -> Body:
    found: Body = {}
    for right in random.sample(RIGHTS, random.randint(1, 4)):
        formulas = list(FORMULAS.get(name, ()))
        found[right] = (
            {"when": random.choice(formulas)} if formulas and random.random() < 0.3 else random.choice(REACHES)
        )
    return found


def _people(random: Random) -> list[str]:
    known = [*(f"role:{each}" for each in ROLES), *(f"group:{each}" for each in GROUPS)]
    known += [f"{kind}:{each}" for kind in ("department", "department_and_below") for each in CODES]
    return random.sample(known, random.randint(1, 2))


def _queue(random: Random, name: str) -> Body:
    return {
        "kind": "queue", "name": name.lower(), "label": label(name),
        "objects": sorted(random.sample(QUEUED, random.choice((1, 2, 3)))), "level": random.choice(("read", "edit")),
        **({"members": _people(random)} if random.random() < 0.7 else {}),
    }  # fmt: skip


def _territory(random: Random, at: int) -> Body:
    parent = random.choice([None, *TERRITORIES[:at]])
    objects = {
        name: {"when": random.choice(SETTLED[name])}
        for name in random.sample(SPREAD, random.choice((0, 1, 2)) if at else 2)
    }
    return {
        "kind": "territory", "name": TERRITORIES[at].lower(), "label": label(TERRITORIES[at]),
        **({"parent": parent.lower()} if parent else {}), **({"order": -at} if random.random() < 0.3 else {}),
        **({"objects": objects} if objects else {}), "level": random.choice(("read", "edit")),
        **({"members": _people(random)} if random.random() < 0.8 else {}),
    }  # fmt: skip


def _people_or_queue(random: Random, queues: list[str]) -> list[str]:
    return [f"queue:{random.choice(queues).lower()}"] if random.random() < 0.3 else _people(random)


def _rule(random: Random, number: int, queues: list[str], territories: list[Body]) -> Body:
    name = random.choice(("account", "account", "deal", "memo"))
    body: Body = {
        "kind": "sharing_rule", "name": f"{name}.rule{number}", "object": name, "to": _people_or_queue(random, queues),
        "level": random.choice(("read", "edit")),
    }  # fmt: skip
    if random.random() < 0.7:
        body["when"] = random.choice(list(FORMULAS[name]))
    if "when" not in body or random.random() < 0.4:
        body["owned_by"] = _people_or_queue(random, queues)
    if territories and random.random() < 0.3:
        body["to"] = [f"territory:{random.choice(territories)['name']}"]
    if name == "account" and random.random() < 0.4:
        body["with"] = ["deal"]
    if random.random() < 0.3:
        body["until"] = (date.today() + timedelta(days=random.choice((-40, 40)))).isoformat()
    return body


def components(bodies: Iterable[Body]) -> tuple[Component, ...]:
    return from_bodies(list(bodies))


# -- the plain reading ----------------------------------------------------------------------------------------------
@dataclass
class World:
    """The documents and the records, by object and id; references are ids."""

    documents: list[Body]
    records: dict[str, dict[str, Body]] = field(default_factory=dict)

    def at(self, name: str, id: str | None) -> Body:
        return self.records[name].get(id or "", {})

    def of(self, kind: str) -> list[Body]:
        return [each for each in self.documents if each["kind"] == kind]

    def people(self) -> list[str]:
        """The users who are no queues."""
        return sorted(id for id, each in self.records["user"].items() if each["kind"] != "queue")

    def code(self, user: str | None) -> str | None:
        return self.at("department", self.at("user", user).get("department")).get("code")

    def may(self, user: str, name: str, id: str, right: str) -> bool:
        """Whether the user may: what they may not see they may do nothing with."""
        return self._covers(user, name, id, "read") and (right == "read" or self._covers(user, name, id, right))

    def _covers(self, user: str, name: str, id: str, right: str) -> bool:
        me, row = self.records["user"][user], self.records[name][id]
        held = self.rights(me, name)
        if right not in held:
            return False
        if "modify_all" in held:
            return True
        if not self._in_segment(me, name, row):
            return False
        return (right == "read" and "view_all" in held) or self._has_ground(me, name, row, right)

    def _has_ground(self, me: Body, name: str, row: Body, right: str) -> bool:
        default, parent = next(
            (each["access"]["default"], each["access"].get("parent")) for each in STANDING if each["name"] == name
        )
        if (default == "write" and right in ("read", "edit")) or (default == "read" and right == "read"):
            return True
        if any(self._in_scope(me, role, name, row, right) for role in self._roles(me)):
            return True
        if not self._roles(me) and row.get("owner") == me["id"]:
            return True
        if self._waits(me, name, row, right) or self._in_territory(me, name, row, right):
            return True
        if self._shared_by_rule(me, name, row, right) or self._shared_by_hand(me, name, row, right):
            return True
        if default == "by_parent" and row[parent]:
            above = (
                row[parent]
                if isinstance(row[parent], tuple)
                else ({"deal": "account", "line": "deal"}[name], row[parent])
            )
            wanted = "read" if right == "read" else "edit"
            return self._covers(me["id"], above[0], above[1], wanted)
        return False

    def _waits(self, me: Body, name: str, row: Body, right: str) -> bool:
        """Whether it waits in a queue of theirs, whose members may also change it where that is asked."""
        owner = self.at("user", row.get("owner"))
        queue = next((each for each in self.of("queue") if owner and each["name"] == owner["queue"]), None)
        if queue is None or name not in QUEUED or right not in ("read", "edit"):
            return False
        return (right == "read" or queue["level"] == "edit") and self._takes_from(me, queue["name"])

    def spread(self) -> list[str]:
        """The objects whose records belong to territories."""
        return [name for name in SPREAD if any(name in each.get("objects", ()) for each in self.of("territory"))]

    def territory(self, name: str, row: Body) -> str | None:
        """Where a record belongs: what a person said for a reason, else where it ends going down the tree."""
        return row["territory"] if row["territory_reason"] else self._down(None, name, row)

    def _down(self, above: str | None, name: str, row: Body) -> str | None:
        taken = self._taken(above, name, row)
        return above if taken is None else self._down(taken, name, row)

    def _taken(self, above: str | None, name: str, row: Body) -> str | None:
        """The territory below `above` that takes the record; one without a rule leaves it to those below it."""
        below = [each for each in self.of("territory") if each.get("parent") == above]
        for each in sorted(below, key=lambda each: (each.get("order", 0), each["name"])):
            rule = each.get("objects", {}).get(name)
            if rule is None:
                found = self._taken(each["name"], name, row)
                if found is not None:
                    return found
            elif FORMULAS[name][rule["when"]](row, self, {}):
                return str(each["name"])
        return None

    def _in_territory(self, me: Body, name: str, row: Body, right: str) -> bool:
        """Whether it belongs to a territory of theirs, whose members may also change it where that is asked."""
        if name not in self.spread() or right not in ("read", "edit"):
            return False
        where = next((each for each in self.of("territory") if each["name"] == self.territory(name, row)), None)
        return where is not None and (right == "read" or where["level"] == "edit") and self._of_territory(me, where)

    def _of_territory(self, me: Body, here: Body) -> bool:
        above = next((each for each in self.of("territory") if each["name"] == here.get("parent")), None)
        named = me["kind"] != "queue" and self._is_one_of(me, here.get("members", ()), True)
        return named or (above is not None and self._of_territory(me, above))

    def _takes_from(self, me: Body, name: str) -> bool:
        queue = next(each for each in self.of("queue") if each["name"] == name)
        record = next(each for each in self.records["user"].values() if each["queue"] == name)
        named = self._is_one_of(me, queue.get("members", ()), True) and me["kind"] != "queue"
        return named or me["id"] in record["queue_members"]

    def _roles(self, me: Body) -> list[Body]:
        return [each for each in self.of("role") if each["name"] in me["roles"]]

    def rights(self, me: Body, name: str) -> set[str]:
        """What the user may do with records of an object at all."""
        sets = {*me["permission_sets"], *(each for role in self._roles(me) for each in role["permission_sets"])}
        found = {
            right
            for each in self.of("permission_set")
            if each["name"] in sets
            for right in each["objects"].get(name, {})
        }
        if "modify_all" in found:
            found |= set(RIGHTS)
        return found | {"read"} if found else found

    def _in_segment(self, me: Body, name: str, row: Body) -> bool:
        for each in self.of("partition"):
            if name in each["objects"] and not {f"role:{role}" for role in me["roles"]} & set(each["across"]):
                value = row[each["objects"][name]]
                return value is None or value in me["regions"]
        return True

    def _in_scope(self, me: Body, role: Body, name: str, row: Body, right: str) -> bool:
        said = role["scope"].get(name, {}).get(right, role["scope"].get("*", {}).get(right, "own"))
        owner = row.get("owner")
        if said == "none":
            return False
        if owner is not None and owner == me["id"]:
            return True
        if isinstance(said, dict):
            return bool(FORMULAS[name][said["when"]](row, self, me))
        if said == "all":
            return True
        if said == "segment":
            fields = [each["objects"][name] for each in self.of("partition") if name in each["objects"]]
            return bool(fields) and row[fields[0]] is not None and row[fields[0]] in me["regions"]
        if owner is None:
            return False
        theirs, mine = self.records["user"][owner], [me["department"], *me["departments"]]
        if said == "own_and_subordinates":
            return me["id"] in self._managers(owner)
        if said == "own_and_roles_below":
            return any(role["name"] in self._above_role(each) for each in theirs["roles"])
        if said == "department":
            return theirs["department"] is not None and theirs["department"] in mine
        if said == "department_and_below":
            return bool(set(self._up(theirs["department"])) & {each for each in mine if each})
        return False

    def _managers(self, user: str) -> list[str]:
        found: list[str] = []
        here = self.records["user"][user]["manager"]
        while here and here not in found and here != user:
            found.append(here)
            here = self.records["user"][here]["manager"]
        return found

    def _above_role(self, name: str) -> list[str]:
        by_name = {each["name"]: each for each in self.of("role")}
        found: list[str] = []
        here = by_name[name].get("parent")
        while here:
            found.append(here)
            here = by_name[here].get("parent")
        return found

    def _up(self, department: str | None) -> list[str]:
        found: list[str] = []
        while department:
            found.append(department)
            department = self.records["department"][department]["parent"]
        return found

    def _is_one_of(self, user: Body, people: Iterable[str], further: bool) -> bool:
        """Whether a user is named; of departments, the further ones count for those who look, not for owners."""
        departments = [user["department"], *(user["departments"] if further else ())]
        codes = {self.at("department", each).get("code") for each in departments if each}
        within = {self.at("department", up).get("code") for each in departments for up in self._up(each)}
        groups = {each["code"] for each in self.records["group"].values() if user["id"] in each["members"]}
        for kind, _, name in (each.partition(":") for each in people):
            if kind == "queue" and (self._takes_from(user, name) if further else user["queue"] == name):
                return True
            if kind == "territory":
                where = next(each for each in self.of("territory") if each["name"] == name)
                if self._of_territory(user, where):
                    return True
                continue
            known = {"role": set(user["roles"]), "group": groups, "department": codes, "department_and_below": within}
            if name in known.get(kind, ()):
                return True
        return False

    def _shared_by_rule(self, me: Body, name: str, row: Body, right: str) -> bool:
        for rule in self.of("sharing_rule"):
            if right not in ("read", "edit") or (right == "edit" and rule["level"] != "edit"):
                continue
            if rule.get("until", "9999") < date.today().isoformat() or not self._is_one_of(me, rule["to"], True):
                continue
            if rule["object"] == name and self._opens(rule, name, row, me):
                return True
            above = self.at("account", row["account"]) if name in rule.get("with", ()) else {}
            if above and self._opens(rule, "account", above, me):
                return True
        return False

    def _opens(self, rule: Body, name: str, row: Body, me: Body) -> bool:
        if "owned_by" in rule:
            owner = self.records["user"].get(row["owner"] or "")
            if owner is None or not self._is_one_of(owner, rule["owned_by"], False):
                return False
        return "when" not in rule or bool(FORMULAS[name][rule["when"]](row, self, me))

    def _shared_by_hand(self, me: Body, name: str, row: Body, right: str) -> bool:
        return any(
            share["record"] == (name, row["id"]) and self._is_for(me, share) and self._allows(share, right)
            for share in self.records["record_share"].values()
        )

    def _is_for(self, me: Body, share: Body) -> bool:
        departments = [each for each in (me["department"], *me["departments"]) if each]
        reached = {up for each in departments for up in self._up(each)} if share["below"] else set(departments)
        group = self.records["group"].get(share["group"] or "")
        return (
            share["user"] == me["id"]
            or (group is not None and me["id"] in group["members"])
            or (share["role"] is not None and share["role"] in me["roles"])
            or (share["department"] is not None and share["department"] in reached)
        )

    def _allows(self, share: Body, right: str) -> bool:
        if share["until"] is not None and share["until"] < date.today():
            return False
        level = {"helper": "edit", "guest": "read"}.get(share["team_role"] or "", share["level"])
        return right == "read" or (right == "edit" and level == "edit")
