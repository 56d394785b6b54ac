"""The widgets of the application's form, which write their attributes faster than those of WTForms.

WTForms lets each widget say how its attributes are written. A form of 300 attributes spends half of its time
on the library's general way, so ours writes the same text in a simpler one.
"""

from __future__ import annotations

import html
from typing import Any

from markupsafe import Markup
from wtforms import widgets
from wtforms.widgets.core import clean_key


def attributes(**given: object) -> Markup:
    """The text of `wtforms.widgets.html_params`: sorted, escaped, True as a bare name, False left out."""
    written = []
    for name, value in sorted(given.items()):
        if value is True:
            written.append(clean_key(name))
        elif value is not False:
            written.append(f'{clean_key(name)}="{html.escape(str(value))}"')
    return Markup(" ".join(written))  # names are ours, values are escaped above


class TextInput(widgets.TextInput):
    """One line of text."""

    html_params = staticmethod(attributes)


class EmailInput(widgets.EmailInput):
    """An e-mail address."""

    html_params = staticmethod(attributes)


class TelInput(widgets.TelInput):
    """A telephone number."""

    html_params = staticmethod(attributes)


class RadioInput(widgets.RadioInput):
    """One choice of a few."""

    html_params = staticmethod(attributes)


class CheckboxInput(widgets.CheckboxInput):
    """One choice of several."""

    html_params = staticmethod(attributes)


class Select(widgets.Select):
    """One choice of many."""

    @classmethod
    def render_option(cls, choice: Any, **given: object) -> Markup:
        """An option: its value and its label, escaped."""
        chosen = {"selected": True} if choice.selected else {}
        written = attributes(value=choice.value, **(choice.render_kw or {}), **given, **chosen)
        label = html.escape(str(choice.label or choice.value))
        return Markup(f"<option {written}>{label}</option>")  # both are escaped above
