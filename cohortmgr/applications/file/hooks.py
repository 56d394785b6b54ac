"""What is read of a file besides its answers. Higher floors say what they know of its person."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cohortmgr.applications.documents.queries import papers_of
from cohortmgr.applications.eligibility import Facts
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.programmes.rules import Operator

# (person, intake): whether the person is enrolled elsewhere than in that intake, now or soon.
enrolled_elsewhere: list[Callable[[int, int], bool]] = []

# Whether an application holds a seat that was offered and accepted; of several, by their ids, which training is over.
seated: list[Callable[[Application], bool]] = []
over: list[Callable[[Collection[int]], set[int]]] = []


def joins(application: Application) -> bool:
    """Whether the person is about to join, or has joined: from the acceptance of a seat to the end of the training."""
    return any(holds(application) for holds in seated) and not ended([application.id])


def ended(applications: Collection[int]) -> set[int]:
    """Of these applications the ones whose training is over; as many statements for many as for one."""
    return {number for found in over for number in found(applications)} if applications else set()


def facts_of(file: File) -> Facts:
    """Of one file; the floors above are asked only where a condition reads what they say."""
    row = file.application
    asked = any(rule.operator is Operator.NOT_ENROLLED for rule in file.definition.eligibility)
    enrolled = asked and any(ask(row.person_id, row.intake_id) for ask in enrolled_elsewhere)
    return Facts(papers_of(file), enrolled)
