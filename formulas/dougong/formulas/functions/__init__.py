"""The functions that ship. Importing this package fills the registry; one module is one topic."""

from dougong.formulas.functions import (
    calendar,
    encoding,
    geography,
    logic,
    mathematics,
    moments,
    operators,
    picklists,
    records,
    text,
)

__all__ = [
    "calendar",
    "encoding",
    "geography",
    "logic",
    "mathematics",
    "moments",
    "operators",
    "picklists",
    "records",
    "text",
]
