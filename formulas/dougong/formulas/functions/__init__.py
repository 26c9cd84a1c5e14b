"""The functions that ship. Importing this package fills the registry; one module is one topic."""

from dougong.formulas.functions import (
    business,
    calendar,
    customers,
    encoding,
    geography,
    logic,
    mathematics,
    moments,
    operators,
    picklists,
    records,
    text,
    working_days,
)

__all__ = [
    "business",
    "calendar",
    "customers",
    "encoding",
    "geography",
    "logic",
    "mathematics",
    "moments",
    "operators",
    "picklists",
    "records",
    "text",
    "working_days",
]
