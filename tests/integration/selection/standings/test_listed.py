"""The list of applications shows rank, mark and answer, is sorted and narrowed by them, and leaves as it is seen."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.selection import queries as selection
from cohortmgr.selection.actions import offers
from cohortmgr.selection.models import Offer
from cohortmgr.selection.standings import tasks
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries import lent
from tests.factories.choices import browser, decided, known, read, readers, sent, someone
from tests.factories.working import work

pytestmark = pytest.mark.usefixtures("system_context")
MANAGER = "selection_manager@inpt.ma"
COLUMNS = "columns=number,rank,score,outcome,answer"


def follow() -> int:
    """What the worker does each minute, and the jobs that come of it."""
    found = tasks.follow(lambda: False)
    work()
    return found


def shown(page: str) -> list[list[str]]:
    """The cells of each row, without markup."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)][-6:]
        for row in rows
    ]


def test_rank_and_mark_are_those_of_the_ranking_and_unranked_files_have_none(app: Flask) -> None:
    intake = sent(9, ineligible=2, seats=3)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    client, path = browser(app, known(MANAGER)), f"/staff/intakes/{intake.reference}/applications"
    assert all(row[2:4] == ["", ""] for row in shown(client.get(f"{path}?{COLUMNS}").text))
    assert follow() == 1 and follow() == 0, "what holds is not computed again"
    board = selection.ranking_of(intake)
    wanted = {row.reference: str(row.rank) for row in board.ranking.rows}
    rows = shown(client.get(f"{path}?{COLUMNS}").text)
    assert len(rows) == 11 and {row[1]: row[2] for row in rows if row[2]} == wanted
    assert {row[1] for row in rows if not row[2]} == {"MDIA-000010", "MDIA-000011"}
    # A reading that changes makes it old, and the next minute keeps the next.
    review = db.session.scalars(sa.select(Review).order_by(Review.id)).first()
    assert review is not None
    with writing():
        reading.reopen(known(MANAGER), review.reference, "À revoir.")
    assert follow() == 1


def test_a_change_of_seats_or_of_the_rubric_makes_it_old_too() -> None:
    intake = sent(4, seats=2)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    assert follow() == 1 and follow() == 0
    with writing():
        db.session.execute(sa.update(Offering).values(seats=3))
    assert follow() == 1 and follow() == 0
    with writing() as session:
        held = session.get_one(DefinitionVersion, intake.definition_version_id)
        values = {each: getattr(held, each) for each in ("institution_id", "programme_id", "document")}
        other = DefinitionVersion(number=held.number + 1_000, fingerprint="0" * 64, **values)
        session.add(other)
        session.flush()
        session.execute(sa.update(Intake).values(definition_version_id=other.id))
    assert follow() == 1 and follow() == 0
    # Of two offerings only the first one's ranking says that it is that.
    with writing() as session:
        session.add(
            Offering(
                institution_id=intake.institution_id, intake_id=intake.id, key="autre", title={}, seats=1
            )
        )
    assert follow() == 1 and follow() == 0


@pytest.mark.parametrize(
    ("sort", "down"), [("rank", False), ("-rank", True), ("score", True), ("-score", False)]
)
def test_an_order_holds_what_is_ranked_and_says_so(app: Flask, sort: str, down: bool) -> None:
    intake = sent(9, ineligible=2, seats=3)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    follow()
    client, path = browser(app, known(MANAGER)), f"/staff/intakes/{intake.reference}/applications"
    page = client.get(f"{path}?{COLUMNS}&sort={sort}").text
    ranks = [int(row[2]) for row in shown(page)]
    assert ranks == sorted(range(1, 10), reverse=down)
    assert "among=ranked" in page and "9 lignes" in page.replace("\u202f", " ")
    # What is done to the list is done to the same files: its export, and the act on all of it.
    sheet = read_table(client.post(f"{path}/export?{COLUMNS}&sort={sort}", data={"kind": "xlsx"}).data)
    assert [int(row.cells[2]) for row in sheet.rows] == ranks
    lot = client.get(f"/staff/intakes/{intake.reference}/lots/note?{COLUMNS}&sort={sort}").text
    assert "9 dossiers" in lot.replace("\xa0", " ")
    file = db.session.scalars(sa.select(Application).where(Application.number == shown(page)[1][1])).one()
    beside = client.get(f"/staff/applications/{file.reference}?sort={sort}").text
    assert "2" in beside and 'rel="next"' in beside or "Suivant" in beside


def test_answers_narrow_and_sort(app: Flask) -> None:
    intake, _batch = decided(9, seats=3)
    person = known("c1@exemple.ma")
    offer = db.session.scalars(sa.select(Offer).where(Offer.person_id == person.person_id)).one()
    with writing():
        offers.answer_offer(person, offer.reference, True)
    client, path = browser(app, known(MANAGER)), f"/staff/intakes/{intake.reference}/applications"
    rows = shown(client.get(f"{path}?{COLUMNS}&sort=answer").text)
    assert [row[5] for row in rows] == ["Acceptée", "Attend sa réponse", "Attend sa réponse"]
    rows = shown(client.get(f"{path}?{COLUMNS}&among=offered.accepted").text)
    assert [row[1] for row in rows] == ["MDIA-000001"]
    assert len(shown(client.get(f"{path}?{COLUMNS}&among=offered&sort=name").text)) == 3
    assert len(shown(client.get(f"{path}?{COLUMNS}&among=rubbish").text)) == 9
    # A batch is narrowed by the answers too, and its figures are as many as their rows.
    batch = client.get(f"/staff/batches/{_batch.reference}").text
    told = dict(re.findall(r'href="([^"]+)"[^>]*><strong>(\d+)</strong>', batch.replace("\n", "")))
    for address, number in told.items():
        if "/staff/batches/" in address:
            page = client.get(address.replace("&amp;", "&")).text
            assert page.count('<th scope="row">') == int(number), address


def test_whoever_reads_no_selection_sees_nothing_of_it(app: Flask) -> None:
    intake = sent(6, seats=3)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    follow()
    path = f"/staff/intakes/{intake.reference}/applications"
    centre = browser(app, someone(intake, Role.CENTRE_MANAGER))
    page = centre.get(f"{path}?{COLUMNS}&sort=rank&among=ranked").text
    assert "Note de lecture" not in page and "Rang" not in page and "Dossiers classés" not in page
    sheet = read_table(centre.post(f"{path}/export?{COLUMNS}&sort=rank", data={"kind": "xlsx"}).data)
    assert sheet.header == ("Nom", "Numéro", "Décision")
    assert [row.cells[1] for row in sheet.rows] == [f"MDIA-{number:06}" for number in range(1, 7)]


def test_what_is_large_or_fails_is_not_asked_for_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = sent(4, seats=2)
    someone(intake, Role.SELECTION_MANAGER)
    assert standings.outdated() == [], "nothing was read"
    read(intake, readers(intake))
    assert tasks.follow(lambda: False) == 1
    assert tasks.follow(lambda: False) == 0, "it is being computed"
    work()
    monkeypatch.setattr(standings, "AT_ONCE", 0)
    review = db.session.scalars(sa.select(Review).order_by(Review.id)).first()
    assert review is not None
    with writing():
        reading.reopen(known(MANAGER), review.reference, "À revoir.")
    assert tasks.follow(lambda: False) == 0


def knocking_out() -> Intake:
    """An intake whose last criterion knocks out below 4 of 5: the files 1 to 4 of nine stand."""
    sent(9, seats=3)
    master = read_known("mdia")
    phase = master.rubric.files
    *others, last = phase.criteria
    limited = replace(phase, criteria=(*others, replace(last, knock_out_below=Decimal(4))))
    with writing():
        programmes.load_definition(SYSTEM, replace(master, rubric=replace(master.rubric, phases=(limited,))))
    intake = intake_of("mdia", "2025")
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    return intake


def test_a_file_that_a_criterion_knocks_out_says_so_beside_its_mark(app: Flask, statements: Any) -> None:
    intake = knocking_out()
    client, path = browser(app, known(MANAGER)), f"/staff/intakes/{intake.reference}/applications"
    assert follow() == 1
    out = "éliminatoire : Français et anglais"
    rows = {row[1]: row for row in shown(_plain(client.get(f"{path}?{COLUMNS}&sort=-score").text))}
    assert len(rows) == 9
    assert {number for number, row in rows.items() if out in row[3]} == {
        f"MDIA-{number:06d}" for number in range(5, 10)
    }
    assert all("éliminatoire" not in "".join(row[:3]) for row in rows.values())
    for most in (1, 9):
        references = _references(most)
        with statements() as seen:
            found = lent.knocked_out_in(intake, references)
        assert len(found) == min(most, 5) and len(seen) <= 3, "what is said of them grows in no statement"
    assert "éliminatoire" not in client.get(f"{path}?columns=number,rank").text


def _plain(page: str) -> str:
    return page.replace("\u00a0", " ").replace("\u202f", " ")


def _references(most: int) -> list[str]:
    wanted = sa.select(Application.reference).order_by(Application.number.desc()).limit(most)
    return [*db.session.scalars(wanted)]


@pytest.mark.parametrize("is_large", [False, True])
def test_the_ranking_names_the_criterion_that_knocks_out_and_the_mean(
    app: Flask, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    intake = knocking_out()
    if is_large:
        follow()
        monkeypatch.setattr(standings, "AT_ONCE", 0)
    page = _plain(browser(app, known(MANAGER)).get(f"/staff/intakes/{intake.reference}/ranking").text)
    assert page.count("éliminatoire : Français et anglais, 3,00 sur 5") == 4
    assert page.count("éliminatoire : Français et anglais, 2,00 sur 5") == 1
