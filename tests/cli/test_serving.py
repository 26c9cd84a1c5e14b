"""What every server process has around the application: the access log, the address."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from dougong.base.settings import Settings
from dougong.cli.access_log import AccessLog
from dougong.cli.serve import address


async def answering(_request: Request) -> JSONResponse:
    """Answer at once."""
    return JSONResponse({})


async def failing(_request: Request) -> JSONResponse:
    """Fail as a handler with a defect would."""
    raise RuntimeError("defect")


APP = Starlette(routes=[Route("/ok", answering), Route("/failing", failing)])


@pytest.mark.parametrize(("path", "status"), [("/ok?token=hunter2", 200), ("/none", 404), ("/failing", 500)])
def test_each_request_is_logged_once_without_its_query(path: str, status: int) -> None:
    with capture_logs() as events, TestClient(AccessLog(APP), raise_server_exceptions=False) as client:
        client.get(path)
    (event,) = events
    assert (event["method"], event["path"], event["status"]) == ("GET", path.partition("?")[0], status)
    assert event["ms"] >= 0
    assert "hunter2" not in str(event)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"LISTEN": "0.0.0.0", "PORT": "80"}, "http://127.0.0.1:80"),
        ({"LISTEN": "::"}, "http://[::1]:8000"),
        ({"PUBLIC_URL": "https://crm.example.com"}, "https://crm.example.com"),
    ],
)
def test_the_address_can_be_typed(environment: dict[str, str], expected: str) -> None:
    assert address(Settings.from_environment(environment)) == expected
