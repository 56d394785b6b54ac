"""The way of messages to real people: by telephone who has no e-mail, in the evening who wants one mail a day."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.incoming.actions import receive
from cohortmgr.messages.incoming.rules import Bounce, IncomingMail
from cohortmgr.messages.preferences.actions.unsubscribe_links import person_of
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.preferences.queries.routing import route_all
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.delivery.actions.claiming import claim
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.hooks import Route, Unroutable, Wait
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.rules import LEASE, MessageState
from tests.factories import choices
from tests.factories.choices import decided, known, sent

pytestmark = pytest.mark.usefixtures("system_context")

# A Monday, noon in Casablanca.
NOON = clock.instant(date(2026, 11, 23), 12)
EVENING = clock.instant(date(2026, 11, 23), 18)
ACCEPTED: dict[str, Any] = {
    "name": "Une N1",
    "number": "MDIA-000001",
    "reference": "r",
    "programme": {"fr": "Programme"},
    "intake": {"fr": "2027"},
    "offering": {"fr": "Rabat"},
    "starts_on": date(2027, 9, 15),
    "deadline": NOON + timedelta(days=9),
}
SAID = {"subject": "Portes ouvertes", "body": "Venez.", "short": "Venez.", "unsubscribe": "jeton"}


@pytest.fixture(autouse=True)
def _at_noon_with_empty_folders(system_context: object) -> Iterator[None]:
    for name in ("mail", "sms"):
        shutil.rmtree(Path(current_app.config["DATA"]) / name, ignore_errors=True)
    with clock.at(NOON):
        yield


def _person(number: int) -> Person:
    return db.session.get_one(Person, known(f"c{number}@exemple.ma").person_id)


def _wish(number: int, **values: Any) -> None:
    said = {
        "channel": "email",
        "campaigns": True,
        "digest": False,
        "quiet_from": 21,
        "quiet_until": 8,
        **values,
    }
    with writing() as session:
        session.add(Preference(person_id=_person(number).id, updated_at=clock.now(), **said))


def _only_a_phone(number: int) -> str:
    """As an imported file leaves a person: a telephone, no address, no account of use."""
    person_id = _person(number).id
    with writing() as session:
        person = session.get_one(Person, person_id)
        set_person(person, {"phone": f"+21261234567{number}", "email": None})
        session.execute(sa.update(Application).where(Application.person_id == person_id).values(email=None))
    return f"+21261234567{number}"


def _write(number: int, *keys: str, language: str = "fr", **variables: Any) -> None:
    person = _person(number)
    with writing():
        send_all(
            Letter(
                key,
                person.reference,
                person.email or "",
                language,
                SAID if key == "campaign" else {**ACCEPTED, **variables},
                None,
                person.id,
            )
            for key in keys
        )


def _rows(*columns: Any) -> list[Any]:
    db.session.rollback()
    db.session.expire_all()
    return [tuple(row) for row in db.session.execute(sa.select(*columns).order_by(Message.id))]


def _mails() -> list[EmailMessage]:
    folder = Path(current_app.config["DATA"]) / "mail"
    found = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]
    return [mail for mail in found if isinstance(mail, EmailMessage)]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _short_messages() -> str:
    folder = Path(current_app.config["DATA"]) / "sms"
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


def _drain() -> None:
    while deliver():
        pass


def test_who_has_no_e_mail_is_told_of_the_offer_by_sms(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = choices.sent

    def without_address(*arguments: Any, **values: Any) -> Any:
        intake = real(*arguments, **values)
        _only_a_phone(1)
        return intake

    monkeypatch.setattr(choices, "sent", without_address)
    decided(2, seats=2)
    _drain()
    mine = _rows(Message.key, Message.channel, Message.state, Message.segments)
    told = [row for row in mine if row[:2] == ("offer_made", "sms")]
    assert told and told[0][2] == MessageState.SENT and told[0][3] >= 1
    assert "+212612345671" in _short_messages()
    assert {str(mail["To"]) for mail in _mails()} == {"c2@exemple.ma"}


def test_a_batch_is_routed_in_as_many_statements_as_one_message(app: Flask, statements: Any) -> None:
    sent(6)
    for number in (1, 2, 3):
        _wish(number, channel="sms", quiet_from=None, quiet_until=None)
    _only_a_phone(1)
    counts = []
    for _ in range(2):
        for number in range(1, 7):
            _write(number, "offer_accepted", "campaign")
        messages = db.session.scalars(sa.select(Message)).all()
        contents = [content or {} for content in opened(messages)]
        with statements() as seen:
            routed = route_all(messages, contents)
        counts.append(len(seen))
        assert len(routed) == len(messages)
    assert counts[0] == counts[1] <= 2


def test_each_goes_where_its_person_wants_it(app: Flask) -> None:
    sent(5)
    phone = _only_a_phone(1)
    _wish(2, channel="sms")
    _wish(3, campaigns=False)
    _wish(4, digest=True)
    with writing() as session:
        set_person(session.get_one(Person, known("c2@exemple.ma").person_id), {"phone": "+212698765432"})
        session.execute(sa.update(Person).where(Person.id == _person(5).id).values(email=None))
    for number in range(1, 6):
        _write(number, "offer_accepted", "campaign")
    messages = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    routed = route_all(messages, [content or {} for content in opened(messages)])
    assert routed == [
        Route("sms", phone),
        Route("sms", phone),
        Route("sms", "+212698765432"),
        Route("sms", "+212698765432"),
        Route("email", "c3@exemple.ma"),
        Unroutable(drop=True),
        Wait(EVENING, gathered=True),
        Wait(EVENING, gathered=True),
        Unroutable(),
        Unroutable(),
    ]
    with clock.at(NOON + timedelta(hours=11)):
        at_night = route_all(messages, [content or {} for content in opened(messages)])
    morning = Wait(NOON + timedelta(hours=20))
    assert at_night[0] == at_night[1] == at_night[2] == at_night[3] == morning
    assert at_night[4] == Route("email", "c3@exemple.ma"), "a letter about the file makes no sound"


def test_no_sms_leaves_but_to_mobiles_of_the_listed_countries(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a file says: such a number costs more than all the others together."""
    sent(3)
    for number, phone in ((1, "+881612345678"), (2, "+33612345678"), (3, "+33612345678")):
        _wish(number, channel="sms")
        with writing() as session:
            set_person(session.get_one(Person, _person(number).id), {"phone": phone})
    with writing() as session:
        session.execute(sa.update(Person).where(Person.id == _person(3).id).values(email=None))
    for number in (1, 2, 3):
        _write(number, "offer_accepted")
    messages = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    contents = [content or {} for content in opened(messages)]
    mail = [Route("email", f"c{number}@exemple.ma") for number in (1, 2)]
    assert route_all(messages, contents) == [*mail, Unroutable()]
    monkeypatch.setattr(app.extensions["cohortmgr-settings"], "sms_countries", ("MA", "FR"))
    french = Route("sms", "+33612345678")
    assert route_all(messages, contents) == [mail[0], french, french]


def test_a_day_s_messages_leave_as_one_mail_in_the_evening(app: Flask) -> None:
    sent(2)
    _wish(1, digest=True)
    _write(1, "offer_accepted", "campaign")
    _write(1, "sign_in_code", code="204 816", minutes=10)
    _write(1, "offer_accepted", deadline=NOON + timedelta(hours=20))
    _drain()
    assert len(_mails()) == 2, "what bears a key and what presses do not wait"
    assert [row for row in _rows(Message.key, Message.gathered) if row[1]] == [
        ("offer_accepted", True),
        ("campaign", True),
    ]
    _write(1, "offer_declined", "offer_declined", reference="autre")
    _write(1, "waiting_listed", position=4, language="ar")
    _write(2, "offer_accepted")
    _drain()
    assert len(_mails()) == 3
    with clock.at(EVENING - timedelta(minutes=1)):
        _drain()
    assert len(_mails()) == 3
    with clock.at(EVENING):
        _drain()
        mails = _mails()
        assert len(mails) == 5, "one in each language"
        digest = next(mail for mail in mails if "4 messages pour vous" in str(mail["Subject"]))
        text = _text(digest)
        assert (
            text.index("Portes ouvertes") > text.index("۞ Votre place est confirmée") and text.count("۞") == 4
        )
        assert digest["Content-Language"] == "fr" and digest.get_body(("html",)) is not None
        token = str(digest["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
        assert person_of(token) == known("c1@exemple.ma").person_reference
        assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {row[0] for row in _rows(Message.state)} == {MessageState.SENT}


def test_one_message_that_cannot_be_put_into_words_does_not_hold_the_others(app: Flask) -> None:
    sent(1)
    _wish(1, digest=True)
    _write(1, "offer_accepted", "waiting_listed", "offer_declined")  # the second lacks its position
    _drain()
    with clock.at(EVENING):
        _drain()
    states = dict(_rows(Message.key, Message.state))
    assert states == {
        "offer_accepted": MessageState.SENT,
        "waiting_listed": MessageState.WAITING,
        "offer_declined": MessageState.SENT,
    }
    assert len(_mails()) == 1 and "2 messages pour vous" in str(_mails()[0]["Subject"])


def test_a_person_s_evening_is_one_mail_wherever_the_batch_ends(app: Flask) -> None:
    sent(3)
    for number in (1, 2, 3):
        _wish(number, digest=True)
    for _ in range(4):
        for number in (1, 2, 3):
            _write(number, "offer_accepted")
    _drain()
    with clock.at(EVENING):
        while deliver(batch=2):
            pass
    assert sorted(str(mail["To"]) for mail in _mails()) == [f"c{number}@exemple.ma" for number in (1, 2, 3)]
    assert {row[0] for row in _rows(Message.state)} == {MessageState.SENT}


def test_a_digest_that_comes_back_comes_back_whole(app: Flask) -> None:
    sent(2)
    for number in (1, 2):
        _wish(number, digest=True)
        _write(number, "offer_accepted", "offer_declined")
    _drain()
    with clock.at(EVENING):
        _drain()
    mail = next(mail for mail in _mails() if str(mail["To"]) == "c1@exemple.ma")
    reference = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    back = IncomingMail(
        "m", "postmaster@exemple.ma", "", "", Bounce(reference, DeliveryTroubleKind.UNREACHABLE, "5.1.1")
    )
    for said in ("returned", "again"):
        with writing():
            assert receive(SYSTEM, back) == said
    states = [row[0] for row in _rows(Message.state)]
    assert states == [MessageState.RETURNED] * 2 + [MessageState.SENT] * 2


@pytest.mark.parametrize(("deaths", "mails"), [(1, 1), (2, 3)])
def test_a_digest_whose_sender_died_goes_again_as_one_mail_and_then_one_by_one(
    app: Flask, deaths: int, mails: int
) -> None:
    sent(1)
    _wish(1, digest=True)
    _write(1, "offer_accepted", "offer_declined", "waiting_listed", position=4)
    _drain()
    for death in range(deaths):
        with clock.at(EVENING + 2 * death * LEASE), writing():
            assert len(claim(50) or ()) == 3
    with clock.at(EVENING + 2 * deaths * LEASE):
        _drain()
    assert len(_mails()) == mails
    assert set(_rows(Message.state, Message.lost_starts)) == {(MessageState.SENT, deaths)}


def test_campaigns_alone_bear_the_link_that_stops_them(app: Flask) -> None:
    sent(2)
    _write(1, "campaign", "offer_accepted")
    _wish(2, campaigns=False)
    _write(2, "campaign", "offer_accepted")
    _drain()
    by_subject = {(str(mail["To"]), mail["List-Unsubscribe"] is not None) for mail in _mails()}
    assert by_subject == {
        ("c1@exemple.ma", True),
        ("c1@exemple.ma", False),
        ("c2@exemple.ma", False),
    }
    campaign = next(mail for mail in _mails() if mail["List-Unsubscribe"])
    assert "/unsubscribe/jeton" in _text(campaign)
    assert _rows(Message.state)[2] == (MessageState.DROPPED,)
