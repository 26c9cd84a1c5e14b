"""`dougong metadata from-salesforce`, as a consultant types it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from dougong.cli.program import program

PROCESS = """<ApprovalProcess><active>true</active><allowRecall>false</allowRecall><label>Leave</label>
<approvalStep><assignedApprover><approver><name>eve@example.com</name><type>user</type></approver></assignedApprover>
<label>Eve</label><name>Eve</name></approvalStep></ApprovalProcess>"""


def convert(source: Path, target: Path) -> Result:
    return CliRunner().invoke(program, ["metadata", "from-salesforce", str(source), str(target)], env={"LC_ALL": "C"})


def test_writes_documents_and_says_what_is_to_be_decided(tmp_path: Path) -> None:
    """One file each, with the decisions below its name; nothing is written over."""
    (tmp_path / "Leave__c.Ask.approvalProcess").write_text(PROCESS)
    done = convert(tmp_path, tmp_path / "out")
    assert done.exit_code == 0 and "1 approval written." in done.output
    assert "    - eve@example.com is asked by name" in done.output
    body = json.loads((tmp_path / "out" / "approval" / "leave" / "ask.json").read_text("utf-8"))
    assert body["nodes"]["eve"]["approvers"] == [{"key": "approver_1", "user": "eve@example.com"}]
    again = convert(tmp_path, tmp_path / "out")
    assert again.exit_code == 1 and "would be written over" in again.output
