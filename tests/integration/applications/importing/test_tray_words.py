"""The repair tray names a question in the language of who reads it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.applications.guardians import children

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.mark.parametrize("spoken", ["fr", "ar", "en"])
def test_a_question_is_named_in_the_reader_s_language(client: FlaskClient, spoken: str) -> None:
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1, **{"Tuteur": "", "Téléphone du tuteur": ""}))
        (row,) = db.session.scalars(sa.select(TrayRow)).all()
        labels = [each["values"]["question"] for each in row.problems if "question" in each["values"]]
        assert labels and all(isinstance(label, dict) for label in labels), (
            "kept as they are, not as their reprs"
        )
        client.get(f"/language/{spoken}")
        for page in (f"/staff/intakes/{intake}/tray", f"/staff/tray/{row.reference}"):
            text = client.get(page).text
            assert "{" not in text.partition("<main")[2].partition("</main")[0]
            assert all(label[spoken] in text for label in labels)
