"""Fetch the front-end files that the theme carries, and build the icon sprite of the icons that are used.

    python scripts/vendor_front_end.py

Needs npm. Writes `vendor/` (htmx and Squire with their licences, SHA256SUMS) and `icons/sprite.svg` of the default
theme; the results are committed, so nobody who runs or installs Dougong needs npm. The icons are those named in
`icons/names.txt` and in the packages that ship.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THEME = ROOT / "themes/dougong/themes/default"
PACKAGES = ROOT / "metadata/dougong/metadata/packages"
HTMX, SQUIRE, TABLER = "htmx.org@4.0.1", "squire-rte@2.4.8", "@tabler/icons@3.51.0"
CARRIED = {"htmx": (HTMX, "htmx.min.js"), "squire": (SQUIRE, "squire.mjs")}
"""By folder of `vendor/`: the npm package, and the file of its `dist/` that pages load."""
DRAWING = re.compile(r"<svg.*?>(.*)</svg>", re.DOTALL)
BACKGROUND = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


def fetch(package: str, folder: Path) -> Path:
    """Unpack the npm `package` below `folder` and return where it is."""
    into = folder / re.sub(r"\W+", "-", package)
    into.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(into.glob("*.tgz"))) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def icons_of_packages() -> Iterator[str]:
    """Every icon that a component of a shipped package names."""
    for file in PACKAGES.rglob("*.json"):
        yield from _icons(json.loads(file.read_text("utf-8")))


def _icons(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("icon"), str):
            yield node["icon"]
        for value in node.values():
            yield from _icons(value)
    elif isinstance(node, list):
        for value in node:
            yield from _icons(value)


def sprite(source: Path, names: list[str]) -> str:
    """One SVG with a `<symbol>` per name. Raises SystemExit naming the icons that do not exist."""
    missing = [name for name in names if not (source / f"icons/outline/{name}.svg").is_file()]
    if missing:
        sys.exit(f"no such Tabler icon: {', '.join(missing)}")
    symbols = []
    for name in names:
        found = DRAWING.search((source / f"icons/outline/{name}.svg").read_text("utf-8"))
        assert found is not None
        drawing = re.sub(r"\s+", " ", found.group(1).replace(BACKGROUND, "")).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def carry(folder: Path) -> Iterator[Path]:
    """Take the script and the licence of every package of `CARRIED`; the files."""
    for name, (package, script) in CARRIED.items():
        source, into = fetch(package, folder), THEME / "vendor" / name
        into.mkdir(parents=True, exist_ok=True)
        yield Path(shutil.copy(source / "LICENSE", into / "LICENSE"))
        yield Path(shutil.copy(source / "dist" / script, into / script))


def main() -> None:
    """Fetch, build, write."""
    with tempfile.TemporaryDirectory() as folder:
        carried, tabler = list(carry(Path(folder))), fetch(TABLER, Path(folder))
        shutil.copy(tabler / "LICENSE", THEME / "icons/LICENSE")
        names = sorted({*(THEME / "icons/names.txt").read_text("utf-8").split(), *icons_of_packages()})
        (THEME / "icons/sprite.svg").write_text(sprite(tabler, names), "utf-8")
    carried += [THEME / "icons/LICENSE", THEME / "icons/sprite.svg"]
    sums = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(THEME).as_posix()}" for file in carried
    ]
    head = [f"# {HTMX}", f"# {SQUIRE}", f"# {TABLER}"]
    (THEME / "vendor/SHA256SUMS").write_text("\n".join([*head, *sums]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
