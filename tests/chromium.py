"""The Chromium of this machine, found and driven by Playwright. Nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""A test speaks to its own server alone: no look-ups of Google's hosts at every start."""


class Unavailable(Exception):
    """There is no Chromium here; the text says what to do."""


def program() -> str:
    """The path of Chromium or Chrome, which Playwright can drive here.

    Raises:
        Unavailable: there is none, or Playwright's own driver lacks a library of the system.
    """
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next((path for path in MACOS if Path(path).exists()), None)
    if not found or not os.access(found, os.X_OK):
        raise Unavailable("no Chromium found: install chromium, or name its program in CHROMIUM")
    driver = subprocess.run([*compute_driver_executable(), "--version"], capture_output=True, text=True)
    if driver.returncode:
        raise Unavailable(f"Playwright's driver does not start (Debian: install libatomic1): {driver.stderr.strip()}")
    return found


@contextmanager
def running() -> Iterator[Browser]:
    """A headless browser; closed at the end.

    Raises:
        Unavailable: there is no Chromium.
    """
    path = program()
    # Chromium's sandbox refuses to run as root; the pages are our own.
    flags = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
