"""Real approval processes of Salesforce: converted, published, walked from submission to the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dougong.engine.saving.batch import Create
from dougong.metadata.canonical import canonical_text, file_of
from dougong.metadata.documents import from_bodies
from dougong.metadata.salesforce.approvals import approvals
from dougong.metadata.salesforce.sources import STANDARD, field_path, fields_of
from dougong.workflows.approvals.state import Reject
from tests.companies import ADMINISTRATOR, PACKAGES, Copies
from tests.workflows.approvals.conftest import Office

SAMPLE = Path(__file__).parents[4] / "shared" / "sfdx_sample"
pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of Salesforce metadata is not here")

TYPES: Mapping[str, Mapping[str, Any]] = {
    "Checkbox": {"type": "boolean"},
    "Currency": {"type": "decimal", "precision": 18, "scale": 2},
    "Date": {"type": "date"},
    "DateTime": {"type": "datetime"},
    "Number": {"type": "decimal", "precision": 18, "scale": 2},
    "Percent": {"type": "percent"},
}
"""Fields that a document names, as fields of ours; whatever else they are, here they are texts or picklists."""


def sources() -> list[Path]:
    """The projects of the sample that hold approval processes."""
    return sorted({SAMPLE / each.relative_to(SAMPLE).parts[0] for each in SAMPLE.rglob("*.approvalProcess*-meta.xml")})


def assignments(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each field that a document's steps set, with its formula."""
    nodes = (step for node in document["nodes"].values() for step in node.get("steps", ()))
    for step in [*nodes, *(step for steps in document.get("outcomes", {}).values() for step in steps)]:
        if step["do"] == "set":
            yield from step["with"].items()


def object_of(document: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """An object with the fields of the source that the approval needs; each picklist has the values that are named."""
    text = json.dumps(document)
    label = {"en": document["object"], "zh-CN": document["object"]}
    fields: dict[str, Any] = {"name": {"type": "text", "length": 80, "label": label}}
    for name, kind in types.items():
        if name not in {"name", *STANDARD.values()} and name in text:
            fields[name] = {**TYPES.get(kind, {"type": "text", "length": 200}), "label": label}
            if kind == "Picklist":
                values = {value.strip('"') for field, value in assignments(document) if field == name} | {"draft"}
                named = [{"value": each, "label": {"en": each, "zh-CN": each}} for each in sorted(values)]
                fields[name] = {"type": "picklist", "label": label, "values": named, "default": '"draft"'}
    return {
        "kind": "object", "name": document["object"], "label": label, "plural": {"en": document["object"]},
        "icon": "box", "title": {"field": "name"}, "owner": "user", "access": {"default": "private"}, "fields": fields,
    }  # fmt: skip


def documents() -> Iterator[dict[str, Any]]:
    """The converted approvals with their objects, and a role that may work with these."""
    rights = {"create": True, "read": True, "edit": True}
    objects: dict[str, Any] = {"user": {"read": True}}
    label = {"en": "Worker", "zh-CN": "员工"}
    for folder in sources():
        fields = fields_of(folder)
        for path, found in approvals(folder).items():
            own = path.name.partition(".")[0]
            types = {field_path(own, name): kind for (owner, name), kind in fields.types.items() if owner == own}
            yield object_of(found.document, types)
            yield {**found.document, "label": {**found.document["label"], "zh-CN": "审批"}}
            objects[found.document["object"]] = rights
    yield {"kind": "permission_set", "name": "working", "label": label, "objects": objects}
    yield {"kind": "role", "name": "worker", "label": label, "permission_sets": ["working"]}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of these documents."""
    folder = tmp_path_factory.mktemp("converted")
    for body in documents():
        component, *fields = from_bodies([body])
        path = folder / file_of(component)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canonical_text(component, fields), "utf-8")
    return folder


@pytest.fixture
def hiring(company_copy: Copies, database_kind: str, converted: Path) -> Iterator[Office]:
    """A company with the converted processes and three people."""
    with company_copy(database_kind, "from_salesforce", (PACKAGES / "base", converted)) as company:
        office = Office(company)
        office.hire("admin", ADMINISTRATOR)
        for login in ("ivy", "ann"):
            office.hire(login, "worker")
        yield office


def test_a_converted_process_is_walked_to_both_ends(hiring: Office) -> None:
    """What is done on submission, on approval and on rejection is done, for each process of the sample."""
    found = hiring.company.runtime().model.workflows.approvals
    assert found
    for approval in found.values():
        steps = approval.outcomes
        for act in ("approved", "rejected"):
            made = [Create(approval.object, {"name": act})]
            record = str(hiring.write("ivy", lambda unit: unit.records.save(made)).changes[0].id)  # noqa: B023
            chosen = {
                f"{node.key}.{rule.key}": (hiring.id("ann"),)
                for node in approval.nodes.values()
                for rule in node.approvers
                if rule.way == "chosen_by"
            }
            running = hiring.submit("ivy", record, approval.name, chosen=chosen)
            submitted = approval.nodes[approval.first].steps
            assert_set(hiring, approval.object, record, submitted)
            assert hiring.waiting(running) == {"ann"}
            if act == "approved":
                seen = hiring.approve("ann", running)
            else:
                rejection = Reject(entry=hiring.entry("ann", running), by=hiring.id("ann"))
                seen = hiring.act("ann", running, rejection)
            assert seen.status == act
            assert_set(hiring, approval.object, record, steps.get(act, ()))


def assert_set(office: Office, object_name: str, record: str, steps: Any) -> None:
    """What `steps` set stands in the record."""
    values = office.values(record, object_name)
    wanted = {name: text.strip('"') for step in steps if step.do == "set" for name, text in step.given.items()}
    assert {name: values[name] for name in wanted} == wanted
