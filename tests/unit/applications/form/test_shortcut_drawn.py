"""What `drawn` takes for granted of WTForms and of the widgets: where a text, a mark and a choice stand in the text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from wtforms import BooleanField, Form, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from cohortmgr.applications.form.forms import widgets
from cohortmgr.applications.form.views.drawing import END, HOLE, _pieces, _pierce

CHOICES = [SelectChoice("a", "A & b"), SelectChoice("é<", '"quoted"'), SelectChoice("c", "c")]


class Every(Form):
    """A field of each kind that is drawn."""

    line = StringField(widget=widgets.TextInput(), render_kw={"dir": "ltr"})
    lines = TextAreaField()
    one = RadioField(choices=CHOICES, option_widget=widgets.RadioInput(), validate_choice=False)
    of_many = SelectField(choices=CHOICES, widget=widgets.Select(), validate_choice=False)
    agreed = BooleanField(widget=widgets.CheckboxInput())


def elements(text: str) -> list[object]:
    """Elements with their attributes in any order, and the texts between."""
    found: list[object] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, sorted((n, v or "") for n, v in attrs)))
    parser.handle_data = found.append
    parser.feed(text)
    return found


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("line", "<b>\"'&"), ("lines", "Deux\nlignes"), ("one", "a"), ("one", "é<"), ("of_many", "é<"),
        ("of_many", "c"), ("agreed", True),
    ],
)  # fmt: skip
def test_what_is_put_in_stands_where_the_library_puts_it(name: str, answer: object) -> None:
    empty = Every()
    _pierce(empty)
    filled = _pieces(name, str(empty[name]())).filled(answer)
    assert HOLE not in filled and END not in filled
    assert elements(filled) == elements(Every(data={name: answer})[name]())
    assert elements(filled) != elements(Every()[name]())


def test_a_field_names_itself_before_its_kind_and_value() -> None:
    """The order of attributes that the patterns read."""
    form = Every()
    assert '<option value="a">' in form["of_many"]()
    assert str(form["of_many"]()).startswith("<select ") and 'name="of_many">' in form["of_many"]()
    assert 'name="one" type="radio" value="a">' in form["one"]()
    assert 'name="agreed" type="checkbox" value="y">' in form["agreed"]()
