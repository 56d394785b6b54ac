"""What the tests of this folder share: mdia loaded, candidates signed up, a form filled in."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.documents.tasks import examine_next
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from tests.databases import build_once
from tests.integration.accounts.entering import sign_in_anew
from tests.watch import SeparateClient

PASSWORD = "quatre mots pour entrer"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>endobj\n"
    b"4 0 obj<</Length 16>>stream\n10 10 50 50 re f\nendstream endobj\ntrailer<</Size 5/Root 1 0 R>>\n%%EOF\n"
)
"""A page with a black square on it."""
DURING = datetime(2026, 11, 22, 10, tzinfo=UTC)
BEFORE = datetime(2026, 10, 1, 10, tzinfo=UTC)
AFTER = datetime(2027, 7, 1, 10, tzinfo=UTC)


def rib(account: str = "0000000000000001") -> str:
    """A RIB with its right key: bank and town, account, 97 minus the rest."""
    body = "007810" + account
    return f"{body}{97 - int(body) * 100 % 97:02d}"


def answers(**more: Any) -> dict[str, Any]:
    """A complete form as a person types it."""
    given = {
        "family_name": "El Idrissi", "given_name": "Zoé", "family_name_ar": "الإدريسي",
        "given_name_ar": "زوي", "sex": "f",
        "birth_date": "26/02/2004", "cin": "ab 123456", "massar": "R123456789", "email": "zoe@exemple.ma",
        "phone": "06 12 34 56 78", "city": "Fès", "region": "MA-03", "licence": "mathematiques",
        "university": "FST Fès",
        "graduation_year": "2026", "s1": "12", "s2": "12,5", "s3": "13", "s4": "14", "s5": "11", "s6": "15",
        "french": "B2", "english": "B1", "motivation": "Apprendre en travaillant.", "rib": rib(),
        "consent_truth": "y", "consent_data": "y",
    }  # fmt: skip
    return {**given, **more}


def with_file(given: dict[str, Any], data: bytes = PDF, name: str = "releve.pdf") -> dict[str, Any]:
    """The same with the transcripts; a new stream each time, since the client reads it up."""
    return {**given, "transcripts": (io.BytesIO(data), name)}


def load_mdia() -> str:
    """Put mdia in force; returns the reference of the intake that is open in November 2026."""
    build_once("mdia", _in_force, may_age=True)
    return intake_of("mdia", "2027").reference


def _in_force() -> None:
    with writing():
        programmes.load_definition(SYSTEM, read_known("mdia"))


def browser(app: Flask) -> FlaskClient:
    """Another browser, with cookies of its own."""
    app.test_client_class = SeparateClient
    return app.test_client()


def sign_up(client: FlaskClient, email: str = "zoe@exemple.ma") -> None:
    """A new account, signed in."""
    sign_in_anew(client, email, PASSWORD)


def begin(client: FlaskClient, intake: str) -> str:
    """Start; returns the application's reference."""
    answer = client.post(f"/intakes/{intake}/apply")
    assert answer.status_code == 302, answer.text
    found = re.search(r"/my/applications/([0-9A-Z]{26})", answer.location)
    assert found, answer.location
    return found[1]


def fill(client: FlaskClient, reference: str, given: dict[str, Any] | None = None) -> None:
    """Save a whole form with its file; it must lead on to the check."""
    answer = client.post(f"/my/applications/{reference}/form", data=with_file(given or answers()))
    assert answer.status_code == 302 and answer.location.endswith("/check"), answer.text


def examine() -> None:
    """What the worker does with the papers that came in; called in a system context."""
    db.session.rollback()
    while examine_next():
        continue


def staff(client: FlaskClient, role: Role = Role.SELECTION_MANAGER, path: str = "ma.inpt.mdia.") -> Viewer:
    """An account with a role on a path, signed in; called in a system context."""
    intake = intake_of("mdia", "2027")
    email = f"{role.value}-{path.replace('.', '-')}@exemple.ma"
    with writing():
        account = people.new_account(
            SYSTEM, email, people.prepare_password(PASSWORD, email), {"given_name": "Nadia"}
        )
        numbers = [intake.institution_id] if path.startswith("ma.inpt.") else []
        people.grant(SYSTEM, account, role, "programme", f"scope-{path}", path, numbers)
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    known = viewer_of_email(email)
    assert known is not None
    return known


def enter_anew(client: FlaskClient, role: Role = Role.SELECTION_MANAGER, path: str = "ma.inpt.mdia.") -> None:
    """Sign in again as `staff` did: at another moment the session before has ended, and pages lead to the sign-in."""
    email = f"{role.value}-{path.replace('.', '-')}@exemple.ma"
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 302 and "/sign-in" not in answer.location, answer.text
