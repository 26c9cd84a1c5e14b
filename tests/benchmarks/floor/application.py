"""The hand-written application: what the engine is measured against."""

from __future__ import annotations

import os

from starlette.applications import Starlette

from tests.benchmarks.floor.api import Api
from tests.benchmarks.floor.database import Database
from tests.benchmarks.floor.pages import Pages

ADDRESS = "FLOOR_DATABASE_URL"
"""Environment variable that names the floor's database."""


def application() -> Starlette:
    """The application of one process."""
    database = Database(os.environ[ADDRESS])
    return Starlette(routes=[*Api(database).routes(), *Pages(database).routes()])
