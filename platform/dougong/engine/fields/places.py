"""A point on the earth, and what is near it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Double, and_, or_

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.number_text import read_number
from dougong.engine.fields.operators import NEAR, PRESENCE, clip, named, read_operand, wrong_kind

KM_PER_DEGREE = 111.195
"""Along a meridian of a sphere with the earth's mean radius, 6,371.0 km."""
FARTHEST_KM = 1000
HIGHEST = 85
"""The latitude up to which the series below holds."""
_PAIR = re.compile(r"([+-]?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Point:
    """A place by latitude and longitude in degrees (WGS 84), to six decimals: about 10 cm."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Circle:
    """What lies within `km` of a point, as the crow flies."""

    centre: Point
    km: float


def distance_km(here: Point, there: Point) -> float:
    """The distance along a great circle of a sphere (haversine)."""
    first, second = math.radians(here.latitude), math.radians(there.latitude)
    across = math.sin(math.radians(there.longitude - here.longitude) / 2)
    chord = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * across**2
    return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, chord)))


@FIELD_TYPES.register
class GeolocationType(FieldType):
    """Latitude and longitude."""

    name = "geolocation"
    plain = False
    sortable = False
    offered: ClassVar[tuple[Operator, ...]] = (NEAR, *PRESENCE)

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """Latitude, longitude."""
        return Part("_latitude", Double()), Part("_longitude", Double())

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """Both numbers."""
        return (value.latitude, value.longitude) if value else (None, None)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Point | None:
        """The point; None unless both numbers are there."""
        return None if stored[0] is None or stored[1] is None else Point(stored[0], stored[1])

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Point | None:
        """The point of "30.2741, 120.1551", of a pair, or of ``{"latitude": …, "longitude": …}``."""
        if value is None:
            return None
        if isinstance(value, Point):
            pair: tuple[Any, Any] = (value.latitude, value.longitude)
        elif isinstance(value, Mapping):
            pair = (value.get("latitude"), value.get("longitude"))
        elif isinstance(value, list | tuple) and len(value) == 2:
            pair = (value[0], value[1])
        elif isinstance(value, str):
            text = unicodedata.normalize("NFKC", value).strip()
            if not text:
                return None
            found = _PAIR.fullmatch(text)
            if not found:
                raise _not_point(value)
            pair = (found[1], found[2])
        else:
            raise wrong_kind(value, msg("a latitude and a longitude"))
        return _point(pair, value, reading)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """``{"latitude": …, "longitude": …}``."""
        return {"latitude": value.latitude, "longitude": value.longitude} if value else None

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """Two numbers in degrees."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": ["latitude", "longitude"],
            "properties": {
                "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            },
        }

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """``30.2741, 120.1551``."""
        return f"{value.latitude:.6f}, {value.longitude:.6f}" if value else ""

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Mapping[str, str]:
        """Both numbers as text."""
        if not value:
            return {"latitude": "", "longitude": ""}
        return {"latitude": f"{value.latitude:.6f}", "longitude": f"{value.longitude:.6f}"}

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Near a point; blank or not."""
        return self.offered

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """``[latitude, longitude, km]``, or the three numbers in a text."""
        return read_operand(named(self.offered, op), value, lambda item: self._circle(field, item, reading))

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """A box that an index serves, and inside it the distance by a series that needs no trigonometry in SQL."""
        if op in ("blank", "not_blank"):
            return COMPARE[op](columns[0], None)
        return _near(columns[0], columns[1], operand)

    def _circle(self, field: FieldLike, value: Any, reading: Reading) -> Circle | None:
        parts = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or len(parts) != 3:
            raise ValueRefused(
                "operand-not-circle",
                msg("“{value}” is not a place with a distance.", value=clip(value)),
                msg("Write latitude, longitude and kilometres: 30.2741, 120.1551, 5."),
            )
        centre = self.coerce(field, parts[:2], reading)
        km = read_number(parts[2], reading)
        if centre is None or km is None:
            return None
        if not 0 < km <= FARTHEST_KM:
            raise ValueRefused(
                "operand-not-circle",
                msg("The distance is not between 0 and {most} km.", most=FARTHEST_KM),
                msg("Write a distance up to {most} km.", most=FARTHEST_KM),
            )
        if abs(centre.latitude) + float(km) / KM_PER_DEGREE > HIGHEST:
            raise ValueRefused(
                "operand-near-pole",
                msg("What is near a pole cannot be searched."),
                msg("Choose a place between {south}° and {north}°.", south=-HIGHEST, north=HIGHEST),
            )
        return Circle(centre, float(km))


def _point(pair: tuple[Any, Any], typed: Any, reading: Reading) -> Point | None:
    latitude, longitude = (read_number(part, reading) for part in pair)
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise _not_point(typed)
    return Point(round(float(latitude), 6), round(float(longitude), 6))


def _not_point(typed: Any) -> ValueRefused:
    return ValueRefused(
        "value-not-point",
        msg("“{value}” is not a place.", value=clip(typed)),
        msg("Write latitude (−90 to 90) and longitude (−180 to 180): 30.2741, 120.1551."),
    )


def _near(latitude: ColumnElement[Any], longitude: ColumnElement[Any], circle: Circle) -> ColumnElement[bool]:
    high = circle.km / KM_PER_DEGREE
    bounded = and_(
        latitude.is_not(None),
        longitude.is_not(None),
        latitude.between(circle.centre.latitude - high, circle.centre.latitude + high),
    )
    wide = high / math.cos(math.radians(abs(circle.centre.latitude) + high))
    worlds = []
    for turn in (-360.0, 0.0, 360.0):
        west, east = circle.centre.longitude + turn - wide, circle.centre.longitude + turn + wide
        if west <= 180 and east >= -180:
            across = longitude - (circle.centre.longitude + turn)
            worlds.append(and_(longitude.between(west, east), _within(latitude, across, circle)))
    return and_(bounded, or_(*worlds))


def _within(latitude: ColumnElement[Any], across: ColumnElement[Any], circle: Circle) -> ColumnElement[bool]:
    """Pythagoras on the haversine's terms, sines and cosines as series around the centre."""
    centre = math.radians(circle.centre.latitude)
    up = (latitude - circle.centre.latitude) * (math.pi / 180)
    over = across * (math.pi / 180)
    cosine = math.cos(centre) * (1 - up * up / 2 + up * up * up * up / 24) - math.sin(centre) * (up - up * up * up / 6)
    chord = _sine_squared(up) + math.cos(centre) * cosine * _sine_squared(over)
    return chord <= math.sin(circle.km / 6371.0 / 2) ** 2


def _sine_squared(angle: ColumnElement[Any]) -> ColumnElement[Any]:
    """sin²(angle/2) to the eighth power of the angle."""
    square = angle * angle
    return square / 4 * (1 - square / 12 + square * square / 360 - square * square * square / 20160)
