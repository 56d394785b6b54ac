"""A row that bears another's number: whoever mends it is asked for all numbers, since one of them is right."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.base.db import db
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.importing.test_pages import asked, column, fields, intake, load
from tests.integration.applications.journey import steps

__all__ = ["intake"]

FIRST = one(name="Reda", mail="reda@exemple.ma", cin="XX663569", massar="R131111111")
SECOND = one(name="Walid", mail="elle@exemple.ma", cin="XX663569", massar="S458249613")


@pytest.mark.parametrize("apart", [False, True], ids=["one-file", "two-files"])
def test_the_person_may_mend_the_number_that_is_shared_and_not_the_right_one_alone(
    app: Flask, client: FlaskClient, intake: str, apart: bool
) -> None:
    """Both rows bear one CIN. The second's Massar code is right, and only hers: that it "is another person's" was
    false, and it was all that she was asked to change."""
    for data in [as_csv(FIRST), as_csv(SECOND)] if apart else [as_csv(FIRST, SECOND)]:
        load(client, intake, data)
    row = db.session.scalars(sa.select(TrayRow)).one()
    text = client.get(f"/staff/tray/{row.reference}").text.partition("Le reste de la ligne")[0]
    assert f'name="{column("CIN")}"' in text and f'name="{column("Code Massar")}"' in text
    link = asked(client, row)
    person = steps.browser(app)
    text = person.get(link).text
    assert "Reda" not in text and "pas ceux d'une seule personne" in words(text)
    assert f'name="{column("CIN")}"' in text and f'name="{column("Nom")}"' not in text
    assert person.post(link, data=fields(text)).status_code == 200, "the same numbers again are no answer"
    answer = person.post(link, data={**fields(text), column("CIN"): "XX663570"})
    assert answer.status_code == 302, words(answer.text)
    files = db.session.scalars(sa.select(Application)).all()
    assert sorted(str(sealed_answers(file)["cin"]) for file in files) == ["XX663569", "XX663570"]
