"""Works out what an import would change: the person behind each sending, and the file they already have.

It only reads. It takes a handful of statements whatever the number of rows: persons are found by the blind
indexes of their identity numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.applications.eligibility.rules import Assessment, assess
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState, first_choice, identity_numbers
from cohortmgr.applications.guardians.rules import guardian_problems, is_child
from cohortmgr.applications.importing import hooks
from cohortmgr.applications.importing.damaged import DamagedCell
from cohortmgr.applications.importing.orders import DateOrder
from cohortmgr.applications.importing.persons import name_in
from cohortmgr.applications.importing.queries.owners import (
    Contradiction,
    bearers,
    contradicted,
    identifiers_of,
    owner_of,
    rows_of_others,
)
from cohortmgr.applications.importing.rules import ColumnMapping, Rejection, RowFault, Sending, supersedes
from cohortmgr.base import clock
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.sheets.tables import Place
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import offerings_of

_AFTER = N_(
    "Les décisions sont déjà approuvées. Personnes de ce fichier qui arrivent après : %(people)s. Chargées maintenant, "
    "elles ne sont dans aucun lot : elles n’ont ni rang, ni place, ni liste d’attente, et ne reçoivent aucune réponse."
)
_UNSENT = (ApplicationState.DRAFT, ApplicationState.HELD)


@dataclass(frozen=True)
class PreparedImport:
    """A file that was read and judged. `assessments` are by the line of each accepted sending; `children` are
    the lines of minors, whose guardian is asked. `place` and `dates` say where the table was found and how its
    dates were read."""

    filename: str
    definition: Definition
    mapping: ColumnMapping
    accepted: tuple[Sending, ...]
    replaced: tuple[Sending, ...]
    rejected: tuple[Rejection, ...]
    assessments: Mapping[int, Assessment] = field(default_factory=dict)
    children: frozenset[int] = frozenset()
    place: Place = field(default_factory=Place)
    dates: Mapping[str, DateOrder] = field(default_factory=dict)
    # How many rows the spreadsheet hides; `mapping` says whether they were left out.
    hidden: int = 0
    damaged: tuple[DamagedCell, ...] = ()


@dataclass(frozen=True)
class ImportCounts:
    """The result of a file in numbers: persons loaded for the first time, persons whose earlier sending was
    replaced by a later one, rows that cannot be used, sendings that changed nothing."""

    loaded: int
    replaced: int
    rejected: int
    unchanged: int

    def __str__(self) -> str:
        return f"{self.loaded} loaded, {self.replaced} replaced, {self.rejected} rejected"


@dataclass(frozen=True)
class ImportStep:
    """One sending with its person (None: somebody new) and the file they already have (None: they have none)."""

    sending: Sending
    numbers: Mapping[str, str]
    person: Person | None
    standing: sa.Row[Any] | None


@dataclass(frozen=True)
class ImportPlan:
    """What loading would do, with one step for each person. `held` are the identifiers of known persons, by
    their id and then by kind."""

    new: tuple[ImportStep, ...]
    replacing: tuple[ImportStep, ...]
    unchanged: tuple[ImportStep, ...]
    rejected: tuple[Rejection, ...]
    held: Mapping[int, Mapping[str, Identifier]]
    counts: ImportCounts

    @property
    def files(self) -> int:
        """How many files loading makes or changes."""
        return len(self.new) + len(self.replacing)


@dataclass(frozen=True)
class Replacement:
    """A sending that takes the place of another: its line and name, and the name and line of the other; no line if
    the other is a file that stands."""

    line: int
    name: str
    known: str
    known_line: int | None = None

    @property
    def is_same_name(self) -> bool:
        """Whether both are written alike, but for accents, case and the order of the names."""
        return sorted(fold(self.name).split()) == sorted(fold(self.known).split())


def replacements(plan: ImportPlan, prepared: PreparedImport) -> list[Replacement]:
    """All sendings that take the place of another, in this file and among the files that stand. Those whose names
    differ come first: there a number may be wrong."""
    form = prepared.definition.form
    kept = {sending.identity: sending for sending in prepared.accepted}
    found = [
        Replacement(new.line, name_in(form, new.answers), name_in(form, old.answers), old.line)
        for old in prepared.replaced
        if (new := kept.get(old.identity)) is not None
    ]
    found += [
        Replacement(step.sending.line, name_in(form, step.sending.answers), step.standing.name)
        for step in plan.replacing
        if step.standing is not None
    ]
    return sorted(found, key=lambda each: (each.is_same_name, each.line))


def sent_outside(intake: Intake, prepared: PreparedImport) -> list[int]:
    """The lines of the rows that were sent before the intake opened or after it closed, as the file says."""
    sent = ((each.line, each.sent_at) for each in prepared.accepted if each.sent_at is not None)
    return [line for line, moment in sent if not intake.opens_at <= moment <= intake.closes_at]


def offering_of(prepared: PreparedImport, sending: Sending, offered: Mapping[str, int]) -> int | None:
    """The offering that a sending ranks first, of those `offered` (ids by key), or the intake's only one."""
    key = first_choice(prepared.definition.form, sending.answers, offered)
    if key is None:
        return next(iter(offered.values())) if len(offered) == 1 else None
    return offered[key]


def decided_without(intake: Intake, prepared: PreparedImport, plan: ImportPlan) -> Problem | None:
    """What it means that people of the file come after it was decided on what they chose; None if nobody does. Who
    chose nothing stands with the first offering."""
    decided = {number for found in hooks.decided_offerings(intake.id) for number in found}
    offered = {offering.key: offering.id for offering in offerings_of(intake)} if decided else {}
    first = next(iter(offered.values()), None)
    started = (step for step in plan.replacing if step.standing and step.standing.state in _UNSENT)
    late = [
        step
        for step in (*plan.new, *started)
        if (offering_of(prepared, step.sending, offered) or first) in decided
    ]
    return Problem(_AFTER, {"people": len(late)}) if late else None


def prepared_of(
    filename: str,
    definition: Definition,
    mapping: ColumnMapping,
    accepted: Sequence[Sending],
    replaced: Sequence[Sending],
    rejected: Sequence[Rejection],
) -> PreparedImport:
    """The judged rows, with the eligibility of each that can be loaded. A child's row without a guardian is
    rejected."""
    today = clock.today()
    minors = [each for each in accepted if is_child(definition, each.answers, today)]
    faults = {each.line: guardian_problems(definition.form, each.answers) for each in minors}
    children = frozenset(line for line, found in faults.items() if not found)
    rejected = [
        *rejected,
        *(_unguarded(each, mapping, faults[each.line]) for each in minors if faults[each.line]),
    ]
    accepted = [each for each in accepted if not faults.get(each.line)]
    assessments = {
        each.line: assess(definition.eligibility, each.answers, _day_of(each)) for each in accepted
    }
    return PreparedImport(
        filename,
        definition,
        mapping,
        tuple(accepted),
        tuple(replaced),
        tuple(rejected),
        assessments,
        children,
    )


def _unguarded(sending: Sending, mapping: ColumnMapping, problems: Sequence[Problem]) -> Rejection:
    """The rejection of a child's row that names no guardian who could be asked."""
    faults = tuple(RowFault(mapping.column_of(problem.where or ""), problem) for problem in problems)
    return Rejection(sending.line, sending.raw, faults, sending.fingerprint)


def plan_of(
    intake: Intake, prepared: PreparedImport, *, lock: bool = False, own: frozenset[int] | None = None
) -> ImportPlan:
    """Sort the sendings: from new persons, replacing an older sending, changing nothing, rejected. `lock`:
    lock the standing files.

    `own`: the ids of the viewer's own imports, if they enrol a group; they may replace what these made, and
    no other file. None for staff.
    """
    form = prepared.definition.form
    numbers = {each.line: identity_numbers(form, each.answers) for each in prepared.accepted}
    known = bearers(numbers.values())
    held = identifiers_of({person.id for person in known.values()})
    owners: list[tuple[Sending, Person | None]] = []
    rejected = list(prepared.rejected)
    named = intake if own is None else None
    claimed: dict[tuple[str, str], Sending] = {}
    for sending in prepared.accepted:
        found = owner_of(sending, numbers[sending.line], known, held, claimed)
        if isinstance(found, Contradiction):
            rejected.append(contradicted(sending, form, prepared.mapping, found, named))
        else:
            owners.append((sending, found))
            claimed |= dict.fromkeys(numbers[sending.line].items(), sending)
    standing = _standing(intake.id, {person.id for _, person in owners if person}, lock=lock)
    strangers = rows_of_others(owners, standing, form)
    rejected += [contradicted(sending, form, prepared.mapping, found, named) for sending, found in strangers]
    apart = {sending.line for sending, _ in strangers}
    owners = [(sending, person) for sending, person in owners if sending.line not in apart]
    if own is not None:
        others = {number for number, row in standing.items() if row.run_id not in own}
        rejected += [
            _enrolled_already(sending) for sending, person in owners if person and person.id in others
        ]
        owners = [(sending, person) for sending, person in owners if not person or person.id not in others]
    steps = [
        ImportStep(sending, numbers[sending.line], person, standing.get(person.id) if person else None)
        for sending, person in owners
    ]
    return _sorted(steps, tuple(sorted(rejected, key=lambda row: row.line)), prepared, held)


def _sorted(
    steps: Sequence[ImportStep],
    rejected: tuple[Rejection, ...],
    prepared: PreparedImport,
    held: Mapping[int, Mapping[str, Identifier]],
) -> ImportPlan:
    new = tuple(step for step in steps if step.standing is None)
    replacing = tuple(step for step in steps if step.standing is not None and _replaces(step))
    unchanged = tuple(step for step in steps if step.standing is not None and not _replaces(step))
    twice = {sending.identity for sending in prepared.replaced}
    # A draft was never sent: a person who had only a draft counts as loaded, not as replaced.
    started = [step for step in replacing if step.standing and step.standing.state in _UNSENT]
    again = [step for step in (*new, *started) if step.sending.identity in twice]
    counts = ImportCounts(
        len(new) + len(started),
        len(replacing) - len(started) + len(again),
        len(rejected),
        len(unchanged),
    )
    return ImportPlan(new, replacing, unchanged, rejected, held, counts)


def _replaces(step: ImportStep) -> bool:
    row = step.standing
    return row is not None and supersedes(
        step.sending, row.sent_at, row.fingerprint, row.source, row.withdrawn_at
    )


def _enrolled_already(sending: Sending) -> Rejection:
    problem = Problem(
        N_("Cette personne est déjà inscrite, et pas par vous. Écrivez au programme si c’est une erreur.")
    )
    return Rejection(sending.line, sending.raw, (RowFault(None, problem),), sending.fingerprint)


def _standing(intake_id: int, persons: set[int], *, lock: bool) -> dict[int, Any]:
    columns = (
        Application.id,
        Application.reference,
        Application.person_id,
        Application.state,
        Application.consent,
        Application.source,
        Application.sent_at,
        Application.withdrawn_at,
        Application.fingerprint,
        Application.run_id,
        Application.email,
        Application.name,
    )
    found: dict[int, Any] = {}
    for part in in_parts(persons):
        query = sa.select(*columns).where(Application.intake_id == intake_id, Application.person_id.in_(part))
        for row in db.session.execute(query.with_for_update() if lock else query):
            found[row.person_id] = row
    return found


def _day_of(sending: Sending) -> date:
    """The day for which eligibility is assessed: that of sending, else today."""
    return clock.local(sending.sent_at or clock.now()).date()
