"""Writes what an import found, in bulk: persons, their identity numbers, applications, and the tray.

The number of statements does not grow with the number of rows. The caller has checked the permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.actions.people import moved, set_person
from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.eligibility.models import Override
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import seal_answers, sealed_answers
from cohortmgr.applications.file.rules import (
    HIDDEN,
    ApplicationState,
    Consent,
    Source,
    listed,
    number_prefix,
    person_values,
    split_sealed,
)
from cohortmgr.applications.guardians.actions.consents import ConsentRequest, ask_all
from cohortmgr.applications.guardians.rules import born_on, comes_of_age, consent_after, guardian_of
from cohortmgr.applications.importing.actions.tray_rows import row_for
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.applications.importing.queries.plan import ImportPlan, ImportStep, PreparedImport, offering_of
from cohortmgr.applications.importing.rules import Rejection
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import Model, db, present, table_of
from cohortmgr.base.text import new_reference, new_short_code
from cohortmgr.outbox.actions import open_bundle
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import offerings_of

_COLUMNS = ("given_name", "family_name", "given_name_ar", "family_name_ar", "sex", "birth_date", "email")
_STORED_COLUMNS = (*_COLUMNS, "search_name", "phone_sealed", "phone_blind")


def store(
    viewer: Viewer, intake: Intake, prepared: PreparedImport, plan: ImportPlan, run: ImportRun
) -> dict[int, str]:
    """Write a plan. Returns the reference of the application of each line, including lines that changed
    nothing."""
    persons = _persons(prepared, plan)
    _identifiers(prepared, plan, persons)
    references = _new_applications(intake, prepared, plan.new, persons, run)
    references |= _replace(viewer, intake, prepared, plan.replacing, run)
    db.session.flush()
    _ask_guardians(viewer, intake, prepared, plan, persons, references, run)
    return references | {
        step.sending.line: step.standing.reference for step in plan.unchanged if step.standing
    }


def _ask_guardians(
    viewer: Viewer,
    intake: Intake,
    prepared: PreparedImport,
    plan: ImportPlan,
    persons: Mapping[int, Person],
    references: Mapping[int, str],
    run: ImportRun,
) -> None:
    """Send a link to the guardian of each child whose file waits. The letters form one bundle, so that they
    can be called off together."""
    terms, form = prepared.definition.guardians, prepared.definition.form
    # Of a programme in preparation nothing leaves: they are asked when it is published.
    if terms is None or intake.state == IntakeState.DRAFT:
        return
    asked = []
    for step in (*plan.new, *plan.replacing):
        line, born = step.sending.line, born_on(form, step.sending.answers)
        if born is None or _consent(prepared, step).value not in HIDDEN:
            continue
        named, until = guardian_of(form, step.sending.answers), comes_of_age(born, terms.under)
        asked.append(ConsentRequest(references[line], persons[line].id, intake.institution_id, named, until))
    if asked and run.bundle is None:
        run.bundle = open_bundle(intake.institution_id)
    ask_all(viewer, asked, terms.language, prepared.definition.title, run.bundle)


def _consent(prepared: PreparedImport, step: ImportStep) -> Consent:
    """The state of the guardian's consent after a sending; consent already given or refused for the file
    stands."""
    before = step.standing.consent if step.standing is not None else Consent.NONE
    return consent_after(before, step.sending.line in prepared.children)


def _values(prepared: PreparedImport, step: ImportStep) -> dict[str, Any]:
    """The columns of the person for which a sending gives a value."""
    told = person_values(prepared.definition.form, step.sending.answers)
    values = {name: told[name] for name in (*_COLUMNS, "phone") if told.get(name)}
    if "birth_date" in values:
        values["birth_date"] = date.fromisoformat(values["birth_date"])
    return values


def _persons(prepared: PreparedImport, plan: ImportPlan) -> dict[int, Person]:
    """The person of each line, by line number: new persons are inserted, known ones are completed."""
    persons: dict[int, Person] = {}
    added: dict[str, Person] = {}
    changed: list[dict[str, Any]] = []
    stale: dict[str, set[str]] = {}
    moment = clock.now()
    for step in (*plan.new, *plan.replacing):
        values = _values(prepared, step)
        person = step.person
        if person is None:
            person = Person(reference=new_reference(), created_at=moment, language="fr")
            set_person(person, values)
            added[person.reference] = person
        elif changes := _news(step, person, values):
            changed.append(_completed(person, changes))
            for purpose in moved(person, changes):
                stale.setdefault(purpose, set()).add(person.reference)
            db.session.expire(person)
        persons[step.sending.line] = person
    present(*added)
    _insert(Person, added.values())
    for part in in_parts(added):
        query = sa.select(Person.reference, Person.id).where(Person.reference.in_(part))
        for reference, number in db.session.execute(query):
            added[reference].id = number
    if changed:
        table = table_of(Person)
        values = {name: sa.bindparam(f"new_{name}") for name in _STORED_COLUMNS}
        statement = sa.update(table).where(table.c.id == sa.bindparam("of"))
        db.session.connection().execute(statement.values(version=table.c.version + 1, **values), changed)
    for purpose, references in stale.items():
        links.use_up(purpose, references)
    return persons


def _insert(model: type[Model], rows: Iterable[Any]) -> None:
    """Insert rows that no session holds, in one statement: on SQLite a session would insert them one by one."""
    columns = [each for each in table_of(model).columns if each.name != "id" and each.computed is None]
    values = [{column.name: _value(row, column) for column in columns} for row in rows]
    if values:
        db.session.connection().execute(sa.insert(table_of(model)), values)


def _value(row: Any, column: sa.Column[Any]) -> Any:
    if column.name in vars(row):
        return vars(row)[column.name]
    default = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg  # type: ignore[attr-defined]


def _news(step: ImportStep, person: Person, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in a sending that are new for a known person.

    Values given by other institutions or by the person stay: only blanks are filled, unless the standing
    values came from the earlier sending that this one replaces.
    """
    ours = step.standing is not None and step.standing.source == Source.IMPORT
    ours = ours and person.email == (step.standing.email if step.standing else None)
    return {
        name: value
        for name, value in values.items()
        if not _says(person, name, value) and (ours or not _said(person, name))
    }


def _completed(person: Person, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the update statement for a known person with these changes."""
    draft = Person(reference=person.reference)
    for name in _STORED_COLUMNS:
        setattr(draft, name, getattr(person, name))
    set_person(draft, changes)
    return {"of": person.id, **{f"new_{name}": getattr(draft, name) for name in _STORED_COLUMNS}}


def _said(person: Person, name: str) -> bool:
    return bool(getattr(person, "phone_blind" if name == "phone" else name))


def _says(person: Person, name: str, value: Any) -> bool:
    if name == "phone":
        return person.phone_blind == crypto.blind_index("phone", value)
    return bool(getattr(person, name) == value)


def _identifiers(prepared: PreparedImport, plan: ImportPlan, persons: Mapping[int, Person]) -> None:
    """Write the identity numbers that a person did not have yet. One that contradicts theirs came to the tray."""
    fresh: list[Identifier] = []
    for step in (*plan.new, *plan.replacing):
        person = persons[step.sending.line]
        held = plan.held.get(person.id, {})
        for kind, value in step.numbers.items():
            if kind in held:
                continue
            row = Identifier(reference=new_reference(), person_id=person.id, kind=kind)
            row.sealed = crypto.seal(value, "identifiers", "sealed", row.reference)
            row.blind = crypto.blind_index(kind, value)
            fresh.append(row)
    _insert(Identifier, fresh)


def _numbers(prepared: PreparedImport, count: int) -> list[str]:
    """As many new file numbers, none of them in use."""
    prefix = number_prefix(prepared.definition.key)
    fresh: set[str] = set()
    while len(fresh) < count:
        tried = {f"{prefix}-{new_short_code()}" for _ in range(count - len(fresh))}
        for part in in_parts(tried):
            tried -= set(
                db.session.scalars(sa.select(Application.number).where(Application.number.in_(part)))
            )
        fresh |= tried
    return sorted(fresh, key=lambda number: number[::-1])


def _told(
    prepared: PreparedImport, step: ImportStep, number: str, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The columns that a sending writes; `kept` are unsealed answers for which the imported file has no
    column."""
    opened, _ = split_sealed(prepared.definition.form, step.sending.answers)
    assessment = prepared.assessments[step.sending.line]
    consent = _consent(prepared, step)
    waits = consent.value in HIDDEN
    return {
        "state": (ApplicationState.HELD if waits else ApplicationState.SUBMITTED).value,
        "consent": consent.value,
        "source": Source.IMPORT.value,
        "answers": {**(kept or {}), **opened},
        "fingerprint": step.sending.fingerprint,
        "eligible": assessment.eligible,
        "reasons": list(assessment.reasons),
        "sent_at": None if waits else step.sending.sent_at or clock.now(),
        "withdrawn_at": None,
        "updated_at": clock.now(),
        **listed(prepared.definition, {**(kept or {}), **step.sending.answers}, number),
    }


def _secret(prepared: PreparedImport, step: ImportStep) -> dict[str, Any]:
    return split_sealed(prepared.definition.form, step.sending.answers)[1]


def _new_applications(
    intake: Intake,
    prepared: PreparedImport,
    steps: Sequence[ImportStep],
    persons: Mapping[int, Person],
    run: ImportRun,
) -> dict[int, str]:
    offered = {offering.key: offering.id for offering in offerings_of(intake)}
    references: dict[int, str] = {}
    rows: list[Application] = []
    for step, number in zip(steps, _numbers(prepared, len(steps)), strict=True):
        person, reference = persons[step.sending.line], new_reference()
        row = Application(
            reference=reference,
            institution_id=intake.institution_id,
            person_id=person.id,
            intake_id=intake.id,
            offering_id=offering_of(prepared, step.sending, offered),
            version_id=intake.definition_version_id,
            number=number,
            language=person.language,
            run_id=run.id,
            sealed_answers=seal_answers(_secret(prepared, step), reference),
            created_at=clock.now(),
            **_told(prepared, step, number),
        )
        rows.append(row)
        references[step.sending.line] = reference
    _insert(Application, rows)
    return references


def _replace(
    viewer: Viewer, intake: Intake, prepared: PreparedImport, steps: Sequence[ImportStep], run: ImportRun
) -> dict[int, str]:
    """Let later sendings replace the files that stand; the old content is kept in the trail, under the
    person's key."""
    standing: dict[int, Application] = {}
    for part in in_parts(step.standing.id for step in steps if step.standing):
        query = sa.select(Application).where(Application.id.in_(part))
        for row in db.session.scalars(query.execution_options(populate_existing=True)):
            standing[row.person_id] = row
    offered = {offering.key: offering.id for offering in offerings_of(intake)} if steps else {}
    asked = {key for key in prepared.mapping.columns.values() if key}
    said = _overrides(row.id for row in standing.values())
    references: dict[int, str] = {}
    written: list[dict[str, Any]] = []
    for step in steps:
        if step.person is None:
            continue
        old = standing[step.person.id]
        before_sealed = sealed_answers(old)
        stood = _standing(old, before_sealed)
        what = about(old, step.person.reference)
        record(viewer, "imports.replace", what, before=stood, after={"run": run.reference})
        kept = {key: value for key, value in old.answers.items() if key not in asked}
        hidden = {key: value for key, value in before_sealed.items() if key not in asked}
        told = _told(prepared, step, old.number, kept)
        told["version_id"] = intake.definition_version_id
        told["offering_id"] = offering_of(prepared, step.sending, offered) or old.offering_id
        if old.state == ApplicationState.SUPERSEDED:  # staff read the person's other file instead
            told["state"] = old.state
        told["eligible"] = said.get(old.id, told["eligible"])
        told["sealed_answers"] = seal_answers({**hidden, **_secret(prepared, step)}, old.reference)
        written.append({"of": old.id, **{f"new_{name}": value for name, value in told.items()}})
        references[step.sending.line] = old.reference
    if written:
        table = table_of(Application)
        values: dict[str, Any] = {
            name.removeprefix("new_"): sa.bindparam(name) for name in written[0] if name != "of"
        }
        statement = sa.update(table).where(table.c.id == sa.bindparam("of"))
        db.session.connection().execute(statement.values(version=table.c.version + 1, **values), written)
        for row in standing.values():
            db.session.expire(row)
    return references


def _overrides(applications: Iterable[int]) -> dict[int, bool]:
    """The eligibility that staff decided for these files; it overrides that of a later sending."""
    said: dict[int, bool] = {}
    for part in in_parts(applications):
        live = sa.select(Override).where(Override.application_id.in_(part), Override.lifted_at.is_(None))
        said |= {row.application_id: row.eligible for row in db.session.scalars(live)}
    return said


def _standing(old: Application, secret: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "state": old.state,
        "source": old.source,
        "sent_at": old.sent_at,
        "answers": {**old.answers, **secret},
    }


def fill_tray(intake: Intake, prepared: PreparedImport, rejected: Sequence[Rejection], run: ImportRun) -> int:
    """Put rows that cannot be used into the tray. A row already there is not added again, even if it was
    settled. Returns how many are new."""
    known: set[str] = set()
    for part in in_parts({row.fingerprint for row in rejected}):
        query = sa.select(TrayRow.fingerprint).where(
            TrayRow.intake_id == intake.id, TrayRow.fingerprint.in_(part)
        )
        known |= set(db.session.scalars(query))
    rows: list[TrayRow] = []
    for row in rejected:
        if row.fingerprint not in known:
            known.add(row.fingerprint)
            rows.append(row_for(intake, prepared.definition.form, prepared.mapping, row, run.id))
    _insert(TrayRow, rows)
    return len(rows)
