"""The help desk: who asks how, who reads what, answers to one and to many."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.messages.helpdesk.actions import questions as helpdesk_questions
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.preferences.queries.routing import route_all
from cohortmgr.outbox.hooks import Route
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import programme_by_key
from tests.factories.choices import browser, known, sent, someone
from tests.watch import SeparateClient

pytestmark = pytest.mark.usefixtures("system_context")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORM = {"topic": "documents", "text": "Quel relevé faut-il ?", "once": "A" * 26}
STRANGER = {**FORM, "name": "Sara Alaoui", "email": "sara@exemple.ma"}


def questions() -> list[HelpRequest]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(HelpRequest).order_by(HelpRequest.id)))


def letters(key: str) -> list[dict[str, Any]]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id))
    return [{**(content_of(row) or {}), "language": row.language} for row in rows]


def public(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = SeparateClient
    return app.test_client()


def asked(intake: Intake, count: int, topic: str = "documents") -> None:
    """So many questions, each by the person of another file, in each of the languages."""
    rows = db.session.execute(sa.select(Application).order_by(Application.id).limit(count)).scalars().all()
    with writing():
        for row in rows:
            viewer = Viewer(f"v{row.id}", row.person_id, _reference(row.person_id))
            place = helpdesk_questions.HelpRequestScope(row.institution_id, intake.path, intake.id, row.id)
            helpdesk_questions._open(
                viewer,
                place,
                NewHelpRequest(topic, f"Question {row.id}", row.language, topic),
                helpdesk_questions._limits_of(viewer),
            )


def _reference(person_id: int) -> str:
    from cohortmgr.accounts.queries.viewers import reference_of

    return reference_of(person_id)


def test_without_an_account_one_asks_and_reads_the_answer_by_a_link(app: Flask) -> None:
    intake = sent(1)
    client = public(app)
    assert "/help/mdia" in client.get("/help").get_data(as_text=True)
    answer = client.post("/help/mdia", data=STRANGER)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    question = questions()[0]
    assert question.number in client.get(answer.location).get_data(as_text=True)
    assert (question.person_id, question.subject, question.state) == (None, question.reference, "open")
    [letter] = letters("question_received")
    assert letter["address"] == "sara@exemple.ma" and "relevé" not in str(letter), (
        "nobody is sent others' words"
    )
    page = letter["variables"]["page"]
    assert "Quel relevé" in client.get(page).get_data(as_text=True)
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER))
    shown = manager.get(f"/staff/questions/{question.reference}").get_data(as_text=True)
    assert "Sara Alaoui" in shown and "sara@exemple.ma" in shown
    manager.post(f"/staff/questions/{question.reference}/note", data={"text": "entre nous", "once": "n1"})
    manager.post(f"/staff/questions/{question.reference}/answer", data={"text": "Celui du S5.", "once": "n2"})
    manager.post(f"/staff/questions/{question.reference}/answer", data={"text": "Celui du S5.", "once": "n2"})
    [reply] = letters("question_answered")
    assert reply["variables"]["text"] == "Celui du S5." and reply["address"] == "sara@exemple.ma"
    thread = client.get(reply["variables"]["page"]).get_data(as_text=True)
    assert "Celui du S5." in thread and "entre nous" not in thread
    assert questions()[0].state == "answered"
    assert client.post(page, data={"text": "Merci, et le S6 ?", "once": "B" * 26}).status_code == 302
    assert questions()[0].state == "open"


def test_a_second_click_and_a_machine_bring_nothing(app: Flask) -> None:
    sent(1)
    client = public(app)
    for _ in range(2):
        assert client.post("/help/mdia", data=STRANGER).status_code == 302
    assert (
        client.post("/help/mdia", data={**STRANGER, "once": "C" * 26, "website": "http://x"}).status_code
        == 302
    )
    assert len(questions()) == 1 and len(letters("question_received")) == 1


def test_a_flood_from_one_address_ends(app: Flask) -> None:
    sent(1)
    client = public(app)
    answers = [
        client.post("/help/mdia", data={**STRANGER, "once": f"{number:026d}"}).status_code
        for number in range(7)
    ]
    assert answers == [302] * 5 + [422] * 2
    assert len(questions()) == 5


def test_the_same_form_sent_again_never_counts(app: Flask) -> None:
    sent(1)
    client = public(app)
    taps = [client.post("/help/mdia", data=STRANGER).status_code for _tap in range(8)]
    others = [client.post("/help/mdia", data={**STRANGER, "once": f"{n:026d}"}).status_code for n in range(5)]
    assert taps == [302] * 8 and others == [302] * 4 + [422]
    assert len(questions()) == 5
    # Who has asked as often as they may is still told that the first is saved.
    assert client.post("/help/mdia", data=STRANGER).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "x" * 5001},
        {"email": "", "phone": ""},
        {"email": "nowhere"},
        {"phone": "12"},
        {"name": ""},
        {"topic": "unheard"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(app: Flask, wrong: dict[str, str]) -> None:
    sent(1)
    answer = public(app).post("/help/mdia", data={**STRANGER, **wrong})
    assert answer.status_code in (200, 422) and "error-summary" in answer.get_data(as_text=True)
    assert questions() == []


def test_by_telephone_alone_the_answer_is_a_short_message(app: Flask) -> None:
    sent(1)
    public(app).post("/help/mdia", data={**STRANGER, "email": "", "phone": "06 12 34 56 78"})
    row = db.session.scalars(sa.select(Message)).one()
    content = content_of(row)
    assert row.channel == "sms" and content is not None and content["address"] == "+212612345678"
    with clock.at(MONDAY):
        assert route_all([row], [content]) == [Route("sms", "+212612345678")]


def test_a_person_asks_on_a_file_adds_and_sees_whose_turn_it_is(app: Flask) -> None:
    intake = sent(2)
    me, other = browser(app, known("c1@exemple.ma")), browser(app, known("c2@exemple.ma"))
    application = db.session.scalars(sa.select(Application).where(Application.number == "MDIA-000001")).one()
    address = f"/my/applications/{application.reference}/question"
    assert other.get(address).status_code == 404 and other.post(address, data=FORM).status_code == 404
    with clock.at(MONDAY):
        answer = me.post(address, data=FORM)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        page = me.get(answer.location).get_data(as_text=True)
    assert "mercredi 4 mars 2026" in page
    question = questions()[0]
    assert question.application_id == application.id and question.intake_id == intake.id
    mine = f"/my/questions/{question.reference}"
    assert other.get(mine).status_code == 404 and other.post(mine, data=FORM).status_code == 404
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER))
    staff = f"/staff/questions/{question.reference}"
    manager.post(f"{staff}/answer", data={"text": "De quel semestre ?", "waits": "1", "once": "w"})
    assert questions()[0].state == "waiting"
    manager.post(f"{staff}/call", data={"text": "Dit au téléphone.", "with": "Une N1", "once": "x"})
    page = me.get(mine).get_data(as_text=True)
    assert "Dit au téléphone." in page and "C’est à vous" in page
    assert me.post(mine, data={"text": "Le cinquième.", "once": "D" * 26}).status_code == 302
    assert questions()[0].state == "open"
    assert letters("question_answered")[0]["variables"]["page"] == mine
    assert "Le cinquième" in me.get("/my/questions").get_data(as_text=True)


def test_internal_notes_are_kept_from_their_person_by_the_database_too(app: Flask) -> None:
    intake = sent(1)
    asked(intake, 1)
    question = questions()[0]
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER))
    manager.post(f"/staff/questions/{question.reference}/note", data={"text": "entre nous", "once": "n1"})
    me = known("c1@exemple.ma")
    with app.app_context():
        see(me.institutions, me.person_id)
        if db.session.connection().dialect.name == "postgresql":
            assert db.session.scalars(sa.select(ThreadEntry.kind)).all() == ["asked"]
        parts = desk_queries.thread(desk_queries.own(me, question.reference), whole=False)
        assert [part.kind for part in parts] == ["asked"]


def test_each_at_the_desk_sees_their_own(app: Flask) -> None:
    intake = sent(2)
    asked(intake, 1)
    reference = questions()[0].reference
    seeing = {
        Role.SELECTION_MANAGER: 200,
        Role.PROGRAMME_ADMINISTRATOR: 200,
        Role.CENTRE_MANAGER: 200,
        Role.FINANCE: 404,
        Role.AUDITOR: 404,
        Role.OBSERVER: 404,
    }
    for role, status in seeing.items():
        client = browser(app, someone(intake, role))
        assert client.get(f"/staff/questions/{reference}").status_code == status, role
        acted = client.post(f"/staff/questions/{reference}/take")
        assert acted.status_code == (
            404 if status == 404 else 422 if role is not Role.SELECTION_MANAGER else 302
        )


def test_another_programme_s_staff_sees_none(app: Flask) -> None:
    intake = sent(2)
    asked(intake, 2)
    with writing():
        account = people.new_account(SYSTEM, "v@inpt.ma", "no hash", {"given_name": "V", "family_name": "V"})
        sister = intake.path.rstrip(".").rpartition(".")[0] + ".voisin."
        people.grant(
            SYSTEM, account, Role.SELECTION_MANAGER, "programme", "v" * 26, sister, [intake.institution_id]
        )
    client = browser(app, known("v@inpt.ma"))
    reference = questions()[0].reference
    assert client.get(f"/staff/questions/{reference}").status_code == 404
    assert 'scope="row"' not in client.get("/staff/questions").get_data(as_text=True)
    body = {"fr": "a", "ar": "b", "en": "c", "count": "2", "state": "open"}
    client.post("/staff/questions/answers", data=body)
    client.post("/staff/questions/answers", data={**body, "q": reference})
    assert {each.state for each in questions()} == {"open"}


def test_owner_states_and_what_is_refused(app: Flask) -> None:
    intake = sent(1)
    asked(intake, 1)
    first, second = someone(intake, Role.SELECTION_MANAGER), someone(intake, Role.CENTRE_MANAGER)
    mine, other = browser(app, first), browser(app, second)
    address = f"/staff/questions/{questions()[0].reference}"
    assert mine.post(f"{address}/take").status_code == 302 and mine.post(f"{address}/take").status_code == 302
    assert other.post(f"{address}/take").status_code == 422
    assert mine.post(f"{address}/give", data={"owner": second.reference}).status_code == 302
    assert questions()[0].owner_id == second.account_id
    assert mine.post(f"{address}/give", data={"owner": known("c1@exemple.ma").reference}).status_code == 404
    assert mine.post(f"{address}/answer", data={"text": " "}).status_code == 422
    for _ in range(2):
        assert mine.post(f"{address}/close").status_code == 302
    assert mine.post(f"{address}/answer", data={"text": "Trop tard."}).status_code == 422
    assert letters("question_answered") == []
    assert mine.post(f"{address}/reopen").status_code == 302
    assert questions()[0].state == "open"


def test_lists_take_as_many_statements_for_fifty_as_for_five(app: Flask, statements: Any) -> None:
    intake = sent(50)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    me = browser(app, known("c1@exemple.ma"))

    def count(who: Any, path: str) -> int:
        who.get(path)
        with statements() as seen:
            assert who.get(path).status_code == 200
        return len(seen)

    paths = ((client, "/staff/questions"), (client, "/staff"), (me, "/my/questions"))
    asked(intake, 5)
    before = [count(*path) for path in paths]
    asked(intake, 50, "dates")
    assert [count(*path) for path in paths] == before


def test_a_question_is_late_from_the_day_after_its_promised_day_on(app: Flask) -> None:
    intake = sent(1)
    with clock.at(MONDAY):
        asked(intake, 1)
    promised = questions()[0].answer_by
    noon = datetime.combine(promised, time(12), clock.CASABLANCA)
    found = {}
    for moment in (
        noon.replace(hour=0, minute=1),
        noon.replace(hour=23, minute=59),
        noon + timedelta(hours=12, minutes=1),
    ):
        with clock.at(moment):
            client = browser(app, someone(intake, Role.SELECTION_MANAGER, f"m{len(found)}"))
            page = client.get("/staff/questions?late=1").get_data(as_text=True)
            found[moment] = page.count(' scope="row">')
    assert list(found.values()) == [0, 0, 1], "its own day is not over before midnight in Casablanca"


def test_filters_and_today(app: Flask) -> None:
    intake = sent(6)
    with clock.at(MONDAY):
        asked(intake, 2)
    with clock.at(MONDAY + timedelta(days=3)):
        asked(intake, 6, "dates")
        client = browser(app, someone(intake, Role.SELECTION_MANAGER))

        def rows(query: str) -> int:
            return client.get(f"/staff/questions?{query}").get_data(as_text=True).count(' scope="row">')

        assert (
            rows("") == 8
            and rows("late=1") == 2
            and rows("topic=dates") == 6
            and rows("search=c3@exemple.ma") == 1
        )
        assert rows("topic=dates&search=c1@exemple.ma") == 1
        assert rows("whose=mine") == 0 and rows("whose=unowned") == 8 and rows("state=closed") == 0
        assert rows("search=%25") == 0 and rows("intake=unheard") == 0
        assert rows(f"search={questions()[0].number}") == 1
        today = client.get("/staff").get_data(as_text=True)
        assert re.search(r"2 questions en retard, la plus ancienne depuis le mercredi 4 mars 2026", today)
        assert "6 questions à répondre" in today
        grouped = client.get("/staff/questions").get_data(as_text=True)
        assert "6 questions" in grouped and "topic=dates" in grouped


def test_six_hundred_are_answered_once_in_few_statements(app: Flask, statements: Any) -> None:
    intake = sent(600)
    asked(intake, 600)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    address = "/staff/questions/answers"
    texts = {"fr": "Le S5.", "ar": "الفصل الخامس", "en": "Semester 5."}
    body = {**texts, "topic": "documents", "intake": intake.reference, "count": "600"}
    assert "600 questions sans réponse" in client.get(f"{address}?topic=documents").get_data(as_text=True)
    assert client.post(address, data=body).status_code == 422, "the number was not typed"
    assert client.post(address, data={**body, "count": "599", "confirmation": "599"}).status_code == 422
    assert client.post(address, data={**body, "ar": "", "confirmation": "600"}).status_code == 422
    assert letters("question_answered") == []
    with statements() as seen:
        assert client.post(address, data={**body, "confirmation": "600"}).status_code == 302
    assert len(seen) < 60, len(seen)
    assert client.post(address, data={**body, "confirmation": "600"}).status_code == 302
    written = letters("question_answered")
    assert len(written) == 600 and all(
        each["variables"]["text"] == texts[each["language"]] for each in written
    )
    assert {each.state for each in questions()} == {"answered"}
    acts = db.session.scalars(sa.select(Event.id).where(Event.action == "desk.answer_many")).all()
    assert len(acts) == 1


def test_those_who_were_chosen_are_answered_and_no_others(app: Flask) -> None:
    intake = sent(4)
    asked(intake, 4)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    chosen = [each.reference for each in questions()[:2]]
    page = client.get("/staff/questions/answers", query_string={"q": chosen}).get_data(as_text=True)
    assert "2 questions sans réponse" in page
    body = {"fr": "a", "ar": "b", "en": "c", "count": "2", "q": chosen}
    assert client.post("/staff/questions/answers", data=body).status_code == 302
    assert [each.state for each in questions()] == ["answered", "answered", "open", "open"]


def test_saved_answers(app: Flask) -> None:
    intake = sent(2)
    asked(intake, 1)
    manager, finance = someone(intake, Role.SELECTION_MANAGER), someone(intake, Role.FINANCE)
    client = browser(app, manager)
    programme = programme_by_key("mdia")
    assert programme is not None
    body = {"programme": programme.reference, "topic": "documents", "title": "Relevés"}
    texts = {"fr": "Le S5.", "ar": "الفصل الخامس", "en": "Semester 5."}
    assert client.post("/staff/answers/new", data={**body, "fr": "Le S5."}).status_code == 422
    assert client.post("/staff/answers/new", data={**body, **texts}).status_code == 302
    page = client.get("/staff/answers").get_data(as_text=True)
    found = re.search(r"/staff/answers/([0-9A-Z]{26})", page)
    assert found is not None
    address = f"/staff/answers/{found[1]}"
    question = questions()[0]
    shown = client.get(f"/staff/questions/{question.reference}?saved={found[1]}").get_data(as_text=True)
    assert texts[question.language] in shown
    assert client.post(address, data={**body, **texts, "title": "S5", "version": "1"}).status_code == 302
    assert client.post(address, data={**body, **texts, "title": "S6", "version": "1"}).status_code == 409
    assert browser(app, finance).get("/staff/answers").status_code == 404
    assert client.post(f"{address}/remove").status_code == 302
    assert client.get(address).status_code == 404
