"""What templates and form fields write most, written fast: expressions, and attributes.

Every value is escaped as before; only the wrapping and unwrapping of strings in between is left out. A list of 600
rows writes some ten thousand expressions, the form of an application 330 attributes.
"""

from __future__ import annotations

import jinja2.runtime
from markupsafe import Markup, _escape_inner, escape
from wtforms.widgets import Button, Input, core


def escaped(value: object) -> str:
    """A value as a template writes it out: a string escaped, markup as it is."""
    if type(value) is str:
        return _escape_inner(value)
    if type(value) is Markup:
        return value
    return str(escape(value))


def attributes(**given: object) -> Markup:
    """What `wtforms.widgets.html_params` gives: sorted, escaped, True as a bare name, False left out."""
    written = []
    for name, value in sorted(given.items()):
        name = core.clean_key(name)
        if value is True:
            written.append(name)
        elif value is not False:
            written.append(f'{name}="{escape(value)}"')
    return Markup(" ".join(written))  # names are ours, values are escaped above


def init_markup() -> None:
    """Let templates (compiled after this) and every widget write so."""
    jinja2.runtime.escape = escaped  # type: ignore[assignment]
    core.html_params = attributes
    Input.html_params = Button.html_params = staticmethod(attributes)
