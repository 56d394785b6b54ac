"""The public page of a programme says that the rules of an intake are sealed, and leads to the sheet once it is out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.models import Batch
from cohortmgr.selection.sealing import queries as sealing
from tests.factories.choices import (
    ADMINISTRATOR,
    browser,
    chosen,
    known,
    seal,
    sent,
    someone,
)

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")


def public(intake: Intake, batch: Batch) -> str:
    return f"/intakes/{intake.reference}/sheets/{batch.reference}"


def press(app: Flask, batch: Batch, act: str, email: str = ADMINISTRATOR) -> Any:
    return browser(app, known(email)).post(f"/staff/batches/{batch.reference}/sheet/{act}")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_public_page_says_that_rules_are_sealed_and_leads_to_the_sheet_once_it_is_published(
    app: Flask, language: str
) -> None:
    intake, batch = chosen()
    sealed = sealing.rules_in_force(intake)
    assert sealed is not None
    visitor = app.test_client()
    visitor.get(f"/language/{language}")

    def shown(client: FlaskClient) -> tuple[bool, bool]:
        page = client.get(f"/intakes/{intake.reference}").text
        return sealed.digest in page, public(intake, batch) in page

    # Neither those who sealed nor a number stand there; who visits twice sees what changed since.
    plain = app.test_client()
    for client in (visitor, plain):
        assert shown(client) == (True, False)
    press(app, batch, "publish")
    for client in (visitor, plain):
        assert shown(client) == (True, True)
    page = plain.get(f"/intakes/{intake.reference}").text
    assert "Une programme_administrator" not in page and "MDIA-0" not in page and sealed.salt not in page
    press(app, batch, "withdraw")
    for client in (visitor, plain):
        assert shown(client) == (True, False)


def test_the_public_page_of_an_intake_without_a_seal_says_nothing_and_a_seal_appears(app: Flask) -> None:
    intake = sent(3)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    visitor = app.test_client()
    before = visitor.get(f"/intakes/{intake.reference}").text
    assert "scellé" not in before
    seal(intake)
    after = visitor.get(f"/intakes/{intake.reference}").text
    assert "Deux personnes ont scellé les règles de ce choix" in after and "note n’avait été donnée" in after
