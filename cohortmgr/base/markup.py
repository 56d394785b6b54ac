"""What templates write most, written fast: an expression is escaped without wrapping the result as markup.

A list of 600 rows writes some ten thousand expressions; wrapping each took longer than asking for the rows. Jinja
lets an environment choose its code generator, which is the one place changed here.
"""

from __future__ import annotations

import html
from typing import Any

from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape


def written(value: object) -> str:
    """A value as a template writes it out: a string escaped, markup as it is, anything else by its own rule."""
    if type(value) is str:
        return html.escape(value)
    if type(value) is Markup:
        return value
    return str(escape(value))


class Writer(CodeGenerator):
    """Jinja's code generator, but for the function around each expression of an escaped template."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.written(")
        if finalize.src is not None:
            self.write(finalize.src)


class House(Environment):
    """The application's templates."""

    code_generator_class = Writer
    written = staticmethod(written)
