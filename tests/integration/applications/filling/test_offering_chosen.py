"""A file that ranks offerings is listed under the first: when it is sent, sent again, and imported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition, Form, Question, QuestionKind
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of, intake_of
from cohortmgr.selection import queries as selection
from tests.factories import promotions
from tests.factories.year import FILE
from tests.integration.applications.form.test_kinds import ANSWERS, paper
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, sign_up


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[Intake]:
    with clock.at(steps.DURING):
        with writing():
            programmes.load_definition(SYSTEM, read_known("jobintech"))
        yield intake_of("jobintech")


def sent(client: FlaskClient, intake: Intake, email: str, *wishes: str) -> str:
    sign_up(client, email)
    reference = begin(client, intake.reference)
    given = {**ANSWERS, "email": email, "document-number": f"xy{len(email):06d}"}
    given |= {f"wishes-{place}": "" for place in (1, 2, 3)}
    given |= {f"wishes-{place}": key for place, key in enumerate(wishes, start=1)}
    assert client.post(f"/my/applications/{reference}/form", data=paper(given)).status_code == 302
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    return reference


def offering(reference: str) -> str | None:
    db.session.rollback()
    wanted = sa.select(Offering.key).join(Application, Application.offering_id == Offering.id)
    return db.session.scalar(wanted.where(Application.reference == reference))


def test_a_sent_file_is_listed_and_ranked_under_its_first_choice(app: Flask, intake: Intake) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    one = sent(steps.browser(app), intake, "une@exemple.ma", "ia-rabat", "donnees-fes")
    two = sent(steps.browser(app), intake, "deux@exemple.ma", "sap-casablanca", "ia-rabat")
    assert (offering(one), offering(two)) == ("ia-rabat", "sap-casablanca")
    numbers = dict(db.session.execute(sa.select(Application.reference, Application.number)).all())
    desk = promotions.browser(app, promotions.staff(intake, Role.SELECTION_MANAGER))
    for key, there, absent in (("ia-rabat", one, two), ("sap-casablanca", two, one)):
        page = desk.get(f"/staff/intakes/{intake.reference}/applications?offering={key}").text
        assert numbers[there] in page and numbers[absent] not in page
    rows = {row.key: row for row in db.session.scalars(sa.select(Offering))}
    unread = {key: selection.ranking_of(intake, rows[key]).unread for key in ("ia-rabat", "donnees-fes")}
    assert [len(each) for each in unread.values()] == [1, 0], "each is read for the first choice alone"


def test_sending_again_moves_the_file_and_a_draft_has_none(intake: Intake, client: FlaskClient) -> None:
    sign_up(client, "une@exemple.ma")
    reference = begin(client, intake.reference)
    assert client.post(f"/my/applications/{reference}/form", data=paper(ANSWERS)).status_code == 302
    assert offering(reference) is None
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    assert offering(reference) == "ia-rabat"
    assert client.post(f"/my/applications/{reference}/change").status_code == 302
    again = {**ANSWERS, "wishes-1": "salesforce-casablanca"}
    assert client.post(f"/my/applications/{reference}/form", data=paper(again)).status_code == 302
    assert offering(reference) == "ia-rabat"
    assert client.post(f"/my/applications/{reference}/check", data={"again": "1"}).status_code == 302
    assert offering(reference) == "salesforce-casablanca"


def ranked_mdia() -> Definition:
    """mdia 2025 with a second offering, ranked in a column of the institution's file."""
    definition = read_known("mdia")
    intakes = tuple(
        replace(each, offerings=(*each.offerings, replace(each.offerings[0], key="soir")))
        for each in definition.intakes
    )
    wishes = Question(
        "wishes", QuestionKind.RANKING, {"fr": "Voeux", "ar": "الرغبات", "en": "Wishes"}, columns=("Voeux",)
    )
    first, *others = definition.form.sections
    form = Form((replace(first, questions=(*first.questions, wishes)), *others))
    return replace(definition, intakes=intakes, form=form)


def test_an_imported_file_is_listed_under_what_its_row_ranks_first(system_context: AppContext) -> None:
    with writing():
        programmes.load_definition(SYSTEM, ranked_mdia())
    intake = intake_of("mdia", "2025")
    day_one = first_key(intake)
    header, *lines = csv.reader(FILE.read_text("utf-8-sig").splitlines())
    able = [line for line in lines if len(line) == len(header) and line[13] == "Informatique"][:3]
    for wishes in (["soir", f"{day_one} ; soir", ""], [day_one, "soir", ""]):
        written = io.StringIO()
        csv.writer(written).writerows(
            [[*header, "Voeux"], *([*line, wish] for line, wish in zip(able, wishes, strict=True))]
        )
        with clock.at(clock.instant(date(2025, 7, 16), 10)):
            prepared = import_runs.prepare_import(written.getvalue().encode(), "c.csv", definition_of(intake))
            with writing():
                import_runs.load(SYSTEM, intake.reference, prepared)
        db.session.rollback()
        rows = (
            sa.select(Offering.key)
            .select_from(Application)
            .outerjoin(Offering, Offering.id == Application.offering_id)
        )
        first = [wish.partition(" ")[0] or None for wish in wishes]
        assert list(db.session.scalars(rows.order_by(Application.id))) == first


def first_key(intake: Intake) -> str:
    """The key of the first offering."""
    return str(
        db.session.scalars(
            sa.select(Offering.key).where(Offering.intake_id == intake.id).order_by(Offering.id)
        ).first()
    )
