"""`dougong serve`, and the ASGI application that its processes run."""

from __future__ import annotations

import os
import socket

import click
import uvicorn
from starlette.types import ASGIApp

from dougong.base import logs
from dougong.base.errors import Problem, SettingError
from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli.access_log import AccessLog
from dougong.cli.terminal import say, text
from dougong.engine.beside import begin_serving

APPLICATION = "dougong.cli.serve:application"
"""Where an ASGI server finds the application: a factory that takes no arguments."""

GRACE_SECONDS = 10
"""How long requests under way may take to end after the server was told to stop."""


def application() -> ASGIApp:
    """The whole application of one process, with settings from the environment.

    Raises:
        SettingError: a setting is bad.
    """
    from dougong.cli.assembly import assemble  # imports every room: not for `dougong --help`

    settings = Settings.from_environment()
    logs.configure(settings.log_level, settings.log_format)
    made = AccessLog(assemble(settings))
    begin_serving()
    return made


def require_free_port(settings: Settings) -> None:
    """Check that the address can be listened on, before anything is opened or printed.

    Raises:
        SettingError: another program has the port, it is not ours to take, or this machine lacks the address.
    """
    try:
        family, *_, address = socket.getaddrinfo(settings.listen, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        where = f"{settings.listen}:{settings.port}"
        reason = msg("The server cannot listen on {where}: {error}.", where=where, error=error.strerror or error)
        fix = msg("Choose another PORT or LISTEN, or end the program that has it.")
        raise SettingError(Problem(code="setting-listen", reason=reason, fix=fix, thing="PORT")) from error


def address(settings: Settings) -> str:
    """What to type into a browser."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    host = everywhere.get(settings.listen, settings.listen)
    return settings.public_url or f"http://{host}:{settings.port}"


def run(settings: Settings) -> None:
    """Serve until told to stop, in as many processes as set; they read the same environment."""
    logs.configure(settings.log_level, settings.log_format)
    uvicorn.run(
        APPLICATION,
        factory=True,
        host=settings.listen,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def settings_of_server(listen: str | None, port: int | None) -> Settings:
    """The settings, with the command line's put into the environment, where worker processes see them."""
    given = {"LISTEN": listen, "PORT": port}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = Settings.from_environment()
    require_free_port(settings)
    return settings


@click.command(help=text(msg("Serve the pages and the API.")))
@click.option("--listen", metavar="ADDRESS", help=text(msg("Instead of LISTEN.")))
@click.option("--port", type=int, metavar="PORT", help=text(msg("Instead of PORT.")))
def serve(listen: str | None, port: int | None) -> None:
    """Check the settings, say the address, serve."""
    settings = settings_of_server(listen, port)
    say(msg("Dougong serves {address}", address=address(settings)))
    run(settings)
