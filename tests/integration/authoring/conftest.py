"""Who writes a programme in pages, for every test of these pages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.programmes.models import Intake
from tests.integration.authoring.drafts import administrator, three_files


@pytest.fixture
def intake() -> Intake:
    """Three files of 2025, of which the first is a draft."""
    return three_files()


@pytest.fixture
def client(app: Flask, intake: Intake) -> FlaskClient:
    """The programme's administrator."""
    return administrator(app, intake)
