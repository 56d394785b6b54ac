"""A new programme is in preparation: its staff alone see it, nothing of it leaves, and a second person publishes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.deadlines.actions import extensions, late_starts
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.outbox.models import Message
from cohortmgr.programmes import actions, queries
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.definition.rules import Form, SelectionTerms
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering, Programme
from cohortmgr.programmes.rules import NOT_PUBLISHED
from cohortmgr.selection.actions import decisions
from tests.factories.choices import browser, decided, known, someone
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import words
from tests.integration.authoring import drafts
from tests.integration.messages.campaigns.mailed import KEY, draft
from tests.watch import rows_of

At = Callable[[datetime], AbstractContextManager[None]]
TABLES = (Programme, DefinitionVersion, Intake, Offering)
OPEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
# The way to publish, as every refusal says it.
WAY = "programmes load mdia --publish"


@pytest.fixture
def prepared(runner: FlaskCliRunner, system_context: AppContext) -> Intake:
    """mdia in preparation; its intake of 2025."""
    done = runner.invoke(args=["programmes", "load", "mdia"])
    assert done.exit_code == 0, done.output
    return queries.intake_of("mdia", "2025")


def shown() -> set[bool]:
    """Whether the rows of the programme are published."""
    db.session.rollback()
    return {row is not None for table in TABLES for row in db.session.scalars(sa.select(table.published_at))}


def public(client: FlaskClient, intake: Intake) -> set[int]:
    """What a stranger gets of its pages; and whether the home page shows it."""
    paths = (
        "/programmes/mdia", "/programmes/mdia/famille", f"/intakes/{intake.reference}", "/help/mdia",
        f"/intakes/{intake.reference}/eligibility",
    )  # fmt: skip
    statuses = {client.get(path).status_code for path in paths}
    assert (intake.reference in client.get("/").text) is (statuses == {200})
    return statuses


def test_a_new_programme_is_loaded_in_preparation_and_the_command_says_how_to_publish(
    runner: FlaskCliRunner, prepared: Intake, client: FlaskClient
) -> None:
    again = runner.invoke(args=["programmes", "load", "mdia"])
    assert again.exit_code == 0
    assert "already in force" in again.output and "--publish" in again.output
    assert "/staff/programmes/mdia/publish" in again.output
    assert prepared.state == "draft" and shown() == {False}
    assert public(client, prepared) == {404}
    published = runner.invoke(args=["programmes", "load", "mdia", "--publish"])
    assert (published.exit_code, published.output) == (
        0,
        "mdia: version 1 already in force\nmdia: published\n",
    )
    assert shown() == {True} and public(client, prepared) == {200}
    quiet = runner.invoke(args=["programmes", "load", "mdia"])
    assert (quiet.exit_code, quiet.output) == (0, "mdia: version 1 already in force\n")


def test_a_published_programme_takes_the_next_version_and_a_new_intake_in_force_at_once(
    runner: FlaskCliRunner, system_context: AppContext, tmp_path: Path, client: FlaskClient
) -> None:
    text = (toml.DEFINITIONS / "mdia.toml").read_text("utf-8")
    one = toml.read_definition(text, "mdia.toml")
    with writing():
        actions.load_definition(SYSTEM, replace(one, intakes=one.intakes[:1]))
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace("days_to_answer = 7", "days_to_answer = 9"), "utf-8")
    done = runner.invoke(args=["programmes", "load", str(changed)])
    assert (done.exit_code, done.output) == (0, "mdia: version 2 loaded\n")
    db.session.rollback()
    assert {row.state for row in db.session.scalars(sa.select(Intake))} == {"published"}
    assert shown() == {True} and public(client, queries.intake_of("mdia", "2027")) == {200}


def test_a_programme_from_a_file_is_published_by_its_key(
    runner: FlaskCliRunner, system_context: AppContext, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    text = (toml.DEFINITIONS / "mdia.toml").read_text("utf-8").replace('key = "mdia"', 'key = "own"', 1)
    own.write_text(text, "utf-8")
    done = runner.invoke(args=["programmes", "load", str(own)])
    assert done.exit_code == 0 and "load own --publish" in done.output
    assert runner.invoke(args=["programmes", "load", "own"]).exit_code == 1
    assert runner.invoke(args=["programmes", "load", "own", "--publish"]).exit_code == 0
    assert shown() == {True}
    assert runner.invoke(args=["programmes", "load", "nobody", "--publish"]).exit_code == 1


def test_a_new_version_of_what_is_in_preparation_stays_there(
    runner: FlaskCliRunner, prepared: Intake, tmp_path: Path
) -> None:
    text = (toml.DEFINITIONS / "mdia.toml").read_text("utf-8")
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace("days_to_answer = 7", "days_to_answer = 9"), "utf-8")
    done = runner.invoke(args=["programmes", "load", str(changed)])
    assert done.exit_code == 0 and "version 2 loaded" in done.output and "in preparation" in done.output
    assert shown() == {False}
    assert runner.invoke(args=["programmes", "load", str(changed), "--publish"]).exit_code == 0
    assert shown() == {True}


def test_the_import_says_and_does_the_same_in_both_states(runner: FlaskCliRunner, prepared: Intake) -> None:
    command = ["applications", "import", "mdia", str(sheets.FILE)]
    dry = runner.invoke(args=[*command, "--dry-run"])
    assert dry.output.splitlines()[-1] == "dry run: 600 loaded, 17 replaced, 14 rejected"
    done = runner.invoke(args=command)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "600 loaded, 17 replaced, 14 rejected")
    assert runner.invoke(args=[*command, "--intake", "2025"]).output.splitlines()[-1].startswith("0 loaded")
    assert rows_of(Application) == 600 and rows_of(Message) == 0
    refused = runner.invoke(args=["applications", "invite", "mdia", "--intake", "2025"])
    assert refused.exit_code == 1 and WAY in words(refused.output) and "Traceback" not in refused.output
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0
    invited = runner.invoke(args=["applications", "invite", "mdia", "--intake", "2025"])
    assert invited.exit_code == 0 and rows_of(Message) > 0


def imported(number: int = 3) -> list[Application]:
    rows = sheets.rows()[:number]
    sheets.load(sheets.as_csv(*rows))
    return list(db.session.scalars(sa.select(Application)))


def test_nothing_leaves_while_it_is_in_preparation(system_context: AppContext) -> None:
    intake, batch = decided(3, 3, approve=False)
    manager, approver = known("selection_manager@inpt.ma"), known("programme_administrator@inpt.ma")
    with writing():
        mailing = campaigns.create(manager, intake.reference, draft(), KEY).reference
    with writing() as session:
        session.execute(sa.update(Intake).values(state="draft", published_at=None))
        session.execute(sa.update(Programme).values(published_at=None))
    before = rows_of(Message)
    file = db.session.scalars(sa.select(Application.reference)).first() or ""
    until = intake.closes_at + timedelta(days=3)
    acts: tuple[Callable[[], object], ...] = (
        lambda: campaigns.propose(manager, mailing, "3"),
        lambda: campaigns.send_test(manager, mailing, "once"),
        lambda: invitations.invite(manager, intake.reference),
        lambda: decisions.approve(approver, batch.reference, "3"),
        lambda: corrections.ask(manager, file, {"s1": "answer"}, "Corrigez.", until),
        lambda: extensions.extend_intake(approver, intake.reference, until, "Une panne."),
        lambda: late_starts.allow(manager, intake.reference, Contact("email", "a@b.ma"), until, "Une panne."),
    )
    for act in acts:
        with pytest.raises(Refused) as told, writing():
            act()
        assert [(each.what, each.values) for each in told.value.problems] == [
            (NOT_PUBLISHED, {"key": "mdia"})
        ]
        db.session.rollback()
    assert rows_of(Message) == before and "--publish" in NOT_PUBLISHED


def test_a_person_with_an_account_sees_nothing_of_a_file_that_staff_loaded(
    prepared: Intake, app: Flask, runner: FlaskCliRunner
) -> None:
    (file,) = imported(1)
    with writing():
        account = people.new_account(SYSTEM, "lui@exemple.ma", "no hash", {"given_name": "Lui"})
        db.session.execute(
            sa.update(Account).where(Account.id == account.id).values(person_id=file.person_id)
        )
    mine = browser(app, known("lui@exemple.ma"))
    assert file.number not in mine.get("/my").text
    assert mine.get(f"/my/applications/{file.reference}").status_code == 404
    assert mine.post(f"/intakes/{prepared.reference}/apply").status_code == 404
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0
    assert file.number in mine.get("/my").text


def test_a_second_person_publishes_in_pages(prepared: Intake, app: Flask, client: FlaskClient) -> None:
    admins = [someone(prepared, Role.PROGRAMME_ADMINISTRATOR, name) for name in ("amal", "badr")]
    first, second = (browser(app, each) for each in admins)
    other = browser(app, someone(prepared, Role.REVIEWER))
    assert "En préparation" in first.get("/staff/programmes").text
    assert "En préparation" in first.get("/staff").text
    assert other.get("/staff/programmes/mdia/publish").status_code in (403, 404)
    labels = {"title-fr": "Partie", "version": "0"}
    assert first.post("/staff/programmes/mdia/form/add-section", data=labels).status_code == 302
    assert first.post("/staff/programmes/mdia/discard", data={"version": "1"}).status_code == 302
    page = drafts.add(first, "text")
    mark = drafts.mark(first, page)
    assert first.post(page, data={**drafts.LABEL, "mark": mark}).status_code == 302
    shown_page = first.get("/staff/programmes/mdia/publish").text
    assert "Enregistrer cette version" in shown_page
    kept = {"version": drafts.version(), "over": "1"}
    assert first.post("/staff/programmes/mdia/publish", data=kept).status_code == 302
    assert shown() == {False}
    assert "Publier le programme" not in first.get("/staff/programmes/mdia/publish").text
    own = first.post("/staff/programmes/mdia/publish", data={"over": "2"})
    assert own.status_code == 422 and "deuxième personne" in own.text
    foreseen = words(second.get("/staff/programmes/mdia/publish").text)
    assert "Publier le programme" in foreseen
    assert "« Rentrée 2025 » paraît parmi les campagnes clôturées" in foreseen  # and takes nothing any more
    assert "« Rentrée 2027 » prend des candidatures du" in foreseen
    assert second.post("/staff/programmes/mdia/publish", data={"over": "1"}).status_code == 302
    assert shown() == {False} and public(client, prepared) == {404}
    assert second.post("/staff/programmes/mdia/publish", data={"over": "2"}).status_code == 302
    assert shown() == {True} and public(client, prepared) == {200}


def test_an_empty_form_takes_nothing(
    runner: FlaskCliRunner, system_context: AppContext, app: Flask, at: At, tmp_path: Path
) -> None:
    mdia = read_known("mdia")
    without = {"eligibility": (), "selection": SelectionTerms()}
    empty = replace(mdia, form=Form(()), imports=replace(mdia.imports, value_aliases={}), **without)
    own = tmp_path / "empty.toml"
    own.write_text(toml.write_definition(empty), "utf-8")
    done = runner.invoke(args=["programmes", "load", str(own)])
    assert done.exit_code == 0 and "asks nothing" in done.output
    sent = runner.invoke(args=["applications", "import", "mdia", str(sheets.FILE), "--intake", "2025"])
    assert sent.exit_code == 1 and "aucune question" in words(sent.output)
    assert runner.invoke(args=["programmes", "load", str(own), "--publish"]).exit_code == 0
    intake = queries.intake_of("mdia", "2027")
    with writing():
        people.new_account(SYSTEM, "lui@exemple.ma", "no hash", {"given_name": "Lui"})
    with at(intake.opens_at + timedelta(days=1)):
        visitor = browser(app, known("lui@exemple.ma"))
        page = visitor.get(f"/intakes/{intake.reference}").text
        assert f"/intakes/{intake.reference}/apply" not in page
        assert "ne prend pas encore de candidature" in page
        visitor.post(f"/intakes/{intake.reference}/apply")
    assert rows_of(Application) == 0
