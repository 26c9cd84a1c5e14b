"""What is known of a template is worked out when it is compiled, and what it says stays the same."""

from __future__ import annotations

from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from dougong.metadata.compile import compile_tree
from dougong.web.settling import Settling
from dougong.web.templates import Settled, shown
from dougong.web.visit import with_query
from tests.companies import PACKAGES, tree_of

FIELD = SimpleNamespace(
    options=MappingProxyType({"scale": 3, "yes": "<Yes>"}),
    picklist=MappingProxyType({"a": SimpleNamespace(label="A & B", colour=None)}),
    type=SimpleNamespace(display=lambda value: f"<{value}>"),
    flag=False,
    many=True,
)
TEMPLATES = (
    '{{ _("Say <this>") }} {{ _("Say {n}", n=v) }} {{ icon("x") }} {{ icon(v) }}',
    "{{ f.options.get('scale', 2) }} {{ f.options.get('none', 2) }} {{ f.options['yes'] }} {{ f.options.yes }}",
    "{% if f.flag %}one{% elif v %}two{% elif f.many %}three{% else %}four{% endif %}",
    "{% if v %}one{% elif f.many %}two{% elif w %}three{% else %}four{% endif %}",
    "{% if f.flag %}one{% elif f.missing is defined %}two{% endif %}",
    "{% if not f.flag and f.many and v %}one{% endif %}{% if f.flag or f.many %}two{% endif %}",
    "{% if f.options.get('scale') == 3 and f.options.scale != 4 %}three{% endif %}",
    "{% set o = f.picklist.get(v) if f.picklist else none %}{% if o %}{{ o.label }}{% else %}{{ v }}{% endif %}",
    "{{ 'kept' if f.flag }}{{ f.type.display(v) }}{{ fs[1].type.display(w) }}",
    "{% with f = fs[0], v = [v, w] %}{{ f.options.scale }}{{ v[1] }}{{ f.type.display(v[0]) }}{% endwith %}{{ v }}",
    "{% with g = fs[0] %}{{ g.many }}{% with g = {'many': v} %}{{ g.many }}{% endwith %}{% endwith %}",
    "{% with g = fs[0], many = 4 %}{% include 'part' %}{% endwith %}",
    "{% for f in [w, v] %}{{ f }}{% endfor %}",
    "{% for _ in [1, 2] %}{{ _ }}{% endfor %}{% set icon = w %}{{ icon }}",
    "{% macro m(f) %}{{ f }}{{ fs[0].options.scale }}{% endmacro %}{{ m(v) }}",
)


def prepared(environment: Environment) -> Any:
    """An environment with the functions of ours."""
    environment.globals.update(
        _=lambda text, **values: text.upper().format(N=values.get("n")), icon=lambda name: Markup(f"<i>{name}</i>")
    )
    return environment


OPTIONS: dict[str, Any] = {
    "autoescape": True, "undefined": StrictUndefined, "loader": DictLoader({"part": "{{ g.options.scale }}{{ many }}"})
}  # fmt: skip


@pytest.mark.parametrize("source", TEMPLATES)
@pytest.mark.parametrize("values", [{"v": "a", "w": 1}, {"v": "", "w": "<b>"}])
def test_it_says_the_same(source: str, values: dict[str, Any]) -> None:
    """As the template does that is given everything when it is rendered."""
    plain = prepared(Environment(**OPTIONS)).from_string(source).render(f=FIELD, fs=(FIELD, FIELD), **values)
    assert prepared(Settled(**OPTIONS)).composed(source, f=FIELD, fs=(FIELD, FIELD)).render(**values) == plain
    assert prepared(Settled(**OPTIONS)).from_string(source).render(f=FIELD, fs=(FIELD, FIELD), **values) == plain


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ('{{ _("Say") }}{{ icon("x") }}', "SAY<i>x</i>"),
        ("{% if f.flag %}{{ v }}{% elif f.many %}{{ f.options.yes }}{% endif %}", "&lt;Yes&gt;"),
        ("{% with g = fs[0] %}{% if g.options.get('scale', 2) == 3 %}three{% endif %}{% endwith %}", "three"),
    ],
)
def test_nothing_is_left_to_do(source: str, left: str) -> None:
    """Where all is known, the compiled template is one text."""
    environment = prepared(Settled(**OPTIONS))
    tree = Settling(environment, {"f": FIELD, "fs": (FIELD,)}).settle(environment.parse(source))
    code = environment.compile(tree, raw=True)
    yields = [line.strip() for line in code.splitlines() if line.strip().startswith("yield")]
    assert yields == [f"yield {left!r}"]


EXTENDED = {
    "base": "<{% block head %}{{ v }}{% block title scoped %}t{% endblock %}{% endblock %}|"
    "{% block body %}{% endblock %}>",
    "middle": "{% extends 'base' %}{% block body %}[{% block main required %}{% endblock %}]{{ v }}{% endblock %}",
    "page": "{% extends 'middle' %}{% set w = v %}{% macro m(x) %}({{ x }}){% endmacro %}"
    "{% block title %}{{ super() }}{{ v }}{% endblock %}"
    "{% block main %}{% set v = '&' %}{% for x in [v, '\"'] %}{{ m(x) }}{% endfor %}{{ '<b>' | safe }}{% endblock %}",
}


def test_blocks_that_are_handed_on_in_whole_say_the_same() -> None:
    """Through what extends what, with `super`, macros and names set within; nothing is escaped twice, or not at all."""
    loader = DictLoader(EXTENDED)
    whole, piecemeal = (kind(loader=loader, autoescape=True) for kind in (Settled, Environment))
    said = whole.get_template("page").render(v="<i>")
    assert said == piecemeal.get_template("page").render(v="<i>")
    assert said == "<&lt;i&gt;t&lt;i&gt;|[(&amp;)(&#34;)<b>]&lt;i&gt;>"
    assert len(list(whole.get_template("page").generate(v="<i>"))) < len(
        list(piecemeal.get_template("page").generate(v="<i>"))
    )


class Text(str):
    """A text with a type of its own."""

    __slots__ = ()


class Html:
    """What says itself how it looks as HTML."""

    def __html__(self) -> str:
        return "<i>&amp;</i>"

    def __str__(self) -> str:
        return "<none>"


@pytest.mark.parametrize(
    "value", ["", "plain", "<a href='x'>&\"</a>", Text("<b>"), Markup("<b>"), Html(), 3, 2.5, None, True, ["<"], b"<"]
)
def test_what_is_put_out_is_escaped_as_the_library_does(value: Any) -> None:
    assert shown(value) == escape(value)
    assert Settled(**OPTIONS).from_string("{{ v }}").render(v=value) == str(escape(value))


def test_a_query_is_quoted_as_the_library_does() -> None:
    pairs = [("back", "/o/deal/1?a=b c"), ("v.名", "张 & <>"), ("back", "/o/deal/1?a=b c"), ("", "~-_.")]
    assert with_query("/x", pairs) == f"/x?{urlencode(pairs)}"
    assert with_query("/x", []) == "/x"


def test_a_template_is_made_once_for_equal_values() -> None:
    """What a publish did not change is not compiled again; what it changed is."""
    environment = prepared(Settled(**OPTIONS))
    first = environment.composed("{{ f.scale }}", f=SimpleNamespace(scale=2))
    assert environment.composed("{{ f.scale }}", f=SimpleNamespace(scale=2)) is first
    assert environment.composed("{{ f.scale }}", f=SimpleNamespace(scale=3)).render() == "3"
    assert environment.composed("{{ f.scale }}!", f=SimpleNamespace(scale=2)).render() == "2!"
    assert environment.composed("{{ f.scale }}", f=SimpleNamespace(scale=2)) is first


def test_fields_of_two_revisions_are_equal_where_nothing_changed() -> None:
    """Those that formulas and roll-ups give included: by this a template is known to serve both."""
    tree = tree_of(PACKAGES / "base", PACKAGES / "sales-core")
    first, second = compile_tree(tree, "1"), compile_tree(tree, "2")
    for name, obj in first.objects.items():
        assert obj.fields == second.objects[name].fields, name
