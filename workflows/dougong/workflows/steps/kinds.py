"""Every kind of step that the room has; a plugin adds its own by the hook `step_types`."""

from __future__ import annotations

from dougong.base.step_types import StepType
from dougong.workflows.steps.assign import Assign
from dougong.workflows.steps.branch import Branch
from dougong.workflows.steps.call import CallWebHook
from dougong.workflows.steps.create import CreateRecord
from dougong.workflows.steps.find import FindRecord
from dougong.workflows.steps.log_activity import LogActivity
from dougong.workflows.steps.loop import Loop
from dougong.workflows.steps.notify import Notify
from dougong.workflows.steps.run import RunAutomation
from dougong.workflows.steps.set_fields import SetFields
from dougong.workflows.steps.submit import SubmitForApproval
from dougong.workflows.steps.update import UpdateRelated
from dougong.workflows.steps.wait import Wait

KINDS: tuple[StepType, ...] = (
    SetFields(),
    CreateRecord(),
    UpdateRelated(),
    FindRecord(),
    Branch(),
    Loop(),
    Assign(),
    Notify(),
    LogActivity(),
    SubmitForApproval(),
    CallWebHook(),
    Wait(),
    RunAutomation(),
)
"""In the order in which the reference tells of them."""
