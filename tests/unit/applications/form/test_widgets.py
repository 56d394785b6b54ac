"""The form's widgets write what WTForms writes, escaped."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wtforms import Form, RadioField, SelectChoice, SelectField, StringField
from wtforms import widgets as plain
from wtforms.widgets import html_params

from cohortmgr.applications.form.forms import widgets

NAMES = st.sampled_from(["class_", "data_count", "aria_describedby", "value", "required", "id"])
CHOICES = [SelectChoice("a", "A & b"), SelectChoice("<", '"quoted"'), SelectChoice("c", "c")]


def unescaped(text: str) -> str:
    """Both write the same characters by other numbers."""
    return text.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


@given(st.dictionaries(NAMES, st.one_of(st.text(), st.booleans(), st.integers()), max_size=5))
def test_attributes_are_the_librarys(values: dict[str, Any]) -> None:
    assert unescaped(widgets.attributes(**values)) == unescaped(html_params(**values))


@pytest.mark.parametrize("value", ["", "plain", "<b>\"'&"])
def test_fields_are_the_librarys(value: str) -> None:
    class Ours(Form):
        name = StringField(widget=widgets.TextInput(), render_kw={"dir": "ltr"})
        pick = RadioField(choices=CHOICES, option_widget=widgets.RadioInput(), validate_choice=False)
        many = SelectField(choices=CHOICES, widget=widgets.Select(), validate_choice=False)

    class Theirs(Form):
        name = StringField(widget=plain.TextInput(), render_kw={"dir": "ltr"})
        pick = RadioField(choices=CHOICES, validate_choice=False)
        many = SelectField(choices=CHOICES, validate_choice=False)

    data = {"name": value, "pick": "<", "many": "c"}
    for ours, theirs in zip(Ours(data=data), Theirs(data=data), strict=True):
        assert unescaped(str(ours())) == unescaped(str(theirs()))
