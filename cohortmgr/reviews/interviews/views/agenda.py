"""What of interviews and tests waits for whom: who chooses a slot, who hears people, and what comes in an intake."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import Coming, PendingAct, PendingKind
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.interviews.actions.letters import title_of
from cohortmgr.reviews.interviews.queries import hearing, panels, waiting
from cohortmgr.reviews.interviews.rules import attended

# How many days of a panel stand on the page of today; its own page has all.
MOST_DAYS = 10


def own_days(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the days to come whose panel the viewer is on, and on which somebody comes."""
    for row in panels.own_days(viewer)[:MOST_DAYS]:
        if row.people:
            what = ngettext("%(num)s personne à recevoir", "%(num)s personnes à recevoir", row.people)
            url = url_for("panels_staff.day", reference=row.day.reference)
            kind: PendingKind = "wait" if row.day.day == clock.today() else "info"
            yield PendingAct(
                told(what, localized(row.intake.title)), _("Voir"), url, kind, row.day.day, row.intake.id
            )


def to_mark(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the days on which people came before the viewer, who has not handed in their marks."""
    for row in panels.to_mark(viewer)[:MOST_DAYS]:
        what = ngettext("%(num)s entretien à noter", "%(num)s entretiens à noter", row.people)
        url = url_for("panels_staff.day", reference=row.day.reference)
        title = told(what, localized(row.intake.title))
        yield PendingAct(title, _("Ouvrir"), url, "wait", row.day.day, row.intake.id)


def without_slot(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield how many people of a phase have no slot, where days are planned for it."""
    for row in waiting.waiting_for_slots(viewer, "reviews.assign"):
        what = ngettext("%(num)s personne sans créneau", "%(num)s personnes sans créneau", row.people)
        url = url_for("interviews_staff.waiting", reference=row.intake.reference, phase=row.phase.key)
        yield PendingAct(
            told(what, localized(row.intake.title)), _("Voir"), url, "wait", row.last, row.intake.id
        )


def lacking_panels(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the days to come with a member of the panel who may not hear anybody any longer."""
    for row in hearing.lacking_panels(viewer, "reviews.assign"):
        what = ngettext(
            "%(num)s membre du jury ne peut plus entendre",
            "%(num)s membres du jury ne peuvent plus entendre",
            row.people,
        )
        url = url_for("panels_staff.day", reference=row.day.reference)
        yield PendingAct(
            told(what, localized(row.intake.title)), _("Voir"), url, "stop", row.day.day, row.intake.id
        )


def coming(viewer: Viewer, intake: Intake) -> Iterator[Coming]:
    """Yield the days of an intake on which people come."""
    titles = {phase.key: localized(title_of(phase)) for phase in attended(definition_of(intake))}
    for day in waiting.days_to_come(intake) if titles else ():
        yield Coming(titles.get(day.phase, day.phase), day.day)
