"""Constant texts and shared names of templates, found fast, in the places where Jinja lets an environment choose.

A form says sixty texts and is made of a dozen templates: to find its texts took a tenth of it, and to copy a map of
two layers for each template a sixteenth. What else was done here by hand gained less, and Jinja does it again.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from cohortmgr.base.i18n import said


class Writer(CodeGenerator):
    """Jinja's code generator, but for the texts of an escaped template."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """A text without variables is looked up by itself; anything else is called as ever."""
        text = _text_of(node)
        if text is None or frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            self.write(f"environment.said({text!r})")


def _text_of(node: nodes.Call) -> str | None:
    """The text of `_("text")` or of a `trans` without variables."""
    if not isinstance(node.node, nodes.Name) or node.node.name not in ("_", "gettext"):
        return None
    if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    given = node.args[0]
    return given.value if isinstance(given, nodes.Const) and isinstance(given.value, str) else None


class House(Environment):
    """The application's templates."""

    code_generator_class = Writer
    said = staticmethod(said)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A template without globals of its own has the environment's themselves: each context copies them."""
        return super().make_globals(d) if d else self.globals
