"""The word that the cohort says beside a person's name."""

from __future__ import annotations

from cohortmgr.base.i18n import say
from cohortmgr.base.registries.person_page import ShownMark
from cohortmgr.cohorts.rules import ENROLMENT_STATES, TAGS, EnrolmentState


def mark(state: str | None) -> ShownMark | None:
    """Say where an enrolment stands; nothing without one."""
    if not state:
        return None
    found = EnrolmentState(state)
    return ShownMark(say(ENROLMENT_STATES.names[found]), TAGS.get(found, "neutral"))
