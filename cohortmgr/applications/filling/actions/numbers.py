"""Give a person the identity numbers that their file says. No number ever replaces another without a word to staff.

A number of somebody else is refused at its question. A second, other number of the same person stays in the file,
which is what they say; what they are known by stays too, and staff, who are told, look at the card and decide.
"""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.actions.numbers import CONTRADICTS, set_identifiers
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import (
    ApplicationState,
    identity_numbers,
    person_values,
    question_of,
)
from cohortmgr.applications.filling import hooks, queries
from cohortmgr.base.errors import Problem


def give_numbers(viewer: Viewer, file: File, person: Person, answers: Mapping[str, Answer]) -> list[Problem]:
    """Give the numbers of these answers to the file's person; returns a problem, at its question, for each that is
    somebody else's.

    In a draft, before anything was sent, a person may still correct what they typed there."""
    form = file.definition.form
    earlier = identity_numbers(form, file.answers)
    if earlier and (file.application.state != ApplicationState.DRAFT or queries.has_sent_another(file)):
        earlier = {}
    left_out = set_identifiers(person, identity_numbers(form, answers), earlier=earlier)
    return [
        Problem(problem.what, problem.values, question_of(form, f"identifier.{kind}"))
        for kind, problem in left_out.items()
        if problem.what != CONTRADICTS
    ]


def tell_contradictions(
    viewer: Viewer, file: File, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    """Tell staff if a sent file now says a number, other than before, that contradicts its person's."""
    form = file.definition.form
    said, fresh = identity_numbers(form, before), identity_numbers(form, after)
    if not any(fresh[kind] != said.get(kind) for kind in queries.contradicted(file, after)):
        return
    told = person_values(form, after)
    given = f"{told.get('given_name') or ''} {told.get('family_name') or ''}".strip()
    for tell in hooks.on_contradiction:
        tell(viewer, file.application, given, queries.name_before(file))
