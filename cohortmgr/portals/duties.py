"""What each role does here, in a sentence or two, for the first page of whoever holds it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cohortmgr.accounts.rules import ROLE_NAMES, Role
from cohortmgr.base.errors import N_

WORK: Mapping[Role, str] = {
    Role.PROGRAMME_ADMINISTRATOR: N_(
        "Vous écrivez le programme, invitez qui y travaille, et donnez le second accord : décisions, affectations, "
        "paiements, envois."
    ),
    Role.SELECTION_MANAGER: N_(
        "Vous recevez les candidatures, confiez leurs lectures, et proposez les décisions qu’une autre personne "
        "approuve."
    ),
    Role.CENTRE_MANAGER: N_(
        "Vous suivez les candidatures de votre centre, sa promotion et ses affectations, et répondez aux questions."
    ),
    Role.REVIEWER: N_(
        "Vous lisez les dossiers qui vous sont confiés et les notez sur la grille. Vos commentaires ne vont qu’aux "
        "responsables de la sélection."
    ),
    Role.TRAINER: N_(
        "Vous formez une promotion : vous y voyez qui est inscrit, depuis quand et dans quelle entreprise, et ses "
        "rapports."
    ),
    Role.FINANCE: N_(
        "Vous calculez les bourses de chaque mois, les remettez à la banque une fois approuvées, et notez sa réponse."
    ),
    Role.GROUP_ENROLLER: N_(
        "Vous inscrivez un groupe depuis une liste, réparez les lignes qui ne passent pas, et suivez les accords des "
        "familles."
    ),
    Role.OBSERVER: N_(
        "Vous lisez les rapports : des chiffres, et jamais une personne. Un chiffre trop petit y est masqué."
    ),
    Role.AUDITOR: N_(
        "Vous relisez ce qui a été fait : le journal, les dossiers, les décisions et les paiements. Vous ne changez "
        "rien."
    ),
    Role.SYSTEM_ADMINISTRATOR: N_(
        "Vous administrez l’installation : qui y travaille, ce qu’elle dit d’elle-même, le courrier que personne n’a "
        "lu. Vous ne lisez aucun dossier."
    ),
}
"""The roles whose first page is the staff's, those who decide first."""

COMPANY_WORK: Mapping[Role, str] = {
    Role.COMPANY_CONTACT: N_(
        "Vous notez les candidat·e·s à vos postes, puis suivez les apprentis que votre entreprise accueille."
    ),
    Role.TUTOR: N_(
        "Vous suivez les apprentis de votre entreprise : leurs dates, leur formation, et à qui écrire."
    ),
}
"""The same of those whose first page is the company's."""


def work_of(roles: Iterable[Role], among: Mapping[Role, str] = WORK) -> list[tuple[str, str]]:
    """Return the name of each of these roles and what it does here, two msgids, in the order of `among`."""
    held = set(roles)
    return [(ROLE_NAMES[role], said) for role, said in among.items() if role in held]
