"""Files of a reader who is silent, absent or gone go to others; no reader learns a file’s own name (findings 7, 9)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
SCORES = {"resultats": 4, "bases": 4, "projet": 4, "langues": 4}


def assigned(files: int = 4, number: int = 3) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, number)
    with writing():
        assignment.assign(manager, intake.reference)
    return intake, manager, people


def reference_of(viewer: Viewer) -> str:
    return viewer.person_reference or ""


def hand_in(viewer: Viewer, intake: Intake) -> int:
    done = 0
    for row in own.queue(viewer, intake.id):
        if row.state in ("assigned", "reopened"):
            with writing():
                reading.score(viewer, row.reference, SCORES)
            done += 1
    return done


def test_7_the_files_of_a_silent_reader_go_back_to_the_pool_and_the_intake_goes_on() -> None:
    intake, manager, (silent, second, third) = assigned()
    for person in (second, third):
        hand_in(person, intake)
    with pytest.raises(Refused, match="Faites lire"), writing():
        decisions.propose(manager, intake.reference)
    waits = len(assignments.open_of(intake, silent.person_id or 0))
    assert waits > 0
    with pytest.raises(Refused, match="motif"), writing():
        by_hand.recall(manager, intake.reference, reference_of(silent), "  ")
    with writing():
        assert by_hand.recall(manager, intake.reference, reference_of(silent), "Sans nouvelles") == (
            waits,
            waits,
        )
    with writing():
        assert by_hand.recall(manager, intake.reference, reference_of(silent), "Encore") == (0, 0)
    assert own.queue(silent, intake.id) == [] and own.open_count(silent) == 0
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0
    for person in (second, third):
        hand_in(person, intake)
    with writing():
        assert decisions.propose(manager, intake.reference).state == "proposed"


def test_7_a_named_person_gets_what_she_does_not_hold_and_others_the_rest() -> None:
    intake, manager, (absent, second, third) = assigned()
    rows = assignments.open_of(intake, absent.person_id or 0)
    held = {row.number for row in own.queue(second, intake.id)}
    can = {row.number for row in rows} - held
    with writing():
        taken, given = by_hand.recall(
            manager, intake.reference, reference_of(absent), "Absente", reference_of(second)
        )
    assert (taken, given) == (len(rows), len(rows))
    assert {row.number for row in own.queue(second, intake.id)} == held | can
    with writing():  # back again, to the one who was absent: the same row is hers anew
        back = by_hand.recall(manager, intake.reference, reference_of(second), "Retour", reference_of(absent))
    assert back[1] > 0 and len(assignments.open_of(intake, absent.person_id or 0)) >= len(can)
    assert third.person_id and progress_of(intake).lacking == 0


@pytest.mark.parametrize("gone", ["suspended", "role"])
def test_7_a_reader_who_is_suspended_or_has_no_role_any_more_gives_way_too(gone: str) -> None:
    intake, manager, (lost, *_others) = assigned(number=4)
    with writing():
        table = "accounts SET suspended_at" if gone == "suspended" else "grants SET revoked_at"
        where = "id" if gone == "suspended" else "account_id"
        db.session.execute(
            sa.text(f"UPDATE {table} = CURRENT_TIMESTAMP WHERE {where} = :a"), {"a": lost.account_id}
        )
    waits = len(assignments.open_of(intake, lost.person_id or 0))
    named = [reader for reader in progress_of(intake).readers if reader.reference == reference_of(lost)]
    assert [reader.waiting for reader in named] == [waits]
    with pytest.raises(Refused, match="autre personne"), writing():
        by_hand.recall(manager, intake.reference, reference_of(lost), "Partie", reference_of(manager))
    with writing():
        assert by_hand.recall(manager, intake.reference, reference_of(lost), "Partie") == (waits, waits)
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0
    with pytest.raises(NotFound):
        queries.reader_in(intake, reference_of(manager))


def test_7_who_finds_a_conflict_after_handing_in_gives_the_file_back_herself(app: Flask) -> None:
    intake, manager, (reader, *_) = assigned()
    hand_in(reader, intake)
    review = own.queue(reader, intake.id)[0]
    page = browser(app, reader)
    assert "Me récuser après coup" in page.get(f"/staff/reviews/{review.reference}").text
    answer = page.post(
        f"/staff/reviews/{review.reference}/abstain", data={"reason": "C’est mon cousin.", "version": "2"}
    )
    assert answer.status_code == 302
    row = db.session.scalars(sa.select(Review).where(Review.reference == review.reference)).one()
    assert (row.state, row.scores, row.total_thousandths) == ("abstained", {}, None)
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0, "it went to another at once"


def test_7_what_was_taken_back_cannot_be_handed_in(app: Flask) -> None:
    intake, manager, (silent, *_others) = assigned()
    review = own.queue(silent, intake.id)[0].reference
    address = f"/staff/intakes/{intake.reference}/reviews/readers/{reference_of(silent)}"
    desk = browser(app, manager)
    assert address in desk.get(f"/staff/intakes/{intake.reference}/reviews").text
    empty = desk.post(address, data={"to": "", "reason": ""})
    assert empty.status_code == 200 and "Écrivez le motif" in empty.text
    assert desk.post(address, data={"to": "", "reason": "Sans nouvelles"}).status_code == 302
    assert "Rien n’est en attente" in desk.get(address).text
    with pytest.raises(Refused, match="repris"), writing():
        reading.score(silent, review, SCORES)
    assert "Une autre personne le lit" in browser(app, silent).get(f"/staff/reviews/{review}").text
    assert browser(app, silent).get(address).status_code == 404


def _paper(application: Application, question: str, filename: str) -> None:
    db.session.add(
        Document(
            reference=new_reference(),
            institution_id=application.institution_id,
            person_id=application.person_id,
            application_id=application.id,
            question=question,
            filename=filename,
            media_type="application/pdf",
            size=10,
            sha256="0" * 64,
            storage_key=new_reference(),
            uploaded_at=clock.now(),
        )
    )


def test_9_no_name_of_a_file_reaches_whoever_reads_blind(app: Flask) -> None:
    intake, manager, (reader, *_) = assigned()
    review = own.queue(reader, intake.id)[0].reference
    row = db.session.scalars(sa.select(Review).where(Review.reference == review)).one()
    with writing():
        file = db.session.get_one(Application, row.application_id)
        _paper(file, "transcripts", "Releve_Zineb_ALAOUI_BE123456.pdf")
        _paper(file, "gone", "CV_Zineb_ALAOUI.pdf")
    for who in (reader, manager):
        text = browser(app, who).get(f"/staff/reviews/{review}").text
        assert "ALAOUI" not in text and "BE12345" not in text
        assert (
            ">1. " in text and ">2. " not in text
        )  # what no question asks any more, nobody says what it tells


def test_what_everybody_reads_waits_for_nobody_once_one_of_them_gives_it_up(app: Flask) -> None:
    intake = sent(12)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    with writing():
        assignment.assign(manager, intake.reference, anchors=True)
    desk, home = browser(app, manager), f"/staff/intakes/{intake.reference}/reviews"
    anchor = db.session.scalars(
        sa.select(Application.number)
        .join(Review, Review.application_id == Application.id)
        .where(Review.anchor.is_(True))
    ).first()
    given = {"reason": "Absente", "files": anchor or ""}
    answer = desk.post(f"{home}/readers/{reference_of(people[0])}", data=given, follow_redirects=True).text
    assert "1 dossier repris." in answer and "attend un lecteur" not in answer, "three others read it"
    other = desk.post(f"{home}/readers/{reference_of(people[1])}", data=given, follow_redirects=True).text
    last = desk.post(f"{home}/readers/{reference_of(people[2])}", data=given, follow_redirects=True).text
    assert "attend un lecteur" not in other and "1 attend un lecteur" in last
