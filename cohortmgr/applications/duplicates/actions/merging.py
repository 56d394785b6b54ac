"""Records that two files are one person's, and undoes it.

In one intake one file is kept and the other put aside as it was, until it is brought back. In two intakes
both stand, and each shows the other. Either way the viewer must manage both, so that nobody learns what an
institution closed to them knows of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.journey.actions import changes
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.text import clean, new_reference
from cohortmgr.programmes.models import Intake

UNDONE_WITHIN = timedelta(days=30)
LONGEST_REASON = 1000
_REASON = N_("Dites ce qui montre que c’est la même personne.")
_LONG = N_("La raison dépasse %(most)s caractères.")
_SAME = N_("Choisissez deux dossiers différents.")
_KNOWN = N_("Ces deux dossiers sont déjà ceux de la même personne.")
_UNITED = N_("Le dossier %(number)s est déjà réuni à un autre : défaites d’abord cette réunion.")
_SUPERSEDED = N_("Le dossier %(number)s est mis de côté : gardez celui qui reste.")
_STATE = N_(
    "Seuls un brouillon ou une candidature envoyée se mettent de côté, et le dossier gardé doit être lu."
)
_SENT = N_("Un dossier envoyé ne se met pas de côté pour un brouillon : gardez celui qui est envoyé.")
_DECIDED = N_("Une décision est déjà prise sur le dossier %(number)s : il ne se met plus de côté.")
_TOO_LATE = N_("Trente jours sont passés : cette réunion ne se défait plus.")


def merge(viewer: Viewer, kept_reference: str, aside_reference: str, reason: str) -> Merge:
    """Record that two files are one person's. If it is recorded already, nothing happens again.

    In one intake the second file is put aside for the first, and nothing of it is lost. In two intakes both
    stand. Raises Refused without a reason. In one intake it also refuses to put aside a file on which a
    decision was taken, or a sent file for a draft. In two it refuses files that already belong to one person,
    and a file united to a third.
    """
    kept, aside = (_managed(viewer, reference) for reference in (kept_reference, aside_reference))
    one, other, reason = kept.application, aside.application, clean(reason)
    across = one.intake_id != other.intake_id
    known = _known_merge(one, other) or (_known_merge(other, one) if across else None)
    if known is not None:
        return known
    _require_reason(reason)
    if across:
        _require_unitable(one, other)
    else:
        _require_mergeable(viewer, one, other)
    row = Merge(
        reference=new_reference(),
        institution_id=one.institution_id,
        intake_id=one.intake_id,
        kept_id=one.id,
        aside_id=other.id,
        state_before=other.state,
        reason=reason,
        by=viewer.reference,
        at=clock.now(),
    )
    if across:
        _insert_alone(row, other)
        _note_both(viewer, row, one, other, "applications.unite", {"reason": reason})
        return row
    _move(other, ApplicationState(other.state), ApplicationState.SUPERSEDED)
    _insert_alone(row, other)
    before, after = {"state": row.state_before}, {"kept": one.reference, "reason": reason}
    record(viewer, "applications.put_aside", about_file(viewer, other), before=before, after=after)
    record(
        viewer,
        "applications.keep",
        about_file(viewer, one),
        before={},
        after={"aside": other.reference, "reason": reason},
    )
    return row


def _known_merge(one: Application, other: Application) -> Merge | None:
    same = (Merge.aside_id == other.id, Merge.kept_id == one.id, Merge.undone_at.is_(None))
    return db.session.scalar(sa.select(Merge).where(*same))


def _require_reason(reason: str) -> None:
    if not reason:
        raise Refused(Problem(_REASON, {}, "reason"))
    if len(reason) > LONGEST_REASON:
        raise Refused(Problem(_LONG, {"most": LONGEST_REASON}, "reason"))


def _require_unitable(one: Application, other: Application) -> None:
    if one.person_id == other.person_id:
        raise Refused(_KNOWN)
    for row in (one, other):
        if row.state == ApplicationState.SUPERSEDED:
            raise Refused(Problem(_SUPERSEDED, {"number": row.number}))


def _insert_alone(row: Merge, other: Application) -> None:
    """Insert the merge. A file is united to only one other; if two staff do so at once, the second is
    refused."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        raise Refused(Problem(_UNITED, {"number": other.number})) from None


def _require_mergeable(viewer: Viewer, one: Application, other: Application) -> None:
    if one.id == other.id:
        raise Refused(_SAME)
    living = (ApplicationState.DRAFT, ApplicationState.SUBMITTED)
    if other.state not in living or one.state not in living:
        raise Refused(_STATE)
    if other.state == ApplicationState.SUBMITTED and one.state == ApplicationState.DRAFT:
        raise Refused(_SENT)
    if any(told(viewer, other) for told in changes.decided):
        raise Refused(Problem(_DECIDED, {"number": other.number}))


def undo(viewer: Viewer, reference: str) -> Merge:
    """Bring a file back as it was, or treat two files as two people's again, within thirty days. If it was
    undone already, nothing happens."""
    kept, aside, of_kept, of_aside = (
        aliased(Application), aliased(Application), aliased(Intake), aliased(Intake),
    )  # fmt: skip
    managed = [file_queries.within(viewer, file_queries.MANAGE, at.path) for at in (of_kept, of_aside)]
    found = db.session.execute(
        sa.select(Merge, kept, aside)
        .join(kept, kept.id == Merge.kept_id)
        .join(aside, aside.id == Merge.aside_id)
        .join(of_kept, of_kept.id == kept.intake_id)
        .join(of_aside, of_aside.id == aside.intake_id)
        .where(Merge.reference == reference, *managed)
        .with_for_update(of=Merge)
    ).first()
    if found is None:
        raise NotFound(reference)
    row, one, other = found
    if row.undone_at is not None:
        return row
    if clock.now() > row.at + UNDONE_WITHIN:
        raise Refused(_TOO_LATE)
    row.undone_at = clock.now()
    if one.intake_id != other.intake_id:
        _note_both(viewer, row, one, other, "applications.separate", {})
        return row
    _move(other, ApplicationState.SUPERSEDED, ApplicationState(row.state_before))
    record(
        viewer,
        "applications.bring_back",
        about_file(viewer, other),
        before={"state": ApplicationState.SUPERSEDED},
        after={"state": row.state_before},
    )
    return row


def _move(row: Application, before: ApplicationState, after: ApplicationState) -> None:
    if row.state != before:
        raise Stale(row.reference)
    row.state, row.updated_at = after.value, clock.now()
    db.session.flush()


def _managed(viewer: Viewer, reference: str) -> File:
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    return file


def _note_both(
    viewer: Viewer, row: Merge, one: Application, other: Application, action: str, after: Mapping[str, object]
) -> None:
    """Write into the trail of both files. If they are of two institutions, write only into the installation's
    trail, so that neither institution learns from its own what the other knows."""
    if one.institution_id != other.institution_id:
        named = {**after, "files": [one.reference, other.reference]}
        record(viewer, action, About("merge", row.reference), before={}, after=named)
        return
    for each, beside in ((one, other), (other, one)):
        record(
            viewer,
            action,
            about_file(viewer, each),
            before={},
            after={**after, "same_person": beside.reference},
        )
