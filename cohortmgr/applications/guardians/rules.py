"""Rules of guardians: who is a child, who is its guardian, and what consent the answers amount to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cohortmgr.applications.answers.conditions import counted, is_required
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.rules import ApplicationState, Consent, missing
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Definition, Form, GuardianTerms, Question

OLDEST_PAPER = timedelta(days=366)
_SIGNED_ON = N_("Écrivez le jour de la signature : jour/mois/année. Il ne peut pas être à venir.")
_TOO_OLD = N_("Ce papier a été signé plus d’un an avant l’inscription de l’enfant : demandez-en un nouveau.")
_NEEDED = ("name", "capacity", "phone")
_FOR_MINORS = {
    "guardian.name": N_("Obligatoire pour une personne mineure."),
    "guardian.capacity": N_("Obligatoire pour une personne mineure."),
    "guardian.phone": N_("Obligatoire pour une personne mineure, à moins d’une adresse e-mail."),
}
_ABSENT = N_(
    "La personne est mineure : son tuteur légal doit donner son accord. Remplissez « %(question)s »."
)
_SAME_PHONE = N_("Le tuteur légal a besoin de son propre téléphone : ce numéro est celui de l’enfant.")
_SAME_EMAIL = N_("Le tuteur légal a besoin de sa propre adresse : celle-ci est celle de l’enfant.")


@dataclass(frozen=True)
class Named:
    """A guardian as a file names them; `phone` in E.164 and `email` are empty when they are not given."""

    name: str
    capacity: str
    phone: str = ""
    email: str = ""

    @property
    def contact(self) -> tuple[str, str]:
        """The contact by which the guardian is known, (channel, address): the telephone, else the e-mail."""
        return ("sms", self.phone) if self.phone else ("email", self.email)


def signature_problems(signed_on: date | None, enrolled_on: date, today: date) -> list[Problem]:
    """What is wrong with the day on which a consent was signed on paper: it is this child's enrolment that was agreed
    to, so that the paper is a year older than that at the most."""
    if signed_on is None or signed_on > today:
        return [Problem(_SIGNED_ON, {}, "signed_on")]
    return [Problem(_TOO_OLD, {}, "signed_on")] if signed_on < enrolled_on - OLDEST_PAPER else []


def comes_of_age(born: date, under: int) -> date:
    """The first day at the age of `under` years; for 29 February it is 1 March in other years."""
    try:
        return born.replace(year=born.year + under)
    except ValueError:
        return date(born.year + under, 3, 1)


def is_minor(terms: GuardianTerms | None, born: date | None, day: date) -> bool:
    """Whether a guardian is needed that day; never if the programme asks for none or the age is unknown."""
    return terms is not None and born is not None and day < comes_of_age(born, terms.under)


def born_on(form: Form, answers: Mapping[str, Answer]) -> date | None:
    """The birth date that the answers give; None if they do not."""
    said = _told(form, answers).get("person.birth_date")
    return date.fromisoformat(said) if isinstance(said, str) and said else None


def is_child(definition: Definition, answers: Mapping[str, Answer], day: date) -> bool:
    """Whether the answers are those of a minor on that day."""
    return definition.guardians is not None and is_minor(
        definition.guardians, born_on(definition.form, answers), day
    )


def guardian_of(form: Form, answers: Mapping[str, Answer]) -> Named:
    """The guardian whom the answers name; what they do not give is empty."""
    told = _told(form, answers)
    values = {part: str(told.get(f"guardian.{part}") or "") for part in (*_NEEDED, "email")}
    return Named(**values)


def said_for_minors(question: Question) -> str | None:
    """When an answer about the guardian is needed, which depends on the birth date: without it, no minor's file is
    sent. None for other questions, and for the address, which may be left out beside a telephone."""
    return _FOR_MINORS.get(question.target or "")


def guardian_problems(form: Form, answers: Mapping[str, Answer]) -> list[Problem]:
    """A Problem, beside its question, for each thing missing or wrong before a guardian can be asked.

    A telephone or an e-mail address is enough."""
    told, named = _told(form, answers), guardian_of(form, answers)
    by_target = {question.target: question for question in form.questions if question.target}
    problems = []
    for part in _NEEDED:
        if not getattr(named, part) and not (part == "phone" and named.email):
            question = by_target[f"guardian.{part}"]
            problems.append(Problem(_ABSENT, {"question": question.label}, question.key))
    if named.phone and named.phone == told.get("person.phone"):
        question = by_target["guardian.phone"]
        problems.append(Problem(_SAME_PHONE, {"question": question.label}, question.key))
    if named.email and named.email == told.get("person.email"):
        question = by_target["guardian.email"]
        problems.append(Problem(_SAME_EMAIL, {"question": question.label}, question.key))
    return problems


def lacking(
    definition: Definition, answers: Mapping[str, Answer], documents: Collection[str], day: date
) -> list[Problem]:
    """All that a file still lacks before it can be sent on that day: what its form asks for, and of a minor what the
    guardian's consent needs. `documents` are the keys of the questions with a paper."""
    present = counted(definition.form, answers)
    absent = missing(definition.form, present, documents)
    if is_child(definition, present, day):
        told = {each.where for each in absent}
        absent += [each for each in guardian_problems(definition.form, present) if each.where not in told]
    return absent


def is_needed(definition: Definition, question: Question, answers: Mapping[str, Answer], day: date) -> bool:
    """Whether no file with these answers is sent without an answer to this question, or to one in its place."""
    present = counted(definition.form, answers)
    if question.either or is_required(question, present):
        return True
    return said_for_minors(question) is not None and is_child(definition, present, day)


def consent_of(terms: GuardianTerms, said: Mapping[str, bool]) -> Consent:
    """What the answers come to. GIVEN: yes to every required purpose; WITHDRAWN: no to one; else WAITING."""
    required = [said.get(key) for key in sorted(terms.required)]
    if False in required:
        return Consent.WITHDRAWN
    return Consent.WAITING if None in required else Consent.GIVEN


def consent_after(before: str, child: bool) -> Consent:
    """The consent of a file after its answers were written: NONE if it is no child's; what was said stays."""
    held = Consent(before)
    if not child:
        return Consent.NONE
    return Consent.WAITING if held is Consent.NONE else held


def takes_paper(state: str, consent: str, through: Collection[str | None], holder: str) -> bool:
    """Whether `holder`, who enrolled a child, may record what the guardian signed on paper.

    It fills an absence, or corrects what the holder alone recorded before; it never replaces what the guardian said, or
    took back, themselves. `through` are the accounts through which the file was ever answered; None is the guardian."""
    if through:
        return set(through) == {holder}
    return state == ApplicationState.HELD and consent == Consent.WAITING


def _told(form: Form, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    present = counted(form, answers)
    return {question.target: present.get(question.key) for question in form.questions if question.target}
