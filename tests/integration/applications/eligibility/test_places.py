"""A condition holds at its three places: the check without an account, the sending, and staff's view of the file; its
reason in the language of whoever reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file import hooks as file
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.actions import load_definition
from cohortmgr.programmes.definition.rules import EligibilityRule, Operator
from cohortmgr.programmes.definition.toml import read_known
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, browser, fill, sign_up

AGE = EligibilityRule(
    "age",
    Operator.AGE_AT_LEAST,
    {"fr": "Il faut avoir 18 ans.", "ar": "يجب أن يبلغ عمركم 18 سنة.", "en": "You must be 18."},
    {"fr": "Revenez l’an prochain.", "ar": "عودوا السنة المقبلة.", "en": "Come back next year."},
    "birth_date",
    ("18", "2027-09-20"),
)
ELSEWHERE = EligibilityRule(
    "elsewhere",
    Operator.NOT_ENROLLED,
    {
        "fr": "Une personne suit un seul programme.",
        "ar": "يتابع كل شخص برنامجا واحدا.",
        "en": "One at a time.",
    },
    {"fr": "Terminez l’autre.", "ar": "أتمموا الآخر.", "en": "Finish the other."},
)
YOUNG = {"birth_date-day": "21", "birth_date-month": "9", "birth_date-year": "2009"}


@pytest.fixture
def strict(intake: str) -> str:
    """The open intake, with an age and no second programme among its conditions."""
    definition = read_known("mdia")
    with writing():
        load_definition(SYSTEM, replace(definition, eligibility=(*definition.eligibility, AGE, ELSEWHERE)))
    return intake


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_check_and_the_sending_tell_every_reason_in_the_reader_s_language(
    strict: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(file.enrolled_elsewhere, "acts", [lambda person, intake: True])
    client.set_cookie("language", language)
    checked = client.post(f"/intakes/{strict}/eligibility", data={**YOUNG, "licence": "physique"}).text
    for said in (AGE.reason, AGE.advice, ELSEWHERE.reason):
        assert said[language] in checked, "what the house alone knows is told as left to the sending"
    sign_up(client)
    client.set_cookie("language", language)
    reference = begin(client, strict)
    fill(client, reference, answers(birth_date="21/09/2009"))
    page = client.post(f"/my/applications/{reference}/check").text
    for rule in (AGE, ELSEWHERE):
        assert rule.reason[language] in page
        assert rule.advice[language] in page
    db.session.rollback()
    assert db.session.scalar(sa.select(Application.state)) == "draft"
    monkeypatch.setattr(file.enrolled_elsewhere, "acts", [])
    page = client.post(f"/my/applications/{reference}/check").text
    assert AGE.reason[language] in page
    assert ELSEWHERE.reason[language] not in page


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_staff_read_the_reason_too_and_decide_otherwise_with_a_note(
    strict: str, client: FlaskClient, language: str
) -> None:
    sign_up(client)
    reference = begin(client, strict)
    fill(client, reference)
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    with writing() as session:
        values: dict[str, Any] = {"eligible": False, "reasons": ["age"]}
        session.execute(sa.update(Application).values(**values))
    desk = browser(client.application)
    steps.staff(desk, Role.SELECTION_MANAGER)
    desk.set_cookie("language", language)
    assert AGE.reason[language] in desk.get(f"/staff/applications/{reference}/file").text
    path = f"/staff/applications/{reference}/eligibility"
    assert desk.post(path, data={"eligible": "yes", "reason": "Émancipée."}).status_code == 302
    assert "Émancipée." in desk.get(f"/staff/applications/{reference}/file").text
