"""Approval processes of Salesforce as approvals: each part at its place, and what has none is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dougong.base.errors import MetadataError
from dougong.metadata.salesforce.approvals import approvals
from dougong.metadata.salesforce.conditions import condition, rewritten
from dougong.metadata.salesforce.sources import Fields, field_path, read, snake

HEAD = '<?xml version="1.0"?><{0} xmlns="http://soap.sforce.com/2006/04/metadata">'

PROCESS = """
<active>true</active><allowRecall>true</allowRecall>
<allowedSubmitters><type>creator</type></allowedSubmitters>
<allowedSubmitters><submitter>East_Sales</submitter><type>role</type></allowedSubmitters>
<approvalPageFields><field>Name</field><field>Spent__c</field><field>CreatedDate</field></approvalPageFields>
<approvalStep>
  <allowDelegate>true</allowDelegate>
  <assignedApprover><approver><type>userHierarchyField</type></approver></assignedApprover>
  <entryCriteria><formula>Spent__c &gt; 100</formula></entryCriteria>
  <ifCriteriaNotMet>RejectRecord</ifCriteriaNotMet>
  <label>Boss</label><name>Boss</name>
</approvalStep>
<approvalStep>
  <allowDelegate>false</allowDelegate>
  <approvalActions><action><name>Mark</name><type>FieldUpdate</type></action></approvalActions>
  <assignedApprover>
    <approver><name>Money</name><type>queue</type></approver>
    <approver><name>Auditor__c</name><type>relatedUserField</type></approver>
    <whenMultipleApprovers>FirstResponse</whenMultipleApprovers>
  </assignedApprover>
  <entryCriteria>
    <booleanFilter>1 AND (2 OR NOT 3)</booleanFilter>
    <criteriaItems><field>Bill__c.Kind__c</field><operation>equals</operation>
      <value>Travel Abroad,Car</value></criteriaItems>
    <criteriaItems><field>Bill__c.Urgent__c</field><operation>equals</operation><value>True</value></criteriaItems>
    <criteriaItems><field>Bill__c.Spent__c</field><operation>lessThan</operation><value>500</value></criteriaItems>
  </entryCriteria>
  <ifCriteriaNotMet>ApproveRecord</ifCriteriaNotMet>
  <label>Money</label><name>Money</name>
  <rejectBehavior><type>BackToPrevious</type></rejectBehavior>
  <rejectionActions><action><name>Mark</name><type>FieldUpdate</type></action></rejectionActions>
</approvalStep>
<approvalStep>
  <assignedApprover><approver><type>userHierarchyField</type></approver></assignedApprover>
  <label>Its boss</label><name>end</name>
</approvalStep>
<emailTemplate>Mails/Please</emailTemplate>
<finalApprovalActions>
  <action><name>Mark</name><type>FieldUpdate</type></action><action><name>Tell</name><type>Alert</type></action>
  <action><name>Call</name><type>Task</type></action><action><name>Lost</name><type>OutboundMessage</type></action>
</finalApprovalActions>
<finalApprovalRecordLock>false</finalApprovalRecordLock>
<finalRejectionRecordLock>true</finalRejectionRecordLock>
<label>Spending</label>
<processOrder>2</processOrder>
<recordEditability>AdminOrCurrentApprover</recordEditability>
</ApprovalProcess>"""

WORKFLOW = """
<alerts><fullName>Tell</fullName><description>It is paid</description><recipients><type>owner</type></recipients>
  <template>Mails/Paid</template></alerts>
<fieldUpdates><fullName>Mark</fullName><field>State__c</field><literalValue>In Order</literalValue>
  <operation>Literal</operation></fieldUpdates>
<tasks><fullName>Call</fullName><assignedToType>owner</assignedToType><dueDateOffset>3</dueDateOffset>
  <subject>Call "them"</subject></tasks>
</Workflow>"""

FIELDS = {"Kind__c": "Picklist", "Urgent__c": "Checkbox", "Spent__c": "Currency", "State__c": "Picklist"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one process, the actions that it names but one, and its fields."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Bill__c.Spending.approvalProcess-meta.xml").write_text(HEAD.format("ApprovalProcess") + PROCESS)
    (folder / "Bill__c.workflow-meta.xml").write_text(HEAD.format("Workflow") + WORKFLOW)
    fields = folder / "objects" / "Bill__c" / "fields"
    fields.mkdir(parents=True)
    for name, kind in FIELDS.items():
        text = f"<fullName>{name}</fullName><type>{kind}</type></CustomField>"
        (fields / f"{name}.field-meta.xml").write_text(HEAD.format("CustomField") + text)
    return folder


def test_each_part_at_its_place(project: Path) -> None:
    """Steps, conditions, people, actions and outcomes of one process."""
    (found,) = approvals(project).values()
    document = found.document
    nodes = document["nodes"]
    assert (document["name"], document["object"], document["recall"]) == ("bill.spending", "bill", "until_end")
    assert document["start"]["by"] == ["creator", "role:east_sales"]
    assert [each["when"] for each in document["start"]["refuse"]] == ["NOT(spent > 100)"]
    assert document["first"] == "boss" and document["people"]["absent"] == "delegate"
    assert nodes["boss"]["approvers"] == [{"key": "approver_1", "manager": 1}]
    assert nodes["boss"]["fields"] == {"name": "edit", "spent": "edit"} and nodes["boss"]["next"] == "if_money"
    (branch,) = nodes["if_money"]["branches"]
    assert (branch["next"], nodes["if_money"]["otherwise"]) == ("money", "end")
    kinds = 'ISPICKVAL(kind, "travel_abroad") || ISPICKVAL(kind, "car")'
    assert branch["when"] == f"({kinds}) && ((urgent) || !(spent < 500))"
    assert (nodes["money"]["mode"], nodes["money"]["on_reject"]) == ("any", "previous")
    assert [each.get("queue", each.get("field")) for each in nodes["money"]["approvers"]] == ["money", "auditor"]
    assert nodes["money"]["next"] == "after_money" and nodes["after_money"]["next"] == "step_end"
    assert nodes["step_end"]["approvers"] == [{"key": "approver_1", "manager": 2}]
    assert [(each["do"], each["with"]) for each in document["outcomes"]["approved"]] == [
        ("set", {"state": '"in_order"'}),
        ("notify", {"to": ["field:owner"], "title": {"en": '"It is paid"'}}),
        ("create", {"object": "task", "values": {
            "subject": '"Call \\"them\\""', "due": "TODAY() + (3)", "owner": "owner", "related_to": "id",
        }}),
    ]  # fmt: skip


def test_what_has_no_place_is_said(project: Path) -> None:
    """Each of these is one line of what a person must decide; none twice."""
    (found,) = approvals(project).values()
    said = [str(each) for each in found.decisions]
    assert len(said) == len(set(said))
    for word in (
        "East_Sales", "Lost", "Mails/Please", "Mails/Paid", "stays locked", "the 2.", "sub-process", "may be changed",
        "approval page",
    ):  # fmt: skip
        assert sum(word in each for each in said) == 1, (word, said)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Approval_Status__c", "approval_status"), ("ApprovalStatus", "approval_status"), ("ABCRate__c", "abc_rate"),
        ("npsp__Level__c", "npsp_level"), ("2nd_Step", "x_2nd_step"),
    ],
)  # fmt: skip
def test_names(name: str, ours: str) -> None:
    """A name of ours is one that a document takes."""
    assert snake(name) == ours


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("Bill__c.Owner", "owner"), ("OwnerId", "owner"), ("Bill__c.CreatedDate", "created_at"),
        ("Account__r.Owner.Name", "account.owner.name"), ("AccountId", "account"), ("User.Title", "$User.title"),
        ("Paid__c", "paid"),
    ],
)  # fmt: skip
def test_fields(written: str, ours: str) -> None:
    """As criteria and formulas name them."""
    assert field_path("Bill__c", written) == ours


def test_steps_keep_keys_of_their_own(tmp_path: Path) -> None:
    """Names that are alike for as long as a key is, or are keys of ours, are told apart."""
    alike = "Approval_By_Regional_Sales_Director"
    names = [f"{alike}_East", f"{alike}_West", f"{alike}_North", "submitted"]
    step = "<approvalStep><assignedApprover><approver><type>userHierarchyField</type></approver></assignedApprover>"
    steps = "".join(f"{step}<label>{each}</label><name>{each}</name></approvalStep>" for each in names)
    text = f"{HEAD.format('ApprovalProcess')}{steps}<label>Long</label></ApprovalProcess>"
    (tmp_path / "Bill__c.Long.approvalProcess").write_text(text, "utf-8")
    ((_, found),) = approvals(tmp_path).items()
    asked = [node["label"]["en"] for node in found.document["nodes"].values() if node["type"] == "approve"]
    assert asked == names


def test_formulas_keep_all_but_names() -> None:
    """Functions, spaces and texts stay; fields and values of picklists take our names; what cannot be read stays."""
    notes: list[object] = []
    formula = 'AND( ISPICKVAL( State__c , "In Order" ), Account__r.Name = "In Order")'
    assert rewritten(formula, "Bill__c", notes.append) == (
        'AND( ISPICKVAL( state , "in_order" ), account.name = "In Order")'
    )
    assert notes == []
    assert rewritten("AND(", "Bill__c", notes.append) == "AND(" and len(notes) == 1


@pytest.mark.parametrize(
    ("operation", "value", "kind", "formula"),
    [
        ("equals", "", "Text", "ISBLANK(f)"),
        ("notEqual", "", "Text", "NOT(ISBLANK(f))"),
        ("equals", "Paris, Rome", "Text", 'LOWER(f) = "paris" || LOWER(f) = "rome"'),
        ("notContain", "Par", "Text", 'NOT(CONTAINS(LOWER(f), "par"))'),
        ("startsWith", "Par", "Picklist", 'BEGINS(LOWER(TEXT(f)), "par")'),
        ("includes", "A b", "MultiselectPicklist", 'INCLUDES(f, "a_b")'),
        ("greaterOrEqual", "1,000.5", "Currency", "f >= 1000.5"),
        ("equals", "False", "Checkbox", "!f"),
        ("lessThan", "TODAY", "Date", "f < TODAY()"),
        ("greaterThan", "2020-02-01", "Date", 'f > DATEVALUE("2020-02-01")'),
    ],
)
def test_criteria(tmp_path: Path, operation: str, value: str, kind: str, formula: str) -> None:
    """Each operation, by the type of its field."""
    item = f"<field>B.f</field><operation>{operation}</operation><value>{value}</value>"
    (tmp_path / "e.xml").write_text(f"<entryCriteria><criteriaItems>{item}</criteriaItems></entryCriteria>")
    notes: list[object] = []
    fields = Fields({("B", "f"): kind})
    assert condition(read(tmp_path / "e.xml"), "B", fields, notes.append) == formula
    assert notes == []


@pytest.mark.parametrize(
    ("operation", "formula", "noted"),
    [
        ("equals", "f = g", 0), ("notEqual", "NOT(f = g)", 0), ("lessThan", "f < g", 0),
        ("contains", "TRUE", 1), ("notContain", "TRUE", 1),
    ],
)  # fmt: skip
def test_criteria_of_two_fields(tmp_path: Path, operation: str, formula: str, noted: int) -> None:
    """A field beside another; what has no formula is left out and said."""
    item = f"<field>B.f</field><operation>{operation}</operation><valueField>B.g</valueField>"
    (tmp_path / "e.xml").write_text(f"<entryCriteria><criteriaItems>{item}</criteriaItems></entryCriteria>")
    notes: list[object] = []
    found = condition(read(tmp_path / "e.xml"), "B", Fields({("B", "f"): "Number"}), notes.append)
    assert (found, len(notes)) == (formula, noted)


@pytest.mark.parametrize(
    "text",
    [
        "<ApprovalProcess>", "", "no xml",
        '<!DOCTYPE a [<!ENTITY b "bbb">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
    ],
)  # fmt: skip
def test_bad_files_are_refused(tmp_path: Path, text: str) -> None:
    """What is no XML, and what declares entities."""
    (tmp_path / "bad.xml").write_text(text)
    with pytest.raises(MetadataError, match="cannot be read as XML"):
        read(tmp_path / "bad.xml")
