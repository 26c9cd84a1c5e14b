"""Puts pip into a virtual environment where Python came without ensurepip, as on a bare Debian.

Usage: bootstrap_pip.py .venv/bin/python
pip's wheel is taken from PyPI, held against the digest that PyPI states, and installs itself.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

INDEX = "https://pypi.org/pypi/pip/json"
TIMEOUT_SECONDS = 60


def fetch(url: str) -> bytes:
    """What stands at `url`."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        body: bytes = answer.read()
    return body


def main(python: str) -> None:
    """Install pip for the interpreter `python`."""
    files = json.loads(fetch(INDEX))["urls"]
    wheel = next(file for file in files if file["packagetype"] == "bdist_wheel")
    content = fetch(urljoin(INDEX, wheel["url"]))
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        sys.exit("pip's wheel from PyPI is not the file that PyPI describes; nothing was installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / wheel["filename"]
        path.write_bytes(content)
        # A wheel is a zip file that Python can run from.
        subprocess.run([python, f"{path}/pip", "install", "-qq", "--no-index", path], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
