"""What definitions of functions write as annotations.

To a static type checker each is the Python type of the value; to the registry it names the type of the language.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from dougong.formulas.evaluation import Code, FieldCode
from dougong.formulas.types import Geolocation, Marker, Type

Text = Annotated[str, Type.TEXT]
Number = Annotated[Decimal, Type.NUMBER]
Boolean = Annotated[bool, Type.BOOLEAN]
Date = Annotated[date, Type.DATE]
DateTime = Annotated[datetime, Type.DATETIME]
Time = Annotated[time, Type.TIME]
Picklist = Annotated[str, Type.PICKLIST]
MultiPicklist = Annotated[frozenset[str], Type.MULTI_PICKLIST]
Place = Annotated[Geolocation, Type.GEOLOCATION]

LiteralText = Annotated[str, Type.TEXT, Marker.LITERAL]
GivenText = Annotated[str, Type.TEXT, Marker.NOT_NULL]
GivenDate = Annotated[date, Type.DATE, Marker.NOT_NULL]
GivenDateTime = Annotated[datetime, Type.DATETIME, Marker.NOT_NULL]
GivenTime = Annotated[time, Type.TIME, Marker.NOT_NULL]

Ordered = Annotated[Any, Marker.ORDERED]
"""Any type with an order; all parameters so marked share it."""
Measured = Annotated[Any, Marker.MEASURED]
"""A number, date, date and time, or time; all parameters so marked share one of them."""
Blankable = Annotated[Any, Marker.BLANKABLE]
"""Any type but true/false."""
Chosen = Annotated[Any, Marker.CHOSEN]
"""Any type but true/false; all parameters so marked, and the result, share it."""
Matched = Annotated[Any, Marker.MATCHED]
"""Any type but true/false, geolocations and multi-select picklists; all parameters so marked share it."""

OwnField = Annotated[FieldCode, Marker.FIELD]
"""A field of the record itself, not of a parent; the body receives a `FieldCode`."""

ObjectField = Annotated[FieldCode, Marker.OBJECT_FIELD]
"""A field of an object, not of a record: ``$ObjectType.city.fields.name``."""

LazyBoolean = Annotated[Code, Type.BOOLEAN]
LazyCondition = Annotated[Code, Type.BOOLEAN, Marker.NOT_NULL]
LazyCommon = Annotated[Code, Marker.COMMON]
