"""Passkeys (WebAuthn): made on a device, proved by its owner's finger, face or PIN. They sign in alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select, update

from dougong.base.errors import DougongError, Problem
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine.sign_in_tables import passkeys
from dougong.engine.unit import Unit
from dougong.web.identity.events import tell

LONGEST_LABEL = 80
MOST = 20
"""Passkeys of one user."""


class BadPasskey(DougongError):
    """A device's answer proves nothing: another site, another challenge, an unknown key."""

    status = 422

    def __init__(self) -> None:
        """Say no more than that: which of them it was helps nobody but who tries."""
        reason = msg("This passkey could not be checked.")
        super().__init__(Problem(code="passkey-refused", reason=reason, fix=msg("Try again, or sign in another way.")))


@dataclass(frozen=True, slots=True)
class Site:
    """This site as a device knows it: the address that people type."""

    origin: str
    name: str

    @property
    def id(self) -> str:
        """The relying party: the host alone."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: str
    label: str
    created_at: datetime
    used_at: datetime | None


def listed(unit: Unit, user_id: str) -> list[Passkey]:
    """A user's passkeys, the oldest first."""
    columns = (passkeys.c.id, passkeys.c.label, passkeys.c.created_at, passkeys.c.used_at)
    asked = select(*columns).where(passkeys.c.user_id == user_id).order_by(passkeys.c.created_at)
    return [Passkey(*row) for row in unit.connection.execute(asked)]


def credentials_of(unit: Unit, user_id: str) -> Sequence[str]:
    """The ids that a user's devices gave their passkeys."""
    return unit.connection.execute(select(passkeys.c.credential).where(passkeys.c.user_id == user_id)).scalars().all()


# -- what a device is asked --------------------------------------------------------------------------------------
def creation(site: Site, user_id: str, login: str, name: str, known: Sequence[str]) -> tuple[str, str]:
    """What a device shall make, as JSON for the page, and the challenge in it."""
    import webauthn  # 0.4 s of processor time: for those alone who use passkeys
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs

    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_id=user_id.encode(),
        user_name=login or name,
        user_display_name=name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def proof(site: Site) -> tuple[str, str]:
    """What a device shall prove, as JSON for the page, and the challenge in it. It offers the passkeys it has."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url, structs

    required = structs.UserVerificationRequirement.REQUIRED
    options = webauthn.generate_authentication_options(rp_id=site.id, user_verification=required)
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


# -- what a device answers ---------------------------------------------------------------------------------------
def keep(unit: Unit, site: Site, user_id: str, answer: str, challenge: str, label: str) -> None:
    """Keep a passkey that a device has made.

    Raises:
        BadPasskey: the answer is not one to this challenge on this site.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_origin=site.origin,
            expected_rp_id=site.id,
            require_user_verification=True,
        )
    except Exception as error:  # the library has one class for each thing that may be wrong with what was sent
        raise BadPasskey from error
    credential = bytes_to_base64url(made.credential_id)
    taken = unit.connection.execute(select(passkeys.c.id).where(passkeys.c.credential == credential)).first()
    if taken is not None or len(credentials_of(unit, user_id)) >= MOST:
        raise BadPasskey
    row: dict[str, Any] = {
        "id": record_id(),
        "user_id": user_id,
        "credential": credential,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "label": label.strip()[:LONGEST_LABEL],
        "created_at": unit.now,
    }
    unit.connection.execute(insert(passkeys), row)
    tell(unit, "factor_added", user_id, factor="passkey")


def owner(unit: Unit, site: Site, answer: str, challenge: str) -> str:
    """The user whose passkey proves `challenge` by `answer`; its counter is kept.

    Raises:
        BadPasskey: the answer proves nothing here, or the passkey is a copy: its counter went back.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json

    try:
        given = parse_authentication_credential_json(answer)
        stored = unit.connection.execute(
            select(passkeys).where(passkeys.c.credential == bytes_to_base64url(given.raw_id))
        ).one()
        proved = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=stored.public_key,
            credential_current_sign_count=stored.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise BadPasskey from error
    if given.response.user_handle not in (None, stored.user_id.encode()):
        raise BadPasskey
    used = update(passkeys).where(passkeys.c.id == stored.id)
    unit.connection.execute(used.values(sign_count=proved.new_sign_count, used_at=unit.now))
    return str(stored.user_id)


# -- what an owner does with them --------------------------------------------------------------------------------
def rename(unit: Unit, user_id: str, id: str, label: str) -> bool:
    """Call a passkey otherwise; False where the user has none of this id."""
    mine = (passkeys.c.user_id == user_id) & (passkeys.c.id == id)
    done = update(passkeys).where(mine).values(label=label.strip()[:LONGEST_LABEL])
    return unit.connection.execute(done).rowcount > 0


def remove(unit: Unit, user_id: str, id: str) -> bool:
    """Forget a passkey; False where the user has none of this id."""
    mine = (passkeys.c.user_id == user_id) & (passkeys.c.id == id)
    removed = unit.connection.execute(delete(passkeys).where(mine)).rowcount > 0
    if removed:
        tell(unit, "factor_removed", user_id, factor="passkey")
    return removed
