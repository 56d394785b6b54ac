"""The page of a move by hand: two buttons and a reason, what changes, two people; and where else a move is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.models import MoveByHand
from tests.factories.choices import browser, decided, known, someone
from tests.factories.working import work
from tests.integration.selection.moves.ranked import (
    ADMINISTRATOR,
    MANAGER,
    SOUTH,
    WHY,
    agree,
    application,
    ask,
    chosen,
    moved,
    numbered,
    propose,
    ranked,
    withdraw,
)

Browse = Callable[[str], FlaskClient]
pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture
def browse(app: Flask) -> Browse:
    return lambda email: browser(app, known(email))


def home(intake: Intake, number: int) -> str:
    return f"/staff/intakes/{intake.reference}/moves/{application(number).reference}"


def plain(response: Any) -> str:
    """The words of a page's main part, without markup."""
    text = re.sub(r"<(script|style).*?</\1>", " ", response.text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", text[text.index("<main") :])
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))


def buttons(response: Any) -> list[str]:
    return re.findall(r'name="direction" value="(\w+)"', response.text)


def test_from_the_ranking_to_a_seat_by_two_people(browse: Browse) -> None:
    intake = ranked()
    manager, administrator = browse(MANAGER), browse(ADMINISTRATOR)
    where = home(intake, 5)
    assert f'href="{where}"' in manager.get(f"/staff/intakes/{intake.reference}/ranking").text
    page = manager.get(where)
    assert (
        buttons(page) == ["in", "out"]
        and "<script" not in page.text[page.text.index("<form") :].split("</form>")[0]
    )
    assert f"Entre : {numbered(5)} . Sort : {numbered(2)} ." in plain(page)
    assert "Cela ne change aujourd’hui la décision de personne" in plain(page)
    sent = manager.post(where, data={"reason": WHY, "direction": "in"})
    assert sent.status_code == 302 and sent.location.endswith(where)
    waiting = manager.get(where)
    assert not buttons(waiting) and "Peuvent le donner : Une programme_administrator" in plain(waiting)
    assert "/agree" not in waiting.text and chosen(intake) == [1, 2]
    agenda = administrator.get("/staff").text.replace("\xa0", " ")
    assert f"Décision à la main à confirmer : {numbered(5)}" in agenda and where in agenda
    shown = administrator.get(where)
    assert WHY in plain(shown) and f"Sort : {numbered(2)}" in plain(shown)
    (version,) = re.findall(r'name="version" value="(\d+)"', shown.text)
    assert administrator.post(f"{where}/agree", data={"version": version}).status_code == 302
    assert chosen(intake) == [1, 5]
    told = plain(browse(MANAGER).get(f"/staff/intakes/{intake.reference}/ranking"))
    assert "Décidés par la commission" in told and "par la commission" in told
    assert "Demandé par Une selection_manager" in told and "Accord de Une programme_administrator" in told
    assert told.count(WHY) == 1
    assert f"Décision à la main à confirmer : {numbered(5)}" not in administrator.get("/staff").text
    assert buttons(manager.get(where)) == ["out", "mark"]


def test_a_form_without_a_reason_or_a_button_says_so_and_keeps_what_was_typed(browse: Browse) -> None:
    intake = ranked()
    manager, where = browse(MANAGER), home(intake, 5)
    for data, says in (
        ({"direction": "in"}, "Dites pourquoi la commission"),
        ({"direction": "in", "reason": "x" * 1001}, "1000"),
        ({"direction": "in", "reason": "\u200b \x00"}, "Dites pourquoi la commission"),
        ({"reason": WHY}, "Choisissez"),
        ({"reason": WHY, "direction": "<script>alert(1)</script>"}, "Choisissez"),
    ):
        answer = manager.post(where, data=data)
        assert answer.status_code == 422 and says in plain(answer).replace(" ", " "), data
        assert "<script>alert" not in answer.text
    assert WHY in manager.post(where, data={"reason": WHY}).text
    assert not db.session.scalars(sa.select(MoveByHand)).all()


def test_a_reason_is_text_wherever_it_is_shown(browse: Browse) -> None:
    intake = ranked()
    moved(intake, 5, "in", "<img src=x onerror=alert(1)>{{ 7*7 }}\n\u202eoto")
    manager = browse(MANAGER)
    person = f"/staff/applications/{application(5).reference}/readings"
    for where in (home(intake, 5), f"/staff/intakes/{intake.reference}/ranking", person):
        page = manager.get(where, follow_redirects=True).text
        assert "&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}" in page, where
        assert "<img src=x" not in page


def test_other_files_other_intakes_and_other_people_are_not_found(browse: Browse, app: Flask) -> None:
    intake = ranked()
    manager = browse(MANAGER)
    for reference in ("x" * 26, "%00", "1"):
        assert manager.get(f"/staff/intakes/{intake.reference}/moves/{reference}").status_code == 404
    other = home(intake, 5).replace(intake.reference, "z" * 26)
    assert manager.get(other).status_code == 404
    reader = browse("r0@inpt.ma")
    for answer in (
        reader.get(home(intake, 5)),
        reader.post(home(intake, 5), data={"reason": WHY, "direction": "in"}),
        reader.post(f"{home(intake, 5)}/agree"),
        reader.post(f"{home(intake, 5)}/back"),
    ):
        assert answer.status_code == 404
    auditor = someone(intake, Role.AUDITOR, "auditor")
    page = browser(app, auditor).get(home(intake, 5))
    assert page.status_code == 200 and not buttons(page)


def test_an_agreement_to_another_request_than_was_shown_is_not_given(browse: Browse) -> None:
    intake = ranked()
    ask(intake, 5)
    administrator, where = browse(ADMINISTRATOR), home(intake, 5)
    for version in ("", "99", "x", "-1", "9" * 400):
        administrator.post(f"{where}/agree", data={"version": version})
        assert chosen(intake) == [1, 2]
    assert administrator.post(f"{where}/back").status_code == 302
    assert administrator.post(f"{where}/back").status_code == 302
    assert "repris" in plain(administrator.get(where)).lower()


def test_what_bounds_forbid_is_said_before_and_has_no_button_to_agree(browse: Browse) -> None:
    intake = ranked(seats=3, bounds=(SOUTH,))
    manager, where = browse(MANAGER), home(intake, 6)
    assert "Les règles scellées ne pourraient plus être tenues" in plain(manager.get(where))
    manager.post(where, data={"reason": WHY, "direction": "out"})
    page = browse(ADMINISTRATOR).get(where)
    assert "on ne peut y retenir que" in plain(page) and "/agree" not in page.text
    row = moves.open_of(application(6))
    assert row is not None
    answer = browse(ADMINISTRATOR).post(f"{where}/agree", data={"version": row.version})
    assert answer.status_code == 422 and "on ne peut y retenir que" in plain(answer)


def test_the_batch_and_the_person_s_page_say_what_was_decided_with_both_names(browse: Browse) -> None:
    intake = ranked()
    moved(intake, 5)
    moved(intake, 1, "out", "Plagiat")
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at)
    manager = browse(MANAGER)
    for where in (f"/staff/batches/{batch.reference}", f"/staff/intakes/{intake.reference}/ranking"):
        page = plain(manager.get(where))
        part = page[page.index("Décidés par la commission") :]
        for said in (numbered(5), "Place donnée", WHY, numbered(1), "Pas retenu", "Plagiat"):
            assert said in part, (where, said)
        assert "Demandé par Une selection_manager" in part and "Accord de Une programme_administrator" in part
    assert "/moves/" in manager.get(f"/staff/intakes/{intake.reference}/ranking").text, "the card leads there"
    assert (
        "Décider de ce dossier à la main"
        not in manager.get(f"/staff/intakes/{intake.reference}/ranking").text
    )
    refused = manager.post(home(intake, 4), data={"reason": WHY, "direction": "in"})
    assert refused.status_code == 422 and "annulez-le d’abord" in plain(refused)
    page = manager.get(home(intake, 5))
    assert "Tant qu’il n’est pas annulé, rien ne se décide à la main" in plain(page) and not buttons(page)
    person = manager.get(f"/staff/applications/{application(1).reference}/readings", follow_redirects=True)
    part = plain(person)
    assert (
        "Décidé à la main par la commission" in part
        and "Plagiat" in part
        and "Accord de Une programme" in part
    )
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    moved(intake, 5, "mark", "Ce n’était pas le sien")
    kept = plain(manager.get(f"/staff/batches/{batch.reference}"))
    assert WHY in kept and "Ce n’était pas le sien" not in kept, "a batch tells what it rested on"


def test_who_is_kept_out_reads_why_and_who_was_passed_reads_nothing_of_it(browse: Browse) -> None:
    intake = ranked(3, seats=1)
    moved(intake, 3)
    moved(intake, 1, "out", "Plagiat établi")
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at)
    with writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "1", open_until=intake.closes_at)
    own = {n: browse(f"c{n}@exemple.ma") for n in (1, 2)}
    rows = {row.number: row.reference for row in queries.decisions_of(batch)}
    pages = {n: own[n].get(f"/my/offers/{rows[numbered(n)]}") for n in own}
    assert "La commission n’a pas retenu ce dossier, pour ce motif : Plagiat établi" in plain(pages[1])
    for secret in (WHY, numbered(3), "selection_manager", "programme_administrator"):
        assert secret not in pages[1].text and secret not in pages[2].text


def test_without_sealed_rules_no_row_leads_there_and_the_page_says_why(browse: Browse) -> None:
    intake, batch = decided(3, seats=2, approve=False)
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    manager = browse(MANAGER)
    assert "/moves/" not in manager.get(f"/staff/intakes/{intake.reference}/ranking").text
    page = manager.get(home(intake, 1))
    assert "Les règles ne sont pas scellées" in plain(page) and not buttons(page)
    answer = manager.post(home(intake, 1), data={"reason": WHY, "direction": "in"})
    assert answer.status_code == 422 and "scellées" in plain(answer)


def test_of_a_withdrawn_file_the_page_says_that_its_move_counts_no_more(browse: Browse) -> None:
    intake = ranked()
    moved(intake, 5)
    withdraw(5)
    page = browse(MANAGER).get(home(intake, 5))
    assert "ne compte plus" in plain(page) and not buttons(page) and WHY in plain(page)


@pytest.mark.usefixtures("large")
def test_a_job_that_failed_is_told_and_asked_for_again_by_a_press_alone(browse: Browse) -> None:
    intake = ranked()
    manager, where = browse(MANAGER), home(intake, 5)
    ranking = f"/staff/intakes/{intake.reference}/ranking"
    manager.post(where, data={"reason": WHY, "direction": "in"})
    manager.get(ranking)
    with writing():
        db.session.execute(sa.update(Job).values(state="failed"))
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Job))
    for path, says in (
        (where, "Ce que cela change n’a pas pu être calculé"),
        (ranking, "Le classement n’a pas pu être calculé"),
        (f"{ranking}?again=1", "Le classement n’a pas pu être calculé"),
    ):
        for _ in range(2):
            page = manager.get(path)
            assert says in plain(page) and f'action="{path.split("?")[0]}/again"' in page.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == before
    for path in (where, ranking):
        assert manager.post(f"{path}/again").status_code == 302
        assert browse("r0@inpt.ma").post(f"{path}/again").status_code == 404
    assert work() == 2
    assert f"Sort : {numbered(2)}" in plain(manager.get(where))
    assert "n’a pas pu être calculé" not in plain(manager.get(ranking))


@pytest.mark.usefixtures("large")
def test_of_a_large_intake_the_page_waits_for_the_worker_and_asks_again(browse: Browse) -> None:
    intake = ranked()
    manager, administrator, where = browse(MANAGER), browse(ADMINISTRATOR), home(intake, 5)
    page = manager.get(where)
    assert buttons(page) == ["in", "out"] and "une fois la décision demandée" in plain(page)
    manager.post(where, data={"reason": WHY, "direction": "in"})
    page = administrator.get(where)
    assert "Ce que cela change se calcule" in plain(page) and "/agree" not in page.text
    work()
    assert f"Sort : {numbered(2)}" in plain(administrator.get(where))
    withdraw(3)
    assert "Ce que cela change se calcule" in plain(administrator.get(where))
    assert work() >= 1
    assert f"Sort : {numbered(2)}" in plain(administrator.get(where))
    agree(intake, 5)
    assert chosen(intake) == [1, 5]
    ranking = f"/staff/intakes/{intake.reference}/ranking"
    manager.get(ranking)
    work()
    page = plain(manager.get(ranking))
    assert "Décidés par la commission" in page and "par la commission" in page and WHY in page
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at)
    work()
    assert batch.state == "proposed" and len(batch.summary["moves"]) == 1 and not batch.problems
    assert WHY in plain(manager.get(f"/staff/batches/{batch.reference}"))


def test_who_does_not_meet_the_conditions_is_offered_no_seat(browse: Browse) -> None:
    intake = ranked()
    where = home(intake, 6)
    assert buttons(browse(MANAGER).get(where)) == ["in", "out"]
    with writing():
        changed = sa.update(Application).where(Application.number == numbered(6))
        db.session.execute(changed.values(eligible=False))
    page = browse(MANAGER).get(where)
    assert buttons(page) == ["out"] and "ne lui donne pas de place" in plain(page)
    assert "pas encore classé" not in plain(page)


def test_the_page_says_that_somebody_enters_by_right(browse: Browse) -> None:
    intake = ranked(right=(6,))
    assert "Retenu entre de droit" in plain(browse(MANAGER).get(home(intake, 6)))
    assert "de droit" not in plain(browse(MANAGER).get(home(intake, 1)))
    ranking = plain(browse(MANAGER).get(f"/staff/intakes/{intake.reference}/ranking"))
    assert ". 1 personne entre de droit." in ranking


def test_the_batch_says_beside_each_seat_what_gave_it_and_what_the_rules_made(browse: Browse) -> None:
    intake = ranked(seats=4, bounds=(Bound({"region": "MA-08"}, 2),), right=(3,))
    moved(intake, 4)
    propose(intake)
    page = plain(browse(ADMINISTRATOR).get(f"/staff/batches/{queries.batches_of(intake)[0].reference}"))
    assert re.search(r"MDIA-000003 .*?Retenu entre de droit", page)
    assert re.search(r"MDIA-000004 .*?Retenu par la commission", page)
    assert re.search(r"MDIA-000005 \S+ \S+ [\d,]+ \+[\d,]+ Retenu", page), "its mark and what its group adds"
    assert "Règles scellées" in page and "Drâa-Tafilalet (Région) au moins 2" in page
