"""The machine of approvals: what an act leads to, as a pure function of definition, state, act and world.

| file | what it knows |
| --- | --- |
| `parts` | what the entries of a visit come to: voices, whose turn it is, passed or rejected |
| `asking` | who is asked at a node: the initiator, the absent, the same person, nobody |
| `course` | the working copy of a state while an act is carried out |
| `advancing`, `reopening` | from node to node, splits and joins; a node opened again |
| `turns`, `refusals` | whether somebody may act, and what is said where not |
| `deciding`, `sending_back`, … | the acts |
| `moving`, `nesting` | another version of the definition; where a node stands in its chart |
| `foreseeing`, `possible` | what is still to come, what somebody may do now |
"""

from dougong.workflows.approvals.machine.advance import advance
from dougong.workflows.approvals.machine.choosing import Pick
from dougong.workflows.approvals.machine.clock import REMINDED_EVERY
from dougong.workflows.approvals.machine.course import MOST_VISITS
from dougong.workflows.approvals.machine.foreseeing import Ahead
from dougong.workflows.approvals.machine.foreseeing import foresee as ahead
from dougong.workflows.approvals.machine.moving import Moved, move
from dougong.workflows.approvals.machine.possible import Possible, possible
from dougong.workflows.approvals.machine.turns import HAND_OVERS

__all__ = [
    "HAND_OVERS",
    "MOST_VISITS",
    "REMINDED_EVERY",
    "Ahead",
    "Moved",
    "Pick",
    "Possible",
    "advance",
    "ahead",
    "move",
    "possible",
]
