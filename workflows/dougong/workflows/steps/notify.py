"""`notify`: people are told, in their language and where they want to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.language import Labels, msg
from dougong.base.step_types import StepFormula, StepType
from dougong.metadata.model import Object
from dougong.workflows.notices import templates
from dougong.workflows.notices.preferences import MAIL
from dougong.workflows.notices.telling import Notice, tell
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA
from dougong.workflows.steps.people import PEOPLE, people_of, references_to, user_paths

TEXT: Mapping[str, Any] = {
    "type": "object", "minProperties": 1, "additionalProperties": FORMULA,
    "description": "By language (en, zh-CN), a formula that gives the text.",
    "x-zh-CN": "各语言（en、zh-CN）文本的公式。",
}  # fmt: skip


class Notify(StepType):
    """People are told of the record."""

    name = "notify"
    label = msg("Notify people")
    keys: ClassVar[Mapping[str, Any]] = {
        "to": PEOPLE,
        "template": {
            "type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
            "description": "A message template of the object, in place of title and body.",
            "x-zh-CN": "对象的消息模板，用以代替 title 和 body。",
        },
        "title": {**TEXT, "description": "What it is about, by language, as formulas.", "x-zh-CN": "标题（公式）。"},
        "body": {**TEXT, "description": "What is said further.", "x-zh-CN": "正文（各语言的公式）。"},
        "channels": {
            "type": "array", "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "uniqueItems": True,
            "description": "Ways that are used beside those that each person chose: mail, wecom, …",
            "x-zh-CN": "除个人偏好外另行使用的渠道：mail、wecom 等。",
        },
        "urgent": {
            "type": "boolean", "default": False,
            "description": "Told at once, whatever quiet hours say.", "x-zh-CN": "立即通知，不受免打扰时段限制。",
        },
    }  # fmt: skip
    required_keys = ("to",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """The texts, and who is told where a field of the record says so."""
        for key in ("title", "body"):
            for language, text in given.get(key, {}).items():
                yield StepFormula(f"/{key}/{language}", str(text), "text")
        yield from user_paths(given)

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """Roles and queues that are told, the template, and the channels; mail and the inbox are no documents."""
        yield from references_to(given)
        if "template" in given:
            yield "/template", f"message_template:{given['template']}"
        for number, channel in enumerate(given.get("channels", ())):
            if channel not in ("inbox", MAIL):
                yield f"/channels/{number}", f"channel:{channel}"

    def run(self, doing: Doing) -> dict[str, Any]:
        """Tell of each record once."""
        evaluating = Evaluating(doing)
        evaluating.load(doing.step.formulas.values())
        named = people_of(doing, evaluating)
        obj = doing.unit.runtime.model.objects[doing.object]
        told = 0
        for id in doing.ids:
            people = named(id)
            notice = _notice(doing, evaluating, obj, id)
            if "template" in doing.step.given:
                templates.tell(doing.unit, people, doing.step.given["template"], notice)
            else:
                tell(doing.unit, people, notice)
            told += len(people)
        return {"told": told}


def _notice(doing: Doing, evaluating: Evaluating, obj: Object, id: str) -> Notice:
    given = doing.step.given
    return Notice(
        kind="automation",
        title=_text(doing, evaluating, "title", id),
        body=_text(doing, evaluating, "body", id),
        url=f"/o/{obj.name}/{id}",
        object=obj.name,
        record=id,
        key=f"{doing.key}:{id}",
        channels=tuple(each for each in given.get("channels", ()) if each != "inbox"),
        urgent=bool(given.get("urgent", False)),
        origin=doing.key,
    )


def _text(doing: Doing, evaluating: Evaluating, key: str, id: str) -> Labels:
    """The text by language; a formula without a value is left blank."""
    return {
        language: str(evaluating.text(doing.step.formulas[f"/{key}/{language}"], id) or "")
        for language in doing.step.given.get(key, {})
    }
