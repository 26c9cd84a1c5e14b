"""What the company has whose processes are killed: tasks that are followed and told, and cases that people approve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WAYS = ("pass", "escalate", "remind", "plain")
"""What the clock does to a case before it comes to a desk; nothing to the last."""

CASE = "kill__case"


def write_package(folder: Path, hook: str) -> Path:
    """The package; notices of tasks are told at the address `hook` beside mail."""
    for name, body in (_documents(hook) | _cases()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body, ensure_ascii=False, indent=2), "utf-8")
    return folder


def _text(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh-CN": chinese}


def _documents(hook: str) -> dict[str, Any]:
    """Each task that is made is followed by an activity, and its owner is told by mail and by web hook."""
    return {
        "package.json": {
            "kind": "package", "name": "kill-test", "label": _text("Kill test", "测试"), "version": "1.0.0",
            "namespace": "kill", "requires": {"base": ">=0.1"},
        },
        "channel/hook.json": {
            "kind": "channel", "name": "kill__hook", "label": _text("Hook", "钩子"), "type": "webhook",
            "with": {"url": hook, "signing_secret": "hook"},
        },
        "automation/task/told.json": {
            "kind": "automation", "name": "task.kill__told", "object": "task",
            "label": _text("Told", "告知"), "trigger": {"type": "record", "on": ["create"]},
            "steps": [
                {"key": "follow", "do": "create", "with": {"object": "activity", "values": {
                    "subject": "subject", "kind": '"call"', "status": '"done"', "owner": "owner"}}},
                {"key": "tell", "do": "notify", "with": {"to": ["field:owner"], "title": {"en": "subject"},
                                                           "channels": ["mail", "kill__hook"]}},
            ],
        },
    }  # fmt: skip


def _cases() -> dict[str, Any]:
    """A case goes the way that it says, on which a timer fires, and then to a desk; approved, it makes an activity."""
    user = {"type": "lookup", "target": "user"}
    fields = {
        "name": {"type": "text", "label": _text("Name", "名称"), "length": 80, "required": True},
        "way": {"type": "text", "label": _text("Way", "路径"), "length": 20, "required": True},
        "desk": {**user, "label": _text("Desk", "经办人")},
        "above": {**user, "label": _text("Above", "上级")},
    }
    return {
        "object/case.json": {
            "kind": "object", "name": CASE, "label": _text("Case", "事项"), "plural": {"en": "Cases"}, "icon": "box",
            "title": {"field": "name"}, "owner": "user", "access": {"default": "private"}, "fields": fields,
        },
        "approval/kill__case/through.json": {
            "kind": "approval", "name": f"{CASE}.through", "object": CASE, "label": _text("Through", "流转审批"),
            "start": {"by": ["anyone"]}, "people": {"nobody": ["refuse"], "same_person": "repeat"},
            "first": "way", "nodes": _nodes(),
            "outcomes": {"approved": [{"key": "noted", "do": "create", "with": {"object": "activity", "values": {
                "subject": "name", "kind": '"call"', "status": '"done"', "owner": "owner"}}}]},
        },
    }  # fmt: skip


def _nodes() -> Mapping[str, Any]:
    late = {
        "pass": {"after": "1min", "then": "pass"},
        "escalate": {"after": "1min", "then": "escalate", "to": [{"key": "above", "field": "above"}]},
        "remind": {"after": "1min", "then": "remind", "remind_every": "1min"},
    }
    branches = [{"key": way, "when": f'way = "{way}"', "next": way} for way in late]
    return {
        "way": {"type": "condition", "branches": branches, "otherwise": "desk"},
        **{way: _asking(way.title(), timeout=limit, next="desk") for way, limit in late.items()},
        "desk": _asking("Desk", next="end"),
        "end": {"type": "end"},
    }


def _asking(label: str, **more: Any) -> dict[str, Any]:
    approvers = [{"key": "desk", "field": "desk"}]
    return {"type": "approve", "label": _text(label, "审批"), "approvers": approvers, "mode": "any", **more}
