"""Mail that comes in: what came back, complaints, replies that join the file; and what staff do about addresses."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import links, people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import LINK_LIFETIME, SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions.invitations import LETTER as INVITATION
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.messages.helpdesk.models import ThreadEntry
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.incoming import actions as incoming_actions
from cohortmgr.messages.incoming.actions import receive, reply_to, tag_of
from cohortmgr.messages.incoming.rules import question_address, read_mail
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.delivery.actions.outcomes import tell
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, decided, known, someone
from tests.integration.messages.helpdesk.test_desk import asked, letters, questions
from tests.unit.messages.incoming.test_rules import COMPLAINT, DELAYED, DOMAIN, POSTFIX, REFERENCE

pytestmark = pytest.mark.usefixtures("system_context")
OURS = "cohortmgr.example"


def about(raw: bytes, message: Message) -> bytes:
    """A report, about a message of ours."""
    return raw.replace(REFERENCE.encode(), message.reference.encode()).replace(DOMAIN.encode(), OURS.encode())


def taken(raw: bytes) -> str:
    """What became of a mail."""
    with writing():
        return receive(SYSTEM, read_mail(raw, OURS))


def left() -> tuple[Intake, Message]:
    """A message to the person of file 1, which has left."""
    intake, _batch = decided(3, seats=2)
    with writing() as session:
        session.execute(sa.update(Message).where(Message.key == "offer_made").values(state="sent"))
    mine = known("c1@exemple.ma").person_id
    chosen = sa.select(Message).where(Message.person_id == mine, Message.key == "offer_made")
    return intake, db.session.scalars(chosen).one()


def again(message: Message) -> Message:
    """As it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Message, message.id)


def troubles() -> list[DeliveryTrouble]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(DeliveryTrouble).order_by(DeliveryTrouble.id)))


def reply(to: str, text: str = "Voici.", sender: str = "c1@exemple.ma", **headers: str) -> bytes:
    """A mail that a person wrote."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = sender, to, f"<{abs(hash(text))}@exemple.ma>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def test_a_bounce_marks_the_message_and_raises_one_task(app: Flask) -> None:
    intake, message = left()
    assert taken(about(POSTFIX, message)) == "returned"
    assert taken(about(POSTFIX, message)) == "again"
    assert (again(message).state, again(message).failure) == ("returned", "permanent")
    [trouble] = troubles()
    assert (trouble.kind, trouble.path, trouble.person_id) == ("bounce", intake.path, message.person_id)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    assert "1 message n’est pas arrivé" in client.get("/staff").get_data(as_text=True)
    page = client.get("/staff/troubles").get_data(as_text=True)
    assert "c1@exemple.ma" in page and "MDIA-000001" in page and "Offre d’une place" in page


def test_a_delay_changes_nothing(app: Flask) -> None:
    _intake, message = left()
    assert taken(about(DELAYED, message)) == "ignored"
    assert again(message).state == "sent" and troubles() == []


def test_a_complaint_stops_announcements_too(app: Flask) -> None:
    _intake, message = left()
    assert taken(about(COMPLAINT, message)) == "complaint"
    assert [each.kind for each in troubles()] == ["complaint"]
    wish = db.session.scalars(sa.select(Preference).where(Preference.person_id == message.person_id)).one()
    assert wish.campaigns is False


def test_a_report_without_a_reason_is_told_to_staff_and_kept() -> None:
    _intake, message = left()
    told = reply(f"bounces+{message.reference}@{OURS}", "Sorry.", "MAILER-DAEMON@mx.ma", Return_Path="<>")
    assert taken(told) == "unknown" and taken(told) == "unknown"
    assert again(message).state == "sent", "it may have arrived"
    assert [each.kind for each in troubles()] == ["unclear"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Connected to 41.2.30.4\n550 5.1.1 unknown", "bounce"),
        ("La boîte du destinataire est pleine", "unreachable"),
    ],
)
def test_what_a_server_writes_in_words_becomes_the_right_task(text: str, kind: str) -> None:
    _intake, message = left()
    letter = reply(f"bounces+{message.reference}@{OURS}", text, "MAILER-DAEMON@mx.ma", Return_Path="<>")
    assert taken(letter) == "returned"
    assert [each.kind for each in troubles()] == [kind]


def test_an_answer_through_a_list_opens_a_question_and_an_automatic_one_none() -> None:
    _intake, message = left()
    headers = {"In_Reply_To": f"<{message.reference}@{OURS}>"}
    machine = reply("x@y.ma", "Absente.", Auto_Submitted="auto-replied", **headers)
    assert taken(machine) == "ignored" and questions() == []
    human = reply("x@y.ma", "Je n'ai pas reçu ma carte.", List_Id="famille <famille.example>", **headers)
    assert taken(human) == "joined" and len(questions()) == 1


def test_a_report_about_nothing_of_ours_is_unknown() -> None:
    left()
    assert taken(POSTFIX.replace(DOMAIN.encode(), OURS.encode())) == "unknown"
    assert troubles() == []


def test_what_the_outbox_sets_aside_is_a_task_as_well() -> None:
    _intake, message = left()
    with writing():
        tell(message, {"state": "set_aside", "error": "NoWay"})
    assert [each.kind for each in troubles()] == ["unreachable"]


def test_a_corrected_address_sends_the_message_again_once(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    [trouble] = troubles()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    address = f"/staff/troubles/{trouble.reference}/correct"
    for wrong in ("", "nowhere", "c1@exemple.ma", "a@b.ma, c@d.ma", "x" * 300 + "@exemple.ma"):
        assert client.post(address, data={"email": wrong}).status_code == 422
    for _ in range(2):
        assert client.post(address, data={"email": "Nouvelle@Exemple.ma"}).status_code == 302
    db.session.rollback()
    person = db.session.get_one(Person, message.person_id)
    assert person.email == "nouvelle@exemple.ma"
    account = db.session.scalars(sa.select(Account).where(Account.person_id == person.id)).one()
    assert account.email == "c1@exemple.ma", "the way in is the person's own to change"
    file = db.session.scalars(sa.select(Application).where(Application.person_id == person.id)).one()
    assert file.email == "nouvelle@exemple.ma"
    chosen = sa.select(Message).where(Message.once == f"corrected:{trouble.reference}")
    [letter] = db.session.scalars(chosen).all()
    content, before = content_of(letter), content_of(message)
    assert content is not None and before is not None and letter.state == "waiting"
    assert content["address"] == "nouvelle@exemple.ma" and content["variables"] == before["variables"]
    assert "Tout est arrivé" in client.get("/staff/troubles").get_data(as_text=True)


def test_a_corrected_address_is_told_where_the_person_proves_to_read(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    [trouble] = troubles()
    account = db.session.scalars(sa.select(Account).where(Account.person_id == message.person_id)).one()
    with writing():
        people.enter_by(SYSTEM, account, Contact("sms", "+212612345678"))
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    for _ in range(2):
        client.post(f"/staff/troubles/{trouble.reference}/correct", data={"email": "nouvelle@exemple.ma"})
    db.session.rollback()
    [told] = db.session.scalars(sa.select(Message).where(Message.key == "address_corrected")).all()
    content = content_of(told)
    assert content is not None and (told.channel, content["address"]) == ("sms", "+212612345678")
    assert content["variables"]["contact"] == "no…@exemple.ma"


def test_the_address_by_which_somebody_comes_back_to_their_account_stays_their_own(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    [trouble] = troubles()
    with writing():  # as one who shares an address, by which another enters, and said the day of their birth
        theirs = sa.update(Account).where(Account.person_id == message.person_id)
        db.session.execute(theirs.values(email=None))
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    given = {"email": "mona-elle-meme@exemple.ma"}
    assert client.post(f"/staff/troubles/{trouble.reference}/correct", data=given).status_code == 302
    db.session.rollback()
    assert db.session.get_one(Person, message.person_id).email == "c1@exemple.ma"
    file = db.session.scalars(sa.select(Application).where(Application.person_id == message.person_id)).one()
    assert file.email == given["email"], "where letters go"
    chosen = sa.select(Message).where(Message.once == f"corrected:{trouble.reference}")
    content = content_of(db.session.scalars(chosen).one())
    assert content is not None and content["address"] == given["email"]


def test_who_has_no_account_is_told_of_a_corrected_address_by_telephone(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    [trouble] = troubles()
    with writing():
        person = db.session.get_one(Person, message.person_id)
        people.set_person(person, {"phone": "+212612345678"})
        db.session.execute(sa.delete(Account).where(Account.person_id == person.id))
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    client.post(f"/staff/troubles/{trouble.reference}/correct", data={"email": "nouvelle@exemple.ma"})
    db.session.rollback()
    [told] = db.session.scalars(sa.select(Message).where(Message.key == "address_corrected")).all()
    content = content_of(told)
    assert content is not None and (told.channel, content["address"]) == ("sms", "+212612345678")


def test_an_invitation_that_came_back_leaves_anew_with_a_link_for_the_new_address(app: Flask) -> None:
    intake, message = left()
    with writing():
        person = db.session.get_one(Person, message.person_id)
        first = links.create(links.CLAIM, person.reference, LINK_LIFETIME)
        said = {"token": first, "name": "", "number": "M-1", "programme": {"fr": "M"}, "days": 30}
        send_all(
            [
                Letter(
                    INVITATION,
                    person.reference,
                    person.email or "",
                    "fr",
                    said,
                    intake.institution_id,
                    person.id,
                )
            ]
        )
    letter = db.session.scalars(sa.select(Message).where(Message.key == INVITATION)).one()
    with writing():
        tell(letter, {"state": "set_aside", "error": "NoWay"})
    [trouble] = troubles()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    address = f"/staff/troubles/{trouble.reference}/correct"
    assert client.post(address, data={"email": "nouvelle@exemple.ma"}).status_code == 302
    db.session.rollback()
    with pytest.raises(Refused):
        links.peek(first, links.CLAIM)
    sent_anew = sa.select(Message).where(Message.once == f"corrected:{trouble.reference}")
    content = content_of(db.session.scalars(sent_anew).one())
    assert content is not None and content["variables"]["token"] != first
    assert links.peek(content["variables"]["token"], links.CLAIM).subject == person.reference


def test_told_by_telephone_and_dismissed(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    taken(about(COMPLAINT, message))
    with writing():
        tell(message, {"state": "set_aside", "error": ""})
    first, second = troubles()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    assert client.post(f"/staff/troubles/{first.reference}/told", data={"note": ""}).status_code == 422
    assert client.post(f"/staff/troubles/{first.reference}/told", data={"note": "Dit."}).status_code == 302
    assert client.post(f"/staff/troubles/{second.reference}/dismiss").status_code == 302
    assert [each.resolution for each in troubles()] == ["told", "dismissed"]


def test_another_programme_s_staff_neither_sees_nor_ends_them(app: Flask) -> None:
    intake, message = left()
    taken(about(POSTFIX, message))
    [trouble] = troubles()
    with writing():
        account = people.new_account(SYSTEM, "v@inpt.ma", "no hash", {"given_name": "V", "family_name": "V"})
        sister = intake.path.rstrip(".").rpartition(".")[0] + ".voisin."
        role = Role.SELECTION_MANAGER
        people.grant(SYSTEM, account, role, "programme", "v" * 26, sister, [intake.institution_id])
    client = browser(app, known("v@inpt.ma"))
    assert "c1@exemple.ma" not in client.get("/staff/troubles").get_data(as_text=True)
    for act, body in (("correct", {"email": "v@v.ma"}), ("told", {"note": "x"}), ("dismiss", {})):
        assert client.post(f"/staff/troubles/{trouble.reference}/{act}", data=body).status_code == 404
    assert troubles()[0].resolved_at is None
    assert browser(app, someone(intake, Role.OBSERVER)).get("/staff/troubles").status_code == 404


def test_the_list_of_troubles_takes_as_many_statements_for_many(app: Flask, statements: Any) -> None:
    intake, _message = left()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    chosen = sa.select(Message).where(Message.person_id.is_not(None)).order_by(Message.id)
    rows = db.session.scalars(chosen).all()

    def count(some: list[Message]) -> int:
        with writing():
            for row in some:
                tell(row, {"state": "returned", "error": "5.1.1"})
        client.get("/staff/troubles")
        with statements() as seen:
            assert client.get("/staff/troubles").status_code == 200
        return len(seen)

    assert count(list(rows[:1])) == count(list(rows[1:]))


def test_a_reply_joins_its_question_once_and_another_s_tag_opens_nothing(app: Flask) -> None:
    intake, _batch = decided(3, seats=2)
    asked(intake, 2)
    first, second = questions()
    [letter] = [
        row
        for row in db.session.scalars(sa.select(Message).where(Message.key == "question_received"))
        if row.subject == first.subject
    ]
    content = content_of(letter)
    assert content is not None
    address = reply_to(letter, content)["Reply-To"]
    assert address == question_address(first.reference, tag_of(first.reference), OURS)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    client.post(f"/staff/questions/{first.reference}/answer", data={"text": "Le S5.", "once": "z"})
    raw = reply(address, "Merci, et le S6 ?\n\nOn Mon, 2 Mar X wrote:\n> Le S5.")
    assert taken(raw) == "joined" and taken(raw) == "again"
    assert [each.state for each in questions()] == ["open", "open"]
    part = desk_queries.thread(questions()[0], whole=True)[-1]
    assert (part.kind, part.shown, part.sender) == ("mail", "Merci, et le S6 ?", "")
    forged = question_address(second.reference, tag_of(first.reference), OURS)
    assert taken(reply(forged, "Autre")) == "unknown"
    strange = reply(address, "Moi aussi", sender="autre@exemple.ma")
    assert taken(strange) == "joined"
    page = client.get(f"/staff/questions/{first.reference}").get_data(as_text=True)
    assert "autre@exemple.ma" in page and "Écrit depuis une autre adresse" in page
    count = sa.select(sa.func.count()).where(ThreadEntry.question_id == second.id)
    assert db.session.scalar(count) == 1


def test_a_reply_to_any_message_opens_a_question_on_the_file_once() -> None:
    intake, message = left()
    told = {"In_Reply_To": f"<{message.reference}@{OURS}>"}
    assert taken(reply("ne-pas-repondre@cohortmgr.example", "Puis-je venir plus tard ?", **told)) == "joined"
    assert taken(reply("ne-pas-repondre@cohortmgr.example", "Et avec mon frère ?", **told)) == "joined"
    [question] = questions()
    file = db.session.get_one(Application, question.application_id)
    assert file.number == "MDIA-000001" and question.person_id == message.person_id
    assert (question.intake_id, question.about, question.state) == (intake.id, message.reference, "open")
    assert len(desk_queries.thread(question, whole=True)) == 2
    assert letters("question_received") == [], "a machine does not answer a reply"


def test_an_answer_written_as_the_subject_reaches_the_desk(app: Flask) -> None:
    intake, message = left()
    told = {"In_Reply_To": f"<{message.reference}@{OURS}>", "Subject": "J'accepte ma place"}
    assert taken(reply("ne-pas-repondre@cohortmgr.example", "", **told)) == "joined"
    [question] = questions()
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    page = client.get(f"/staff/questions/{question.reference}").get_data(as_text=True)
    assert "J&#39;accepte ma place" in page


def test_a_full_mailbox_that_only_the_letter_names_is_no_wrong_address() -> None:
    _intake, message = left()
    raw = POSTFIX.replace(b"Status: 5.1.1", b"Status: 5.0.0")
    raw = raw[: raw.index(b"Diagnostic-Code")] + raw[raw.index(b"\n\n--edge\nContent-Type: text/rfc822") :]
    assert (
        taken(about(raw.replace(b"This is the mail system.", b"The mailbox is full."), message)) == "returned"
    )
    assert [each.kind for each in troubles()] == ["unreachable"]


def test_an_answer_that_does_not_reach_somebody_without_an_account_goes_back_to_the_desk(app: Flask) -> None:
    from tests.integration.messages.helpdesk.test_desk import STRANGER, public

    intake, _message = left()
    public(app).post("/help/mdia", data=STRANGER)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    address = f"/staff/questions/{questions()[0].reference}"
    client.post(f"{address}/answer", data={"text": "Le S5.", "once": "z"})
    letter = db.session.scalars(sa.select(Message).where(Message.key == "question_answered")).one()
    with writing() as session:
        session.execute(sa.update(Message).where(Message.id == letter.id).values(state="sent"))
    assert taken(about(POSTFIX, letter)) == "returned"
    assert questions()[0].state == "open" and troubles() == []
    assert "La réponse n’est pas arrivée" in client.get(address).get_data(as_text=True)


def test_a_tag_is_not_another_s() -> None:
    assert len(tag_of("A" * 26)) == incoming_actions.TAG and tag_of("A" * 26) != tag_of("B" * 26)
