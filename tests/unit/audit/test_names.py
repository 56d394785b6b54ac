"""The trail speaks of every act that the sources record."""

from __future__ import annotations

import re
from pathlib import Path

import cohortmgr
from cohortmgr.accounts.rules import PERMISSIONS
from cohortmgr.audit.names import ACTS

SOURCES = Path(cohortmgr.__file__).parent
RECORDED = re.compile(r"\b(?:record|_note)\(\s*[^\"()]*(?:\([^()]*\))?[^\"()]*\"([a-z]+\.[a-z_]+)\"")


def test_each_recorded_act_has_a_name() -> None:
    found = {act for path in SOURCES.rglob("*.py") for act in RECORDED.findall(path.read_text("utf-8"))}
    assert len(found) > 20
    assert found - PERMISSIONS.keys() <= ACTS.keys()
