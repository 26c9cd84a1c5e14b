"""`call`: a web hook of the outside is called, once for each record, signed, by a job of its own.

Calls of one address about the same record, or whose `order_key` is the same, arrive in the order of the changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from dougong.base.failures import Failure
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType
from dougong.engine import causes, circuits
from dougong.engine.company import Company
from dougong.engine.jobs import Job, NotYet, enqueue
from dougong.engine.lanes import lane
from dougong.engine.outbox import Task
from dougong.formulas import Formula
from dougong.workflows.channels.calling import Calling
from dougong.workflows.channels.signing import signed
from dougong.workflows.notices import replaying, sending
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating, below
from dougong.workflows.steps.keys import FORMULA, FORMULAS
from dougong.workflows.steps.reads import of_formulas

JOB = "automation.call"


class CallWebHook(StepType):
    """A program outside is told of each record; it is tried again until it answers that it went well."""

    name = "call"
    label = msg("Call a web hook")
    leaves = True
    keys: ClassVar[Mapping[str, Any]] = {
        "url": {
            "type": "string", "pattern": "^https?://[^\\s]+$", "maxLength": 500,
            "description": "Address that is called, on the internet.", "x-zh-CN": "调用的互联网地址。",
        },
        "signing_secret": {
            "type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$",
            "description": "Name of the secret that calls are signed with (standardwebhooks.com).",
            "x-zh-CN": "调用签名所用密钥的名称（standardwebhooks.com 格式）。",
        },
        "body": {**FORMULAS, "description": "What is told, by name, as formulas.", "x-zh-CN": "发送的内容（公式）。"},
        "order_key": {
            **FORMULA,
            "description": "Calls with the same value arrive in order; the record where not said, blank: in no order.",
            "x-zh-CN": "值相同的调用按序到达；未写时按记录，值为空则不保证顺序。",
        },
    }  # fmt: skip
    required_keys = ("url", "signing_secret")

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """What is told."""
        for name, text in given.get("body", {}).items():
            yield StepFormula(f"/body/{name}", str(text))
        if "order_key" in given:
            yield StepFormula("/order_key", str(given["order_key"]))

    def in_order_at(self, given: Mapping[str, Any]) -> str:
        """The address."""
        return str(given["url"])

    def run(self, doing: Doing) -> dict[str, Any]:
        """Ask for one call for each record; they leave after the transaction, each under a key of its own."""
        evaluating, formulas = Evaluating(doing), below(doing.step.formulas, "/body")
        evaluating.load(doing.step.formulas.values())
        given = {key: doing.step.given[key] for key in ("url", "signing_secret")}
        model = doing.unit.runtime.model
        given["reads"] = sorted(set(of_formulas(model, formulas.values(), doing.object, doing.around_object)))
        for id in doing.ids:
            body = {
                "type": doing.name,
                "timestamp": doing.unit.now.isoformat(),
                "data": _data(evaluating, formulas, id),
            }
            within = self._lanes(evaluating, id)
            self._ask(doing, {**given, "body": body, "delivery": record_id()}, id, within)
        return {"calls": len(doing.ids), "url": sending.endpoint_of(given["url"])}

    def _lanes(self, evaluating: Evaluating, id: str) -> tuple[str, ...]:
        """The lane of the calls that this one must not overtake; none where its key is blank."""
        step = evaluating.doing.step
        place = self.in_order_at(step.given)
        if "order_key" not in step.given:
            return (lane("call", place, f"{evaluating.plan.name}:{id}"),)
        value = evaluating.text(step.formulas["/order_key"], id)
        return () if value in (None, "") else (lane("call", place, "=", str(value)),)

    def _ask(self, doing: Doing, payload: dict[str, Any], id: str, within: tuple[str, ...]) -> None:
        key = f"{JOB}:{doing.key}:{id}"
        asked = enqueue(doing.unit, JOB, payload, key=key, within=within)
        if asked is not None:
            call = sending.Call(
                id=payload["delivery"], task=asked, job_key=key, url=payload["url"], subject=doing.name,
                about=(doing.object, id), origin=doing.key,
            )  # fmt: skip
            sending.log_call(doing.unit, call)


def _data(evaluating: Evaluating, formulas: Mapping[str, Formula], id: str) -> dict[str, Any]:
    values = {name: evaluating.text(formula, id) for name, formula in formulas.items()}
    return {"object": evaluating.plan.name, "id": id, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers and days as texts, so that nothing is lost."""
    if value is None or isinstance(value, bool | str):
        return value
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _call(company: Company, task: Task) -> None:
    """The job: one call, its fate in the log. The other side sees the same id each time it is tried."""
    body = json.dumps(task.payload["body"], ensure_ascii=False).encode()
    url, wanted_at = str(task.payload["url"]), datetime.fromisoformat(task.payload["body"]["timestamp"])
    calling = Calling(company, task.payload)
    try:
        with circuits.through(company, urlsplit(url).netloc.rpartition("@")[2], wanted_at):
            headers = signed(calling.secret("signing_secret"), f"call_{task.id}", body, datetime.now(UTC))
            calling.post(url, body, headers)
    except Exception as error:
        failed = not isinstance(error, NotYet) and task.tried >= sending.ATTEMPTS
        _note(company, task, "failed" if failed else "waiting", calling, causes.failure(error))
        raise
    _note(company, task, "sent", calling)


def _note(company: Company, task: Task, state: str, calling: Calling, why: Failure | None = None) -> None:
    answer = calling.answers[-1] if calling.answers else None
    sending.note(company, [str(task.payload["delivery"])], state, task, why, answer)


CALL = Job(
    JOB, _call, attempts=sending.ATTEMPTS, decided=replaying.decided_one, hides=frozenset({"body", "url"}),
    label=msg("Call of a web hook"),
)  # fmt: skip
"""The job that calls."""
