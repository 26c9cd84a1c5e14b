"""The Jinja environments: one per language, so that what a page says is settled when its template is compiled."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import markupsafe
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from dougong.base.language import LANGUAGES, translate
from dougong.web.assets import Assets
from dougong.web.context import filters
from dougong.web.settling import Settling

_ICON = Markup('<svg class="i{size}" aria-hidden="true"><use href="{url}#{name}"/></svg>')
FALLBACK_ICON = "box"

MOST_COMPOSED, MOST_COMPOSED_ALIKE = 2000, 4
"""How many sources of composed templates an environment keeps, the last used ones, and for each how many templates."""


class Icons:
    """Icons of the theme's sprite as HTML; a name that the sprite lacks shows as a plain box."""

    def __init__(self, assets: Assets) -> None:
        """Take the sprite of `assets`."""
        self._known, self._url = assets.icons, assets.url("icons.svg")
        self._made: dict[tuple[str, str], Markup] = {}

    def __call__(self, name: str, size: str = "") -> Markup:
        """The icon `name`; `size` "s" is the small one."""
        key = (name, size)
        if key not in self._made:
            shown = name if name in self._known else FALLBACK_ICON
            made = _ICON.format(size=f" {size}" if size else "", url=self._url, name=shown)
            if shown != name:
                return made
            self._made[key] = made
        return self._made[key]


_escaped_text = getattr(markupsafe, "_escape_inner", escape)
"""What `escape` does with a text, which it then wraps."""


def shown(value: Any) -> str:
    """`escape(value)` as plain text: what a template puts out is put together and never escaped again."""
    if type(value) is str:
        return _escaped_text(value)
    return value if type(value) is Markup else escape(value)


class Plain(CodeGenerator):
    """Escapes what a template puts out by `shown`: the wrapping of 450 texts is a fortieth of a record page."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.shown(")
        if finalize.src is not None:
            self.write(finalize.src)


class Settled(Environment):
    """An environment whose templates have what is known of them worked out when they are compiled."""

    code_generator_class = Plain
    shown = staticmethod(shown)

    def __init__(self, **options: Any) -> None:
        """An environment with the `options` of Jinja's."""
        super().__init__(**options)
        self._composed: OrderedDict[str, tuple[tuple[Mapping[str, Any], Template], ...]] = OrderedDict()

    def _generate(self, source: nodes.Template, *rest: Any, **named: Any) -> str:
        return super()._generate(_in_whole(self, Settling(self, {}).settle(source)), *rest, **named)

    def composed(self, source: str, **known: Any) -> Template:
        """A template of our own making, for values of which those `known` by name are the same in each rendering.

        Made once for equal values: of most pages a publish changes neither the source nor the fields.
        """
        made = self._composed.pop(source, ())
        found = next((template for values, template in made if values == known), None)
        if found is None:
            found = self._compose(source, known)
            made = (*made[-MOST_COMPOSED_ALIKE + 1 :], (known, found))
        self._composed[source] = made
        if len(self._composed) > MOST_COMPOSED:
            self._composed.popitem(last=False)
        return found

    def _compose(self, source: str, known: Mapping[str, Any]) -> Template:
        if not known:
            return self.from_string(source)
        settling = Settling(self, known)
        tree = settling.settle(self.parse(source))
        return self.from_string(tree, settling.constants)


def _in_whole(environment: Environment, template: nodes.Template) -> nodes.Template:
    """Let each block hand on its text at once: piece by piece, each goes through the generators of all that it extends.

    A record page has 900 pieces and stands four blocks and templates deep.
    """
    for block in list(template.find_all(nodes.Block)):
        filtered = nodes.FilterBlock(block.body, nodes.Filter(None, "safe", [], [], None, None))
        block.body = [filtered.set_lineno(block.lineno).set_environment(environment)]
    return template


class Templates:
    """Templates of the theme folders, the first one that has a file wins."""

    def __init__(self, themes: Sequence[Path], assets: Assets) -> None:
        """Read templates below ``templates/`` of each of `themes`."""
        self.icons = Icons(assets)
        loader = FileSystemLoader([theme / "templates" for theme in themes])
        self._environments: Mapping[str, Settled] = {
            language: self._environment(loader, language, assets) for language in LANGUAGES
        }

    def _environment(self, loader: FileSystemLoader, language: str, assets: Assets) -> Settled:
        made = Settled(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        made.filters.update(filters(language))
        made.globals.update(
            _=functools.partial(translate, language), asset=assets.url, icon=self.icons, language=language
        )
        return made

    def environment(self, language: str) -> Settled:
        """The environment of a language; of the first one where it is not known."""
        return self._environments.get(language) or self._environments[LANGUAGES[0]]

    def render(self, template: str, language: str, /, **values: Any) -> str:
        """The template as text."""
        return self.environment(language).get_template(template).render(values)

    def source(self, template: str) -> str:
        """The text of a template file. Raises jinja2.TemplateNotFound."""
        environment = self._environments[LANGUAGES[0]]
        assert environment.loader is not None
        return environment.loader.get_source(environment, template)[0]
