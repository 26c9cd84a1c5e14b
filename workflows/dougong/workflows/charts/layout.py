"""Where the boxes of a chart stand and how its lines run: layers from top to bottom (Sugiyama's method).

    longest path → layer · a place in every layer for a line that crosses it · fewest crossings found · straight lines

Lines cross a layer upright, in a place of their own, and change their x between layers alone: so none runs through a
box. All lengths are units of the drawing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from types import MappingProxyType

GAP_X = 32
"""Between neighbours in a layer."""
GAP_Y = 44.0
"""Between two layers: room for a line to change its x, and for what is written at it."""
LINE = 20
"""What a line that crosses a layer takes of it."""
MARGIN = 16
SWEEPS = 8
"""How often layers are ordered and moved by their neighbours; charts of people settle after two or three."""

Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another; `key` tells two lines of the same pair apart."""

    source: str
    target: str
    key: str = ""


NO_ROOM: Mapping[Edge, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Box:
    """A node: its upper left corner, its size and its layer, counted from 0."""

    x: float
    y: float
    width: float
    height: float
    layer: int

    @property
    def middle(self) -> float:
        """The x of the middle."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The y of the lower side."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """A chart laid out. Each edge runs through its points from the middle of a lower side to that of an upper one."""

    boxes: Mapping[str, Box]
    lines: Mapping[Edge, tuple[Point, ...]]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Way:
    """The place of an edge in a layer that it crosses."""

    edge: Edge
    layer: int


Vertex = Hashable


def lay_out(sizes: Mapping[str, Size], edges: Sequence[Edge], room: Mapping[Edge, float] = NO_ROOM) -> Layout:
    """Lay out nodes of these sizes; the order of nodes and edges is kept where nothing speaks against it.

    An edge with `room` has an upright piece of that length behind its first bend, for what is written at it. One that
    would close a circle is left out of the layers and of the drawing.
    """
    kept = _without_circles(sizes, edges)
    layer_of = _layers(sizes, kept)
    layers, above = _vertices(sizes, kept, layer_of)
    layers = _ordered(layers, above)
    middles = _middles(layers, above, sizes)
    heights = [max((sizes[each][1] for each in row if isinstance(each, str)), default=0.0) for row in layers]
    gaps = [GAP_Y] * len(layers)
    for edge in kept:
        gaps[layer_of[edge.source]] = max(gaps[layer_of[edge.source]], GAP_Y + room.get(edge, 0))
    tops = [MARGIN + sum(heights[:number]) + sum(gaps[:number]) for number in range(len(layers))]
    boxes = {
        key: Box(middles[key] - width / 2, tops[layer_of[key]], width, height, layer_of[key])
        for key, (width, height) in sizes.items()
    }
    lines = {edge: _line(edge, boxes, middles, tops, heights) for edge in kept}
    right = max([each.x + each.width for each in boxes.values()] + [x for line in lines.values() for x, _ in line])
    return Layout(boxes, lines, right + MARGIN, tops[-1] + heights[-1] + MARGIN)


def _without_circles(nodes: Iterable[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges but those that lead back to a node on the way to them."""
    out: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        out[edge.source].append(edge)
    done: set[str] = set()
    back: set[Edge] = set()
    for start in nodes:
        open_, trail = [(start, iter(out[start]))] if start not in done else [], {start}
        while open_:
            node, rest = open_[-1]
            following = next(rest, None)
            if following is None:
                done.add(node)
                trail.discard(node)
                open_.pop()
            elif following.target in trail:
                back.add(following)
            elif following.target not in done:
                trail.add(following.target)
                open_.append((following.target, iter(out[following.target])))
    return [edge for edge in edges if edge not in back]


def _layers(nodes: Iterable[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each node: one below the lowest of those that lead to it."""
    found = dict.fromkeys(nodes, 0)
    for _ in found:
        moved = False
        for edge in edges:
            if found[edge.target] <= found[edge.source]:
                found[edge.target], moved = found[edge.source] + 1, True
        if not moved:
            break
    return found


def _vertices(
    nodes: Iterable[str], edges: Sequence[Edge], layer_of: Mapping[str, int]
) -> tuple[list[list[Vertex]], dict[Vertex, list[Vertex]]]:
    """By layer what stands in it, and for each what leads to it from the layer above."""
    layers: list[list[Vertex]] = [[] for _ in range(max(layer_of.values()) + 1)]
    above: dict[Vertex, list[Vertex]] = defaultdict(list)
    for node in nodes:
        layers[layer_of[node]].append(node)
    for edge in edges:
        before: Vertex = edge.source
        for layer in range(layer_of[edge.source] + 1, layer_of[edge.target]):
            way = _Way(edge, layer)
            layers[layer].append(way)
            above[way].append(before)
            before = way
        above[edge.target].append(before)
    return layers, above


def _below(above: Mapping[Vertex, Sequence[Vertex]]) -> dict[Vertex, list[Vertex]]:
    found: dict[Vertex, list[Vertex]] = defaultdict(list)
    for lower, uppers in above.items():
        for upper in uppers:
            found[upper].append(lower)
    return found


# -- the order within layers ------------------------------------------------------------------------------------------
def _ordered(layers: list[list[Vertex]], above: Mapping[Vertex, Sequence[Vertex]]) -> list[list[Vertex]]:
    """The order with the fewest crossings that sweeping down and up by the middle of neighbours finds."""
    below = _below(above)
    current = [list(row) for row in layers]
    best, fewest = current, _crossings(current, above)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for number in range(1, len(current)) if down else range(len(current) - 2, -1, -1):
            fixed = {each: at for at, each in enumerate(current[number - 1 if down else number + 1])}
            current[number] = _by_neighbours(current[number], above if down else below, fixed)
        found = _crossings(current, above)
        if found < fewest:
            best, fewest = [list(row) for row in current], found
    return best


def _by_neighbours(
    row: Sequence[Vertex], neighbours: Mapping[Vertex, Sequence[Vertex]], fixed: Mapping[Vertex, int]
) -> list[Vertex]:
    wanted = {}
    for at, each in enumerate(row):
        places = [fixed[other] for other in neighbours.get(each, ()) if other in fixed]
        wanted[each] = fmean(places) if places else float(at)
    return sorted(row, key=lambda each: wanted[each])


def _crossings(layers: Sequence[Sequence[Vertex]], above: Mapping[Vertex, Sequence[Vertex]]) -> int:
    count = 0
    for upper, lower in itertools.pairwise(layers):
        at = {each: number for number, each in enumerate(upper)}
        ends = [at[other] for each in lower for other in sorted(above.get(each, ()), key=lambda one: at[one])]
        count += sum(ends[first] > ends[second] for second in range(len(ends)) for first in range(second))
    return count


# -- the places within layers -----------------------------------------------------------------------------------------
def _middles(
    layers: Sequence[Sequence[Vertex]], above: Mapping[Vertex, Sequence[Vertex]], sizes: Mapping[str, Size]
) -> dict[Vertex, float]:
    """The x of the middle of each, the leftmost side at the margin."""
    below = _below(above)
    width = partial(_width, sizes)
    found: dict[Vertex, float] = {}
    for row in layers:
        found.update(_apart(row, dict.fromkeys(row, 0.0), width))
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        neighbours = above if down else below
        for row in layers if down else reversed(layers):
            wanted = {
                each: fmean([found[other] for other in neighbours[each]]) if neighbours.get(each) else found[each]
                for each in row
            }
            found.update(_apart(row, wanted, width))
    left = min(found[each] - width(each) / 2 for row in layers for each in row)
    return {each: middle - left + MARGIN for each, middle in found.items()}


def _width(sizes: Mapping[str, Size], vertex: Vertex) -> float:
    return sizes[vertex][0] if isinstance(vertex, str) else LINE


def _apart(
    row: Sequence[Vertex], wanted: Mapping[Vertex, float], width: Callable[[Vertex], float]
) -> dict[Vertex, float]:
    """The places nearest to those wanted (by least squares) at which neighbours do not touch, in the order given.

    Neighbours that would touch are moved together as one block (pooling of adjacent violators).
    """
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (width(left) + width(right)) / 2 + GAP_X)
    blocks: list[tuple[float, int]] = []
    for each, offset in zip(row, offsets, strict=True):
        mean, count = wanted[each] - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, others = blocks.pop()
            mean, count = (mean * count + other * others) / (count + others), count + others
        blocks.append((mean, count))
    places = [mean for mean, count in blocks for _ in range(count)]
    return {each: place + offset for each, place, offset in zip(row, places, offsets, strict=True)}


def _line(
    edge: Edge,
    boxes: Mapping[str, Box],
    middles: Mapping[Vertex, float],
    tops: Sequence[float],
    heights: Sequence[float],
) -> tuple[Point, ...]:
    """Out of the lower side, upright through each layer between, into the upper side."""
    source, target = boxes[edge.source], boxes[edge.target]
    points: list[Point] = [(source.middle, source.bottom)]
    bottom = tops[source.layer] + heights[source.layer]
    if bottom > source.bottom:
        points.append((source.middle, bottom))
    for layer in range(source.layer + 1, target.layer + 1):
        x = target.middle if layer == target.layer else middles[_Way(edge, layer)]
        if tops[layer] > bottom + GAP_Y:
            points.append((x, bottom + GAP_Y))
        bottom = tops[layer] + heights[layer]
        points.append((x, tops[layer]))
        if layer < target.layer:
            points.append((x, bottom))
    return tuple(points)
