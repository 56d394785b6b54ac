"""Turns a rejected row into a row of the tray and back: its cells are sealed, its problems are kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact, normalise_mobile
from cohortmgr.applications.answers.values import normalise_email
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.applications.importing.rules import ColumnMapping, Rejection, RowFault
from cohortmgr.base import clock, crypto
from cohortmgr.base.errors import Refused, as_json, from_json
from cohortmgr.base.sheets.tables import is_formula
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.definition.rules import Form
from cohortmgr.programmes.models import Intake


def row_for(intake: Intake, form: Form, mapping: ColumnMapping, rejection: Rejection, run_id: int) -> TrayRow:
    """The row of the tray for a rejected row, in the state "waiting"."""
    reference = new_reference()
    return TrayRow(
        reference=reference,
        institution_id=intake.institution_id,
        intake_id=intake.id,
        run_id=run_id,
        fingerprint=rejection.fingerprint,
        line=rejection.line,
        sealed=seal_cells(rejection.raw, reference),
        problems=faults_as_json(rejection.faults),
        name=_hint(form, mapping, rejection.raw, ("person.given_name", "person.family_name"))[:250],
        email=usable_email(form, mapping, rejection.raw),
        created_at=clock.now(),
    )


def seal_cells(raw: Mapping[str, str], reference: str) -> bytes:
    """The cells by header, as JSON, sealed for the row with this reference."""
    return crypto.seal(json.dumps(dict(raw), ensure_ascii=False), "tray_rows", "sealed", reference)


def cells_of(row: TrayRow) -> dict[str, str]:
    """The inverse of `seal_cells`. A caller who shows the cells to staff writes it into the trail."""
    found: dict[str, str] = json.loads(crypto.unseal(row.sealed, "tray_rows", "sealed", row.reference))
    return found


def faults_as_json(faults: Sequence[RowFault]) -> list[dict[str, Any]]:
    """Faults in the form in which a row keeps them: each value as it is, for a label has three languages."""
    return [{"column": fault.column, **as_json(fault.problem)} for fault in faults]


def faults_of(row: TrayRow) -> tuple[RowFault, ...]:
    """The inverse of `faults_as_json`."""
    return tuple(RowFault(each["column"], from_json(each)) for each in row.problems)


def usable_email(form: Form, mapping: ColumnMapping, raw: Mapping[str, str]) -> str | None:
    """The e-mail address in a row, if it is valid; None otherwise."""
    text = _hint(form, mapping, raw, ("person.email",))
    try:
        return normalise_email(text) if text else None
    except Refused:
        return None


def contact_in(row: TrayRow, form: Form, mapping: ColumnMapping, raw: Mapping[str, str]) -> Contact | None:
    """The contact of the person in a row: the e-mail address, else a telephone number that can receive SMS."""
    if row.email:
        return Contact(EMAIL, row.email)
    text = _cell(form, mapping, raw, "person.phone")
    try:
        return Contact(SMS, normalise_mobile(text)) if text and not is_formula(text) else None
    except Refused:
        return None


def _hint(form: Form, mapping: ColumnMapping, raw: Mapping[str, str], targets: Sequence[str]) -> str:
    """The row's cells for these targets, joined by a space; formulas are left out."""
    parts = []
    for target in targets:
        cell = _cell(form, mapping, raw, target)
        parts.append("" if is_formula(cell) else cell)
    return " ".join(part for part in parts if part)


def _cell(form: Form, mapping: ColumnMapping, raw: Mapping[str, str], target: str) -> str:
    keys = [question.key for question in form.questions if question.target == target]
    column = mapping.column_of(keys[0]) if keys else None
    return raw.get(column, "").strip() if column else ""
