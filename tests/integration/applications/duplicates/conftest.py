"""What tests of duplicates begin with: two programmes of two institutions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(DURING):
        reference = steps.load_mdia()
        with writing():
            programmes.load_definition(SYSTEM, read_known("jobintech"))
        yield reference
