"""Charts are laid out so that everything can be read: laws over random charts, and a few whole ones."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dougong.workflows.charts.layout import GAP_Y, MARGIN, Box, Edge, Layout, lay_out

SIZES = st.tuples(st.integers(24, 240).map(float), st.integers(24, 160).map(float))


@st.composite
def charts(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[Edge]]:
    """Nodes that are all reached from the first one, with some edges more, forward, back and of the same pair."""
    sizes = {f"n{number}": draw(SIZES) for number in range(draw(st.integers(1, 14)))}
    names = list(sizes)
    edges = [Edge(names[draw(st.integers(0, at - 1))], names[at]) for at in range(1, len(names))]
    for number in range(draw(st.integers(0, 8))):
        edges.append(Edge(draw(st.sampled_from(names)), draw(st.sampled_from(names)), f"more{number}"))
    return sizes, edges


def _apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.bottom <= other.y or other.bottom <= one.y


def _crosses(found: Layout, edge: Edge, box: Box) -> bool:
    """Whether a line runs through a box: its pieces are upright within layers, and between layers meet no box."""
    for (x, y), (x2, y2) in zip(found.lines[edge], found.lines[edge][1:], strict=False):
        low, high = min(x, x2), max(x, x2)
        if high > box.x and low < box.x + box.width and y2 > box.y and y < box.bottom:
            return True
    return False


@given(charts())
def test_everything_can_be_read(chart: tuple[dict[str, tuple[float, float]], list[Edge]]) -> None:
    """No two boxes touch, all are inside, each edge that closes no circle leads down, and none runs through a box."""
    sizes, edges = chart
    found = lay_out(sizes, edges)
    boxes = list(found.boxes.items())
    assert set(found.boxes) == set(sizes)
    assert all(_apart(one, other) for at, (_, one) in enumerate(boxes) for _, other in boxes[:at])
    for _, box in boxes:
        assert box.x >= MARGIN - 0.01 and box.x + box.width <= found.width - MARGIN + 0.01
        assert box.y >= MARGIN and box.bottom <= found.height - MARGIN + 0.01
    for edge, points in found.lines.items():
        source, target = found.boxes[edge.source], found.boxes[edge.target]
        assert points[0] == (source.middle, source.bottom) and points[-1] == (target.middle, target.y)
        assert all(upper[1] <= lower[1] for upper, lower in itertools.pairwise(points))
        assert target.y - source.bottom >= GAP_Y - 0.01
        others = (box for name, box in boxes if name not in (edge.source, edge.target))
        assert not any(_crosses(found, edge, box) for box in others)


@given(charts())
def test_what_closes_no_circle_is_drawn(chart: tuple[dict[str, tuple[float, float]], list[Edge]]) -> None:
    """Edges that follow the order in which nodes were made close no circle among themselves: all are drawn."""
    sizes, edges = chart
    names = list(sizes)
    forward = [edge for edge in edges if names.index(edge.source) < names.index(edge.target)]
    assert set(lay_out(sizes, forward).lines) == set(forward)


def test_a_chart_in_a_row_is_straight() -> None:
    """One node below the other: all middles are the same."""
    found = lay_out(dict.fromkeys("abc", (200.0, 40.0)), [Edge("a", "b"), Edge("b", "c")])
    assert len({box.middle for box in found.boxes.values()}) == 1


def test_branches_stand_in_the_order_of_the_document_around_what_they_leave() -> None:
    """Three branches, the middle one straight below the split and above the join."""
    edges = [Edge("s", each) for each in ("left", "mid", "right")] + [
        Edge(each, "j") for each in ("left", "mid", "right")
    ]
    found = lay_out(dict.fromkeys(("s", "left", "mid", "right", "j"), (120.0, 40.0)), edges)
    boxes = found.boxes
    assert boxes["left"].x < boxes["mid"].x < boxes["right"].x
    assert boxes["s"].middle == boxes["mid"].middle == boxes["j"].middle
