"""Numbers that identify: credit codes with both check digits, telephone numbers."""

from __future__ import annotations

from random import Random

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_AREAS = {
    "11": "010", "12": "022", "31": "021", "50": "023", "3201": "025", "3202": "0510", "3203": "0516", "3204": "0519",
    "3205": "0512", "3301": "0571", "3302": "0574", "3303": "0577", "3304": "0573", "3306": "0575", "3310": "0576",
    "3401": "0551", "3501": "0591", "3502": "0592", "3701": "0531", "3702": "0532", "4101": "0371", "4201": "027",
    "4301": "0731", "4401": "020", "4403": "0755", "4404": "0756", "4406": "0757", "4413": "0752", "4419": "0769",
    "4420": "0760", "4501": "0771", "4601": "0898", "5101": "028", "5301": "0871", "6101": "029", "6201": "0931",
    "6501": "0991", "1301": "0311", "1401": "0351", "2101": "024", "2102": "0411",
}  # fmt: skip
_SEVEN_DIGITS = ("0756", "0592", "0771", "0752", "0351", "0931", "0991")


def credit_code(random: Random, region: str) -> str:
    """A 统一社会信用代码 of a company registered in `region`: GB 32100-2015 around GB 11714-1997."""
    body = "MA" + "".join(random.choice(_CREDIT) for _ in range(6))
    total = sum(_ORGANISATION.index(c) * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    check = "0123456789X0"[11 - total % 11]
    head = f"91{region}{body}{check}"
    rest = (31 - sum(_CREDIT.index(c) * pow(3, i, 31) for i, c in enumerate(head)) % 31) % 31
    return head + _CREDIT[rest]


def landline(random: Random, region: str) -> str | None:
    """A telephone number with the area code of `region`; None where the area is not in the table."""
    area = _AREAS.get(region[:4]) or _AREAS.get(region[:2])
    head = "880" if area in _SEVEN_DIGITS else "8800"
    return f"{area}-{head}{random.randrange(1000, 9999)}" if area else None


def english_phone(random: Random, pattern: str) -> str:
    """`pattern` with a digit for each `#`."""
    return "".join(str(random.randrange(10)) if c == "#" else c for c in pattern)


class Mobiles:
    """Mobile numbers, none twice."""

    def __init__(self) -> None:
        self._next = 1000

    def next(self) -> str:
        """A number that was not given before."""
        self._next += 7
        return f"1{('39', '38', '86', '77', '50')[self._next % 5]}0000{self._next:04d}"
