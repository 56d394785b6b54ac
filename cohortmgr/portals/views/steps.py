"""The steps after the sending on a file's own page: the decision, what is still asked, and the first day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.joining.queries import owed_by
from cohortmgr.base import clock
from cohortmgr.base.i18n import day, moment, say
from cohortmgr.portals.turns import JOINING, FileSituation, turn_of
from cohortmgr.selection import queries as selection
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.selection.rules import OfferState, is_open, lapses_at


def owed_of(told: Iterable[OwnDecision]) -> Mapping[int, int]:
    """Return by application id how many answers are still asked of those who accepted a seat."""
    seated = [
        each.application.id for each in told if each.offer is not None and each.offer.state == "accepted"
    ]
    return {number: len(questions) for number, questions in owed_by(seated).items()}


def standing_of(told: OwnDecision, owed: int = 0) -> FileSituation:
    """Return where a file stands once its person was told of a decision."""
    offer = told.offer
    return FileSituation(
        told.application.state,
        told.intake.closes_at,
        told.intake.decision_by,
        told.decision.outcome,
        offer.state if offer else None,
        offer.deadline if offer else None,
        lapses_at(offer.deadline, offer.held_at) if offer else None,
        told.place,
        owed,
    )


def steps(viewer: Viewer, application: Application) -> Iterable[Mapping[str, Any]]:
    """Yield the decision and, if there is a seat, the first day. Yields nothing before the person was told."""
    for told in selection.mine(viewer):
        if told.application.id == application.id:
            turn = turn_of(
                standing_of(told, owed_of([told]).get(application.id, 0)), clock.local(clock.now())
            )
            if (answer := _answered_at(told)) is not None:
                yield {"at": told.told_at, "when": moment(told.told_at), "title": _("Place proposée")}
            since = answer or told.told_at
            answered = {"at": since, "when": moment(since), "title": _(turn.status)}
            if (closed := selection.list_closed_on(told)) is not None:  # long after the decision
                yield {**answered, "title": _("Liste d’attente")}
                answered = {"when": day(closed), "title": _(turn.status)}
            own = application if turn.endpoint == JOINING else told.offer or told.decision
            begun = told.offer is not None and told.intake.starts_on <= clock.today()
            now = {
                "state": "done" if begun and not turn.mine else "now",
                "due": say(turn.next),
                "kind": turn.kind,
                "url": url_for(turn.endpoint, reference=own.reference),
                "action": _("Continuer") if turn.mine else _("Voir"),
            }
            if turn.endpoint == JOINING:
                yield answered
                yield {"title": _("À fournir pour votre inscription"), **now}
            else:
                yield {**answered, **now}
            if told.offer is not None and told.offer.state in ("sent", "accepted"):
                yield {
                    "when": day(told.intake.starts_on),
                    "title": _("Rentrée"),
                    "state": "next" if not begun else "done" if turn.mine else "now",
                }


def _answered_at(told: OwnDecision) -> datetime | None:
    """Return when the offer of a seat was answered or ended; None while it waits, or if there is none."""
    offer = told.offer
    if offer is None or is_open(offer.state, offer.deadline, offer.held_at, clock.now()):
        return None
    return offer.deadline if offer.state in (OfferState.SENT, OfferState.EXPIRED) else offer.answered_at
