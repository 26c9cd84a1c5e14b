"""What the workflows room interprets, of an index."""

from __future__ import annotations

from types import MappingProxyType

from dougong.metadata.building.approvals import build_approvals
from dougong.metadata.building.assignments import build_assignments
from dougong.metadata.building.automations import build_automations
from dougong.metadata.building.channels import build_channels
from dougong.metadata.building.endpoints import build_endpoints
from dougong.metadata.building.message_templates import build_message_templates
from dougong.metadata.building.pools import build_pools
from dougong.metadata.building.scenarios import build_scenarios
from dougong.metadata.building.service_levels import build_service_levels, rungs_of
from dougong.metadata.index import Index
from dougong.metadata.workflows import Workflows


def build_workflows(index: Index) -> Workflows:
    """Approvals, automations, and what they name."""
    levels = build_service_levels(index)
    return Workflows(
        approvals=build_approvals(index),
        automations=MappingProxyType({**build_automations(index), **dict(rungs_of(levels))}),
        assignments=build_assignments(index),
        channels=build_channels(index),
        endpoints=build_endpoints(index),
        templates=build_message_templates(index),
        pools=build_pools(index),
        service_levels=levels,
        tests=build_scenarios(index),
    )
