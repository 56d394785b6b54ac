"""Who reads which file, what a reader may do and see, and that a second click does nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from time import sleep

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import seal_answers, sealed_answers
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import Database
from tests.factories.choices import browser, readers, sent, someone

Statements = Callable[[], AbstractContextManager[list[str]]]
PHONE = "+212612345678"
MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
pytestmark = pytest.mark.usefixtures("system_context")


def test_each_eligible_file_gets_two_readers_once_and_one_row_of_audit(statements: Statements) -> None:
    intake = sent(12, ineligible=3)
    manager = someone(intake, Role.SELECTION_MANAGER)
    readers(intake, 4)
    with statements() as seen, writing():
        assert assignment.assign(manager, intake.reference).added == 24
    # However many files and readers: three look who has an interest, four for limits, for whom readers know, and for
    # what is said of readers.
    assert len(seen) < 21
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0
    pairs = db.session.execute(sa.select(Review.application_id, Review.reviewer_id)).all()
    assert len(set(pairs)) == 24 and len({pair[0] for pair in pairs}) == 12
    assert sorted([p[1] for p in pairs].count(n) for n in {p[1] for p in pairs}) == [6, 6, 6, 6]
    noted = sa.select(sa.func.count()).select_from(Event).where(Event.action == "reviews.assign")
    assert db.session.scalar(noted) == 1


@pytest.mark.parametrize("how", ["ended", "last day", "suspended"])
def test_what_somebody_can_read_no_longer_goes_to_others(app: Flask, how: str) -> None:
    intake = sent(6)
    manager = someone(intake, Role.SELECTION_MANAGER)
    gone, *_others = readers(intake, 4)
    with writing():
        assignment.assign(manager, intake.reference)
    first, *left = db.session.scalars(sa.select(Review).where(Review.reviewer_id == gone.person_id)).all()
    with writing():
        reading.score(gone, first.reference, MARKS)
    with writing() as session:
        if how == "suspended":
            gone_account = sa.update(Account).where(Account.id == gone.account_id)
            session.execute(gone_account.values(suspended_at=clock.now()))
        else:
            changed = (
                {"revoked_at": clock.now()} if how == "ended" else {"ends_on": clock.today() - timedelta(1)}
            )
            theirs = sa.update(RoleGrant).where(RoleGrant.account_id == gone.account_id)
            session.execute(theirs.values(**changed))
    progress = progress_of(intake)
    assert (progress.stranded, progress.expected - progress.assigned) == (len(left), len(left)) != (0, 0)
    page = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews").text
    assert "dont le rôle est fini ou le compte suspendu" in page
    with writing():
        assert assignment.assign(manager, intake.reference).added == len(left)
    db.session.expire_all()
    progress = progress_of(intake)
    assert (progress.stranded, progress.assigned, progress.handed_in) == (0, progress.expected, 1)
    mine = sa.select(Review.state).where(Review.reviewer_id == gone.person_id)
    assert sorted(db.session.scalars(mine)) == sorted(["submitted", *["recalled"] * len(left)])
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0


def test_nobody_reads_a_file_that_bears_their_address_or_number_whatever_row_it_hangs_on() -> None:
    intake = sent(6)
    manager = someone(intake, Role.SELECTION_MANAGER)
    staff = readers(intake, 6)
    files = {row.number: row for row in assignments.files_to_read(intake)}
    with writing() as session:
        owner = {n: session.get_one(Person, files[f"MDIA-00000{n}"].person_id) for n in range(1, 7)}
        reader = [session.get_one(Person, each.person_id) for each in staff]
        people.set_person(owner[1], {"email": "R0@inpt.ma"})  # the address of the account
        for person in (owner[2], reader[1]):
            people.set_person(person, {"phone": "+212612345678"})
        session.get_one(Application, files["MDIA-000003"].id).email = "r2@INPT.ma"  # what the file says
        people.set_person(owner[4], {"email": "x@exemple.ma"})
    with writing():
        assignment.assign(manager, intake.reference)
    given = set(
        db.session.execute(
            sa.select(Application.number, Review.reviewer_id).join(
                Review, Review.application_id == Application.id
            )
        )
    )
    candidates = {each.person_id for each in staff[:3]}
    assert not {reader for _, reader in given} & candidates, "who is a candidate reads none of the others"
    assert len(given) == 12, "the others read them all"


def test_a_file_that_staff_united_with_a_reader_s_own_is_theirs() -> None:
    intake = sent(4)
    staff = readers(intake, 3)
    files = {row.number: row for row in assignments.files_to_read(intake)}
    with writing() as session:
        mine = session.get_one(Application, files["MDIA-000001"].id)
        mine.person_id, mine.state = staff[0].person_id or 0, "superseded"
        session.add(
            Merge(
                reference="M" * 26, institution_id=intake.institution_id, intake_id=intake.id,
                kept_id=files["MDIA-000002"].id, aside_id=mine.id, state_before="submitted", reason="CIN",
                by="x", at=clock.now(),
            )
        )  # fmt: skip
    owned = interests.own_files(intake, queries.reviewers_in(intake.path))
    assert {number for _, number in owned} == {"MDIA-000001", "MDIA-000002"}
    assert {reference for reference, _ in owned} == {staff[0].person_reference}


def test_who_learns_that_a_file_is_theirs_may_give_it_back_and_no_mark() -> None:
    """Her number stands in the file alone, sealed, so that nobody knew when the file was given to her."""
    people_, _ = _assigned()
    mine = own.queue(people_[0])[0]
    with writing() as session:
        review = session.scalars(sa.select(Review).where(Review.reference == mine.reference)).one()
        file = session.get_one(Application, review.application_id)
        people.set_person(session.get_one(Person, people_[0].person_id), {"phone": PHONE})
        form = definition_of(session.get_one(Intake, review.intake_id)).form
        key = next(each.key for each in form.questions if each.target == "person.phone")
        file.sealed_answers = seal_answers({**sealed_answers(file), key: PHONE}, file.reference)
    with pytest.raises(Refused, match="récusez-vous"), writing():
        reading.score(people_[0], mine.reference, MARKS)
    with writing():
        assert reading.abstain(people_[0], mine.reference, "C’est le mien.").state == "abstained"


def test_too_few_readers_are_refused_and_readers_may_not_assign() -> None:
    intake = sent(2)
    manager = someone(intake, Role.SELECTION_MANAGER)
    (reader,) = readers(intake, 1)
    with pytest.raises(Refused), writing():
        assignment.assign(manager, intake.reference)
    with pytest.raises(NotPermitted), writing():
        assignment.assign(reader, intake.reference)


def _assigned(files: int = 3) -> tuple[list[Viewer], Viewer]:
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    return people, manager


def test_a_reading_is_checked_handed_in_once_and_only_by_its_reader() -> None:
    people, _ = _assigned()
    mine = own.queue(people[0])[0].reference
    with pytest.raises(Refused) as refusal, writing():
        reading.score(people[0], mine, {"resultats": 9, "bases": None})
    assert {problem.where for problem in refusal.value.problems} == set(MARKS)
    with pytest.raises(NotFound), writing():
        reading.score(people[1], mine, MARKS)
    with pytest.raises(Stale), writing():
        reading.score(people[0], mine, MARKS, version=7)
    with writing():
        reading.score(people[0], mine, MARKS, "Solide.", version=1)
    with writing():
        again = reading.score(people[0], mine, MARKS, "Solide.", version=1)
    assert (again.state, again.total_thousandths, again.version) == ("submitted", 15_200, 2)
    with pytest.raises(Refused), writing():
        reading.score(people[0], mine, {**MARKS, "bases": 5})


def test_who_abstains_gives_the_file_back_and_another_reads_it() -> None:
    people, manager = _assigned()
    row = own.queue(people[0])[0]
    with pytest.raises(Refused), writing():
        reading.abstain(people[0], row.reference, " ")
    with writing():
        reading.abstain(people[0], row.reference, "Je connais cette personne.")
    with writing():
        review = queries.get_for(manager, row.reference)
        intake = queries.intake_of(review)
        assert assignment.assign(manager, intake.reference).added == 0, "it went to another at once"
    names = db.session.scalars(
        sa.select(Review.reviewer_id).where(Review.application_id == review.application_id)
    )
    assert sorted(names) == sorted(person.person_id for person in people)


def test_a_reading_is_reopened_by_a_manager_and_no_longer_counts() -> None:
    people, manager = _assigned()
    mine = own.queue(people[0])[0].reference
    with writing():
        reading.score(people[0], mine, MARKS)
    with pytest.raises(NotPermitted), writing():
        reading.reopen(people[0], mine, "")
    with writing():
        assert reading.reopen(manager, mine, "Erreur de saisie").state == "reopened"
    with writing():
        assert reading.score(people[0], mine, {**MARKS, "bases": 5}).state == "submitted"


def test_the_cockpit_shows_studies_and_hides_the_person_then_leads_to_the_next(app: Flask) -> None:
    people, _ = _assigned()
    rows = own.queue(people[0])
    page = browser(app, people[0])
    text = page.get(f"/staff/reviews/{rows[0].reference}").text
    assert "14,5" in text and rows[0].number in text and "Enseignements et projets solides" in text
    assert "Une N" not in text and "@exemple.ma" not in text
    answer = page.post(f"/staff/reviews/{rows[0].reference}", data={"version": "1", "score-bases": "3"})
    assert (
        answer.status_code == 200
        and "Donnez une note au critère «\u00a0Projet et motivation" in answer.text
        and 'href="#score-projet-0"' in answer.text
    )
    marks = {f"score-{key}": str(value) for key, value in MARKS.items()} | {"version": "1"}
    answer = page.post(f"/staff/reviews/{rows[0].reference}", data=marks)
    assert answer.location == f"/staff/reviews/{rows[1].reference}"
    assert page.post(f"/staff/reviews/{rows[0].reference}", data=marks).status_code == 302
    assert "15,20" in page.get("/staff/reviews").text


def test_a_reader_sees_neither_the_progress_of_all_nor_the_files_of_others(app: Flask) -> None:
    people, manager = _assigned()
    row = own.queue(people[0])[0]
    reference = queries.intake_of(queries.get_for(manager, row.reference)).reference
    others = browser(app, people[1])
    assert others.get(f"/staff/reviews/{row.reference}").status_code == 404
    assert others.post(f"/staff/reviews/{row.reference}/abstain", data={"reason": "x"}).status_code == 404
    assert others.get(f"/staff/intakes/{reference}/reviews").status_code == 404
    assert browser(app, manager).get(f"/staff/intakes/{reference}/reviews").status_code == 200


@pytest.mark.parametrize("page", ["/staff/reviews", "overview"])
def test_statements_do_not_grow_with_the_files(app: Flask, statements: Statements, page: str) -> None:
    counts = []
    intake = sent(40)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    client = browser(app, manager if page == "overview" else people[0])
    address = f"/staff/intakes/{intake.reference}/reviews" if page == "overview" else page
    client.get(address)
    for number in (5, 40):
        with writing():
            db.session.execute(sa.delete(Review))
            db.session.execute(
                sa.text("UPDATE applications SET eligible = (number <= :most)"),
                {"most": f"MDIA-{number:06d}"},
            )
        with writing():
            assignment.assign(manager, intake.reference)
        with statements() as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] < 16


@pytest.mark.parametrize("state", ["withdrawn", "superseded"])
def test_a_file_that_was_withdrawn_or_put_aside_waits_for_nobody(state: str) -> None:
    people, _ = _assigned()
    intake = db.session.scalars(sa.select(Intake).join(Review, Review.intake_id == Intake.id)).first()
    assert intake is not None
    waiting = own.open_count(people[0])
    assert waiting == len(own.queue(people[0])) > 0
    assigned = progress_of(intake).assigned
    gone = own.queue(people[0])[0].number
    with writing():
        db.session.execute(sa.update(Application).where(Application.number == gone).values(state=state))
    assert own.open_count(people[0]) == len(own.queue(people[0])) == waiting - 1
    progress = progress_of(intake)
    mine = next(each for each in progress.readers if each.reference == people[0].person_reference)
    assert mine.held == waiting - 1
    assert progress.assigned == sum(each.held for each in progress.readers) == assigned - 2


def test_two_who_assign_at_once_give_each_file_its_readings_once(database: Database) -> None:
    intake = sent(8)
    manager = someone(intake, Role.SELECTION_MANAGER)
    readers(intake, 4)
    reference = intake.reference  # the threads must not share a row of this session
    db.session.rollback()

    def give_out(_turn: int) -> int:
        with database.app.app_context():
            see(manager.institutions, manager.person_id)
            with writing():
                given = assignment.assign(manager, reference)
                sleep(0.3)
                return given.added

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(give_out, (1, 2))) == [0, 16]


def test_reading_a_paper_is_noted_and_one_that_was_replaced_is_not_shown() -> None:
    people, _ = _assigned()
    row = own.queue(people[0])[0]
    with writing():
        review = queries.get_for(people[0], row.reference)
        file = queries.file_of(review)
        paper = Document(
            institution_id=file.institution_id,
            person_id=file.person_id,
            application_id=file.id,
            question="transcripts",
            storage_key="k",
            filename="r.pdf",
            media_type="application/pdf",
            size=1,
            sha256="0" * 64,
            uploaded_at=file.sent_at,
        )
        db.session.add(paper)
    with writing():
        assert reading.read_document(people[0], row.reference, paper.reference).id == paper.id
    noted = sa.select(Event.object_reference).where(Event.action == "applications.read_document")
    assert db.session.scalars(noted).all() == [file.reference]
    with pytest.raises(NotFound), writing():
        reading.read_document(people[1], row.reference, paper.reference)
    with writing():
        db.session.execute(sa.update(Document).values(replaced_at=file.sent_at))
    with pytest.raises(NotFound), writing():
        reading.read_document(people[0], row.reference, paper.reference)
