"""The rule that a package refers only to what it, the platform or a package that it requires defines."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.packages import required
from dougong.metadata.checking.report import Spot
from dougong.metadata.component import COMPANY, PLATFORM
from dougong.metadata.index import Index
from dougong.metadata.references import references


def requirements(index: Index) -> Iterator[Problem]:
    """References of packages stay within their requirements."""
    allowed = {name: required(index, name) for name in index.named("package")}
    whole = index.effective
    for component in (*whole.components.values(), *whole.overlays, *whole.translations):
        if component.layer in (COMPANY, PLATFORM) or component.layer not in allowed or component.kind == "package":
            continue
        for each in references(index, component):
            target = index.components.get(each.target)
            spot = Spot(index, component, each.pointer)
            layer = spot.origin().layer
            if target is not None and layer in allowed and target.layer not in allowed[layer]:
                if target.layer == COMPANY:
                    reason = msg("{address} is the company's own.", address=each.target)
                    yield spot.problem("package-on-company", reason, msg("Packages refer to packages alone."))
                    continue
                reason = msg("{address} belongs to {layer}.", address=each.target, layer=target.layer)
                fix = msg("Name {layer} under requires of the package.", layer=target.layer)
                yield spot.problem("package-not-required", reason, fix)
