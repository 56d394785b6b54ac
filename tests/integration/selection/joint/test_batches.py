"""One batch covers an intake with all its offerings: seats by wishes, one certificate, one waiting list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Offering
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.selection import queries, tasks
from cohortmgr.selection.actions import changes, decisions, offers
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Offer
from cohortmgr.selection.standings.queries import called
from cohortmgr.selection.verify import findings
from cohortmgr.selection.verify import main as verifier
from tests.factories.choices import ADMINISTRATOR, MANAGER, known
from tests.integration.selection.joint import market
from tests.integration.selection.joint.market import (
    FES,
    FR,
    SF,
    application,
    approve,
    decided,
    held,
    joint,
    proposed,
)

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture(autouse=True)
def _closed(_in_season: None) -> Iterator[None]:
    with clock.at(market.CLOSED):
        yield


def give_up(number: int) -> None:
    reference = application(number).reference
    with writing():
        sending.withdraw(known(f"c{number}@exemple.ma"), reference)


def decline(number: int) -> None:
    reference = db.session.scalar(
        sa.select(Offer.reference).where(Offer.application_id == application(number).id)
    )
    with writing():
        offers.answer_offer(known(f"c{number}@exemple.ma"), str(reference), False)


def test_one_batch_gives_the_seats_of_all_offerings_by_wishes() -> None:
    intake = joint()
    batch = proposed(intake)
    assert batch.offering_id is None and batch.problems == []
    assert decided() == [
        (1, "offer", None), (2, "offer", None), (3, "offer", None), (8, "offer", None),
        (4, "waiting", 1), (5, "waiting", 2), (6, "waiting", 3), (7, "waiting", 4),
    ]  # fmt: skip
    assert proposed(intake).reference == batch.reference, "a second press is the first"
    approve(batch)
    assert held() == {1: FR, 2: FR, 3: SF, 8: FES}
    taken = {each.key: each.taken for each in offerings_of(intake) if each.taken}
    assert taken == {FR: 2, SF: 1, FES: 1}


def test_its_certificate_is_that_of_an_allocation_and_names_nobody(tmp_path: Path) -> None:
    batch = proposed(joint(right={8: "Lauréate nationale"}))
    text = canonical(batch.certificate)
    made = json.loads(text)
    assert findings(made) == [] and made["rule"] == "deferred acceptance"
    assert made["rules"]["sealed"]["seats"] == made["seats"] and "JOBI" not in text
    assert [row["by"] for row in made["rows"] if "by" in row] == ["right"]
    file = tmp_path / "certificate.json"
    file.write_text(text, encoding="utf-8")
    assert verifier([str(file), "--expect", batch.digest]) == 0
    assert verifier([str(file), "--expect", "0" * 64]) == 1
    again = {**made, "rows": [*made["rows"][:2], {**made["rows"][2], "offering": FR}, *made["rows"][3:]]}
    assert findings(again)


def test_a_decision_that_the_certificate_does_not_state_is_not_approved() -> None:
    batch = proposed(joint())
    with writing():
        fes = next(each.id for each in offerings_of(queries.offered_in(batch)[0]) if each.key == FES)
        db.session.execute(
            sa.text("UPDATE decisions SET offering_id = :o WHERE offering_id IS NOT NULL"), {"o": fes}
        )
    with pytest.raises(Refused, match="certificat"):
        approve(batch)


def test_who_comes_free_is_followed_by_the_first_who_wished_for_that_offering() -> None:
    approve(proposed(joint()))
    decline(3)
    assert held() == {1: FR, 2: FR, 5: SF, 8: FES}, "the fourth never asked for Salesforce"
    decline(1)
    assert held() == {2: FR, 4: FR, 5: SF, 8: FES}
    give_up(6)
    decline(4)
    assert held() == {2: FR, 7: FR, 5: SF, 8: FES}
    decline(8)
    assert FES not in held().values() and called.callable_offerings() == []
    assert tasks.call(lambda: False) == 0


def test_lists_are_called_within_the_bounds_of_the_offering() -> None:
    only = Bound({"situation": "emploi"}, None, 1, offering=FR)
    approve(proposed(joint(market.WISHES, only)))
    assert held() == {1: FR, 2: FR, 3: SF, 8: FES}
    decline(1)
    assert held() == {2: FR, 7: FR, 3: SF, 8: FES}, "the fourth and the sixth would be one too many"


def test_letters_name_the_offering_of_a_seat() -> None:
    approve(proposed(joint()))
    said = {
        content["number"]: content["intake"]["fr"]
        for message in db.session.scalars(sa.select(Message).where(Message.key == "offer_made"))
        if (content := content_of(message)["variables"])
    }
    assert said["JOBI-000003"] == "Salesforce · Première campagne de 2027"
    decline(3)
    later = db.session.scalars(
        sa.select(Message).where(Message.key == "offer_made").order_by(Message.id.desc())
    )
    assert content_of(later.first())["variables"]["offering"]["fr"] == "Salesforce"


def test_a_refused_person_reads_what_became_of_each_wish() -> None:
    wishes = (*market.WISHES[:3], *[(FR, SF)] * 9)
    batch = proposed(joint(wishes))
    last = queries.decisions_of(batch)[-1]
    assert last.outcome == "refused"
    assert [each["values"]["offering"]["fr"] for each in last.reasons if each["where"] == "line"] == [
        "Full-stack, Rabat",
        "Salesforce",
    ]


def test_an_offering_that_was_added_after_the_seal_stops_nobody() -> None:
    intake = joint((*market.WISHES, ("nouvelle",), ("nouvelle", SF)))
    with writing():
        db.session.add(
            Offering(
                reference="N" * 10,
                institution_id=intake.institution_id,
                intake_id=intake.id,
                key="nouvelle",
                title={"fr": "Nouvelle", "ar": "جديد", "en": "New"},
                seats=5,
            )
        )
    batch = proposed(intake)
    assert (9, "refused", None) in decided() and batch.summary["rules"]["unsealed"] == ["nouvelle"]


def test_no_offering_gets_a_batch_of_its_own_meanwhile() -> None:
    intake = joint()
    batch = proposed(intake)
    own = offerings_of(intake)[3]
    assert queries.live_batch(intake, own) is batch
    with writing():
        again = decisions.propose(known(MANAGER), intake.reference, offering_reference=own.reference)
    assert again is batch
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    assert proposed(intake).offering_id is None


def test_what_staff_change_of_offers_and_of_the_list_works_in_all_offerings() -> None:
    batch = approve(proposed(joint()))
    third = _offer_of(3)
    until = clock.local(third.deadline).date() + timedelta(days=2)
    with writing():
        changes.extend(known(MANAGER), third.reference, until)
        changes.remind(known(MANAGER), third.reference)
    extended = db.session.scalars(sa.select(Message).where(Message.key == "offer_extended")).one()
    assert content_of(extended)["variables"]["intake"]["fr"].startswith("Salesforce · ")
    with writing():
        changes.withdraw(known(ADMINISTRATOR), third.reference, "La promotion change")
    assert held() == {1: FR, 2: FR, 5: SF, 8: FES}
    with writing():
        assert changes.close_list(known(ADMINISTRATOR), batch.reference, "Fin") == 3
    closed = db.session.scalars(sa.select(Message).where(Message.key == "waiting_closed")).all()
    assert {content_of(each)["variables"]["offering"]["fr"] for each in closed} == {"Full-stack, Rabat"}
    decline(1)
    assert held() == {2: FR, 5: SF, 8: FES}, "nobody is called from a closed list"


def test_who_withdrew_between_proposal_and_approval_stops_it_and_a_late_answer_passes_the_seat_on() -> None:
    batch = proposed(joint())
    give_up(3)
    with pytest.raises(Refused, match="retirée"):
        approve(batch)
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    intake = queries.offered_in(batch)[0]
    approve(proposed(intake))
    assert held() == {1: FR, 2: FR, 5: SF, 8: FES}
    with clock.at(market.CLOSED + timedelta(days=7)), writing():
        assert offers.expire_offers(SYSTEM) == 4
    assert held() == {4: FR, 6: FR}, "nobody is left who wished for Salesforce or for Fès"


def _offer_of(number: int) -> Offer:
    return db.session.scalars(sa.select(Offer).where(Offer.application_id == application(number).id)).one()
