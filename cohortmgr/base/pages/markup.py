"""What templates do most, done fast, in the places where Jinja lets an environment choose.

A list of 600 rows writes some ten thousand expressions; wrapping each as markup took longer than asking for the rows.
A page calls a hundred macros and functions and says thirty texts: half of its time went into finding out how.
"""

from __future__ import annotations

import html
from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from cohortmgr.base.i18n import said


def written(value: object) -> str:
    """A value as a template writes it out: a string escaped, markup as it is, anything else by its own rule."""
    if type(value) is str:
        return html.escape(value)
    if type(value) is Markup:
        return value
    return str(escape(value))


class Writer(CodeGenerator):
    """Jinja's code generator, but for the function around each expression of an escaped template and for its texts."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.written(")
        if finalize.src is not None:
            self.write(finalize.src)

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
    written = staticmethod(written)
    said = staticmethod(said)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A template without globals of its own has the environment's themselves: each context copies them."""
        return super().make_globals(d) if d else self.globals
