"""Which roles choose, and what is said to whom a choice concerns."""

from __future__ import annotations

import pytest

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.interests.rules import CHOOSING, Interest, InterestKind, reason_of


def test_who_scores_assigns_proposes_or_approves_chooses() -> None:
    assert {Role.REVIEWER, Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR} == CHOOSING


@pytest.mark.parametrize("kind", list(InterestKind))
def test_each_interest_has_its_reason(kind: InterestKind) -> None:
    about = {"fr": "Rentrée 2027", "ar": "الدخول 2027", "en": "Intake 2027"}
    said = reason_of(Interest(kind, 1, about), "deputy")
    assert (
        said.what.startswith("Conflit d’intérêts")
        and said.values["about"] == about
        and said.where == "deputy"
    )
