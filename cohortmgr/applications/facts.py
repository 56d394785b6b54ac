"""What conditions of eligibility read besides the answers. Higher floors say what they know of a person."""

from __future__ import annotations

from collections.abc import Callable

from cohortmgr.applications.documents import DocumentState
from cohortmgr.applications.eligibility import Facts
from cohortmgr.applications.queries import File
from cohortmgr.programmes.rules import Operator

# (person, intake): whether the person is enrolled elsewhere than in that intake, now or soon.
enrolled_elsewhere: list[Callable[[int, int], bool]] = []


def papers_of(file: File) -> set[str]:
    """The questions whose paper was sent or promised, and not refused since."""
    return {key for key, paper in file.documents.items() if paper.state != DocumentState.REFUSED}


def facts_of(file: File) -> Facts:
    """Of one file; the floors above are asked only where a condition reads what they say."""
    row = file.application
    asked = any(rule.operator is Operator.NOT_ENROLLED for rule in file.definition.eligibility)
    enrolled = asked and any(ask(row.person_id, row.intake_id) for ask in enrolled_elsewhere)
    return Facts(papers_of(file), enrolled)
