"""The platform's tables about signing in. What would open a door is kept as a hash, or sealed with the site's key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from dougong.engine.columns import Document, Flag, Id, Instant
from dougong.engine.tables import PLATFORM

credentials = Table(
    "dg_credential",
    PLATFORM,
    Column("user_id", Id(), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("must_change", Flag(), nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant()),
    Column("changed_at", Instant(), nullable=False),
    comment="Password hashes (Argon2id) of those who sign in with one. `failures`, `locked_until`: see dg_attempt.",
)

former_passwords = Table(
    "dg_former_password",
    PLATFORM,
    Column("user_id", Id(), primary_key=True),
    Column("until", Instant(), primary_key=True),
    Column("hash", Text, nullable=False),
    comment="Hashes of passwords that people had before, as many as the policy looks back.",
)

attempts = Table(
    "dg_attempt",
    PLATFORM,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant(), nullable=False),
    comment="Failed tries to prove who one is, by what was tried: an account, an address, a name that nobody has.",
)

challenges = Table(
    "dg_challenge",
    PLATFORM,
    Column("token", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", Id()),
    Column("details", Document(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Index("dg_challenge_user", "user_id"),
    comment="What was begun and is finished once, soon: second steps, passkeys, single sign-on, forgotten passwords. "
    "`token` is the SHA-256 of what the person holds.",
)

sessions = Table(
    "dg_session",
    PLATFORM,
    Column("token", Text, primary_key=True),
    Column("user_id", Id(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("seen_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("id", Id()),
    Column("method", Text, nullable=False, server_default="password"),
    Column("proved_at", Instant()),
    Column("viewing", Id()),
    Index("dg_session_user", "user_id"),
    comment="Who is signed in, how, and when they last proved who they are, as whom they look on (`viewing`). "
    "`token` is the SHA-256 of the cookie's.",
)

authenticators = Table(
    "dg_authenticator",
    PLATFORM,
    Column("user_id", Id(), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("confirmed_at", Instant(), nullable=False),
    comment="Authenticator apps (TOTP). `secret` is sealed with the site's key; a time step is good once.",
)

recovery_codes = Table(
    "dg_recovery_code",
    PLATFORM,
    Column("user_id", Id(), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("used_at", Instant()),
    comment="Codes for who has lost their authenticator, each good once. `code` is the SHA-256 of it.",
)

passkeys = Table(
    "dg_passkey",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("user_id", Id(), nullable=False),
    Column("credential", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("used_at", Instant()),
    UniqueConstraint("credential", name="dg_passkey_credential"),
    Index("dg_passkey_user", "user_id"),
    comment="Passkeys (WebAuthn): the public halves. `credential` is the id that the device gave, in base64url.",
)

identities = Table(
    "dg_identity",
    PLATFORM,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Id(), nullable=False),
    Column("linked_at", Instant(), nullable=False),
    Index("dg_identity_user", "user_id"),
    comment="Who somebody is at a provider of single sign-on (OpenID Connect).",
)

tokens = Table(
    "dg_token",
    PLATFORM,
    Column("token", Text, primary_key=True),
    Column("user_id", Id(), nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant()),
    Column("id", Id()),
    Column("scope", Document()),
    Column("used_at", Instant()),
    Index("dg_token_user", "user_id"),
    comment="Bearer tokens of the API, what each is for and may do. `token` is the SHA-256 of what the caller sends.",
)
