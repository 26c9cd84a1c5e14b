"""How the pages look: the themes of a site, read once per process."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from dougong.web.assets import Assets
from dougong.web.composer.sections import Sections
from dougong.web.templates import Templates


def theme_folder(name: str = "default") -> Path:
    """Where a theme that ships stands on disk."""
    return Path(str(resources.files("dougong.themes"))) / name


@functools.cache
def look(themes: tuple[Path, ...]) -> tuple[Assets, Templates, Sections]:
    """Everything of a set of themes: read, packed and compiled once per process, whatever company it is for."""
    assets = Assets(themes[-1])
    templates = Templates(themes, assets)
    return assets, templates, Sections(templates)
