"""The part of a compiled model that the workflows room interprets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong.metadata.approval import Approval
from dougong.metadata.assignment import Assignment
from dougong.metadata.automation import Automation
from dougong.metadata.message_template import MessageTemplate
from dougong.metadata.messaging import Channel, Endpoint
from dougong.metadata.pool import Pool
from dougong.metadata.scenario import Scenario
from dougong.metadata.service_level import ServiceLevel


def _none() -> Any:
    return field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """Approvals, automations, pools and what these name, each by its whole name (``quote.special_price``); tests."""

    approvals: Mapping[str, Approval] = _none()
    automations: Mapping[str, Automation] = _none()
    assignments: Mapping[str, Assignment] = _none()
    channels: Mapping[str, Channel] = _none()
    endpoints: Mapping[str, Endpoint] = _none()
    templates: Mapping[str, MessageTemplate] = _none()
    pools: Mapping[str, Pool] = _none()
    """Those of one object stand in the order in which they are asked whether a record belongs to them."""
    service_levels: Mapping[str, ServiceLevel] = _none()
    """Their rungs are among the automations."""
    tests: Mapping[str, Scenario] = _none()
    """Tests of the configuration, for `dougong package test`."""
