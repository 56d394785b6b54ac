"""Readings that lie far apart: a discussion of the two who made them, and a list for those who follow them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from time import sleep

import pytest
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Refused, Stale
from cohortmgr.base.paging import ListPlace
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.actions.giving import give
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import Database
from tests.factories.choices import browser, known, readers, sent, someone
from tests.integration.reviews.interviews.heard import PHASE, file_of, heard

Statements = Callable[[], AbstractContextManager[list[str]]]
LOW = {"resultats": 1, "bases": 1, "projet": 1, "langues": 1}
HIGH = dict.fromkeys(LOW, 4)
NEAR = dict.fromkeys(LOW, 2)
pytestmark = pytest.mark.usefixtures("system_context")


def two_read(files: int = 1) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        assignment.assign(manager, intake.reference)
    return intake, manager, people


def mine(viewer: Viewer, place: int = 0) -> str:
    return str(sorted(own.queue(viewer), key=lambda row: row.number)[place].reference)


def hand_in(viewer: Viewer, marks: dict[str, int], comment: str = "", place: int = 0) -> None:
    with writing():
        reading.score(viewer, mine(viewer, place), marks, comment)


def seen_by(viewer: Viewer) -> list[int | None]:
    others = discussions.others_of(viewer, queries.get_for(viewer, mine(viewer)))
    return [each.total_thousandths for each in others]


def test_a_wide_gap_opens_a_discussion_once_both_have_handed_in(app: Flask) -> None:
    _intake, _manager, (one, two) = two_read()
    hand_in(one, LOW, "Trop vague")
    assert seen_by(one) == [] and seen_by(two) == []
    assert "Trop vague" not in browser(app, two).get(f"/staff/reviews/{mine(two)}").text
    hand_in(two, HIGH, "Précis")
    assert (seen_by(one), seen_by(two)) == ([16_000], [4_000])
    page = browser(app, one).get(f"/staff/reviews/{mine(one)}").text
    assert "Précis" in page and "L’autre évaluateur" in page and "r1" not in page
    with pytest.raises(Refused, match="ne s’annule plus"), writing():
        reading.undo(two, mine(two))


def test_a_gap_within_the_limit_opens_none() -> None:
    _intake, _manager, (one, two) = two_read()
    hand_in(one, LOW)
    hand_in(two, NEAR)
    assert seen_by(one) == seen_by(two) == []
    with pytest.raises(Refused, match="pas en discussion"), writing():
        reading.correct(one, mine(one), NEAR, "", "Vu l’autre.")


def test_either_corrects_with_a_reason_and_the_first_marks_stay(app: Flask) -> None:
    _intake, manager, (one, two) = two_read()
    hand_in(one, LOW, "Vague")
    hand_in(two, HIGH)
    page, address = browser(app, one), f"/staff/reviews/{mine(one)}"
    typed = {f"score-{key}": "3" for key in LOW} | {"comment": "Mieux relu", "reason": ""}
    version = {"version": str(queries.get_for(one, mine(one)).version)}
    refused = page.post(f"{address}/correct", data=typed | version).text
    assert "Dites pourquoi vous corrigez vos notes." in refused and "Mieux relu" in refused
    assert page.post(f"{address}/correct", data=typed | version | {"reason": "Relu"}).status_code == 302
    review = queries.get_for(one, mine(one))
    assert (review.state, review.total_thousandths) == ("submitted", 12_000)
    assert [(was["total"], was["why"], was["reason"]) for was in review.earlier] == [
        (4_000, "corrected", "Relu")
    ]
    assert seen_by(two) == [12_000], "the discussion goes on: what was seen is not unseen"
    assert "Vague" in browser(app, manager).get(address).text
    with pytest.raises(Stale), writing():
        reading.correct(one, mine(one), HIGH, "", "Encore", version=1)


def test_a_reading_that_is_open_again_sees_nothing_of_the_others() -> None:
    _intake, manager, (one, two) = two_read()
    hand_in(one, LOW)
    hand_in(two, HIGH)
    with writing():
        reading.reopen(manager, mine(one), "Barème lu de travers")
    assert seen_by(one) == [] and seen_by(two) == []
    hand_in(one, LOW)
    assert seen_by(one) == [16_000]


def test_who_follows_the_readings_and_reads_too_sees_others_only_after_their_own(app: Flask) -> None:
    intake, _manager, (one, two) = two_read()
    someone_else = known("r0@inpt.ma")
    assert someone_else.person_id == one.person_id
    hand_in(two, HIGH, "Précis")
    both = _with_two_roles(intake, one)
    with pytest.raises(NotFound):
        queries.get_for(both, mine(two))
    assert (
        queries.of_file(both, queries.file_of(queries.get_for(both, mine(one))))[0][0].reviewer_id
        == one.person_id
    )
    hand_in(one, NEAR)
    assert queries.get_for(both, mine(two)).comment == "Précis"
    assert browser(app, both).get(f"/staff/reviews/{mine(two)}").status_code == 200


def _with_two_roles(intake: Intake, viewer: Viewer) -> Viewer:
    from cohortmgr.accounts.actions import people as accounts
    from cohortmgr.accounts.models import Account
    from cohortmgr.accounts.rules import SYSTEM

    with writing():
        account = db.session.get_one(Account, viewer.account_id)
        accounts.grant(
            SYSTEM,
            account,
            Role.SELECTION_MANAGER,
            "programme",
            intake.path,
            intake.path,
            [intake.institution_id],
        )
    return known("r0@inpt.ma")


def test_the_list_holds_wide_gaps_and_files_to_discuss_the_widest_first(app: Flask) -> None:
    intake, manager, (one, two) = two_read(4)
    for place, (low, high) in enumerate([(LOW, NEAR), (LOW, HIGH), (NEAR, HIGH), (LOW, NEAR)]):
        hand_in(one, low, place=place)
        with writing():
            reading.score(two, mine(two, place), high, to_discuss=place == 3)
    page = discussions.gaps_in(manager, intake, definition_of(intake).rubric.files, ListPlace())
    assert [(row.gap, row.asked) for row in page.rows] == [(12_000, 0), (8_000, 0), (4_000, 1)]
    text = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews/gaps").text
    assert text.count("À discuter") == 1 and "16,00" in text
    assert "r0" in text and "r1" in text
    assert browser(app, one).get(f"/staff/intakes/{intake.reference}/reviews/gaps").status_code == 404


def test_the_list_asks_as_much_of_few_files_as_of_many(app: Flask, statements: Statements) -> None:
    intake, manager, (one, two) = two_read(34)
    client, address = browser(app, manager), f"/staff/intakes/{intake.reference}/reviews/gaps"
    client.get(address)
    counts = []
    for most in (2, 34):
        for place in range(34):
            if place < most and own.queue(one)[0].state != "submitted":
                hand_in(one, LOW, place=place)
                hand_in(two, HIGH, place=place)
        with statements() as seen:
            text = client.get(address).text
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12, counts
    assert text.count('scope="row"') == 30 and "after=" in text


def test_of_two_who_hand_in_at_once_the_second_sees_the_first(database: Database) -> None:
    _intake, _manager, (one, two) = two_read()
    references = {one: mine(one), two: mine(two)}
    db.session.rollback()  # the threads must not share a row of this session

    def hand_in_beside(viewer: Viewer, marks: dict[str, int]) -> None:
        with database.app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                reading.score(viewer, references[viewer], marks)
                sleep(0.3)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(hand_in_beside, one, LOW), pool.submit(hand_in_beside, two, HIGH)]
        for each in both:
            each.result(30)
    db.session.expire_all()
    assert (seen_by(one), seen_by(two)) == ([16_000], [4_000])


def test_the_list_of_gaps_is_of_one_phase_at_a_time_and_leads_to_the_others(app: Flask) -> None:
    intake, manager, people = heard(files=1)
    for reader, points in zip(people, (1, 4), strict=True):
        file = file_of(1)
        with writing():
            give(manager, intake, [(file.id, reader.person_id or 0)], None, phase=PHASE)
            row = next(each for each in own.queue(reader) if each.phase == PHASE)
            reading.score(reader, row.reference, {"expression": points})
    page, base = browser(app, manager), f"/staff/intakes/{intake.reference}/reviews/gaps"
    files = page.get(base).text
    assert "MDIA-000001" not in files and f'href="{base}?phase={PHASE}">Entretien</a>' in files
    talks = page.get(f"{base}?phase={PHASE}").text
    assert "MDIA-000001" in talks and f'href="{base}?phase={PHASE}" aria-current="page"' in talks
    assert f'href="{base}?phase=dossiers">' in talks


def test_where_one_phase_is_read_the_list_of_gaps_has_no_switch(app: Flask) -> None:
    intake, manager, _people = two_read()
    assert "?phase=" not in browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews/gaps").text
