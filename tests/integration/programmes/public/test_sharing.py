"""A programme is sent on by WhatsApp: a link, with nothing of the person who sends it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.programmes.queries import definition_of
from tests.factories.choices import browser, known, sent

pytestmark = pytest.mark.usefixtures("system_context")


def shared(page: str) -> list[str]:
    """The texts that the page's links give to WhatsApp."""
    links = [unescape(link) for link in re.findall(r'href="(https://wa\.me/[^"]*)"', page)]
    return [parse_qs(urlsplit(link).query)["text"][0] for link in links]


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_programme_s_page_shares_the_programme(app: Flask, language: str) -> None:
    intake = sent(1)
    client = app.test_client()
    client.set_cookie("language", language)
    answer = client.get(f"/intakes/{intake.reference}")
    texts = shared(answer.get_data(as_text=True))
    assert definition_of(intake).title[language] in texts[0], "as people read it, no entity in it"
    assert len(texts) == 1 and texts[0].endswith(f"{app.config['BASE_URL']}/intakes/{intake.reference}")
    assert "wa.me" not in answer.headers["Content-Security-Policy"]


def test_the_receipt_shares_the_programme_and_nothing_of_the_file(app: Flask) -> None:
    intake = sent(1)
    row = db.session.scalars(sa.select(Application)).one()
    number, reference = row.number, row.reference
    page = browser(app, known("c1@exemple.ma")).get(f"/my/applications/{reference}").get_data(as_text=True)
    texts = shared(page)
    assert len(texts) == 1 and intake.reference in texts[0]
    assert not any(word in texts[0] for word in (number, reference, "Une", "c1@"))
