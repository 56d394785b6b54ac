"""What a programme in preparation may not do yet, and an archived campaign no more."""

from __future__ import annotations

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.definition.rules import IntakeState

NOT_PUBLISHED = N_(
    "Le programme « %(key)s » est en préparation : rien n’en part et personne n’y postule. Publiez-le d’abord : "
    "une seconde personne le fait sous « Programmes », ou la commande « flask --app wsgi programmes load %(key)s "
    "--publish »."
)
_ASKS_NOTHING = N_(
    "Le formulaire de « %(key)s » ne pose aucune question : il ne prend aucun dossier. Ajoutez-lui ses questions, "
    "puis publiez-le."
)


def require_published(state: str, path: str) -> None:
    """Refuse what would tell people of an intake in preparation, saying how its programme is published.

    `path` is the programme's place in the tree, which ends with its key."""
    if state == IntakeState.DRAFT:
        raise Refused(Problem(NOT_PUBLISHED, {"key": _key(path)}))


def require_unarchived(state: str) -> None:
    """Raise Refused if an intake is archived: nobody fills in a form there, so nobody is given time for it."""
    if state == IntakeState.ARCHIVED:
        raise Refused(N_("Cette campagne est archivée : remettez-la d’abord sur les pages publiques."))


def require_questions(asked: int, path: str) -> None:
    """Refuse a file for a form that asks nothing: it would be sent, and found eligible, empty."""
    if not asked:
        raise Refused(Problem(_ASKS_NOTHING, {"key": _key(path)}))


def _key(path: str) -> str:
    return path.rstrip(".").rpartition(".")[2]
