"""What follows an approval: the last day of offers, more seats, and what staff change by hand (findings 10 and 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused, Stale
from cohortmgr.outbox.models import Message
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.selection import queries, tasks
from cohortmgr.selection.actions import changes, decisions, offers
from cohortmgr.selection.actions.letters import awaits_answer
from cohortmgr.selection.models import Decision, Offer
from tests.factories.choices import browser, decided, known, read, readers, sent, someone
from tests.integration.applications.importing.sheets import words

pytestmark = pytest.mark.usefixtures("system_context")
ADMINISTRATOR, MANAGER = "programme_administrator@inpt.ma", "selection_manager@inpt.ma"
AFTER = datetime(2026, 11, 28, 10, tzinfo=UTC)


def offer_of(number: int) -> Offer:
    db.session.rollback()
    wanted = sa.select(Offer).join(Decision, Decision.id == Offer.decision_id).order_by(Decision.rank)
    return db.session.scalars(wanted).all()[number - 1]


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Offer.state).order_by(Offer.id)))


def keys() -> list[str]:
    return list(db.session.scalars(sa.select(Message.key).order_by(Message.id)))


def loaded_with(seats: int, last_day: date | None = None) -> Definition:
    definition = read_known("mdia")
    first, *others = definition.intakes
    offering = replace(first.offerings[0], seats=seats)
    terms = replace(definition.offers, last_day=last_day)
    return replace(definition, intakes=(replace(first, offerings=(offering,)), *others), offers=terms)


def withdraw_file(number: int) -> None:
    viewer = known(f"c{number}@exemple.ma")
    reference = db.session.scalar(
        sa.text("SELECT reference FROM applications WHERE number = :n"), {"n": f"MDIA-{number:06d}"}
    )
    with writing():
        sending.withdraw(viewer, str(reference))


@contextmanager
def on(day: date) -> Iterator[None]:
    with clock.at(clock.instant(day, 10)):
        yield


def test_10_a_seat_given_up_after_the_last_day_is_offered_to_nobody() -> None:
    decided(5, seats=2)
    with on(date(2025, 9, 22)):  # the first day is the last one by itself
        assert not queries.offers_are_over(db.session.scalars(sa.select(Intake).order_by(Intake.id)).first())
    with clock.at(AFTER):
        withdraw_file(1)
        assert sorted(states()) == ["declined", "sent"]
        assert db.session.scalar(sa.select(Offering.taken).where(Offering.taken > 0)) == 1
        waiting = known("c3@exemple.ma")
        assert queries.mine(waiting)[0].place is None


def test_10_an_offer_that_expires_after_the_last_day_calls_nobody_and_approval_is_refused() -> None:
    decided(5, seats=2)
    with clock.at(AFTER):
        assert tasks.expire(lambda: False) == 2
        assert tasks.call(lambda: False) == 0
        assert sorted(states()) == ["expired", "expired"]
    assert "offer_made" not in keys()[-2:]


def test_10_a_batch_is_not_approved_after_the_last_day() -> None:
    _, batch = decided(4, seats=2, approve=False)
    with clock.at(AFTER), pytest.raises(Refused, match="Le dernier jour des offres"), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")
    assert states() == []


def test_10_the_definition_names_another_last_day() -> None:
    intake, batch = decided(4, seats=2, approve=False)
    with writing():
        programmes.load_definition(SYSTEM, loaded_with(2, date(2025, 8, 1)))
    with on(date(2025, 8, 2)), pytest.raises(Refused, match="dernier jour"), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")
    with on(date(2025, 8, 1)), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")
    definition = loaded_with(2, date(2025, 10, 6))
    assert definition.last_offer_day("2025") == date(2025, 10, 6)
    assert definition.last_offer_day("2027") == date(2027, 10, 4)
    assert read_known("mdia").last_offer_day("2027") == date(2027, 9, 20)
    assert intake.key == "2025"


def test_11_more_seats_call_the_list_at_once_and_no_further() -> None:
    decided(8, seats=2)
    with writing():
        programmes.load_definition(SYSTEM, loaded_with(4))
    assert states() == ["sent"] * 4
    assert keys().count("offer_made") == 4
    with writing():
        programmes.load_definition(SYSTEM, loaded_with(4))
    assert tasks.call(lambda: False) == 0 and states() == ["sent"] * 4


def test_11_a_seat_that_was_free_already_is_filled_with_the_one_given_up_now() -> None:
    decided(8, seats=2)
    with writing():  # by whatever way the seats rose: here by nobody's act
        db.session.execute(sa.update(Offering).where(Offering.taken > 0).values(seats=4))
    reference = offer_of(1).reference  # before the transaction, which looking anew would end
    with writing():
        offers.answer_offer(known("c1@exemple.ma"), reference, False)
    assert sorted(states()) == ["declined", *["sent"] * 4]


def test_11_the_sweep_calls_for_seats_that_nothing_announced() -> None:
    decided(8, seats=2)
    with writing():
        db.session.execute(sa.update(Offering).where(Offering.taken > 0).values(seats=3))
    assert tasks.call(lambda: False) == 1
    assert states() == ["sent"] * 3
    with clock.at(AFTER):
        assert tasks.call(lambda: False) == 0
    with pytest.raises(NotPermitted), writing():
        offers.call_waiting(known(MANAGER))


def test_a_closed_list_is_called_no_more_and_its_people_know() -> None:
    _, batch = decided(6, seats=2)
    administrator = known(ADMINISTRATOR)
    with pytest.raises(Refused, match="motif"), writing():
        changes.close_list(administrator, batch.reference, "  ")
    with pytest.raises(NotPermitted), writing():
        changes.close_list(known(MANAGER), batch.reference, "Assez")
    with writing():
        assert changes.close_list(administrator, batch.reference, "La promotion est complète") == 4
    with writing():
        assert changes.close_list(administrator, batch.reference, "Encore") == 0
    assert keys().count("waiting_closed") == 4
    assert sorted(db.session.scalars(sa.select(Application.outcome))) == ["offer"] * 2 + ["refused"] * 4
    reference = offer_of(1).reference  # before the transaction, which looking anew would end
    with writing():
        offers.answer_offer(known("c1@exemple.ma"), reference, False)
    assert sorted(states()) == ["declined", "sent"]


def test_staff_extend_an_offer_and_only_the_new_reminders_leave() -> None:
    decided(4, seats=2)
    manager, offer = known(MANAGER), offer_of(1)
    old = offer.deadline
    for wrong in (old.date(), date(2025, 7, 1)):
        if wrong == clock.local(old).date():
            continue
        with pytest.raises(Refused, match="après la date limite"), writing():
            changes.extend(manager, offer.reference, wrong, offer.version)
    until = clock.local(old).date() + timedelta(days=5)
    with writing():
        changes.extend(manager, offer.reference, until, offer.version)
    with writing():
        changes.extend(manager, offer.reference, until, 1)  # a second click
    assert keys().count("offer_extended") == 1
    row = offer_of(1)
    assert row.deadline == clock.instant(until, 18)
    decision = db.session.get_one(Decision, row.decision_id)
    asked = {"reference": decision.reference, "until": old + timedelta(days=30)}
    assert awaits_answer([{**asked, "deadline": old}, {**asked, "deadline": row.deadline}]) == [False, True]
    with clock.at(old + timedelta(days=2)):
        tasks.expire(lambda: False)
        assert offer_of(1).state == "sent"


def test_staff_remind_once_a_click() -> None:
    decided(4, seats=2)
    offer = offer_of(1)
    before = keys().count("offer_reminder")
    with writing():
        changes.remind(known(ADMINISTRATOR), offer.reference, 1)
    with pytest.raises(Stale), writing():
        changes.remind(known(ADMINISTRATOR), offer.reference, 1)
    assert keys().count("offer_reminder") == before + 1
    with writing():
        offers.answer_offer(known("c1@exemple.ma"), offer.reference, True)
    with pytest.raises(Refused), writing():
        changes.remind(known(ADMINISTRATOR), offer.reference)


@pytest.mark.parametrize("accepted", [False, True])
def test_staff_withdraw_an_offer_with_a_reason_and_the_seat_passes_on(accepted: bool) -> None:
    decided(5, seats=2)
    offer = offer_of(1)
    if accepted:
        with writing():
            offers.answer_offer(known("c1@exemple.ma"), offer.reference, True)
    with pytest.raises(NotPermitted), writing():
        changes.withdraw(known(MANAGER), offer.reference, "Diplôme faux")
    with pytest.raises(Refused, match="motif"), writing():
        changes.withdraw(known(ADMINISTRATOR), offer.reference, " ")
    for _ in range(2):
        with writing():
            changes.withdraw(known(ADMINISTRATOR), offer.reference, "Diplôme faux")
    assert sorted(states()) == ["sent", "sent", "withdrawn"]
    assert keys().count("offer_withdrawn") == 1
    assert db.session.scalar(sa.select(Offering.taken).where(Offering.taken > 0)) == 2
    mine = queries.mine_for(known("c1@exemple.ma"), offer.reference)
    assert mine.offer is not None and mine.offer.state == "withdrawn"


def test_the_pages_of_an_offer_and_of_a_list(app: Flask) -> None:
    _, batch = decided(6, seats=2)
    manager, administrator = browser(app, known(MANAGER)), browser(app, known(ADMINISTRATOR))
    offer, page = offer_of(1), f"/staff/batches/{batch.reference}"
    address = f"/staff/offers/{offer.reference}"
    assert address in manager.get(page).text and "Clore la liste" not in manager.get(page).text
    assert "Prolonger" in manager.get(address).text and "Retirer l’offre" not in manager.get(address).text
    assert manager.post(f"{address}/withdraw", data={"reason": "x"}).status_code == 404
    wrong = manager.post(f"{address}/extend", data={"until": "2025-07-21", "version": "1"})
    assert wrong.status_code == 200 and "2025-07-21" in wrong.text and "après la date limite" in wrong.text
    done = manager.post(f"{address}/extend", data={"until": "2025-08-08", "version": "1"})
    assert done.status_code == 302
    version = str(offer_of(1).version)
    assert manager.post(f"{address}/remind", data={"version": version}).status_code == 302
    empty = administrator.post(f"{address}/withdraw", data={"reason": ""})
    assert empty.status_code == 200 and "Écrivez le motif" in empty.text
    assert administrator.post(f"{address}/withdraw", data={"reason": "Diplôme faux"}).status_code == 302
    assert "Retirée" in administrator.get(address).text
    closing = administrator.post(f"{page}/close-list", data={"reason": ""})
    assert closing.status_code == 200 and "Écrivez le motif" in closing.text
    assert manager.post(f"{page}/close-list", data={"reason": "Complet"}).status_code == 404
    assert administrator.post(f"{page}/close-list", data={"reason": "Complet"}).status_code == 302
    assert "Clore la liste" not in administrator.get(page).text
    person = browser(app, known("c4@exemple.ma"))
    assert "La liste d’attente est close" in person.get(f"/my/offers/{_decision_of(4)}").text
    assert "Liste d’attente close" in person.get("/my").text


def test_after_the_last_day_pages_speak_of_the_list_in_the_past(app: Flask) -> None:
    _, batch = decided(5, seats=2)
    page, administrator = f"/staff/batches/{batch.reference}", known(ADMINISTRATOR)
    assert "attendent. Une place libre" in words(browser(app, administrator).get(page).text)
    with clock.at(AFTER):
        text = words(browser(app, administrator).get(page).text)
        assert "n'est plus appelée" in text and re.search(
            r"attendaient encore le (lundi )?22 septembre 2025", text
        )
        assert "est offerte aussitôt" not in text
        assert closing_day(app) == "22 septembre 2025"


def test_a_list_that_somebody_closed_is_dated_by_its_closing(app: Flask) -> None:
    _, batch = decided(5, seats=2)
    with clock.at(datetime(2025, 8, 20, 10, tzinfo=UTC)), writing():
        changes.close_list(known(ADMINISTRATOR), batch.reference, "Complet")
    with clock.at(AFTER):
        assert closing_day(app) == "20 août 2025"


def closing_day(app: Flask) -> str:
    """The day that the waiting person's page names beside the end of the list."""
    found = db.session.scalars(
        sa.select(Application.reference).join(Decision).where(Decision.rank == 4)
    ).one()
    text = words(browser(app, known("c4@exemple.ma")).get(f"/my/applications/{found}").text)
    before = text.partition("Liste d'attente close")[0]
    assert "Liste d'attente</" in before or "Liste d'attente<" in before, "the decision is a step of its own"
    return re.findall(r"\d+ \w+ 2025", before)[-1]


def _decision_of(number: int) -> str:
    wanted = sa.select(Decision.reference).where(Decision.rank == number)
    return db.session.scalars(wanted).one()


def test_while_the_intake_is_open_both_people_tick_until_when(app: Flask) -> None:
    with clock.at(datetime(2025, 7, 10, 10, tzinfo=UTC)):
        intake = sent(4, seats=2)
        manager, administrator = (
            someone(intake, Role.SELECTION_MANAGER),
            someone(intake, Role.PROGRAMME_ADMINISTRATOR),
        )
        read(intake, readers(intake))
        closes = intake.closes_at
        with writing():
            batch = decisions.propose(manager, intake.reference)
        for tick in (None, closes):
            with pytest.raises(Refused, match="ne l’a pas coché"), writing():
                decisions.approve(administrator, batch.reference, "2", open_until=tick)
        with writing():
            decisions.cancel(manager, batch.reference)
        client, desk = browser(app, manager), browser(app, administrator)
        ranking = f"/staff/intakes/{intake.reference}/ranking"
        assert f'value="{closes.isoformat()}"' in client.get(ranking).text
        posted = client.post(ranking, data={"note": "", "open_until": closes.isoformat()})
        address = posted.location
        refused = desk.post(f"{address}/approve", data={"confirmation": "2", "version": "1"})
        assert refused.status_code == 200 and "cochez que vous le savez" in refused.text
        assert states() == []
        ticked = {"confirmation": "2", "version": "1", "open_until": closes.isoformat()}
        with writing():  # the close was moved after both had seen the old one
            row = db.session.get_one(Intake, intake.id)
            row.closes_at = closes + timedelta(days=1)
        assert "ne l’a pas coché" in desk.post(f"{address}/approve", data=ticked).text
        with writing():
            db.session.get_one(Intake, intake.id).closes_at = closes
        assert desk.post(f"{address}/approve", data=ticked).status_code == 302
        assert states() == ["sent", "sent"]


def test_once_the_intake_is_closed_no_tick_is_asked() -> None:
    _, batch = decided(4, seats=2, approve=False)
    with writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")
    assert states() == ["sent", "sent"]


@pytest.mark.parametrize("approve", [True, False])
def test_readings_change_no_more_once_decisions_rest_on_them(app: Flask, approve: bool) -> None:
    intake, batch = decided(4, seats=2, approve=approve)
    manager = known(MANAGER)
    review = db.session.scalars(sa.select(Review).order_by(Review.id)).all()[0]
    reader = next(
        known(f"r{n}@inpt.ma") for n in range(3) if known(f"r{n}@inpt.ma").person_id == review.reviewer_id
    )
    acts = (
        lambda: reading.reopen(manager, review.reference, "À revoir"),
        lambda: reading.abstain(reader, review.reference, "Je la connais"),
    )
    for act in acts:
        with pytest.raises(Refused, match="ne changent plus"), writing():
            act()
    with writing():  # however it came to be open
        db.session.get_one(Review, review.id).state = "reopened"
    with pytest.raises(Refused, match="ne changent plus"), writing():
        reading.score(reader, review.reference, dict.fromkeys(("resultats", "bases", "projet", "langues"), 1))
    page = browser(app, manager).post(f"/staff/reviews/{review.reference}/reopen", data={"reason": "x"})
    assert page.status_code in (200, 302)
    if not approve:
        with writing():
            decisions.cancel(manager, batch.reference)
        with writing():
            reading.score(
                reader, review.reference, dict.fromkeys(("resultats", "bases", "projet", "langues"), 1)
            )
