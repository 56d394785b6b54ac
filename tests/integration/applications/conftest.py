"""What most tests of applications begin with: mdia in force in November 2026, staff at their desk, a file that is sent.
A test file that needs another beginning has fixtures of these names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.base import clock
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, begin, browser, fill, sign_up


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """The reference of the intake that is open; the clock stands within it, and forms are sent without their token."""
    with clock.at(DURING):
        yield steps.load_mdia()


@pytest.fixture
def desk(intake: str, app: Flask) -> FlaskClient:
    """The browser of who manages its selection."""
    found = browser(app)
    steps.staff(found)
    return found


@pytest.fixture
def sent(intake: str, client: FlaskClient) -> str:
    """A sent application of `client`'s."""
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    return reference
