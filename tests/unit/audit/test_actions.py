"""What a row tells the trail of itself."""

from __future__ import annotations

from cohortmgr.audit.actions import About, about
from cohortmgr.cohorts.models import Cohort, Enrolment


def test_a_row_says_itself_what_it_is_and_whose() -> None:
    assert about(Cohort(reference="c", institution_id=3)) == About("cohort", "c", 3, None)
    assert about(Enrolment(reference="e", institution_id=3), "p") == About("enrolment", "e", 3, "p")
