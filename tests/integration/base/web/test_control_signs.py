"""No control sign enters by a form or a body, whatever its field; what comes otherwise is refused on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask, request
from wtforms import Field, FileField, StringField

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.typed import entered, texts_entered
from cohortmgr.base.web.asked import json_sent
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
DIRTY = "\x00Sal\x07ma\x1b\x7f\x9f\tEl\nIdrissi\x0b\x00"
CLEAN = "Salma\tEl\nIdrissi "


def every_form() -> list[type[HouseForm]]:
    found, left = [], [HouseForm]
    while left:
        one = left.pop()
        found += [one] if one is not HouseForm else []
        left += one.__subclasses__()
    return [each for each in found if each.__module__.startswith("cohortmgr.")]


def text_fields(form: type[HouseForm]) -> list[str]:
    unbound = {name: getattr(form, name) for name in dir(form) if hasattr(getattr(form, name), "field_class")}
    return [
        name
        for name, each in unbound.items()
        if issubclass(each.field_class, StringField) and not issubclass(each.field_class, FileField)
    ]


def test_each_text_field_of_each_form_gets_texts_without_control_signs(app: Flask) -> None:
    forms = {form: text_fields(form) for form in every_form()}
    assert sum(map(bool, forms.values())) > 20
    for form, names in forms.items():
        with app.test_request_context("/", method="POST", data=dict.fromkeys(names, DIRTY)):
            for name in names:
                assert request.form[name] == CLEAN, (form, name)
            try:
                filled = form()
            except TypeError:  # it is made with what its page knows
                continue
            for field in filled:
                assert isinstance(field, Field)
                assert (
                    not isinstance(field.data, str) or "\x00" not in field.data and "\x07" not in field.data
                )


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_both_kinds_of_bodies_and_json_are_read_alike(app: Flask, kind: str) -> None:
    with app.test_request_context("/", method="POST", data={"a": DIRTY, "b": "ok"}, content_type=kind):
        assert request.form.to_dict() == {"a": CLEAN, "b": "ok"}
        assert request.values["a"] == CLEAN
    with app.test_request_context("/", method="POST", json={"a": [DIRTY, {"b": DIRTY}], "c": 1}):
        assert json_sent() == {"a": [CLEAN, {"b": CLEAN}], "c": 1}


def test_what_people_type_stays_as_it_is() -> None:
    for text in ("سلمى\u200cالإدريسي", "a\r\nb\tc", "œuvre ’ —\u00a0!", "", "👩‍👩‍👧"):
        assert entered(text) == text
    assert entered("\u202a+212 6 12\u202c, \u202etxet") == "+212 6 12, txet", "what turns the rest of a line"
    assert entered("un\x85deux\x0ctrois") == "un deux trois" and texts_entered(3) == 3


def test_a_comment_in_a_plain_column_is_kept_without_them(app: Flask) -> None:
    intake = sent(2)
    manager, (reader, *_others) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    row = own.queue(reader)[0]
    marks = {f"score-{key}": "3" for key in ("resultats", "bases", "projet", "langues")}
    sent_form = {**marks, "comment": DIRTY, "version": "1"}
    assert browser(app, reader).post(f"/staff/reviews/{row.reference}", data=sent_form).status_code == 302
    db.session.rollback()
    kept = sa.select(Review.comment).where(Review.reference == row.reference)
    assert db.session.scalar(kept) == CLEAN.strip()


def test_who_writes_otherwise_is_refused_in_words_on_both_databases() -> None:
    with pytest.raises(Refused, match="caractère invisible"), writing():
        people.new_person({"given_name": "Sal\x00ma"})
    db.session.rollback()
    with pytest.raises(Refused, match="caractère invisible"), writing():
        db.session.execute(sa.update(Person).values(family_name="\x00"))
    db.session.rollback()
    with pytest.raises(Refused, match="caractère invisible"):
        db.session.execute(sa.select(Person.id).where(Person.email.in_(["a", "\x00"])))
    db.session.rollback()
