"""Does one act on many files, after showing to how many it applies and why not to the others; and undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.corrections.rules import CorrectionState
from cohortmgr.applications.deadlines.actions import extensions
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.desk.actions import notes
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.actions import hold
from cohortmgr.applications.file.models import Application, Correction, Extension, Note
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.applications.lists.queries.allowed import require_open
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.paging import is_longer
from cohortmgr.base.text import reference_once, says_number
from cohortmgr.outbox.models import Bundle
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
UNDONE_WITHIN = timedelta(days=1)
# For more files than this, staff must type their number.
MANY = 100
MOST = 5000
_NOT_SENT = N_("Pas envoyé")
_ALREADY_ASKED = N_("Une correction est déjà demandée")
_SENT = N_("Déjà envoyé, ou retiré")
_ALREADY_EXTENDED = N_("Un délai est déjà accordé")
_NOBODY = N_("Cela ne s’applique à aucun de ces dossiers.")
_MOVED = N_("La liste a changé entre-temps : elle compte maintenant %(count)s. Vérifiez, puis recommencez.")
_TYPE = N_("Écrivez le nombre de dossiers pour confirmer.")
_TOO_MANY = N_(
    "Cette liste compte plus de %(most)s dossiers, et c’est le plus à la fois. Resserrez ses filtres, par exemple par "
    "région ou par jour d’envoi."
)
_TOO_LATE = N_("Un jour est passé : ceci ne s’annule plus d’un coup.")


class Act(StrEnum):
    """What can be done to many files at once."""

    CORRECT = "correct"
    NOTE = "note"
    EXTEND = "extend"


_MADE: Mapping[Act, type[Correction | Note | Extension]] = {
    Act.CORRECT: Correction,
    Act.NOTE: Note,
    Act.EXTEND: Extension,
}


@dataclass(frozen=True)
class Preview:
    """The ids of the files to which an act applies, and how many files it leaves out, by reason.

    `too_many` says that the list has more than MOST files, and none of them was looked at."""

    files: Sequence[int]
    passed: Mapping[str, int]
    too_many: Problem | None = None

    @property
    def count(self) -> int:
        """The number of files to which the act applies."""
        return len(self.files)


@dataclass(frozen=True)
class Wanted:
    """What staff filled in: `text` is a message, a note or a reason; `items` maps a question to the kind of
    correction; `token` is that of the page, by which a form that is sent again is known."""

    text: str = ""
    until: datetime | None = None
    items: Mapping[str, str] | None = None
    confirmation: str = ""
    count: int | None = None
    token: str = ""


def preview(viewer: Viewer, intake: Intake, act: Act, filters: ApplicationFilters) -> Preview:
    """The files of the list to which the act applies. One statement asks whether it has too many, and one reads.
    Refused if a condition of the list is not open to the viewer."""
    require(viewer, file.MANAGE, intake.path)
    require_open(viewer, intake, filters)
    listed = lists.chosen(intake.id, filters)
    if is_longer(sa.select(Application.id).where(*listed), MOST):
        return Preview([], {}, Problem(_TOO_MANY, {"most": MOST}))
    asked = sa.exists().where(
        Correction.application_id == Application.id, Correction.state == CorrectionState.ASKED.value
    )
    extended = sa.exists().where(Extension.application_id == Application.id, Extension.revoked_at.is_(None))
    rows = db.session.execute(
        sa.select(Application.id, Application.state, asked.label("asked"), extended.label("extended"))
        .where(*listed)
        .order_by(Application.id)
    ).all()
    files, passed = [], Counter[str]()
    for row in rows:
        why = _why_not(act, row)
        if why is None:
            files.append(row.id)
        else:
            passed[why] += 1
    return Preview(files, passed)


def _why_not(act: Act, row: sa.Row[int, str, bool, bool]) -> str | None:
    if act is Act.CORRECT:
        return _NOT_SENT if row.state != ApplicationState.SUBMITTED else _ALREADY_ASKED if row.asked else None
    if act is Act.EXTEND:
        return _SENT if row.state != ApplicationState.DRAFT else _ALREADY_EXTENDED if row.extended else None
    return None


def carry_out(
    viewer: Viewer, reference: str, act: Act, filters: ApplicationFilters, wanted: Wanted
) -> BulkAct:
    """Do the act on every file to which it applies, as one lot. The same form sent again, by its token, does nothing
    more.

    Raises Refused if the list is not as long as it was when shown, if the number had to be typed and was not,
    and for whatever the act itself refuses.
    """
    intake = file.staff_intake(viewer, reference, file.MANAGE)
    own = _reference(viewer, intake, act, filters, wanted)
    done = sa.select(BulkAct).where(BulkAct.reference == own)
    if (lot := db.session.scalar(done)) is not None:
        return lot
    found = preview(viewer, intake, act, filters)
    _require_meant(found, wanted)
    rows: list[Application] = []
    for start in range(0, found.count, 500):
        part = sa.select(Application).where(Application.id.in_(found.files[start : start + 500]))
        rows += db.session.scalars(part.order_by(Application.id))
    lot = BulkAct(
        reference=own,
        institution_id=intake.institution_id,
        intake_id=intake.id,
        act=act.value,
        count=len(rows),
        by=viewer.reference,
        at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(lot)
    except IntegrityError:  # the same form, sent twice at once
        return db.session.scalars(done).one()
    if act is not Act.NOTE:  # the letters of a lot leave together, and can be called off together
        db.session.add(Bundle(reference=lot.reference, institution_id=intake.institution_id))
    _do(viewer, intake, act, rows, wanted, lot.reference)
    after = {"act": act.value, "files": len(rows)}
    record(viewer, "applications.lot", about(lot), after=after)
    return lot


def _reference(viewer: Viewer, intake: Intake, act: Act, filters: ApplicationFilters, wanted: Wanted) -> str:
    until = "" if act is Act.NOTE else str(wanted.until)  # a note has none: the page reads the present moment
    items = (f"{key}={kind}" for key, kind in (wanted.items or {}).items())
    files = (f"{name}={value}" for name, value in filters.arguments().items())
    said = (act.value, wanted.text, until, *items, *files)
    return reference_once(wanted.token, viewer.reference, intake.reference, *said)


def _require_meant(found: Preview, wanted: Wanted) -> None:
    if found.too_many:
        raise Refused(found.too_many)
    if not found.files:
        raise Refused(_NOBODY)
    if wanted.count != found.count:
        raise Refused(Problem(_MOVED, {"count": Quantity(*_FILES, found.count)}))
    if found.count > MANY and not says_number(wanted.confirmation, found.count):
        raise Refused(Problem(_TYPE, {}, "confirmation"))


def _do(
    viewer: Viewer, intake: Intake, act: Act, rows: Sequence[Application], wanted: Wanted, lot: str
) -> None:
    until = wanted.until or clock.now()
    if act is Act.CORRECT:
        definition = definition_of(intake)
        corrections.ask_all(viewer, intake, definition, rows, wanted.items or {}, wanted.text, until, lot)
    elif act is Act.EXTEND:
        extensions.extend_all(viewer, intake, rows, until, wanted.text, lot)
    else:
        notes.write_all(viewer, rows, wanted.text, lot=lot)


def undo(viewer: Viewer, reference: str) -> tuple[BulkAct, Intake]:
    """Undo, within a day, what is still as the lot left it; what people answered meanwhile stays.

    Letters that have not left do not leave. If it was undone already, nothing happens."""
    lot, intake = desk.lot_for(viewer, reference)
    require(viewer, file.MANAGE, intake.path)
    if lot.undone_at is not None:
        return lot, intake
    moment = clock.now()
    if moment > lot.at + UNDONE_WITHIN:
        raise Refused(_TOO_LATE)
    made = _MADE[Act(lot.act)]
    hold(viewer, sa.select(made.application_id).where(made.lot == lot.reference))
    waiting = (Correction.lot == lot.reference, Correction.state == CorrectionState.ASKED.value)
    called_off = {"state": CorrectionState.CALLED_OFF.value, "version": Correction.version + 1}
    db.session.execute(sa.update(Correction).where(*waiting).values(called_off))
    live = (Extension.lot == lot.reference, Extension.revoked_at.is_(None))
    db.session.execute(sa.update(Extension).where(*live).values(revoked_at=moment))
    db.session.execute(sa.delete(Note).where(Note.lot == lot.reference))
    bundle = sa.update(Bundle).where(Bundle.reference == lot.reference)
    db.session.execute(bundle.values(state="called_off"))
    lot.undone_at = moment
    record(viewer, "applications.undo_lot", about(lot))
    return lot, intake
