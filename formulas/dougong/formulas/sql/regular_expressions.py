"""Regular expressions that mean the same to RE2 and to PostgreSQL: what is portable is spelt out for the latter.

Every sign becomes a code point and every class a list of ranges, so that neither locale nor version decides. Both
match in linear time: nothing captures, and nothing refers back.
"""

from __future__ import annotations

import re

from dougong.base.language import msg
from dougong.formulas.lettercase import has_case
from dougong.formulas.patterns import matches
from dougong.formulas.sql.values import Unsupported

Ranges = list[tuple[int, int]]
"""Code points, first and last of each run."""

MAX_SIZE = 1_000
"""Signs of a pattern with its repetitions written out."""

_EMPTY_WEIGHT = 5
"""How many signs one of what may be empty counts as where it is repeated: it costs PostgreSQL so much more."""
_MOST_REPEATS = 255
"""In one step; PostgreSQL's limit."""
_LAST = 0x10FFFF
_DIGIT: Ranges = [(0x30, 0x39)]
_LETTER: Ranges = [(0x41, 0x5A), (0x61, 0x7A)]
_WORD: Ranges = [*_DIGIT, *_LETTER, (0x5F, 0x5F)]
_CLASSES: dict[str, Ranges] = {"d": _DIGIT, "w": _WORD, "s": [(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)]}
_POSIX: dict[str, Ranges] = {
    "alnum": [*_DIGIT, *_LETTER],
    "alpha": _LETTER,
    "ascii": [(0x01, 0x7F)],
    "blank": [(0x09, 0x09), (0x20, 0x20)],
    "cntrl": [(0x01, 0x1F), (0x7F, 0x7F)],
    "digit": _DIGIT,
    "graph": [(0x21, 0x7E)],
    "lower": [(0x61, 0x7A)],
    "print": [(0x20, 0x7E)],
    "punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "space": [(0x09, 0x0D), (0x20, 0x20)],
    "upper": [(0x41, 0x5A)],
    "word": _WORD,
    "xdigit": [*_DIGIT, (0x41, 0x46), (0x61, 0x66)],
}
_CONTROL = {"a": 0x07, "t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_EDGES = {"A": "(?:^)", "z": "(?:$)", "b": r"(?:\y)", "B": r"(?:\Y)"}
"""The edges of words are those of ASCII where the text has the collation C."""
_FOLDED = {"k": 0x212A, "s": 0x017F}
"""What RE2 takes for the same letter beside the capital."""

_FLAGS = re.compile(r"\(\?([is]+)\)")
_GROUP = re.compile(r"\((?:\?(?::|P?<\w+>))?")
_REPEAT = re.compile(r"([*+?]|\{([0-9]+)(?:(,)([0-9]*))?\})\??")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_CODE = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")


def portable(pattern: str) -> str:
    """A valid RE2 pattern for the whole of a text as PostgreSQL takes it.

    Raises:
        Unsupported: something in it has no counterpart there.
    """
    reader = _Reader(pattern)
    body, size = reader.alternatives()
    if reader.at < len(pattern):
        raise _refused(pattern[reader.at :])
    if size > MAX_SIZE:
        raise Unsupported(msg("Its pattern is longer than {limit} signs, repetitions written out.", limit=MAX_SIZE))
    return f"^(?:{body})$"


def _refused(part: str) -> Unsupported:
    return Unsupported(msg("The databases have no common meaning of {part} in a pattern.", part=part[:12]))


class _Reader:
    """Reads a pattern from left to right; each method gives a spelling and the signs in it."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at, self.edges = pattern, 0, 0
        flags = self._take(_FLAGS)
        self.flags = flags[1] if flags else ""

    def _take(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self.pattern, self.at)
        if found:
            self.at = found.end()
        return found

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def alternatives(self) -> tuple[str, int]:
        """One or more sequences with bars between."""
        parts = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            parts.append(self._sequence())
        return "|".join(text for text, _ in parts), sum(size for _, size in parts)

    def _sequence(self) -> tuple[str, int]:
        text, size = "", 0
        while self._next() not in ("", "|", ")"):
            start, edges = self.at, self.edges
            atom, length = self._atom()
            part = self.pattern[start : self.at]
            repeat = self._take(_REPEAT)
            if repeat:
                if self.edges > edges and repeat[1] != "?":
                    # PostgreSQL takes too long to see that repeating what has no length changes nothing.
                    raise _refused(part)
                atom, times = _repeated(atom, repeat)
                length *= times * (_EMPTY_WEIGHT if times > 1 and matches("", part) else 1)
            text, size = text + atom, size + length
        return text or "(?:)", size

    def _atom(self) -> tuple[str, int]:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set(), 1
        if sign == "\\":
            return self._escape(), 1
        self.at += 1
        if sign in "^$":
            self.edges += 1
            return f"(?:{sign})", 1
        return self._any() if sign == "." else _bracket(self._any_case([(ord(sign), ord(sign))])), 1

    def _any(self) -> str:
        return _bracket([(1, _LAST)] if "s" in self.flags else _but([(0x0A, 0x0A)]))

    def _group(self) -> tuple[str, int]:
        if self.pattern.startswith("(?", self.at) and not re.match(r"\(\?(:|P?<\w)", self.pattern[self.at :]):
            raise _refused(self.pattern[self.at :])
        self._take(_GROUP)
        body, size = self.alternatives()
        self.at += 1
        return f"(?:{body})", size

    def _escape(self) -> str:
        edge = _EDGES.get(self.pattern[self.at + 1])
        if edge:
            self.at, self.edges = self.at + 2, self.edges + 1
            return edge
        return _bracket(self._escaped())

    def _escaped(self) -> Ranges:
        """What a backslash and what follows it mean, within brackets and without."""
        code = self._take(_CODE)
        if code:
            point = int(code[1] or code[2], 16)
            return self._any_case([(point, point)])
        sign = self.pattern[self.at + 1]
        if sign.lower() in _CLASSES:
            self.at += 2
            found = self._any_case(_CLASSES[sign.lower()])
            return found if sign.islower() else _but(found)
        if sign.isalnum() and sign not in _CONTROL:
            raise _refused(self.pattern[self.at :])
        self.at += 2
        point = _CONTROL.get(sign, ord(sign))
        return self._any_case([(point, point)])

    def _set(self) -> str:
        self.at += 1
        is_negated = self._next() == "^"
        self.at += is_negated
        found: Ranges = []
        start = self.at
        while self._next() != "]" or self.at == start:
            found += self._member()
        self.at += 1
        return _bracket(_but(found) if is_negated else found)

    def _member(self) -> Ranges:
        named = self._take(_POSIX_CLASS)
        if named:
            found = self._any_case(_POSIX[named[2]])
            return _but(found) if named[1] else found
        is_class = self.pattern[self.at : self.at + 2].lower() in ("\\d", "\\w", "\\s")
        first = self._sign()
        if is_class or self._next() != "-" or self.pattern[self.at + 1 : self.at + 2] == "]":
            return first
        self.at += 1
        return self._any_case([(first[0][0], self._sign()[0][1])])

    def _sign(self) -> Ranges:
        """A sign within brackets; first what is written, then its other cases."""
        if self._next() == "\\":
            return self._escaped()
        self.at += 1
        point = ord(self.pattern[self.at - 1])
        return self._any_case([(point, point)])

    def _any_case(self, ranges: Ranges) -> Ranges:
        """With the other case of each letter, where the pattern asks for that."""
        if "i" not in self.flags:
            return ranges
        more: Ranges = []
        for first, last in ranges:
            if last > 0x7F and any(has_case(chr(each)) for each in range(max(first, 0x80), min(last, 0x1FFFF) + 1)):
                raise _refused("(?i)")
            for sign in map(chr, range(first, min(last, 0x7F) + 1)):
                points = [ord(sign.swapcase())] + ([_FOLDED[sign.lower()]] if sign.lower() in _FOLDED else [])
                more += [(each, each) for each in points]
        return ranges + more


def _repeated(atom: str, repeat: re.Match[str]) -> tuple[str, int]:
    """`atom` as often as asked, and how many copies that makes."""
    sign, least, comma, most = repeat.groups()
    if least is None:
        return f"{atom}{sign}", 1
    required = int(least)
    text = _times(atom, required, "{{{0}}}")
    if not comma:
        return text or "(?:)", required
    if not most:
        return f"{text}{atom}*", required + 1
    return text + _times(atom, int(most) - required, "{{0,{0}}}") or "(?:)", int(most)


def _times(atom: str, count: int, form: str) -> str:
    steps = [_MOST_REPEATS] * (count // _MOST_REPEATS) + [count % _MOST_REPEATS]
    return "".join(f"(?:{atom}{form.format(each)})" for each in steps if each)


def _but(ranges: Ranges) -> Ranges:
    """Every other code point."""
    found: Ranges = []
    start = 1
    for first, last in sorted(ranges):
        if first > start:
            found.append((start, first - 1))
        start = max(start, last + 1)
    return [*found, (start, _LAST)] if start <= _LAST else found


def _bracket(ranges: Ranges) -> str:
    spelt = [(max(first, 1), last) for first, last in ranges if last > 0]
    if not spelt:
        raise _refused("[]")
    return "[" + "".join(_code(first) + (f"-{_code(last)}" if last > first else "") for first, last in spelt) + "]"


def _code(point: int) -> str:
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"
