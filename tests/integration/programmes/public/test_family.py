"""The family's page: in Arabic for everybody, what a family asks, light, and kept for the next person."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient, FlaskCliRunner

At = Callable[..., AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_it_is_in_arabic_whatever_the_visitor_reads(client: FlaskClient, language: str, at: At) -> None:
    client.set_cookie("language", language)
    with at(datetime(2026, 11, 22, 10, tzinfo=UTC)):
        page = client.get("/programmes/mdia/famille").text
        assert '<html lang="ar" dir="rtl">' in page
        for said in ("ماستر علوم البيانات", "غرفة بالحي الداخلي", "4000 درهم", "/help/mdia", "wa.me"):
            assert said in page
        assert page == client.get("/programmes/mdia/famille").text
        assert f'<html lang="{language}"' in client.get("/programmes/mdia").text, "the visitor's own stays"
    assert len(gzip.compress(page.encode())) < 50_000


def test_the_programme_leads_to_it_in_arabic_words(client: FlaskClient) -> None:
    page = client.get("/programmes/mdia").text
    assert 'href="/programmes/mdia/famille" lang="ar" dir="rtl"' in page and "نسخة للأسرة" in page
    assert "Pour votre famille, en arabe simple" in page, "Arabic on a French page says why"
    client.set_cookie("language", "ar")
    assert "لأسرتكم" not in client.get("/programmes/mdia").text


def test_there_is_none_of_an_unknown_programme(client: FlaskClient) -> None:
    assert client.get("/programmes/nothing/famille").status_code == 404
