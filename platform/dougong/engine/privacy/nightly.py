"""Retention rules carried out by themselves, once in each company's day, when it begins."""

from __future__ import annotations

from functools import partial

import structlog

from dougong.base.language import msg
from dougong.engine import file_contents
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import job
from dougong.engine.outbox import Task
from dougong.engine.privacy.retaining import carry_out, rules_of

JOB = "privacy.retain"

_log = structlog.get_logger()


@job(JOB, daily=True, label=msg("Retention rules"))
def _retain(company: Company, task: Task) -> None:
    """Do what every rule says, as the system: batch by batch, so what a stopped run left is still due."""
    for obj, rule in rules_of(company.runtime().model):
        done = carry_out(company, SYSTEM, obj, rule, partial(file_contents.forget_all, company.data_dir))
        if done.records or done.refused:
            counts = {"records": done.records, "refused": len(done.refused)}
            _log.info("retention rule carried out", company=company.name, rule=f"{obj.name}.{rule.key}", **counts)
