"""What an answer or a paper tells of its person, and so whether whoever reads files without that sees it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.rubric import HiddenPart

# Papers stand apart, consents are given by everybody; numbers of identity and accounts no reader needs.
_NEVER = frozenset(
    {
        QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.CIN, QuestionKind.MASSAR, QuestionKind.IDENTITY,
        QuestionKind.RIB,
    }
)  # fmt: skip
_BY_KIND: Mapping[QuestionKind, HiddenPart] = {
    QuestionKind.CITY: HiddenPart.CITY,
    QuestionKind.REGION: HiddenPart.REGION,
    QuestionKind.ADDRESS: HiddenPart.CONTACT,
    QuestionKind.EMAIL: HiddenPart.CONTACT,
    QuestionKind.PHONE: HiddenPart.CONTACT,
}
# Answers that are kept anywhere else, such as a guardian's name, are never read.
_BY_TARGET: Mapping[str, HiddenPart] = {
    "person.family_name": HiddenPart.NAME,
    "person.given_name": HiddenPart.NAME,
    "person.family_name_ar": HiddenPart.NAME,
    "person.given_name_ar": HiddenPart.NAME,
    "person.sex": HiddenPart.SEX,
    "person.birth_date": HiddenPart.AGE,
    "person.email": HiddenPart.CONTACT,
    "person.phone": HiddenPart.CONTACT,
}


def revealed_by(question: Question) -> frozenset[HiddenPart]:
    """Return what an answer tells by its kind and by where it is kept, besides what its question says itself."""
    told = (_BY_KIND.get(question.kind), _BY_TARGET.get(question.target or ""))
    return frozenset(part for part in told if part is not None)


def is_read(question: Question, hidden: Collection[HiddenPart]) -> bool:
    """Whether readers from whom these parts are hidden see the answer: of the application, and not sealed."""
    if question.sealed or question.kind in _NEVER or not question.asked_at_application:
        return False
    if question.target is not None and question.target not in _BY_TARGET:
        return False
    return not {*question.reveals, *revealed_by(question)} & set(hidden)


def is_paper_read(question: Question, hidden: Collection[HiddenPart]) -> bool:
    """Whether they see the paper that answers a question: one of the application, which tells no hidden part."""
    return question.asked_at_application and not set(question.reveals) & set(hidden)


def as_read(question: Question, hidden: Collection[HiddenPart]) -> Question:
    """A group without the fields of its rows that they do not see."""
    return replace(question, fields=tuple(each for each in question.fields if is_read(each, hidden)))
