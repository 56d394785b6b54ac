"""Pages of an intake whose seats are given by wishes: what each file asked for, and where it got a seat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.selection.models import Decision, Offer
from tests.factories.choices import ADMINISTRATOR, MANAGER, browser, known
from tests.integration.selection.joint import market
from tests.integration.selection.joint.market import FR, SF, application, approve, joint, numbered, proposed

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture(autouse=True)
def _closed(_in_season: None) -> Iterator[None]:
    with clock.at(market.CLOSED):
        yield


def test_the_ranking_shows_wishes_and_seats_and_each_offering(app: Flask) -> None:
    intake = joint()
    page = browser(app, known(MANAGER))
    home = f"/staff/intakes/{intake.reference}"
    shown = page.get(f"{home}/ranking").text
    assert "Salesforce</strong>" in shown and "Choix par choix" in shown
    assert "Proposer ces décisions" in shown and "Écart au seuil" not in shown
    sf = next(each for each in offerings_of(intake) if each.key == SF)
    wished = page.get(f"{home}/ranking?offering={sf.reference}").text
    assert numbered(5) in wished and numbered(2) not in wished
    assert "Rien ne s’essaie ici" in page.get(f"{home}/board").text
    assert "un seul lot de décisions" in page.get(f"{home}/rules").text
    assert page.get(f"{home}/ranking/progress").status_code == 200


def test_the_batch_says_where_each_seat_is_and_for_whom_its_certificate_is(app: Flask) -> None:
    intake = joint()
    batch = proposed(intake)
    page = browser(app, known(ADMINISTRATOR))
    shown = page.get(f"/staff/batches/{batch.reference}").text
    assert "tous les choix" in shown and "Salesforce</strong>" in shown
    assert "acceptation différée" in shown and "ni fiche publique" in shown
    ranking = page.get(f"/staff/intakes/{intake.reference}/ranking").text
    assert "Ces décisions ont été figées" in ranking and "Salesforce</strong>" in ranking
    sf = next(each for each in offerings_of(intake) if each.key == SF)
    wished = page.get(f"/staff/intakes/{intake.reference}/ranking?offering={sf.reference}").text
    assert numbered(5) in wished and numbered(2) not in wished
    assert page.get(f"/staff/batches/{batch.reference}/certificate.json").status_code == 200
    assert page.get(f"/staff/batches/{batch.reference}/sheet").status_code == 404
    named = page.post(f"/staff/batches/{batch.reference}/references.csv")
    assert named.status_code == 200 and numbered(3) in named.text
    approve(batch)
    offer = db.session.query(Offer).filter_by(application_id=application(3).id).one()
    assert "Salesforce" in page.get(f"/staff/offers/{offer.reference}").text
    person = page.get(f"/staff/applications/{application(3).reference}/readings", follow_redirects=True).text
    assert "Salesforce</strong>" in person
    assert "Salesforce</strong>" in page.get(f"/staff/batches/{batch.reference}?answer=sent").text


def test_a_candidate_reads_in_which_offering_the_seat_is(app: Flask) -> None:
    approve(proposed(joint()))
    for number, words in ((3, "Salesforce"), (6, "tous vos choix")):
        wanted = db.session.query(Decision).filter_by(application_id=application(number).id).one()
        page = browser(app, known(f"c{number}@exemple.ma"))
        assert words in page.get(f"/my/offers/{wanted.reference}").text


def test_the_jury_gives_a_seat_in_the_offering_that_it_names(app: Flask) -> None:
    intake = joint()
    page, second = browser(app, known(MANAGER)), browser(app, known(ADMINISTRATOR))
    sf = next(each for each in offerings_of(intake) if each.key == SF)
    address = f"/staff/intakes/{intake.reference}/moves/{application(4).reference}"
    assert "Salesforce" in page.get(address).text
    sent = page.post(address, data={"direction": "in", "reason": "Portfolio", "offering": sf.reference})
    assert sent.status_code == 302
    shown = second.get(address).text
    assert numbered(3) in shown, "whose seat it takes"
    assert second.post(f"{address}/agree", data={"version": 1}).status_code == 302
    approve(proposed(intake))
    assert market.held() == {1: FR, 2: FR, 4: SF, 8: market.FES}
