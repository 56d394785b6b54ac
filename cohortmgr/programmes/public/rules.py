"""What a programme's definition says of people's data: for what they are used, and who sees them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Definition, Payer, ProgrammeStage

# What each phase of a programme does with the data of whoever takes part in it.
PURPOSES: Mapping[ProgrammeStage, str] = {
    ProgrammeStage.APPLICATION: N_("Recevoir votre candidature et vous répondre"),
    ProgrammeStage.SELECTION: N_("Lire les dossiers et choisir"),
    ProgrammeStage.TEST: N_("Vous faire passer une épreuve"),
    ProgrammeStage.INTERVIEW: N_("Vous recevoir en entretien"),
    ProgrammeStage.OFFERS: N_("Proposer les places, et appeler la liste d’attente"),
    ProgrammeStage.TRAINING: N_("Suivre la formation et les présences"),
    ProgrammeStage.PLACEMENT: N_("Vous affecter à une entreprise d’accueil"),
    ProgrammeStage.STIPEND: N_("Vous verser la bourse"),
    ProgrammeStage.OUTCOMES: N_("Savoir ce que vous devenez après la formation"),
}

_TEAM = N_("L’équipe du programme : elle reçoit les dossiers et répond aux questions.")
_READERS = N_(
    "Les personnes qui lisent et notent les dossiers. Elles ne voient que ceux qui leur sont confiés."
)
_TRAINERS = N_("Les formatrices et formateurs : le nom et la présence de leurs groupes.")
_PARTNERS = N_(
    "Les entreprises partenaires (%(names)s) : la fiche des personnes admises, et la présence de leurs apprentis."
)
_COMPANIES = N_(
    "Les entreprises d’accueil : la fiche des personnes admises, et la présence de leurs apprentis."
)
_FINANCE = N_("Le service qui paie, et la banque : le compte bancaire, la présence et la somme du mois.")
_PAYING_COMPANY = N_(
    "L’entreprise qui verse la bourse, et la banque : le compte bancaire, la présence et la somme du mois."
)
_GUARDIANS = N_("Le tuteur légal de chaque mineur : son dossier et ses messages.")
_AUDITORS = N_("Les personnes qui contrôlent le programme. Ce qu’elles lisent est noté dans un journal.")


def purposes_of(definition: Definition) -> list[str]:
    """Return for what a programme uses people's data: a msgid for each of its stages, in their order."""
    return [PURPOSES[stage] for stage in ProgrammeStage if stage in definition.stages]


def seen_by(definition: Definition) -> list[Problem]:
    """Return who sees the data of a programme's candidates and apprentices, and what of them, in the order of their
    lives. Nobody is named whose part the programme does not have."""
    stages, found = set(definition.stages), [Problem(_TEAM)]
    if ProgrammeStage.SELECTION in stages:
        found.append(Problem(_READERS))
    if definition.guardians is not None:
        found.append(Problem(_GUARDIANS))
    if ProgrammeStage.TRAINING in stages:
        found.append(Problem(_TRAINERS))
    if ProgrammeStage.PLACEMENT in stages:
        names = tuple(each.name for each in definition.partners)
        found.append(Problem(_PARTNERS, {"names": names}) if names else Problem(_COMPANIES))
    if ProgrammeStage.STIPEND in stages and definition.stipend is not None:
        by_company = definition.stipend.payer is Payer.COMPANY
        found.append(Problem(_PAYING_COMPANY if by_company else _FINANCE))
    return [*found, Problem(_AUDITORS)]
