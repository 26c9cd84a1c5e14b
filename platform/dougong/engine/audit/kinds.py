"""The kinds of events, and how each is called where people read the log. Rooms and plugins add theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dougong.base.language import Message, msg
from dougong.base.registry import Registry

GROUPS: Mapping[str, Message] = {
    "sign_in": msg("Signing in"),
    "access": msg("Rights"),
    "metadata": msg("Metadata"),
    "data": msg("Data in bulk"),
    "privacy": msg("Private data"),
    "refused": msg("Refused"),
    "company": msg("Company"),
}
"""What kinds are about: the first choice of whoever searches."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its code, its group, and its name for readers."""

    name: str
    group: str
    label: Message


KINDS: Registry[Kind] = Registry("kind of audit event")

for _kind in (
    Kind("signed_in", "sign_in", msg("Signed in")),
    Kind("sign_in_failed", "sign_in", msg("Sign-in failed")),
    Kind("account_locked", "sign_in", msg("Account locked after wrong passwords")),
    Kind("signed_out", "sign_in", msg("Signed out")),
    Kind("session_ended", "sign_in", msg("Session ended by somebody")),
    Kind("password_changed", "sign_in", msg("Password changed")),
    Kind("password_asked_for", "sign_in", msg("New password asked for by mail")),
    Kind("password_reset", "sign_in", msg("Password reset")),
    Kind("recovery_code_used", "sign_in", msg("Recovery code used")),
    Kind("factor_added", "sign_in", msg("Second factor added")),
    Kind("factor_removed", "sign_in", msg("Second factor removed")),
    Kind("token_created", "sign_in", msg("API token created")),
    Kind("token_revoked", "sign_in", msg("API token taken back")),
    Kind("rights_changed", "access", msg("Rights of a user changed")),
    Kind("rights_published", "access", msg("Metadata of rights published")),
    Kind("shared", "access", msg("Record shared")),
    Kind("share_ended", "access", msg("Share ended")),
    Kind("approval_rescued", "access", msg("Approval rescued")),
    Kind("approval_by_link", "access", msg("Approval decided by e-mail link")),
    Kind("approval_moved", "access", msg("Approval moved to a new version")),
    Kind("delegation_made", "access", msg("Delegation made")),
    Kind("delegation_ended", "access", msg("Delegation ended")),
    Kind("view_as_began", "access", msg("Began to look on as another user")),
    Kind("view_as_ended", "access", msg("Ended looking on as another user")),
    Kind("published", "metadata", msg("Metadata published")),
    Kind("installed", "metadata", msg("Package installed")),
    Kind("rolled_back", "metadata", msg("Metadata rolled back")),
    Kind("purged", "metadata", msg("Data kept aside purged")),
    Kind("exported", "data", msg("Exported")),
    Kind("imported", "data", msg("Imported")),
    Kind("changed_in_bulk", "data", msg("Changed in bulk")),
    Kind("handed_over", "data", msg("Work handed over")),
    Kind("taken_back", "data", msg("Changes taken back")),
    Kind("revealed", "privacy", msg("Masked value looked at")),
    Kind("person_erased", "privacy", msg("Personal data erased")),
    Kind("retained", "privacy", msg("Retention rule carried out")),
    Kind("refused", "refused", msg("Attempt refused")),
    Kind("company_created", "company", msg("Company created")),
    Kind("company_activated", "company", msg("Company activated")),
    Kind("job_retried", "company", msg("Failed work asked for again")),
    Kind("job_dropped", "company", msg("Failed work dropped")),
    Kind("deliveries_retried", "company", msg("Failed messages sent again")),
    Kind("company_deactivated", "company", msg("Company deactivated")),
):
    KINDS.add(_kind)
