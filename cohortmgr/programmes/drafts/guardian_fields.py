"""Turns what guardians of minors are asked into fields of a page, and back into plain tables. Pure.

It also adds to a form the questions without which no guardian can be asked.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import TEXT_LANGUAGES
from cohortmgr.programmes.drafts.question_fields import (
    LIMITS,
    KeyedRows,
    PostedValues,
    QuestionTable,
    Typed,
    one,
    put,
    read_rows,
)
from cohortmgr.programmes.drafts.structure import add_question, add_section, questions_of

MOST_PURPOSES, LONGEST_PURPOSE = 12, 1200
_PURPOSES = KeyedRows("purposes", "title", MOST_PURPOSES, "accord")
_AGE = N_("Écrivez un âge de 1 à 25 ans.")

# The terms with which a programme for minors begins: three purposes that most have, for staff to adapt.
BEGINS: Mapping[str, Any] = {
    "under": 18,
    "language": "ar",
    "purposes": [
        {
            "key": "training",
            "title": {
                "fr": "Participer à la formation",
                "ar": "المشاركة في التكوين",
                "en": "Take part in the training",
            },
            "text": {
                "fr": "Mon enfant suit la formation, et le programme utilise pour cela les réponses de son dossier.",
                "ar": "يتابع طفلي أو طفلتي التكوين، ويستعمل البرنامج لهذا الغرض أجوبة ملفه.",
                "en": "My child follows the training, and the programme uses the answers of their file for it.",
            },
            "required": True,
        },
        {
            "key": "photo",
            "title": {
                "fr": "Photos de votre enfant",
                "ar": "صور طفلكم أو طفلتكم",
                "en": "Photos of your child",
            },
            "text": {
                "fr": "Le programme peut montrer des photos où l’on reconnaît mon enfant.",
                "ar": "يمكن للبرنامج نشر صور يُتعرَّف فيها على طفلي أو طفلتي.",
                "en": "The programme may show photos in which my child can be recognised.",
            },
        },
        {
            "key": "public_result",
            "title": {
                "fr": "Publication du résultat",
                "ar": "نشر النتيجة",
                "en": "Publication of the result",
            },
            "text": {
                "fr": "Le nom et le résultat de mon enfant peuvent être publiés.",
                "ar": "يمكن نشر الاسم والنتيجة.",
                "en": "My child’s name and result may be published.",
            },
        },
    ],
}
_TITLE = {"fr": "Le tuteur légal", "ar": "الولي القانوني", "en": "The legal guardian"}
_BIRTH: QuestionTable = {
    "kind": "date",
    "target": "person.birth_date",
    "required": True,
    "label": {"fr": "Date de naissance", "ar": "تاريخ الازدياد", "en": "Date of birth"},
}
_GUARDIAN: tuple[QuestionTable, ...] = (
    {
        "kind": "text",
        "target": "guardian.name",
        "max_length": 160,
        "label": {
            "fr": "Nom complet du tuteur légal",
            "ar": "الاسم الكامل للولي القانوني",
            "en": "Legal guardian’s full name",
        },
    },
    {
        "kind": "choice",
        "target": "guardian.capacity",
        "label": {"fr": "En quelle qualité ?", "ar": "بأي صفة؟", "en": "In what capacity?"},
        "options": [
            {"key": "father", "label": {"fr": "Père", "ar": "الأب", "en": "Father"}},
            {"key": "mother", "label": {"fr": "Mère", "ar": "الأم", "en": "Mother"}},
            {"key": "kafil", "label": {"fr": "Kafil", "ar": "الكافل", "en": "Kafil"}},
            {
                "key": "guardian",
                "label": {
                    "fr": "Tuteur désigné par le juge",
                    "ar": "مقدم أو وصي",
                    "en": "Guardian named by a judge",
                },
            },
        ],
    },
    {
        "kind": "phone",
        "target": "guardian.phone",
        "sealed": True,
        "label": {
            "fr": "Téléphone du tuteur légal",
            "ar": "هاتف الولي القانوني",
            "en": "Legal guardian’s phone",
        },
        "help": {
            "fr": "Le sien : le lien et le code y arrivent par SMS.",
            "ar": "هاتفه الشخصي: يصله عليه الرابط والرمز برسالة قصيرة.",
            "en": "Their own: the link and the code arrive there by SMS.",
        },
    },
    {
        "kind": "email",
        "target": "guardian.email",
        "max_length": 254,
        "label": {
            "fr": "E-mail du tuteur légal",
            "ar": "البريد الإلكتروني للولي القانوني",
            "en": "Legal guardian’s e-mail",
        },
    },
)


def terms_of(document: Mapping[str, Any]) -> QuestionTable:
    """The guardians' part of a document, or the terms with which it would begin."""
    return copy.deepcopy(dict(document.get("guardians") or BEGINS))


def read_terms(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The terms as typed on the page."""
    typed = Typed(terms_of(document))
    typed.press(given)
    table = typed.table
    said = western_digits(typed.text(given, "under", 10))
    is_age = said.isascii() and said.isdecimal() and 1 <= int(said) <= 25
    table["under"] = int(said) if is_age else said
    if not is_age:
        typed.problems.append(Problem(_AGE, {}, "under"))
    spoken = one(given, "language")
    put(table, "language", spoken if spoken in TEXT_LANGUAGES else "fr")

    def read(name: str) -> QuestionTable:
        row: QuestionTable = {
            "title": typed.localized(given, f"{name}-title", LIMITS["title"]),
            "text": typed.localized(given, f"{name}-text", LONGEST_PURPOSE, lines=True),
        }
        put(row, "required", bool(one(given, f"{name}-required")))
        return row

    table["purposes"] = read_rows(typed, given, _PURPOSES, table["purposes"], read)
    if typed.act:  # adding or removing a row does not save: no problem is shown yet
        typed.problems.clear()
    return typed


def missing(document: QuestionTable) -> list[QuestionTable]:
    """The questions that the form does not ask yet, and without which no guardian can be asked."""
    there = {question.get("target") for question in questions_of(document)}
    return [copy.deepcopy(each) for each in (_BIRTH, *_GUARDIAN) if each["target"] not in there]


def ask(document: QuestionTable) -> str:
    """Put the missing questions into a section of their own at the end of the form. Returns its key, or an
    empty text if none is missing."""
    wanted = missing(document)
    if not wanted:
        return ""
    section = add_section(document, dict(_TITLE))
    for each in wanted:
        add_question(document, section, each)
    return section


def forget(document: QuestionTable) -> None:
    """Take minors out of the programme: no guardian is asked, and no question of the form names one any more."""
    document.pop("guardians", None)
    for question in questions_of(document):
        if str(question.get("target", "")).startswith("guardian."):
            question.pop("target")


def anchor(path: tuple[str | int, ...]) -> str:
    """The name of the page's field that a fault of the terms concerns; empty if the fault concerns the whole."""
    rest = [str(each) for each in path[1:]]
    if rest[:1] == ["purposes"] and len(rest) == 2:
        rest += ["title", "fr"]
    return "-".join(rest)
