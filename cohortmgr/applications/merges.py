"""Two files of one human being: one is kept, the other put aside as it was, and brought back if that was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications import listing, queries
from cohortmgr.applications.likeness import Known, Likeness, pairs
from cohortmgr.applications.models import Application, Merge
from cohortmgr.applications.queries import File, person_reference
from cohortmgr.applications.rules import State
from cohortmgr.audit.actions import record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.text import clean
from cohortmgr.programmes.models import Intake

UNDONE_WITHIN = timedelta(days=30)
LONGEST_REASON = 1000
_REASON = N_("Dites ce qui montre que c’est la même personne.")
_LONG = N_("La raison dépasse %(most)s caractères.")
_SAME = N_("Choisissez deux dossiers différents de la même campagne.")
_STATE = N_(
    "Seuls un brouillon ou une candidature envoyée se mettent de côté, et le dossier gardé doit être lu."
)
_SENT = N_("Un dossier envoyé ne se met pas de côté pour un brouillon : gardez celui qui est envoyé.")
_DECIDED = N_("Une décision est déjà prise sur le dossier %(number)s : il ne se met plus de côté.")
_TOO_LATE = N_("Trente jours sont passés : cette réunion ne se défait plus.")


def alike(viewer: Viewer, intake: Intake) -> list[tuple[Likeness, Application, Application]]:
    """The pairs of an intake's files that look like one person's, the likest first; two statements."""
    require(viewer, queries.MANAGE, intake.path)
    wanted = sa.select(Application, Person).join(Person, Person.id == Application.person_id)
    living = Application.state.in_([State.DRAFT, State.SUBMITTED])
    here = (Application.intake_id == intake.id, living, queries.AGREED)
    rows = db.session.execute(wanted.where(*here).order_by(Application.id)).all()
    numbers: dict[int, dict[str, str]] = {}
    bearers = sa.select(Application.person_id).where(*here)
    for row in db.session.scalars(sa.select(Identifier).where(Identifier.person_id.in_(bearers))):
        numbers.setdefault(row.person_id, {})[row.kind] = row.blind
    files = {application.id: application for application, _ in rows}
    found = pairs(_known(application, person, numbers.get(person.id)) for application, person in rows)
    return [(each, files[each.first], files[each.second]) for each in found]


def _known(application: Application, person: Person, numbers: dict[str, str] | None) -> Known:
    return Known(
        application.id,
        person.name or application.name,
        f"{person.given_name_ar} {person.family_name_ar}".strip(),
        person.birth_date,
        person.phone_blind,
        application.email or person.email,
        numbers,
    )


def merged(viewer: Viewer, intake: Intake) -> Sequence[sa.Row[Merge, Application, Application]]:
    """Every file put aside in an intake, with the one that is kept, the newest first."""
    require(viewer, queries.MANAGE, intake.path)
    kept, aside = aliased(Application), aliased(Application)
    return db.session.execute(
        sa.select(Merge, kept, aside)
        .join(kept, kept.id == Merge.kept_id)
        .join(aside, aside.id == Merge.aside_id)
        .where(Merge.intake_id == intake.id)
        .order_by(Merge.id.desc())
    ).all()


def merge(viewer: Viewer, kept_reference: str, aside_reference: str, reason: str) -> Merge:
    """Put the second file aside for the first; nothing of it is lost. Done already: the same, nothing happens twice.

    Refused without a reason, across intakes, for a file on which a decision was taken, and for a sent file beside a
    draft.
    """
    kept, aside = (_managed(viewer, reference) for reference in (kept_reference, aside_reference))
    one, other, reason = kept.application, aside.application, clean(reason)
    known = db.session.scalar(
        sa.select(Merge).where(Merge.aside_id == other.id, Merge.kept_id == one.id, Merge.undone_at.is_(None))
    )
    if known is not None:
        return known
    _require_mergeable(one, other, reason)
    row = Merge(
        institution_id=one.institution_id,
        intake_id=one.intake_id,
        kept_id=one.id,
        aside_id=other.id,
        state_before=other.state,
        reason=reason,
        by=viewer.reference,
        at=clock.now(),
    )
    _move(other, State(other.state), State.SUPERSEDED)
    db.session.add(row)
    before, after = {"state": row.state_before}, {"kept": one.reference, "reason": reason}
    _note(viewer, other, "applications.put_aside", before, after)
    _note(viewer, one, "applications.keep", {}, {"aside": other.reference, "reason": reason})
    return row


def _require_mergeable(one: Application, other: Application, reason: str) -> None:
    if not reason:
        raise Refused(Problem(_REASON, {}, "reason"))
    if len(reason) > LONGEST_REASON:
        raise Refused(Problem(_LONG, {"most": LONGEST_REASON}, "reason"))
    if one.id == other.id or one.intake_id != other.intake_id:
        raise Refused(_SAME)
    living = (State.DRAFT, State.SUBMITTED)
    if other.state not in living or one.state not in living:
        raise Refused(_STATE)
    if other.state == State.SUBMITTED and one.state == State.DRAFT:
        raise Refused(_SENT)
    for of_outcome in listing.outcomes_above:
        for outcome in listing.OUTCOMES[:-1]:
            decided = sa.select(Application.id).where(
                Application.id == other.id, Application.id.in_(of_outcome(outcome))
            )
            if db.session.scalar(decided) is not None:
                raise Refused(Problem(_DECIDED, {"number": other.number}))


def undo(viewer: Viewer, reference: str) -> Merge:
    """Bring a file back as it was, within thirty days; undone already, nothing happens."""
    inside = [Intake.path.startswith(path, autoescape=True) for path in viewer.paths(queries.MANAGE)]
    found = db.session.execute(
        sa.select(Merge, Application)
        .join(Application, Application.id == Merge.aside_id)
        .join(Intake, Intake.id == Merge.intake_id)
        .where(Merge.reference == reference, sa.or_(sa.false(), *inside))
    ).first()
    if found is None:
        raise NotFound(reference)
    row, other = found
    if row.undone_at is not None:
        return row
    if clock.now() > row.at + UNDONE_WITHIN:
        raise Refused(_TOO_LATE)
    _move(other, State.SUPERSEDED, State(row.state_before))
    row.undone_at = clock.now()
    _note(viewer, other, "applications.bring_back", {"state": State.SUPERSEDED}, {"state": row.state_before})
    return row


def _move(row: Application, before: State, after: State) -> None:
    if row.state != before:
        raise Stale(row.reference)
    row.state, row.updated_at = after.value, clock.now()
    db.session.flush()


def _managed(viewer: Viewer, reference: str) -> File:
    file = queries.read_by_staff(viewer, reference)
    require(viewer, queries.MANAGE, file.intake.path)
    return file


def _note(
    viewer: Viewer, row: Application, action: str, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    subject = person_reference(row)
    record(viewer, action, "application", row.reference, row.institution_id, subject, before, after)


def intake_reference(viewer: Viewer, row: Merge) -> str:
    """The reference of the intake of a merge, for the way back to its page."""
    return db.session.get_one(Intake, row.intake_id).reference
