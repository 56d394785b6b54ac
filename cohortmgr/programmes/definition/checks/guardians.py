"""Checks the guardians' section: the age, the purposes, and the questions that name a guardian."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.form import unique
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rules import TEXT_LANGUAGES, Definition

# The targets of the questions without which no guardian can be asked, with the kinds they need.
_ASKED: Mapping[str, QuestionKind] = {
    "person.birth_date": QuestionKind.DATE,
    "guardian.name": QuestionKind.TEXT,
    "guardian.capacity": QuestionKind.CHOICE,
    "guardian.phone": QuestionKind.PHONE,
}


def check_guardians(definition: Definition) -> Iterator[Fault]:
    """All faults of the section; none if there is neither a section nor a question about a guardian."""
    terms = definition.guardians
    kinds = {question.target: question.kind for question in definition.form.questions}
    if terms is None:
        if any(target is not None and target.startswith("guardian.") for target in kinds):
            what = N_("Le formulaire demande un tuteur légal, et rien ne dit jusqu’à quel âge.")
            yield Fault(("guardians",), what)
        return
    if not 1 <= terms.under <= 25:
        yield Fault(("guardians", "under"), N_("L’âge doit être entre 1 et 25 ans."))
    if terms.language not in TEXT_LANGUAGES:
        known = ", ".join(TEXT_LANGUAGES)
        what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
        yield Fault(("guardians", "language"), what, {"value": terms.language, "known": known})
    if not terms.required:
        what = N_("Il faut au moins un accord sans lequel le dossier ne part pas.")
        yield Fault(("guardians", "purposes"), what)
    yield from unique(("guardians", "purposes"), (purpose.key for purpose in terms.purposes))
    for target, kind in _ASKED.items():
        if kinds.get(target) is not kind:
            what = N_(
                "Le formulaire doit poser une question de type « %(kind)s » dont la cible est « %(target)s »."
            )
            yield Fault(("guardians",), what, {"kind": kind.value, "target": target})
