"""What keeps somebody from reading or deciding on the files of an intake: they, or theirs, are among them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cohortmgr.accounts.rules import PERMISSIONS, Role
from cohortmgr.base.errors import N_, Problem


class InterestKind(StrEnum):
    """How somebody is concerned by the choice that an intake makes."""

    CANDIDATE = "candidate"
    GUARDIAN = "guardian"
    COMPANY = "company"


@dataclass(frozen=True)
class Interest:
    """A person's interest in an intake; `about` names the intake, or the company, in three languages. `file` is the
    id of the application that it comes from, None for a company's."""

    kind: InterestKind
    intake_id: int
    about: Mapping[str, str]
    file: int | None = None


_CHOICES = ("reviews.score", "reviews.assign", "selection.propose", "selection.approve")
CHOOSING: frozenset[Role] = frozenset(role for each in _CHOICES for role in PERMISSIONS[each])
"""The roles that read files to choose among them, give them to readers, or decide on them."""

_REASONS: Mapping[InterestKind, str] = {
    InterestKind.CANDIDATE: N_(
        "Conflit d’intérêts : qui est candidat·e (%(about)s) n’y lit aucun dossier et n’y décide de rien. Ce rôle "
        "revient à une autre personne."
    ),
    InterestKind.GUARDIAN: N_(
        "Conflit d’intérêts : qui répond d’un enfant candidat (%(about)s) n’y lit aucun dossier et n’y décide de rien. "
        "Ce rôle revient à une autre personne."
    ),
    InterestKind.COMPANY: N_(
        "Conflit d’intérêts : qui représente une entreprise partenaire du programme (%(about)s) n’y lit aucun dossier "
        "et n’y décide de rien. Ce rôle revient à une autre personne."
    ),
}


def reason_of(interest: Interest, where: str | None = None) -> Problem:
    """Return why a role that chooses is not given to somebody with this interest."""
    return Problem(_REASONS[interest.kind], {"about": interest.about}, where)
