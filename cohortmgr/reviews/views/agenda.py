"""What of the readings waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.queries import conflicts
from cohortmgr.reviews.assignment.queries import days as due
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.discussion import queries as talks
from cohortmgr.reviews.interviews.rules import attended
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.display import name_of
from cohortmgr.reviews.progress import queries as progress
from cohortmgr.reviews.reading import queries as readings

# How many readers who are late stand on the page of today; the overview of an intake has all.
MOST_LATE = 20


def to_declare(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes of which the viewer has not said whom they know, before they read."""
    for intake in conflicts.to_be_said(viewer):
        what = told(_("Dire qui vous connaissez parmi les candidats"), localized(intake.title))
        url = url_for("knowing_staff.known", reference=intake.reference)
        yield PendingAct(what, _("Répondre"), url, "wait", intake.decision_by, intake.id)


def own_readings(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield how many files of each intake wait until the viewer has read them; whom they hear is told with its day."""
    mine = readings.open_by_phase(viewer)
    days = due.next_days_of(viewer) if mine else {}
    for intake, phase, number in mine:
        if phase not in {each.key for each in attended(definition_of(intake))}:
            what, day = (
                ngettext("%(num)s dossier à lire", "%(num)s dossiers à lire", number),
                days.get(intake.id),
            )
            kind: PendingKind = "stop" if day is not None and day < clock.today() else "wait"
            url = url_for("reading_staff.queue")
            yield PendingAct(told(what, localized(intake.title)), _("Lire"), url, kind, day, intake.id)


def discussions(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the discussions of each intake that wait for the viewer's word."""
    for intake_id, title, number, first in talks.open_of(viewer):
        what = ngettext("%(num)s discussion ouverte", "%(num)s discussions ouvertes", number)
        url = url_for("reading_staff.review", reference=first)
        yield PendingAct(told(what, localized(title)), _("Relire"), url, "wait", None, intake_id)


def late_readers(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield who has not handed in what was due, by intake."""
    for row in due.late_by_reader(viewer, "reviews.assign", MOST_LATE):
        name = f"{row.given_name} {row.family_name}".strip()
        what = ngettext(
            "%(name)s : %(num)s lecture en retard",
            "%(name)s : %(num)s lectures en retard",
            row.number,
            name=name,
        )
        url = url_for("assignment_staff.readings_of", reference=row.Intake.reference, reader=row.reference)
        yield PendingAct(
            told(what, localized(row.Intake.title)), _("Voir"), url, "stop", row.since, row.Intake.id
        )


def to_close(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes of which a phase is over, so that it can be said who goes on: every mark of it is given."""
    closed = assignments.closed_with_files(viewer, "reviews.assign")
    waiting = {intake: phase for intake in closed if (phase := phases.open_phase(intake)) is not None}
    for intake, phase in waiting.items():
        if phases.is_marked(intake, phase):
            what = _("Dire qui va plus loin après « %(phase)s »", phase=name_of(phase))
            url = url_for("phases_staff.phases", reference=intake.reference)
            yield PendingAct(
                told(what, localized(intake.title)), _("Voir"), url, "wait", intake.decision_by, intake.id
            )


def to_assign(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes that have closed, and whose files lack readers: late once answers were promised."""
    closed = assignments.closed_with_files(viewer, "reviews.assign")
    lacking = progress.lacking_in(closed)
    for intake in closed:
        number = lacking[intake.id]
        if not number:
            continue
        what = ngettext("%(num)s lecture à confier", "%(num)s lectures à confier", number)
        url = url_for("assignment_staff.overview", reference=intake.reference)
        kind: PendingKind = "stop" if intake.decision_by < clock.today() else "wait"
        yield PendingAct(
            told(what, localized(intake.title)), _("Confier"), url, kind, intake.decision_by, intake.id
        )
