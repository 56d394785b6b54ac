"""Each phase that people read is harmonised alone, for as many places as go on from it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.harmonising.models import Harmonisation
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.jury import computing
from cohortmgr.reviews.jury.actions import choosing, keeping
from cohortmgr.reviews.jury.queries.marks import works_in
from cohortmgr.reviews.jury.rules import HarmonisedPhase, PhaseWork
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.phases.models import PhaseClosing
from tests.factories.choices import browser, known, phased, readers, someone
from tests.factories.working import work
from tests.integration.reviews.jury.marked import read_by_a_jury, reader, reading_of

pytestmark = pytest.mark.usefixtures("system_context")


def _marked(goes_on: int = 3) -> Intake:
    """Nine files in four phases, each read by two of three readers, file 1 best."""
    intake = phased(9, goes_on=goes_on)
    someone(intake, Role.SELECTION_MANAGER)
    _read(intake, "dossiers", [f"MDIA-{number:06d}" for number in range(1, 10)], readers(intake, 3))
    return intake


def _read(intake: Intake, key: str, numbers: list[str], people: Sequence[Viewer]) -> None:
    phase = definition_of(intake).rubric.phase(key)
    with writing():
        for place, number in enumerate(numbers):
            file = db.session.scalars(sa.select(Application).where(Application.number == number)).one()
            for which in (place % 3, (place + 1) % 3):
                db.session.add(reading_of(phase, file, people[which], 18 - 1.5 * place - which))


def _harmonise(intake: Intake) -> None:
    with writing():
        keeping.ask(_manager(), intake)
    assert work() == 1


def _manager() -> Viewer:
    return known("selection_manager@inpt.ma")


def test_while_a_phase_runs_as_many_places_as_go_on_and_then_the_seats() -> None:
    intake = _marked()
    _harmonise(intake)
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and found.seats == 3
    ribbon = next(iter(found.figures["ribbons"].values()))
    assert [row[0] for row in ribbon["harmonised"] if row[5]] == [
        f"MDIA-00000{number}" for number in (1, 2, 3)
    ]
    works, _ids = works_in(intake)
    # Points from answers are one in three of twenty, of weight one, beside the phase's own weight.
    assert {weight for weight, _over in works["dossiers"].fixed.values()} == {1}
    plan = closing.plan_closing(_manager(), intake.reference)
    assert not plan.problems
    with writing():
        closing.close(_manager(), plan, plan.stamp)
    _read(intake, "entretien", list(plan.offerings[0].going.chosen), [reader(place) for place in range(3)])
    with clock.at(clock.now() + FRESH):
        _harmonise(intake)
    heard = harmonisation_of(intake.id, "entretien")
    assert heard is not None and heard.seats == 3 and heard.figures["files"] == 3
    works, _ids = works_in(intake)
    assert [each.key for each in works["entretien"].others] == ["dossiers"]
    assert [each.key for each in works["dossiers"].others] == []
    assert len(db.session.scalars(sa.select(Harmonisation)).all()) == 2


def test_the_page_leads_from_one_phase_to_the_other(app: Flask) -> None:
    intake = _marked()
    _harmonise(intake)
    client = browser(app, _manager())
    way = f"/staff/intakes/{intake.reference}/harmonisation"
    page = client.get(way).text
    assert "Parmi ces 3" in page or "Ces 3 sont" in page
    assert f"{way}?phase=entretien" in page
    assert "Rien à harmoniser" in client.get(f"{way}?phase=entretien").text
    assert "further?phase" not in client.get(f"{way}?phase=entretien").text
    assert client.get(f"{way}?phase=epreuve").status_code == 404


def test_each_offering_has_its_own_threshold_and_seats(app: Flask) -> None:
    intake = read_by_a_jury(20, seats=4)
    first = offerings_of(intake)[0]
    with writing() as session:
        other = Offering(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            key="soir",
            title={"fr": "Cours du soir", "ar": "دروس مسائية", "en": "Evening classes"},
            seats=2,
        )
        session.add(other)
        session.flush()
        later = Application.number > "MDIA-000012"
        session.execute(sa.update(Application).where(later).values(offering_id=other.id))
    _harmonise(intake)
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and found.seats == 6
    ribbons = found.figures["ribbons"]
    assert {key: (each["seats"], each["files"]) for key, each in ribbons.items()} == {
        first.reference: (4, 12),
        other.reference: (2, 8),
    }
    client = browser(app, _manager())
    way = f"/staff/intakes/{intake.reference}/harmonisation"
    page, evening = client.get(way).text, client.get(f"{way}?offering={other.reference}").text
    assert "Cours du soir" in page
    shown = {number for number in ("MDIA-000001", "MDIA-000020") if f'"ref">{number}<' in page}
    assert shown == {"MDIA-000001"}
    assert '"ref">MDIA-000020<' in evening and '"ref">MDIA-000001<' not in evening


def test_a_phase_that_is_closed_while_the_worker_is_at_it_keeps_what_it_was_closed_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake = _marked()
    _harmonise(intake)
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None
    before, found_by = found.digest, computing.harmonised
    with writing() as session:
        choosing.choose(_manager(), intake.reference, "dossiers", MarkBasis.HARMONISED, "Motif")
        session.execute(sa.update(Review).values(total_thousandths=Review.total_thousandths - 7))

    def closed_meanwhile(work_of: PhaseWork) -> HarmonisedPhase:
        with writing() as session:
            session.add(
                PhaseClosing(
                    reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
                    phase="dossiers", closed_at=clock.now(), closed_by=_manager().reference, gone_on=3, stayed=6,
                )
            )  # fmt: skip
        return found_by(work_of)

    monkeypatch.setattr(computing, "harmonised", closed_meanwhile)
    with clock.at(clock.now() + FRESH):
        _harmonise(intake)
    db.session.expire_all()
    found = harmonisation_of(intake.id, "dossiers")
    assert found is not None and found.digest == before
