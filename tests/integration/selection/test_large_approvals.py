"""A large batch is approved by the worker, in chunks: nothing shows before the last, and all of it then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import WRITING, db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.jobs.models import Job
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Offering
from cohortmgr.selection import queries, tasks
from cohortmgr.selection.actions import changes, decisions, freezing, letters, telling
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.standings.queries import called
from tests.factories.choices import SEASON, browser, known, someone
from tests.factories.large import (
    ADMINISTRATOR,
    MANAGER,
    all_is_told,
    approved,
    nothing_shows,
    of,
    proposed,
    ranked,
    rows,
    taken,
)
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context", "large")
Statements = Callable[[], AbstractContextManager[list[str]]]


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
    first = sa.select(Application.reference).where(Application.number == "MDIA-000001")
    file = f"/staff/applications/{db.session.scalar(first)}"
    for _ in range(3):  # each start goes on behind the chunk of the last
        assert killed_at(1)
        nothing_shows(reference)
        assert "Offre d’une place" not in staff.get(file).text
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
    assert "Offre d’une place" in staff.get(file).text
    tasks.tell({"batch": reference}, lambda done, total: None)  # a second start finds nothing to do
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Offer)) == 3


def test_rows_of_lists_follow_where_a_worker_died_after_it_had_told(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    monkeypatch.setattr(telling, "SAID", 4)
    _told_and_died(reference, monkeypatch)
    tasks.tell({"batch": reference}, lambda done, total: None)
    all_is_told(intake, reference)


def _told_and_died(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker tell everybody, and die when the rows of the first four files have followed."""
    told = sa.select(sa.func.count()).where(Application.outcome != "none")
    say_some = telling.say_some

    def dies_behind_the_first(viewer: Viewer, batch: Batch) -> int:
        if batch.reached:
            raise KeyboardInterrupt
        return say_some(viewer, batch)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(telling, "say_some", dies_behind_the_first)
        tasks.tell({"batch": reference}, lambda done, total: None)
    assert of(reference).state == "approved" and db.session.scalar(told) == 4


@pytest.mark.parametrize("button", ["resume", "check"])
def test_a_job_that_was_lost_behind_the_telling_goes_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    intake = ranked()
    reference = proposed(intake)
    approved(reference)
    monkeypatch.setattr(telling, "SAID", 4)
    _told_and_died(reference, monkeypatch)
    with writing():
        db.session.execute(sa.update(Job).where(Job.kind == telling.TELL).values(state="set_aside"))
    client = browser(app, known(MANAGER))
    page = client.get(f"/staff/batches/{reference}").text
    assert "Reprendre" in page and "Les décisions sont prises." in page and "Rien n’est parti" not in page
    assert client.post(f"/staff/batches/{reference}/{button}").status_code == 302
    assert "Les listes de candidatures se mettent à jour" in client.get(f"/staff/batches/{reference}").text
    work()
    all_is_told(intake, reference)
    assert "Reprendre" not in client.get(f"/staff/batches/{reference}").text


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
    with pytest.raises(Refused, match="candidature est retirée"), writing():
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
    assert called.callable_offerings() == [] and tasks.call(lambda: False) == 0
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
    found = freezing.read(SYSTEM, *queries.offered_in(batch))
    with writing():
        freezing.begin(SYSTEM, batch)
    counts = []
    for chunk, start in ((4, 0), (20, 4)):
        monkeypatch.setattr(freezing, "CHUNK", chunk)
        with statements() as made, writing():
            freezing.write(SYSTEM, batch, found, start)
        counts.append(len(made))
    assert counts[0] == counts[1] == 1


@pytest.mark.committed
def test_two_who_approve_at_the_same_time_approve_once(app: Flask) -> None:
    intake = ranked()
    reference = proposed(intake)
    people = [known(ADMINISTRATOR), someone(intake, Role.PROGRAMME_ADMINISTRATOR, "second")]

    def click(viewer: Viewer) -> str:
        with app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                return decisions.approve(viewer, reference, "3").state

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, people)) == ["approving", "approving"]
    assert taken() == 3
    jobs = sa.select(sa.func.count()).select_from(Job).where(Job.kind == telling.TELL)
    assert db.session.scalar(jobs) == 1
    work()
    all_is_told(intake, reference)


@pytest.mark.committed
@pytest.mark.postgres_only
@pytest.mark.parametrize("step", ["approve", "settle", "say", "close"])
def test_files_are_locked_by_their_ids_whatever_their_ranks(system_app: Flask, step: str) -> None:
    """As the triggers lock them that follow a note on many files: neither waits for the other in a circle."""
    intake = ranked()
    reference = proposed(intake)
    with writing():
        last = db.session.scalar(sa.select(sa.func.max(Decision.id))) or 0
        # On PostgreSQL the numbers go on from test to test: none may fall to zero.
        db.session.execute(sa.update(Decision).values(id=2 * last + 1 - Decision.id))
    steps = {
        "approve": lambda: approved(reference),
        "settle": lambda: tasks.tell({"batch": reference}, lambda done, total: None),
        "say": lambda: tasks._say_some(reference),
        "close": lambda: _close(reference),
    }
    if step != "approve":
        approved(reference)
    if step in ("say", "close"):
        tasks._tell(reference, of(reference), lambda done, total: None)
    while step == "settle" and tasks._tell_some(reference) is not None:
        pass
    locked_in_order(system_app, steps[step], "waiting" if step == "close" else "offer")


def _close(reference: str) -> None:
    with writing():
        changes.close_list(known(ADMINISTRATOR), reference, "La formation a commencé.")


def locked_in_order(app: Flask, act: Callable[[], object], outcome: str) -> None:
    """While somebody holds the first of the files that an act locks, it holds none of those behind."""
    files = db.session.scalars(
        sa.select(Decision.application_id)
        .where(Decision.outcome == outcome)
        .order_by(Decision.application_id)
    ).all()
    db.session.rollback()

    def run() -> None:
        with app.app_context(), clock.at(SEASON):
            act()

    lock = "SELECT FROM applications WHERE id = :file FOR NO KEY UPDATE"
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    writes = {WRITING: True}
    with (
        db.engine.connect().execution_options(**writes) as other,
        db.engine.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute(sa.text(lock), {"file": files[0]})
        going = pool.submit(run)
        while not watcher.scalar(sa.text(waits)) and not going.done():
            watcher.rollback()
            time.sleep(0.01)
        assert not going.done()
        try:
            for file in files[1:]:
                other.execute(sa.text(f"{lock} NOWAIT"), {"file": file})
        finally:
            other.rollback()
        going.result()
