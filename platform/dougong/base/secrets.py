"""Secrets that metadata names and the operator keeps: signing keys and addresses that let everybody in.

A document says ``"secret": "sales_bot"``; the value is the environment's ``DOUGONG_SECRET_SALES_BOT``, and for a
company other than the default one ``DOUGONG_SECRET_<COMPANY>__SALES_BOT``. No other variable can be named, so that
whoever designs a company cannot have the server's own secrets sent somewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

PREFIX = "DOUGONG_SECRET_"


def variable(company: str, name: str) -> str:
    """The variable of the environment that holds secret `name` of a company."""
    owner = "" if company == "default" else f"{company}__"
    return PREFIX + re.sub(r"[^A-Z0-9_]", "_", f"{owner}{name}".upper())


def secret(company: str, name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The secret `name` of a company; None where the operator has set none."""
    return environment.get(variable(company, name)) or None
