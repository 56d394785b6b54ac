"""The jury's page: sentences first, letters and no names, and a choice that the commission makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.harmonising.queries import choice_of, harmonisation_of
from cohortmgr.reviews.harmonising.rules import MarkFormula
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import ReviewState
from tests.factories.choices import browser, known, someone
from tests.factories.working import work
from tests.integration.reviews.jury.marked import read_by_a_jury, reader

pytestmark = pytest.mark.usefixtures("system_context")
PHASE = "dossiers"
Statements = Callable[[], AbstractContextManager[list[str]]]


def _manager() -> Viewer:
    return known("selection_manager@inpt.ma")


def _way(intake: Intake, part: str = "") -> str:
    return f"/staff/intakes/{intake.reference}/harmonisation{part}"


def _page(app: Flask, files: int = 60, seats: int = 15) -> tuple[Intake, str]:
    """The page once the worker has harmonised what it asked for."""
    intake = read_by_a_jury(files, seats)
    client = browser(app, _manager())
    waiting = client.get(_way(intake)).text
    assert "Les notes s’harmonisent" in waiting and "/harmonisation/progress" in waiting
    assert client.get(_way(intake, "/progress")).json == {"percentage": 0, "text": "", "done": False}
    assert work() == 1
    return intake, _said(client.get(_way(intake)).text)


def _said(page: str) -> str:
    """A page in plain signs: without what keeps words of one line together."""
    return page.replace("\u2011", "-").replace("\u202f", " ").replace("\xa0", " ")


def _seen(page: str) -> str:
    """Which computation the form of a page says that it shows."""
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def _standing(page: str) -> dict[str, str]:
    """What the form that takes a choice back sends: which phase, and which choice its page shows."""
    found = re.search(r'name="choice" value="([^"]+)"', page)
    assert found
    return {"phase": PHASE, "choice": found[1]}


def _names(page: str) -> list[str]:
    return [f"r{place}" for place in range(8) if f"Une r{place}" in page]


def test_the_page_says_first_how_sure_the_choice_is_and_names_nobody(app: Flask) -> None:
    intake, page = _page(app)
    said = re.search(r"Parmi ces 15, environ (\d+) ne sont sans doute pas des 15 meilleurs dossiers", page)
    found = harmonisation_of(intake.id, PHASE)
    assert found is not None and said and int(said[1]) == round(found.figures["doubtful"]["raw"])
    assert "aucun programme ne décide seul" in page and "loi 09-08" in page
    assert not _names(page) and all(f"<bdi>{letter}</bdi>" in page for letter in "ABCDEFGH")
    assert "lu par " in page and "de plus" in page
    assert page.count('class="dot-hollow"') >= 30


def test_the_worked_example_gives_the_mark_of_the_formula(app: Flask) -> None:
    intake, page = _page(app)
    example = page.partition("Refaire une note")[2]
    number = re.search(r'class="ref">(MDIA-\d+)<', example)
    mark = re.search(r"= <strong>([\d,]+)</strong>", example)
    found = harmonisation_of(intake.id, PHASE)
    assert number and mark and found is not None
    rows = sa.select(Person.reference, Review.total_thousandths).join(Person, Person.id == Review.reviewer_id)
    rows = rows.join(Application, Application.id == Review.application_id)
    readings = [
        (row[0], row[1] or 0) for row in db.session.execute(rows.where(Application.number == number[1]))
    ]
    formula = MarkFormula.of_json(found.formulas["harmonised"])
    assert int(mark[1].replace(",", "")) == formula.mark(readings)
    # As a calculator does it, from the figures of the page alone.
    steps = re.findall(r"([−-]?[\d,]+) \+ ([−-]?[\d,]+) / \(([\d,]+) \+ ([\d,]+)\)", example)
    mean, over, weights, shrinkage = (float(each.replace(",", ".").replace("−", "-")) for each in steps[0])
    assert mean + over / (weights + shrinkage) == pytest.approx(formula.mark(readings) / 1000, abs=0.001)


def test_names_are_shown_to_who_gives_files_out_and_asks_and_the_choice_is_made_without(app: Flask) -> None:
    intake, page = _page(app)
    assert "Classer par ces notes" in page
    named = browser(app, _manager()).get(_way(intake, "?names=1")).text
    assert _names(named) == [f"r{place}" for place in range(8)]
    assert "Classer par ces notes" not in named and "sur la page sans les noms" in named
    auditor = browser(app, someone(intake, Role.AUDITOR))
    assert not _names(auditor.get(_way(intake, "?names=1")).text)
    assert "Classer par ces notes" not in auditor.get(_way(intake)).text


def test_a_choice_is_written_down_with_its_reason_and_taken_back_with_one(app: Flask) -> None:
    intake, _ = _page(app)
    client = browser(app, _manager())
    seen = _seen(client.get(_way(intake)).text)
    without = client.post(
        _way(intake), data={"phase": PHASE, "basis": "harmonised", "because": " ", "seen": seen}
    )
    assert without.status_code == 200 and "error-summary" in without.text
    assert choice_of(intake.id, PHASE) is None
    db.session.rollback()
    said = {"phase": PHASE, "basis": "harmonised", "because": "Un lecteur très généreux.", "seen": seen}
    assert client.post(_way(intake), data=said).status_code == 302
    page = client.get(_way(intake)).text
    assert "Un lecteur très généreux." in page and "choisi le" in page
    assert "Reprendre ce choix" in page and "Classer par ces notes" not in page
    assert "selon les « Notes harmonisées »" in _said(page)
    back = client.post(_way(intake, "/back"), data={**_standing(page), "because": "Trop tôt."})
    assert back.status_code == 302
    page = client.get(_way(intake)).text
    assert "Trop tôt." in page and "Classer par ces notes" in page
    db.session.rollback()
    assert choice_of(intake.id, PHASE) is None


def test_nobody_chooses_on_old_marks_and_the_page_asks_for_new_ones(app: Flask) -> None:
    intake, _ = _page(app)
    with writing() as session:
        row = session.scalars(sa.select(Review).order_by(Review.id)).first()
        assert row is not None
        row.total_thousandths = (row.total_thousandths or 0) + 500
    client = browser(app, _manager())
    page = client.get(_way(intake)).text
    assert "n’est plus à jour" in page and "Classer par ces notes" not in page
    with clock.at(clock.now() + FRESH):
        page = client.get(_way(intake)).text
        assert "Les notes s’harmonisent" in page and "Ci-dessous, le calcul" in page
        assert work() == 1
        assert "Classer par ces notes" in client.get(_way(intake)).text


def test_who_chooses_has_seen_the_computation_by_which_files_will_stand(app: Flask) -> None:
    """A page was left open; meanwhile a reading came in, and the worker found the marks anew."""
    intake, _ = _page(app)
    client = browser(app, _manager())
    said = {"phase": PHASE, "basis": "harmonised", "because": "Un lecteur très généreux."}
    old = _seen(client.get(_way(intake)).text)
    with writing() as session:
        row = session.scalars(sa.select(Review).order_by(Review.id)).first()
        assert row is not None
        row.total_thousandths = (row.total_thousandths or 0) + 500
    with clock.at(clock.now() + FRESH):
        client.get(_way(intake))
        assert work() == 1
        for seen in ({"seen": old}, {}):
            answer = client.post(_way(intake), data={**said, **seen})
            assert (
                answer.status_code == 200 and "a été refait depuis que cette page est ouverte" in answer.text
            )
            assert choice_of(intake.id, PHASE) is None
            db.session.rollback()
        new = _seen(answer.text)
        assert new != old and client.post(_way(intake), data={**said, "seen": new}).status_code == 302


def test_nobody_takes_back_a_choice_that_they_have_not_seen(app: Flask) -> None:
    """Of two tabs one stayed open, while somebody took the choice back and made another."""
    intake, _ = _page(app)
    client = browser(app, _manager())
    said = {
        "phase": PHASE,
        "seen": _seen(client.get(_way(intake)).text),
        "because": "Un lecteur très généreux.",
    }
    client.post(_way(intake), data={**said, "basis": "harmonised"})
    old = _standing(client.get(_way(intake)).text)
    client.post(_way(intake, "/back"), data={**old, "because": "Trop tôt."})
    client.post(_way(intake), data={**said, "basis": "weighted"})
    for seen in (old, {"phase": PHASE}):
        answer = client.post(_way(intake, "/back"), data={**seen, "because": "Trop tard."})
        assert answer.status_code == 200 and "Un autre choix a été fait" in answer.text
        db.session.rollback()
        choice = choice_of(intake.id, PHASE)
        assert choice is not None and choice.basis == "weighted"
    new = _standing(answer.text)
    assert client.post(_way(intake, "/back"), data={**new, "because": "Trop tard."}).status_code == 302


def test_a_choice_is_taken_back_even_where_nothing_is_left_to_harmonise(app: Flask) -> None:
    intake, _ = _page(app)
    client = browser(app, _manager())
    seen = _seen(client.get(_way(intake)).text)
    said = {"phase": PHASE, "basis": "harmonised", "because": "Un lecteur très généreux.", "seen": seen}
    client.post(_way(intake), data=said)
    with writing() as session:
        session.execute(sa.delete(Review))
    with clock.at(clock.now() + FRESH):
        client.get(_way(intake))
        assert work() == 1
        page = client.get(_way(intake)).text
        assert "Rien à harmoniser" in page and "Reprendre ce choix" in page
        client.post(_way(intake, "/back"), data={**_standing(page), "because": "Tout est à relire."})
    assert choice_of(intake.id, PHASE) is None


def test_files_that_one_is_to_read_are_not_shown(app: Flask) -> None:
    intake, page = _page(app)
    both = someone(intake, Role.SELECTION_MANAGER, "r8")
    with writing() as session:
        account = session.get_one(Account, both.account_id)
        accounts.grant(
            SYSTEM, account, Role.REVIEWER, "programme", intake.path, intake.path, [intake.institution_id]
        )
        number = re.findall(r'class="ref">(MDIA-\d+)<', page)[0]
        file = session.scalars(sa.select(Application).where(Application.number == number)).one()
        session.add(
            Review(
                reference="3" * 26,
                institution_id=intake.institution_id,
                application_id=file.id,
                intake_id=intake.id,
                reviewer_id=both.person_id or 0,
                phase=PHASE,
                state=ReviewState.ASSIGNED.value,
                assigned_at=clock.now(),
            )
        )
    shown = browser(app, known("r8@inpt.ma")).get(_way(intake)).text
    assert number in page and number not in shown and "encore à lire n’est pas montré" in shown


def test_whoever_has_an_interest_sees_and_chooses_nothing(app: Flask) -> None:
    intake, _ = _page(app)
    manager = _manager()
    with writing() as session:
        session.scalars(sa.select(Application).where(Application.number == "MDIA-000001")).one().person_id = (
            manager.person_id or 0
        )
    client = browser(app, manager)
    for answer in (
        client.get(_way(intake)),
        client.get(_way(intake, "/progress")),
        client.post(_way(intake), data={"phase": PHASE, "basis": "raw", "because": "x"}),
        client.post(_way(intake, "/back"), data={"phase": PHASE, "because": "x"}),
    ):
        assert answer.status_code == 403 and "Conflit d’intérêts" in answer.text


def test_a_reviewer_does_not_see_the_page(app: Flask) -> None:
    intake, _ = _page(app)
    client = browser(app, reader(0))
    assert client.get(_way(intake)).status_code == 404
    assert client.post(_way(intake), data={"phase": PHASE, "basis": "raw", "because": "x"}).status_code == 404
    assert browser(app, _manager()).get(_way(intake, "?phase=autre")).status_code == 404


def test_nothing_read_is_nothing_to_harmonise_and_is_asked_once(app: Flask) -> None:
    intake = read_by_a_jury(2)
    with writing() as session:
        session.execute(sa.delete(Review))
    client = browser(app, _manager())
    client.get(_way(intake))
    assert work() == 1
    with clock.at(clock.now() + FRESH):
        assert "Rien à harmoniser" in client.get(_way(intake)).text
    assert len(db.session.scalars(sa.select(Job)).all()) == 1


def test_statements_do_not_grow_with_the_files(app: Flask, statements: Statements) -> None:
    intake, _ = _page(app)
    client = browser(app, _manager())
    counts = []
    for number in (20, 60):
        with writing() as session:
            session.execute(
                sa.update(Application).values(eligible=Application.number <= f"MDIA-{number:06d}")
            )
        with clock.at(clock.now() + number * FRESH):
            client.get(_way(intake))
            assert work() == 1
            with statements() as seen:
                page = client.get(_way(intake)).text
        assert "Classer par ces notes" in page
        counts.append(len(seen))
    assert counts[0] == counts[1] < 25
