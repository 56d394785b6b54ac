"""Turns a programme's stipend into fields of a page, and back into a plain table. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cohortmgr.programmes.definition.sections import AbsenceRule, Payer
from cohortmgr.programmes.drafts.figures import (
    MOST_MONTHS,
    MOST_WORKING_DAYS,
    amount,
    count,
    month,
)
from cohortmgr.programmes.drafts.question_fields import LIMITS, PostedValues, QuestionTable, Typed, one

# What the page shows before there is a stipend; the amount and the months are for people to say.
_BEGINS: QuestionTable = {
    "key": "bourse",
    "title": {"fr": "Bourse", "ar": "منحة", "en": "Stipend"},
    "monthly_cents": "",
    "currency": "MAD",
    "months": "",
    "absence_rule": AbsenceRule.NONE.value,
    "working_days_basis": 22,
    "payer": Payer.HOST.value,
    "arrears": True,
}


def stipend_of(document: Mapping[str, Any]) -> QuestionTable:
    """The stipend of a document, or what the page begins with: the first month of the training."""
    if "stipend" in document:
        return copy.deepcopy(dict(document["stipend"]))
    first = str(document.get("calendar", {}).get("starts_on", ""))
    return {**copy.deepcopy(_BEGINS), "starts_month": f"{first[:7]}-01" if first else ""}


def read_stipend(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The stipend as typed on the page."""
    typed = Typed(stipend_of(document))
    table = typed.table
    table["title"] = typed.localized(given, "title", LIMITS["title"])
    table["monthly_cents"] = amount(typed, given, "monthly_cents")
    table["starts_month"] = month(typed, given, "starts_month")
    table["months"] = count(typed, given, "months", 1, MOST_MONTHS)
    table["working_days_basis"] = count(typed, given, "working_days_basis", 1, MOST_WORKING_DAYS)
    rule, payer = one(given, "absence_rule"), one(given, "payer")
    table["absence_rule"] = rule if rule in list(AbsenceRule) else AbsenceRule.NONE.value
    table["payer"] = payer if payer in list(Payer) else Payer.HOST.value
    table["arrears"] = bool(one(given, "arrears"))
    return typed


def put_stipend(document: QuestionTable, stipend: Mapping[str, Any]) -> None:
    """Put the stipend into a document."""
    document["stipend"] = dict(stipend)


def forget(document: QuestionTable) -> None:
    """Pay no stipend any more."""
    document.pop("stipend", None)


def anchor(path: tuple[str | int, ...]) -> str:
    """The name of the page's field that a fault concerns; empty if it concerns the whole."""
    return "-".join(str(each) for each in path[1:])
