"""Periods of the command line: so many days back."""

from __future__ import annotations

from datetime import timedelta

import click

from dougong.base.language import msg
from dougong.cli.terminal import text


def days(said: str) -> timedelta:
    """The length that ``90d`` says.

    Raises:
        click.BadParameter: it says none, or more than ten years.
    """
    number = said.removesuffix("d")
    if not (said.endswith("d") and number.isascii() and number.isdecimal() and 0 < int(number) <= 3660):
        raise click.BadParameter(text(msg("Say a number of days: 90d.")))
    return timedelta(days=int(number))
