"""Every act that changes a name, a number, an address, a state or a guardian's word leaves a file's words right.

The acts are those of other tests: each is done once more here, and the words are compared with the files at its end.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM
from cohortmgr.applications.file.models import Application, Correction, Document, Extension, Note
from cohortmgr.applications.file.rules import HIDDEN
from cohortmgr.applications.file.words import words_of
from cohortmgr.applications.searching.actions import mend
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.applications.searching.queries import misworded
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.base.settings import ROOT
from cohortmgr.base.text import fold
from cohortmgr.programmes.models import DefinitionVersion
from cohortmgr.programmes.queries import definition_of
from tests.integration.applications.duplicates import test_several_intakes as duplicates
from tests.integration.applications.guardians import children
from tests.integration.applications.guardians import test_answers as guardians
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing import test_loading as loading
from tests.integration.applications.importing import test_paper as paper
from tests.integration.applications.importing.sheets import load
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, fill, sign_up

IMPORTS = (
    loading.test_a_later_sending_replaces_and_an_older_one_never_does,
    loading.test_one_file_with_both_sendings_counts_the_person_once,
    loading.test_a_file_without_times_corrects_what_was_imported,
    loading.test_a_draft_is_sent_by_the_file,
    loading.test_a_person_of_another_institution_is_recognised_and_left_as_they_are,
)
PAPERS = (
    paper.test_a_paper_is_a_file_sent_on_the_day_of_its_receipt,
    paper.test_what_is_missing_or_wrong_is_said_beside_it,
)
OF_GUARDIANS = (
    guardians.test_a_club_enrols_a_group_the_guardian_agrees_and_the_files_are_sent,
    guardians.test_a_link_serves_once_and_the_one_of_the_receipt_withdraws,
)
MERGES = (
    duplicates.test_a_person_s_files_of_two_intakes_are_found_united_and_parted,
    duplicates.test_a_file_is_united_to_one_other_and_what_was_put_aside_to_none,
    duplicates.test_a_draft_that_was_put_aside_comes_back_a_draft,
)


def files() -> list[Application]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Application).execution_options(populate_existing=True)))


def rows_hold() -> None:
    """Each file has the rows of its text, in its state, and a hidden one none."""
    for row in files():
        place = (SearchWord.intake_id, SearchWord.state, SearchWord.institution_id, SearchWord.sort_name)
        held = db.session.execute(
            sa.select(SearchWord.word, *place)
            .where(SearchWord.application_id == row.id)
            .order_by(SearchWord.word)
        )
        words = [] if row.consent in HIDDEN else sorted(set(row.search_text.split()))
        expected = [(word, row.intake_id, row.state, row.institution_id, row.sort_name) for word in words]
        assert sorted(map(tuple, held)) == expected, row.number


def all_hold() -> None:
    rows_hold()
    assert files() and misworded(0, 1_000)[0] == []
    db.session.rollback()


@pytest.mark.parametrize("act", IMPORTS, ids=lambda act: act.__name__)
def test_after_imports(system_context: AppContext, act: Callable[[None], None]) -> None:
    with clock.at(sheets.NOW):
        steps.load_mdia()
        act(None)
        all_hold()


def test_after_the_import_of_a_whole_file(
    system_context: AppContext, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """The words of 600 files take no statement of their own."""
    with clock.at(sheets.NOW):
        steps.load_mdia()
        with statements() as seen:
            load(sheets.FILE.read_bytes())
        assert not any("search_words" in each for each in seen) and len(seen) <= 60
        all_hold()
        assert (db.session.scalar(sa.select(sa.func.count()).select_from(SearchWord)) or 0) > 600


@pytest.mark.parametrize("act", PAPERS, ids=lambda act: act.__name__)
def test_after_papers(client: FlaskClient, intake: str, act: Callable[[FlaskClient, str], None]) -> None:
    steps.staff(client)
    act(client, intake)
    rows_hold()
    assert misworded(0, 1_000)[0] == []


@pytest.fixture
def junior(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(children.NOW):
        reference = children.open_junior()
        children.club(client)
        yield reference


@pytest.mark.parametrize("act", OF_GUARDIANS, ids=lambda act: act.__name__)
def test_after_what_guardians_say(
    app: Flask, client: FlaskClient, junior: str, act: Callable[[Flask, FlaskClient, str], None]
) -> None:
    act(app, client, junior)
    all_hold()


@pytest.mark.parametrize("act", MERGES, ids=lambda act: act.__name__)
def test_after_merges_and_their_undoing(
    intake: str, desk: FlaskClient, act: Callable[[str, FlaskClient], None]
) -> None:
    act(intake, desk)
    rows_hold()


def test_from_the_first_click_to_the_withdrawal(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    all_hold()
    (draft,) = files()
    assert draft.number.lower().replace("-", "") in draft.search_text.split()
    fill(client, reference)
    all_hold()
    fill(
        client, reference, answers(family_name="Ben Jelloun", given_name="Zoé-Marie", email="z.b@exemple.ma")
    )
    all_hold()
    assert {"benjelloun", "zoemarie", "zbexemplema"} <= set(files()[0].search_text.split())
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    all_hold()
    confirmed = {"confirmation": files()[0].number}
    assert client.post(f"/my/applications/{reference}/withdraw", data=confirmed).status_code == 302
    all_hold()
    assert files()[0].state == "withdrawn"


def test_what_a_file_leaves_takes_its_words_along(intake: str, sent: str) -> None:
    with writing() as session:
        session.execute(sa.delete(Document))
        session.execute(sa.delete(table_of(Application)))
    assert db.session.scalars(sa.select(SearchWord)).all() == []


def test_what_is_broken_is_named_and_set_right(intake: str, sent: str, runner: FlaskCliRunner) -> None:
    """Rows that are gone, rows too many, and a text of another rule."""
    assert "the words hold" in runner.invoke(args=["applications", "words"]).output
    for harm in (
        sa.delete(SearchWord).where(SearchWord.word == "idrissi"),
        sa.update(SearchWord).where(SearchWord.word == "idrissi").values(word="autre"),
        sa.update(table_of(Application)).values(search_text=words_of(("Autre", "Nom"), "MDIA-0")),
    ):
        with writing() as session:
            session.execute(harm)
        assert [each.reference for each in misworded(0, 10)[0]] == [sent]
        db.session.rollback()
        said = runner.invoke(args=["applications", "words"])
        assert said.exit_code == 1 and sent in said.output and "--mend" in said.output
        assert "words of 1 files set right" in runner.invoke(args=["applications", "words", "--mend"]).output
        all_hold()
    with pytest.raises(NotPermitted), writing():
        mend(ANONYMOUS, 0)
    with writing():
        assert mend(SYSTEM, 0)[0] == 0


def test_the_migration_writes_what_the_acts_write(system_context: AppContext) -> None:
    """Of the text of before, which was one folded sentence: 600 files that were imported."""
    migration = runpy.run_path(str(ROOT / "migrations" / "0036_search_words.py"))
    with clock.at(sheets.NOW):
        steps.load_mdia()
        load(sheets.FILE.read_bytes())
    form = definition_of(sheets.intake()).form
    asked = [question for question in form.questions if (question.target or "").startswith("person.")]
    keys = {str(question.target).removeprefix("person."): question.key for question in asked}
    document = db.session.scalars(sa.select(DefinitionVersion.document)).first()
    assert keys == dict(migration["_targets"](document))
    for row in files():
        said = [row.answers.get(keys[name]) or "" for name in migration["NAMES"]]
        before = SimpleNamespace(
            number=row.number,
            answers=row.answers,
            search_text=fold(" ".join([*said, row.number, row.email or ""])),
        )
        assert migration["_words"](before, keys) == set(row.search_text.split()), row.number
    there = f"there_{db.session.connection().dialect.name}.sql"
    with writing() as session:
        session.execute(sa.delete(SearchWord))
        text = (ROOT / "migrations" / "0036_search_words" / there).read_text(encoding="utf-8")
        session.connection().exec_driver_sql(text)
        named = runpy.run_path(str(ROOT / "migrations" / "0047_words_in_order.py"))["NAMED"]
        session.execute(sa.text(named))
    all_hold()


def test_what_belongs_to_a_file_says_its_intake(intake: str, sent: str) -> None:
    moment = clock.now()
    with writing() as session:
        row = session.scalars(sa.select(Application)).one()
        own = {"institution_id": row.institution_id, "application_id": row.id}
        session.add(Note(**own, sealed=b"", author="", author_name="", written_at=moment))
        session.add(Correction(**own, person_id=row.person_id, until=moment, asked_by="", asked_at=moment))
        session.add(Extension(**own, person_id=row.person_id, until=moment, reason="", by="", at=moment))
        number = row.intake_id
    for model in (Document, Note, Correction, Extension):
        assert set(db.session.scalars(sa.select(table_of(model).c.intake_id))) == {number}, model
