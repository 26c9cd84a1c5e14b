"""A chart as it is drawn: boxes with their texts in place, lines with their tips.

Twice: from left to right where there is room, from top to bottom on a phone. The theme draws it (`parts/chart.html`)
and gives it colours.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil

from dougong.base.language import msg
from dougong.metadata.approval import Approval
from dougong.workflows.approvals.state import State
from dougong.workflows.charts.layout import Layout, Point, lay_out
from dougong.workflows.charts.telling import Line, Look, Mark, Teller, Told, Way

PAD = 12
TITLE, DETAIL, LINE = 22, 18, 22
"""Heights of a title, of what stands below it, of a person."""
NARROW, WIDE = 92, 248
"""Between these a box is as wide as its texts."""
ACROSS_A_PHONE = 340
"""What a chart from top to bottom may take, where its boxes do not need more."""
LEAST = 120
SAID = 118
"""What is written beside a line may take: behind that another line may run."""
DOT = 20
"""Side of what is drawn as a dot: where ways part and meet, and the end."""
DOTS = frozenset({"split", "join", "end"})
TIP = 7


@dataclass(frozen=True, slots=True)
class Text:
    """A text at its place; `role` is what the theme knows it by. `end`: it ends there."""

    x: float
    y: float
    text: str
    role: str
    end: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands before a person."""

    x: float
    y: float
    mark: Mark


@dataclass(frozen=True, slots=True)
class Drawn:
    """One node."""

    key: str
    x: float
    y: float
    width: float
    height: float
    look: Look
    dot: str
    texts: tuple[Text, ...]
    signs: tuple[Sign, ...]
    rule: float | None


@dataclass(frozen=True, slots=True)
class DrawnWay:
    """One way: the path of its line, and of its tip."""

    path: str
    tip: str
    look: Look
    text: Text | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a chart, in units that are pixels at its own size."""

    width: float
    height: float
    nodes: tuple[Drawn, ...]
    ways: tuple[DrawnWay, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in both directions, and in words: `steps` for those who hear it, `said` where it stands."""

    wide: Drawing
    tall: Drawing
    said: str
    steps: tuple[Told, ...]


def draw(teller: Teller, approval: Approval, state: State | None, moment: Callable[[datetime], str]) -> Chart:
    """The chart of an approval, or of one that runs; `moment` says when something was."""
    nodes, ways = teller.nodes(approval, state), teller.ways(approval, state)
    wide = _drawing(nodes, ways, moment, across=True)
    place = {each.key: (each.x + each.width / 2, each.y) for each in wide.nodes}
    return Chart(
        wide,
        _drawing(nodes, ways, moment, across=False),
        _said(teller, nodes, state),
        tuple(each for each in sorted(nodes, key=lambda node: place[node.key]) if each.type not in ("split", "join")),
    )


def _said(teller: Teller, nodes: Sequence[Told], state: State | None) -> str:
    now = [each.title for each in nodes if each.look == "now"]
    if state is None:
        return teller.say(msg("The steps of the approval"))
    if not now:
        return teller.say(msg("The steps of the approval, which has ended or waits for who asked"))
    return teller.say(msg("The steps of the approval; at work: {nodes}", nodes=", ".join(now)))


def _drawing(nodes: Sequence[Told], ways: Sequence[Way], moment: Callable[[datetime], str], *, across: bool) -> Drawing:
    sizes, turned = _across(nodes, ways) if across else _down(nodes, ways)
    places = _places(turned, across)
    drawn = tuple(_node(each, places[each.key], sizes[each.key], moment, across) for each in nodes)
    lines = tuple(_way(each, turned, across) for each in ways if each.edge in turned.lines)
    width, height = (turned.height, turned.width) if across else (turned.width, turned.height)
    ends = [each.text.x + measure(each.text.text) for each in lines if each.text]
    return Drawing(round(max([width, *ends])), round(height), drawn, lines)


def _across(nodes: Sequence[Told], ways: Sequence[Way]) -> tuple[dict[str, tuple[float, float]], Layout]:
    """From left to right: the layout is that of turned boxes."""
    sizes = {each.key: _size(each, None) for each in nodes}
    room = {each.edge: measure(each.said) + 16 for each in ways if each.said}
    turned = lay_out({key: (height, width) for key, (width, height) in sizes.items()}, [e.edge for e in ways], room)
    return sizes, turned


def _down(nodes: Sequence[Told], ways: Sequence[Way]) -> tuple[dict[str, tuple[float, float]], Layout]:
    """From top to bottom: boxes that stand side by side, and lines beside them, share the width of a phone."""
    edges = [each.edge for each in ways]
    room = {each.edge: 22.0 for each in ways if each.said}
    width: float = ACROSS_A_PHONE
    for _ in range(2):
        sizes = {each.key: _size(each, width) for each in nodes}
        found = lay_out(sizes, edges, room)
        beside = Counter(found.boxes[each.key].layer for each in nodes if each.type not in DOTS)
        width = max(LEAST, width - (found.width - ACROSS_A_PHONE) / max(beside.values(), default=1))
    sizes = {each.key: _size(each, width) for each in nodes}
    return sizes, lay_out(sizes, edges, room)


def _places(found: Layout, across: bool) -> Mapping[str, Point]:
    return {key: (box.y, box.x) if across else (box.x, box.y) for key, box in found.boxes.items()}


def _size(node: Told, width: float | None) -> tuple[float, float]:
    """The size of a node; where no width is given, what its texts need."""
    if node.type in DOTS:
        return DOT, DOT
    height = PAD + TITLE + (DETAIL if node.detail else 0) + (LINE * len(node.lines) + 8 if node.lines else 0) + PAD - 4
    if width is not None:
        return width, height
    texts = [measure(node.title, bold=True) + (measure(node.tally) + 12 if node.tally else 0), measure(node.detail)]
    texts += [16 + measure(each.name) + (12 + measure(each.said) if each.said else 0) for each in node.lines]
    return min(WIDE, max(NARROW, ceil(max(texts)) + 2 * PAD)), height


def measure(text: str, *, bold: bool = False) -> float:
    """About how wide a text is at 13 pixels: full-width signs are square, others about half of that."""
    half = 8.2 if bold else 7.3
    return sum(13.0 if unicodedata.east_asian_width(each) in "WF" else half for each in text)


def fitting(text: str, room: float, *, bold: bool = False) -> str:
    """A text, or as much of its beginning as there is room for."""
    if measure(text, bold=bold) <= room:
        return text
    while text and measure(text + "…", bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _node(
    node: Told, place: Point, size: tuple[float, float], moment: Callable[[datetime], str], across: bool
) -> Drawn:
    (x, y), (width, height) = place, size
    if node.type in DOTS:
        return Drawn(node.key, x, y, width, height, node.look, node.type, (), (), None)
    left, right = x + PAD, x + width - PAD
    room = width - 2 * PAD
    tally = measure(node.tally) + 12 if node.tally else 0
    at = y + PAD + 11
    texts = [Text(left, at, fitting(node.title, room - tally, bold=True), "t")]
    if node.tally:
        texts.append(Text(right, at, node.tally, "hot", end=True))
    if node.detail:
        at += DETAIL
        texts.append(Text(left, at, fitting(node.detail, room), "d"))
    rule = at + 12 if node.lines else None
    at += 8
    signs = []
    for line in node.lines:
        at += LINE
        signs.append(Sign(left + 4, at - 4, line.mark))
        said = _said_of(line, moment, across, room - 28 - min(measure(line.name), 110))
        texts.append(Text(left + 16, at, fitting(line.name, room - 16 - (measure(said) + 12 if said else 0)), "p"))
        if said:
            texts.append(Text(right, at, said, "hot" if line.mark == "me" else "d", end=True))
    return Drawn(node.key, x, y, width, height, node.look, "", tuple(texts), tuple(signs), rule)


def _said_of(line: Line, moment: Callable[[datetime], str], across: bool, room: float) -> str:
    """What became of somebody, where there is room for it; on a phone also when. The sign says it in any case."""
    found = [line.said]
    if not across and line.at is not None and line.said:
        found.insert(0, f"{line.said} · {moment(line.at)}")
    return next((each for each in found if measure(each) <= room), "")


# -- lines ------------------------------------------------------------------------------------------------------------
def _way(way: Way, found: Layout, across: bool) -> DrawnWay:
    points = found.lines[way.edge]
    if across:
        points = tuple((y, x) for x, y in points)
    return DrawnWay(_path(points, across), _tip(points[-1], across), way.look, _written(way, points, across))


def _written(way: Way, points: Sequence[Point], across: bool) -> Text | None:
    """What is said at a way: on its straight piece behind the first bend."""
    if not way.said:
        return None
    x, y = next((here for before, here in pairwise(points) if _bends(before, here, across)), points[1])
    return Text(x, y - 6, way.said, "d") if across else Text(x + 8, y + 14, fitting(way.said, SAID), "d")


def _bends(before: Point, here: Point, across: bool) -> bool:
    return before[1] != here[1] if across else before[0] != here[0]


def _path(points: Sequence[Point], across: bool) -> str:
    """Straight pieces, and between two layers a bend: half of the way, over, the other half; it ends at the tip."""
    (x, y), *_ = points
    last = points[-1]
    ended = [*points[:-1], (last[0] - TIP, last[1]) if across else (last[0], last[1] - TIP)]
    found = [f"M{_n(x)} {_n(y)}"]
    for (x, y), (x2, y2) in pairwise(ended):
        if across:
            middle = (x + x2) / 2
            found.append(f"H{_n(x2)}" if y == y2 else f"C{_n(middle)} {_n(y)} {_n(middle)} {_n(y2)} {_n(x2)} {_n(y2)}")
        else:
            middle = (y + y2) / 2
            found.append(f"V{_n(y2)}" if x == x2 else f"C{_n(x)} {_n(middle)} {_n(x2)} {_n(middle)} {_n(x2)} {_n(y2)}")
    return "".join(found)


def _tip(point: Point, across: bool) -> str:
    x, y = point
    return f"M{_n(x)} {_n(y)}l-7-4v8z" if across else f"M{_n(x)} {_n(y)}l-4-7h8z"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
