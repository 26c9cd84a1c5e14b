"""Room for new versions of rows, where a database keeps those beside the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FOR_CHANGES: Mapping[str, Any] = {"postgresql_with": {"fillfactor": 80}}
"""What a table of records is made with. PostgreSQL writes a changed row anew: into the page of the old one where that
has room, and then to no index of which nothing changed, else into another page and into every index. Customers follow
their deals again and again: with a fifth of a page free, seven of ten such changes stay in their page, one without."""
