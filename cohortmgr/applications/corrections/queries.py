"""Load the corrections that were asked of a file, and what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.corrections.rules import (
    KIND_SENTENCES,
    CorrectionKind,
    answer_mark,
    correctable,
    reopened,
)
from cohortmgr.applications.file.hooks import took_part
from cohortmgr.applications.file.models import Application, Correction, CorrectionItem
from cohortmgr.applications.file.queries import File, own
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.guardians.queries import is_read_by_guardian
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Question


@dataclass(frozen=True)
class CorrectedAnswer:
    """A question to correct, with the answer `before` and `after` as kept; None until it is corrected."""

    question: Question
    kind: CorrectionKind
    sentence: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class CorrectionRequest:
    """A request for corrections with its questions."""

    row: Correction
    items: tuple[CorrectedAnswer, ...]
    # True on a child's own page if there is a message: only the guardian may read it.
    for_guardian: bool = False

    @property
    def until(self) -> datetime:
        """The moment until which it may be answered."""
        return self.row.until

    @property
    def message(self) -> str:
        """What staff wrote with it; empty if only the guardian may read that."""
        return "" if self.for_guardian else self.row.message


def corrections_of(file: File) -> list[CorrectionRequest]:
    """Every request for corrections of a file, the newest first, in one statement."""
    return _requests(file, Correction.application_id == file.application.id)


def correction_asked(file: File) -> CorrectionRequest | None:
    """The request that waits for the person, if there is one and its time is not over. A child sees which
    answers to correct, but not what staff wrote."""
    live = (Correction.application_id == file.application.id, Correction.state == "asked")
    found = _requests(file, sa.and_(*live))
    if not found or clock.arrived() >= found[0].until:
        return None
    keys = questions_to_correct(file)
    items = tuple(item for item in found[0].items if item.question.key in keys)
    if not items:
        return None
    hidden = bool(found[0].message) and is_read_by_guardian(file.application)
    return replace(found[0], items=items, for_guardian=hidden)


def may_be_answered(viewer: Viewer, application: Application) -> bool:
    """Whether what the viewer is asked to correct of their own file can still be corrected. For a sent file it is
    so at no cost; any other is read whole."""
    if application.state == ApplicationState.SUBMITTED:
        return True
    return correction_asked(own(viewer, application.reference)) is not None


def questions_to_correct(file: File) -> frozenset[str]:
    """The keys of the questions of a file that may be corrected as it stands; none for one that is over."""
    row = file.application
    sent = row.state == ApplicationState.SUBMITTED
    return correctable(file.definition.form, row.state, not sent and any(took(row) for took in took_part))


def reopens(application: Application, question: str) -> bool:
    """Whether the person is asked, now, to correct the answer to that question."""
    wanted = (
        sa.select(CorrectionItem.id)
        .join(Correction, Correction.id == CorrectionItem.correction_id)
        .where(Correction.application_id == application.id, Correction.state == "asked")
        .where(Correction.until > clock.arrived(), CorrectionItem.question == question)
    )
    return db.session.scalar(wanted) is not None


def _requests(file: File, which: sa.ColumnElement[bool]) -> list[CorrectionRequest]:
    rows = db.session.execute(
        sa.select(Correction, CorrectionItem)
        .join(CorrectionItem, CorrectionItem.correction_id == Correction.id)
        .where(which)
        .order_by(Correction.id.desc())
    ).all()
    found: dict[int, tuple[Correction, dict[str, CorrectionItem]]] = {}
    for correction, item in rows:
        found.setdefault(correction.id, (correction, {}))[1][item.question] = item
    form = file.definition.form
    return [
        CorrectionRequest(
            correction, tuple(_item(question, items[question.key]) for question in reopened(form, items))
        )
        for correction, items in found.values()
    ]


def _item(question: Question, row: CorrectionItem) -> CorrectedAnswer:
    values = item_values(row)
    kind = CorrectionKind(row.kind)
    return CorrectedAnswer(question, kind, KIND_SENTENCES[kind], values.get("before"), values.get("after"))


def item_values(row: CorrectionItem) -> dict[str, Any]:
    """`before` and `after` of an item; empty until it is corrected."""
    if not row.sealed:
        return {}
    opened: dict[str, Any] = json.loads(
        crypto.unseal(row.sealed, "correction_items", "sealed", row.reference)
    )
    return opened


def mark_of_answer(file: File, question: Question) -> str:
    """Return the mark of the present answer to a question, for the form that corrects it."""
    row = file.application
    return answer_mark(row.answers.get(question.key), row.sealed_answers if question.sealed else None)
