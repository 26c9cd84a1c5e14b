"""What rights are called where people read them; the order is that of tables."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.base.language import Message, msg

OBJECT_RIGHT_NAMES: Mapping[str, Message] = {
    "create": msg("Create"),
    "read": msg("See"),
    "edit": msg("Change"),
    "delete": msg("Delete"),
    "transfer": msg("Hand over"),
    "view_all": msg("See all"),
    "modify_all": msg("Change all"),
    "import": msg("Import"),
    "export": msg("Export"),
    "mass_edit": msg("Change many"),
    "print": msg("Print"),
    "copy": msg("Clone"),
}
"""Rights on the records of an object."""

SYSTEM_RIGHT_NAMES: Mapping[str, Message] = {
    "manage_users": msg("Manage users"),
    "design": msg("Change metadata"),
    "publish": msg("Publish metadata"),
    "view_audit": msg("Read the audit log"),
    "manage_jobs": msg("Decide about work that failed"),
    "explain_access": msg("Ask why somebody sees something"),
    "view_as": msg("See the pages as others do"),
    "reveal": msg("See masked values whole"),
    "erase_people": msg("Give out and erase what is kept of people"),
    "api": msg("Use the API"),
}
"""Rights that belong to no object."""

REACH_NAMES: Mapping[str, Message] = {
    "none": msg("Nothing"),
    "own": msg("Their own"),
    "own_and_subordinates": msg("Their own and those of their subordinates"),
    "own_and_roles_below": msg("Their own and those of roles below"),
    "department": msg("Those of their department"),
    "department_and_below": msg("Those of their department and departments below"),
    "segment": msg("Those of their segment"),
    "all": msg("All"),
}
"""How far a data scope reaches."""

BY_FORMULA = msg("By a formula")
"""A data scope that a formula says."""

TAB_NAMES: Mapping[str, Message] = {"on": msg("Shown"), "off": msg("Under More"), "hidden": msg("Hidden")}
"""How navigation shows an object."""

EVERY_OBJECT = msg("Every object")
"""What holds for all objects that say nothing themselves."""
