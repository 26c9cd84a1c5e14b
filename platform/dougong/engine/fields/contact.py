"""How to reach somebody: e-mail address, phone number, web address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, shortnumberinfo

from dougong.base.field_types import FIELD_TYPES, FieldLike, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.operators import clip
from dougong.engine.fields.text import TextLike, check_length, clean_text


def _compact(value: Any) -> str | None:
    text = clean_text(value)
    return unicodedata.normalize("NFKC", text).strip() if text else None


@FIELD_TYPES.register
class EmailType(TextLike):
    """An e-mail address (RFC 5321, international ones included); the domain in lower case."""

    name = "email"
    masked_as = "email"

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The address in its normal form. Whether its domain exists is not asked."""
        text = _compact(value)
        if text is None:
            return None
        try:
            found = validate_email(text.removeprefix("mailto:"), check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError:
            raise ValueRefused(
                "value-not-email",
                msg("“{value}” is not an e-mail address.", value=clip(text)),
                msg("Write it as name@example.com."),
            ) from None
        return found.normalized


_EXTENSION = re.compile(r"\s*(?:转|分机|内线|(?<=\d{7})-|ext\.?|x|#)\s*:?\s*(\d{1,7})\s*$", re.IGNORECASE)
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_LANDLINE = (PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_KINDS: Mapping[str, tuple[int, ...]] = {"mobile": _MOBILE, "landline": _LANDLINE}


@FIELD_TYPES.register
class PhoneType(TextLike):
    """A phone number, kept in E.164 with its extension: ``+8657188886666;ext=801``.

    Numbers without a country are of the field's `country`. `line` narrows it to mobile or landline numbers.
    """

    name = "phone"
    masked_as = "phone"
    keys: ClassVar[Mapping[str, Any]] = {
        "country": {"type": "string", "pattern": "^[A-Z]{2}$", "default": "CN"},
        "line": {"enum": ["any", *_KINDS], "default": "any"},
    }

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The number in E.164; "138 0013 8000", "0571-88886666转801" and "+1 650 253 0000" are read."""
        text = _compact(value)
        if text is None:
            return None
        number = _parse(text.removeprefix("tel:"), self._country(field))
        if number is None:
            raise ValueRefused(
                "value-not-phone",
                msg("“{value}” is not a phone number.", value=clip(text)),
                msg("Count its digits, and write the country code before a number from abroad: +1 650 253 0000."),
            )
        self._check_line(field, number, text)
        return _stored(number)

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> str | None:
        """The whole number where it is compared, its digits where it is searched."""
        text = _compact(value)
        if text is None:
            return None
        if op in ("is", "is_not", "in", "not_in"):
            number = _parse(text, self._country(field))
            return _stored(number) if number else text
        digits = re.sub(r"[\s()-]", "", text)
        # E.164 has no trunk prefix: the 0 before an area code is not in what is stored.
        return digits[1:] if op in ("contains", "not_contains") and re.match(r"0[1-9]", digits) else digits

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As it is dialled inside the field's country, with the country code from abroad."""
        if not value:
            return ""
        number = _parse(value, self._country(field))
        if number is None:
            return str(value)
        extension, number.extension = number.extension, None
        home = number.country_code == phonenumbers.country_code_for_region(self._country(field))
        form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
        text = phonenumbers.format_number(number, form)
        if not extension:
            return text
        return msg("{number} ext. {extension}", number=text, extension=extension).to(reading.language)

    def dial(self, value: str) -> str:
        """The number as a ``tel:`` link takes it (RFC 3966)."""
        return f"tel:{value}"

    def _country(self, field: FieldLike) -> str:
        return str(field.options.get("country") or "CN")

    def _check_line(self, field: FieldLike, number: PhoneNumber, typed: str) -> None:
        line = field.options.get("line", "any")
        if line == "any" or phonenumbers.number_type(number) in _KINDS[line]:
            return
        if line == "mobile":
            raise ValueRefused(
                "phone-not-mobile",
                msg("“{value}” is not a mobile number.", value=clip(typed)),
                msg("Write a mobile number; landlines have a field of their own."),
            )
        raise ValueRefused(
            "phone-not-landline",
            msg("“{value}” is not a landline number.", value=clip(typed)),
            msg("Write a landline number with its area code."),
        )


def _parse(text: str, country: str) -> PhoneNumber | None:
    """The number, None where there can be none such. Service numbers (95588) pass in their own country.

    Abroad the number of digits is enough: plans change faster than the table that ships.
    """
    found = _EXTENSION.search(text) if ";ext=" not in text else None
    digits = text[: found.start()] if found else text
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if found:
        number.extension = found[1]
    foreign = number.country_code != phonenumbers.country_code_for_region(country)
    if phonenumbers.is_valid_number(number) or (foreign and phonenumbers.is_possible_number(number)):
        return number
    service = len(str(number.national_number)) <= 6 and phonenumbers.is_possible_number(number)
    return number if service or shortnumberinfo.is_valid_short_number(number) else None


def _stored(number: PhoneNumber) -> str:
    text = phonenumbers.format_number(
        PhoneNumber(
            country_code=number.country_code,
            national_number=number.national_number,
            italian_leading_zero=number.italian_leading_zero,
            number_of_leading_zeros=number.number_of_leading_zeros,
        ),
        PhoneNumberFormat.E164,
    )
    return f"{text};ext={number.extension}" if number.extension else text


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PORT = re.compile(r"[^/?#@]+:\d{1,5}(?:[/?#]|$)")


@FIELD_TYPES.register
class UrlType(TextLike):
    """A web address with http or https."""

    name = "url"

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The address, with ``https://`` put before a bare one; the host in lower case."""
        text = clean_text(value)
        if text is None:
            return None
        text = text.strip()
        check_length(text, 2000)
        full = text if _SCHEME.match(text) and not _PORT.match(text) else f"https://{text}"
        try:
            parts = urlsplit(full)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        host = parts.hostname or ""
        if parts.scheme.lower() not in ("http", "https") or not _is_host(host) or re.search(r"\s", full):
            raise ValueRefused(
                "value-not-url",
                msg("“{value}” is not a web address.", value=clip(text)),
                msg("Write it as https://www.example.com."),
            )
        user, at, _ = parts.netloc.rpartition("@")
        shown = f"[{host}]" if ":" in host else host
        netloc = f"{user}{at}{shown}" + (f":{port}" if port is not None else "")
        return parts._replace(scheme=parts.scheme.lower(), netloc=netloc).geturl()

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Without the scheme and a lone slash at the end."""
        return re.sub(r"^https?://(www\.)?|(?<=[^/])/$", "", value) if value else ""


def _is_host(host: str) -> bool:
    """Whether `host` can be one: a dotted name, an address, or localhost."""
    if ":" in host or host == "localhost":
        return True
    labels = host.rstrip(".").split(".")
    return len(labels) > 1 and all(
        label and len(label) <= 63 and not label.startswith("-") and re.fullmatch(r"[\w-]+", label) for label in labels
    )
