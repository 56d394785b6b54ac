"""A large intake: its batch is frozen and approved by the worker, in chunks, and nothing shows before the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.jobs.models import Job
from cohortmgr.outbox.delivery.actions.claiming import claim
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries, tasks
from cohortmgr.selection.actions import decisions, freezing, letters, telling
from cohortmgr.selection.board import decisions as decide
from cohortmgr.selection.certificate import outcomes_of, verify
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.standings import actions as keeping
from tests.factories.choices import SEASON, browser, known, read, readers, sent, someone
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context", "large")
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
Statements = Callable[[], AbstractContextManager[list[str]]]


def ranked(files: int = 9, seats: int = 3, ineligible: int = 2) -> Intake:
    """An intake that was read, with its ranking kept, and the two who decide."""
    intake = sent(files, ineligible, seats)
    for role in (Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR):
        someone(intake, role)
    read(intake, readers(intake))
    with writing():
        keeping.ask(known(MANAGER), intake, queries.offering_of(intake))
    work()
    return intake


def drafted(intake: Intake) -> str:
    with writing():
        return decisions.propose(known(MANAGER), intake.reference).reference


def proposed(intake: Intake) -> str:
    reference = drafted(intake)
    work()
    assert of(reference).state == "proposed"
    return reference


def of(reference: str) -> Batch:
    db.session.rollback()
    db.session.expire_all()
    found = queries.by_reference(reference)
    assert found is not None
    return found


def approved(reference: str, number: int = 3) -> None:
    with writing():
        decisions.approve(known(ADMINISTRATOR), reference, str(number))


def rows() -> list[Any]:
    db.session.rollback()
    columns = (Application.number, Decision.outcome, Decision.rank, Decision.mean_thousandths, Decision.position,
               Decision.waiting_state, Decision.reasons)  # fmt: skip
    joined = sa.select(*columns).join(Application, Application.id == Decision.application_id)
    return [tuple(row) for row in db.session.execute(joined.order_by(Decision.id))]


def taken() -> int:
    return db.session.scalar(sa.select(sa.func.max(Offering.taken))) or 0


def leaving() -> list[tuple[str, str]]:
    """(key, person) of each letter that the sender would hand over now, reminders apart."""
    found: list[tuple[str, str]] = []
    off = set(db.session.scalars(sa.select(Bundle.reference).where(Bundle.state == "called_off")))
    while True:
        with writing():
            claimed = claim(100)
            found += [(each.key, each.subject) for each in claimed or [] if each.bundle not in off]
        if claimed is not None and not claimed:
            break
    db.session.rollback()
    return found


def nothing_shows(reference: str) -> None:
    """No offer, no decision that anybody is told of, and no letter that leaves."""
    batch = of(reference)
    assert batch.state in ("draft", "proposed", "approving")
    assert db.session.scalars(sa.select(Offer.id)).all() == []
    assert not db.session.scalars(sa.select(Decision.id).where(Decision.notified_at.is_not(None))).all()
    for number in range(1, 10):
        assert queries.mine(known(f"c{number}@exemple.ma")) == []
    for outcome in ("offer", "waiting", "refused"):
        assert db.session.scalars(queries.bearing(outcome)).all() == []
    assert leaving() == []


def all_is_told(intake: Intake, reference: str) -> None:
    """Everybody was written to once, and the offers stand."""
    assert of(reference).state == "approved"
    assert Counter(db.session.scalars(sa.select(Offer.state))) == {"sent": 3}
    assert taken() == 3
    assert all(db.session.scalars(sa.select(Decision.notified_at)))
    told = leaving()
    assert Counter(key for key, _ in told) == {"offer_made": 3, "waiting_listed": 6, "refused": 2}
    assert len({person for _, person in told}) == 11


def test_a_proposal_is_prepared_by_the_worker_and_holds_what_the_small_one_holds() -> None:
    intake = ranked()
    reference = drafted(intake)
    batch = of(reference)
    assert (batch.state, rows(), batch.proposed_by) == ("draft", [], known(MANAGER).reference)
    assert drafted(intake) == reference  # a second click
    another = someone(intake, Role.SELECTION_MANAGER, "another")
    with pytest.raises(Refused), writing():
        decisions.propose(another, intake.reference)
    file = db.session.scalars(sa.select(Application).order_by(Application.id)).first()
    assert file is not None and queries.is_frozen(file)
    work()
    batch = of(reference)
    board = queries.ranking_of(intake)
    expected = decide(board, programmes.definition_of(intake).eligibility)
    assert [row[:5] for row in rows()] == [
        (each.file.number, each.outcome, each.rank, each.mean, each.position) for each in expected
    ]
    assert verify(batch.certificate) == [] and batch.problems == [] and batch.checked_at is not None
    assert batch.digest == batch.certificate["sha256"]
    assert batch.summary["all"] == 11 and batch.summary["offer"] == 3 and batch.summary["ineligible"] == 2
    assert sum(batch.summary["languages"].values()) == 11
    assert {row[0]: (row[1], row[2]) for row in rows() if row[2]} == outcomes_of(batch.certificate)
    nothing_shows(reference)


@pytest.mark.parametrize("step", range(1, 5))
def test_a_proposal_whose_worker_dies_at_any_step_ends_right(step: int) -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(step)
    assert of(reference).state == "draft"
    assert work() == 1
    assert of(reference).state == "proposed" and len(rows()) == 11
    assert [row[2] for row in rows()][:9] == list(range(1, 10))
    assert verify(of(reference).certificate) == []


def test_what_changes_while_a_proposal_is_written_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(3)
    whole = freezing.settle

    def settle(*args: Any) -> bool:
        monkeypatch.setattr(freezing, "settle", whole)
        db.session.execute(
            sa.text(
                "UPDATE applications SET eligible = false, reasons = '[\"licence\"]' WHERE number = 'MDIA-000001'"
            )
        )
        return whole(*args)

    monkeypatch.setattr(freezing, "settle", settle)
    work()
    assert of(reference).state == "proposed"
    assert {row[0]: row[2] for row in rows()}["MDIA-000001"] is None and len(rows()) == 11


def test_a_file_that_came_unread_stops_the_proposal_with_the_reason(app: Flask) -> None:
    intake = ranked()
    reference = drafted(intake)
    with writing():
        db.session.execute(sa.text("UPDATE applications SET eligible = NULL WHERE number = 'MDIA-000004'"))
    work()
    assert of(reference).state == "cancelled"
    page = browser(app, known(MANAGER)).get(f"/staff/batches/{reference}").text
    assert "MDIA-000004" in page and "personne n’a été informé" in page


def test_a_proposal_is_cancelled_while_it_is_prepared() -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(3)
    with writing():
        assert decisions.cancel(known(MANAGER), reference).state == "cancelled"
    assert work() == 1 and of(reference).state == "cancelled"
    assert drafted(intake) != reference


def test_an_approval_tells_nothing_before_its_last_step_and_everybody_then(app: Flask) -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    approved(reference)  # a second click
    assert taken() == 3 and of(reference).state == "approving"
    jobs = sa.select(sa.func.count()).select_from(Job).where(Job.kind == telling.TELL)
    assert db.session.scalar(jobs) == 1
    nothing_shows(reference)
    candidate, staff = browser(app, known("c1@exemple.ma")), browser(app, known(MANAGER))
    for _ in range(3):  # each start goes on behind the chunk of the last
        assert killed_at(1)
        nothing_shows(reference)
        assert "Master Data" not in candidate.get("/my/messages").text
        page = staff.get(f"/staff/batches/{reference}")
        assert (
            page.status_code == 200 and "data-progress-url" in page.text and "Pour confirmer" not in page.text
        )
        assert staff.get(f"/staff/batches/{reference}/progress").get_json()["done"] is False
    written = db.session.scalars(sa.select(Message)).all()
    assert written and all(each.sealed and content_of(each) for each in written)
    assert work() == 1
    all_is_told(intake, reference)
    tasks.tell({"batch": reference}, lambda done, total: None)  # a second start finds nothing to do
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Offer)) == 3


@pytest.mark.parametrize("step", [1, 2, 3])
def test_an_approval_is_taken_back_whole_and_given_again(step: int) -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    assert killed_at(step)
    with pytest.raises(NotFound), writing():
        decisions.cancel(known("r0@inpt.ma"), reference)
    with writing():
        batch = decisions.cancel(known(MANAGER), reference)
        assert (batch.state, batch.approved_by, batch.bundle) == ("proposed", None, "")
    assert taken() == 0
    nothing_shows(reference)
    assert work() == 1  # the job that waited finds nothing to do
    nothing_shows(reference)
    approved(reference)
    work()
    all_is_told(intake, reference)
    assert Counter(db.session.scalars(sa.select(Bundle.state))) == {"called_off": 1, "open": 1}


def test_who_withdraws_while_the_letters_are_written_has_declined_and_the_next_is_called() -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    assert killed_at(1)
    for number in (1, 5):
        viewer = known(f"c{number}@exemple.ma")
        name = db.session.scalar(
            sa.select(Application.reference).where(Application.person_id == viewer.person_id)
        )
        with writing():
            sending.withdraw(viewer, str(name))
    work()
    assert of(reference).state == "approved"
    numbers = sa.select(Application.number, Offer.state).join(
        Application, Application.id == Offer.application_id
    )
    assert dict(db.session.execute(numbers.order_by(Application.number)).all()) == {
        "MDIA-000001": "declined", "MDIA-000002": "sent", "MDIA-000003": "sent", "MDIA-000004": "sent",
    }  # fmt: skip
    assert taken() == 3
    assert {row[0]: row[5] for row in rows()}["MDIA-000005"] == "left"
    for message in db.session.scalars(
        sa.select(Message).where(Message.key.in_(["offer_made", "waiting_listed"]))
    ):
        content = content_of(message)
        assert content is not None
        withdrawn = content["variables"]["number"] in ("MDIA-000001", "MDIA-000005")
        assert letters.not_withdrawn([content["variables"]]) == [not withdrawn]


def test_what_is_refused_is_refused_at_the_click() -> None:
    intake = ranked()
    reference = proposed(intake)
    administrator = known(ADMINISTRATOR)
    for typed in ("", "4"):
        with pytest.raises(Refused, match="nombre d’offres"), writing():
            decisions.approve(administrator, reference, typed)
    with pytest.raises(Stale), writing():
        decisions.approve(administrator, reference, "3", version=99)
    with pytest.raises(NotPermitted), writing():
        decisions.approve(known(MANAGER), reference, "3")
    with writing():
        db.session.execute(sa.update(Offering).values(seats=2))
    with pytest.raises(Refused, match="places libres"), writing():
        decisions.approve(administrator, reference, "3")
    with writing():
        db.session.execute(sa.update(Offering).values(seats=3))
        db.session.execute(
            sa.text("UPDATE applications SET state = 'withdrawn' WHERE number = 'MDIA-000002'")
        )
    with pytest.raises(Refused, match="retiré leur candidature"), writing():
        decisions.approve(administrator, reference, "3")
    assert taken() == 0 and of(reference).state == "proposed"


def test_decisions_that_are_not_those_of_the_certificate_are_taken_back(app: Flask) -> None:
    intake = ranked()
    reference = proposed(intake)
    exchanged = sa.case({1: "waiting", 4: "offer"}, value=Decision.rank, else_=Decision.outcome)
    with writing():
        db.session.execute(sa.update(Decision).values(outcome=exchanged))
    approved(reference)
    work()
    nothing_shows(reference)
    assert of(reference).state == "proposed" and taken() == 0
    assert "certificat" in browser(app, known(MANAGER)).get(f"/staff/batches/{reference}").text
    certificate = {**of(reference).certificate, "seats": 4}
    with writing():
        db.session.execute(sa.update(Batch).values(certificate=certificate))
        decisions.check(known(MANAGER), reference)
    work()
    assert of(reference).problems
    with pytest.raises(Refused, match="certificat"), writing():
        decisions.approve(known(ADMINISTRATOR), reference, "3")


def test_letters_that_lay_until_nobody_could_answer_are_taken_back() -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    assert killed_at(1)
    with clock.at(SEASON + timedelta(days=30)):
        work()
        nothing_shows(reference)
        assert taken() == 0 and of(reference).stopped


def test_a_job_that_failed_is_resumed_by_who_may_decide(app: Flask) -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    assert killed_at(1)
    with writing():
        db.session.execute(sa.update(Job).where(Job.kind == telling.TELL).values(state="set_aside"))
    client = browser(app, known(MANAGER))
    assert "Reprendre" in client.get(f"/staff/batches/{reference}").text
    assert client.post(f"/staff/batches/{reference}/resume").status_code == 302
    assert client.post(f"/staff/batches/{reference}/resume").status_code == 302
    assert work() == 1
    all_is_told(intake, reference)


def test_seats_that_wait_for_an_approval_call_nobody() -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    with writing():
        db.session.execute(sa.update(Offering).values(seats=5))
    assert queries.callable_offerings() == [] and tasks.call(lambda: False) == 0
    work()
    assert of(reference).state == "approved"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Offer)) == 5


def test_a_chunk_takes_as_many_statements_whatever_its_rows(
    statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    intake = ranked(files=30, seats=3, ineligible=0)
    reference = proposed(intake)
    approved(reference)
    for chunk in (4, 20):
        monkeypatch.setattr(telling, "CHUNK", chunk)
        with statements() as made:
            assert tasks._tell_some(reference) == chunk
        seen.append(len(made))
    assert abs(seen[0] - seen[1]) <= 2 and max(seen) < 22
    batch = of(reference)
    found = freezing.read(*queries.offered_in(batch))
    with writing():
        freezing.begin(SYSTEM, batch)
    counts = []
    for chunk, start in ((4, 0), (20, 4)):
        monkeypatch.setattr(freezing, "CHUNK", chunk)
        with statements() as made, writing():
            freezing.write(SYSTEM, batch, found, start)
        counts.append(len(made))
    assert counts[0] == counts[1] == 1


def test_decisions_are_paged_and_filtered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 4)
    intake = ranked()
    reference = proposed(intake)
    client = browser(app, known(MANAGER))
    page = client.get(f"/staff/batches/{reference}").text
    assert "MDIA-000004" in page and "MDIA-000005" not in page
    refused = client.get(f"/staff/batches/{reference}?outcome=refused").text
    assert "MDIA-000010" in refused and "MDIA-000001" not in refused
    last = client.get(f"/staff/batches/{reference}?end=1").text
    assert "MDIA-000011" in last and "MDIA-000001" not in last
    assert client.get(f"/staff/batches/{reference}?outcome=nonsense").status_code == 200
