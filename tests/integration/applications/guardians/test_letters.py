"""No adult writes to a child: whatever a room sends about one goes to the guardian, with a page that they can open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from tests.integration.applications.guardians import children

Statements = Callable[[], AbstractContextManager[list[str]]]
EMAIL, PHONE = "adam@exemple.ma", "+212612000077"
# To the guardian by what the file names; of nobody's file; codes, which a child may ask for as anybody may; and that
# the guardian agreed, which nobody writes and which says no more than the child's own page.
OTHERS = {"guardian_asked", "guardian_receipt", "sign_in_code", "apprentices_assigned", "guardian_agreed"}


@pytest.fixture
def child(system_context: AppContext, client: FlaskClient) -> Iterator[Application]:
    """A child who has an address and a telephone of their own; nothing is in the outbox."""
    with clock.at(children.NOW):
        reference = children.open_junior()
        children.club(client)
        children.enrol(client, reference, children.child(1))
        db.session.rollback()
        row = db.session.scalars(sa.select(Application)).one()
        with writing():
            set_person(db.session.get_one(Person, row.person_id), {"email": EMAIL, "phone": PHONE})
            db.session.execute(sa.delete(Message))
        yield row


def letter(key: str, row: Application) -> Letter:
    """As rooms write it, filled with the notice's examples."""
    person = db.session.get_one(Person, row.person_id)
    said = {variable.name: variable.example for variable in declared[key].variables}
    return Letter(key, person.reference, EMAIL, "fr", said, row.institution_id, row.person_id)


def written() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Message).order_by(Message.id)))


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.usefixtures("app")
def test_every_kind_of_message_goes_to_the_guardian_and_opens_their_page(
    child: Application, channel: str
) -> None:
    keys = sorted(set(declared) - OTHERS)
    with writing():
        send_all(letter(key, child) for key in keys)
    rows = written()
    guardian = db.session.get_one(Person, db.session.scalars(sa.select(Guardianship.guardian_id)).one())
    assert [row.key for row in rows] == keys and len(keys) > 20
    assert {(row.subject, row.person_id, row.language) for row in rows} == {(guardian.reference, None, "ar")}
    contents = [content_of(row) or {} for row in rows]
    assert {each["address"] for each in contents} == {children.MOTHER}
    db.session.expunge_all()
    for row in rows:
        row.language = "fr"
    for row, shown in zip(rows, render_all(rows, contents, [channel] * len(rows)), strict=True):
        assert isinstance(shown, Rendered), (row.key, shown)
        for text in (shown.text, shown.html or ""):
            assert "/my" not in text, f"{row.key}: a child's own page"
            assert not text or "Adam" in text, row.key
        if channel == "email":
            assert shown.text.startswith("Ce message concerne Adam, dont vous êtes le tuteur légal.")
    offered = next(index for index, row in enumerate(rows) if row.key == "offer_made")
    opened = render_all([rows[offered]], [contents[offered]], [channel])[0]
    assert isinstance(opened, Rendered) and "http://127.0.0.1:8000/guardian" in opened.text


@pytest.mark.usefixtures("app")
def test_a_letter_that_names_nobody_is_known_by_the_child_s_address_or_number(child: Application) -> None:
    """A desk's answer to whoever asked without an account, a row to mend, an opening that was to be told."""
    bare = replace(letter("question_answered", child), person_reference="Q" * 26, person_id=None)
    with writing():
        send_all(
            [
                replace(bare, address=EMAIL.upper()),
                replace(bare, address=PHONE, channel="sms"),
                replace(bare, address="mere@exemple.ma"),
            ]
        )
    to = [(row.channel, (content_of(row) or {})["address"]) for row in written()]
    assert to == [("sms", children.MOTHER), ("sms", children.MOTHER), ("email", "mere@exemple.ma")]


@pytest.mark.usefixtures("app")
def test_where_nobody_has_been_named_nothing_leaves_and_codes_are_the_child_s_own(child: Application) -> None:
    with writing():
        db.session.execute(sa.update(Guardianship).values(ended_at=clock.now()))
        send_all([letter("offer_made", child), replace(letter("sign_in_code", child), institution_id=None)])
    assert [(row.key, row.person_id) for row in written()] == [("sign_in_code", child.person_id)]


@pytest.mark.usefixtures("app")
def test_as_many_statements_for_fifty_letters_as_for_five(child: Application, statements: Statements) -> None:
    counts = []
    for many in (5, 50):
        letters = [letter("offer_made", child) for _ in range(many)]
        letters += [replace(each, person_id=None) for each in letters]
        with writing(), statements() as seen:
            send_all(letters)
        counts.append(len(seen))
    assert counts[0] == counts[1]
