"""Staff's pages of a programme's dates, of what guardians of minors are asked, and of its place on the home page.

All are changed in the same draft as the form.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.views.draft_requests import one_page, structural
from cohortmgr.base.i18n import LANGUAGE_NAMES, localized, say
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.comparing import CALENDAR_NAMES
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.drafts import (
    calendar_fields,
    guardian_fields,
    kinds_offered,
    profile_fields,
    seat_fields,
)
from cohortmgr.programmes.drafts.figures import shown_hours
from cohortmgr.programmes.drafts.queries import Writing
from cohortmgr.programmes.drafts.question_fields import QuestionTable, Typed
from cohortmgr.programmes.public.listing import AUDIENCE_NAMES, KIND_NAMES, LEVEL_NAMES

bp = Blueprint("terms_staff", __name__, url_prefix="/staff/programmes")


@bp.route("/<key>/dates", methods=["GET", "POST"])
@guards.staff
def dates(key: str) -> ResponseReturnValue:
    """Show and save when campaigns open, close and answer, when the training is, and when people are
    reminded."""
    done = _("Les dates sont enregistrées dans le brouillon.")
    return one_page(
        key,
        calendar_fields.scheduled,
        calendar_fields.read_dates,
        calendar_fields.put_dates,
        _dates_page,
        done,
    )


def _dates_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    stored = status == 200 and not typed.act
    wrong: dict[str, list[str]] = {}
    for fault in found.judged.faults if stored else ():
        if fault.path and fault.path[0] in calendar_fields.SHOWN and not seat_fields.concerns(fault.path):
            wrong.setdefault(calendar_fields.anchor(fault.path), []).append(form_display.said_fault(fault))
    return render_template(
        "authoring/staff_dates.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        dates=calendar_fields.DATES,
        calendar=CALENDAR_NAMES,
        period_kinds=[(each.value, name) for each, name in calendar_fields.PERIOD_KINDS.items()],
        local=calendar_fields.shown_date,
        hours=shown_hours,
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.route("/<key>/guardians", methods=["GET", "POST"])
@guards.staff
def guardians(key: str) -> ResponseReturnValue:
    """Show and save below which age a guardian must agree, and to what; empty if the programme takes no
    minors."""
    done = _("Ce que les tuteurs acceptent est enregistré dans le brouillon.")
    return one_page(
        key, guardian_fields.terms_of, guardian_fields.read_terms, _put_terms, _guardians_page, done
    )


@bp.route("/<key>/profile", methods=["GET", "POST"])
@guards.staff
def profile(key: str) -> ResponseReturnValue:
    """Show and save by what the programme is found on the home page: its kind, whom it is for, the diploma, regions."""
    done = _("La place sur la page d’accueil est enregistrée dans le brouillon.")
    return one_page(
        key, profile_fields.profile_of, profile_fields.read_profile, _put_profile, _profile_page, done
    )


def _put_profile(document: QuestionTable, chosen: QuestionTable) -> None:
    document["profile"] = chosen


def _profile_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    return render_template(
        "authoring/staff_profile.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        kinds=[(each.value, say(name)) for each, name in KIND_NAMES.items()],
        audiences=[(each.value, say(name)) for each, name in AUDIENCE_NAMES.items()],
        levels=[(each.value, say(name)) for each, name in LEVEL_NAMES.items()],
        regions=[(code, localized(name)) for code, name in REGIONS.items()],
        **form_display.problems_of(typed.problems, {}),
    ), status


def _put_terms(document: QuestionTable, terms: QuestionTable) -> None:
    document["guardians"] = terms


def _guardians_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    stored = status == 200 and not typed.act
    is_asked = "guardians" in found.document
    wrong: dict[str, list[str]] = {}
    for fault in found.judged.faults if stored and is_asked else ():
        if fault.path[:1] == ("guardians",) and len(fault.path) > 1:
            wrong.setdefault(guardian_fields.anchor(fault.path), []).append(form_display.said_fault(fault))
    lacking = guardian_fields.missing(found.document) if is_asked else []
    return render_template(
        "authoring/staff_guardians.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        is_asked=is_asked,
        lacking=[(each["label"], kinds_offered.KINDS[QuestionKind(each["kind"])][0]) for each in lacking],
        spoken=LANGUAGE_NAMES,
        most=guardian_fields.LONGEST_PURPOSE,
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.post("/<key>/guardians/ask")
@guards.staff
def ask(key: str) -> ResponseReturnValue:
    """Add to the form the questions without which no guardian can be asked."""

    def act(document: dict[str, Any]) -> str | None:
        section = guardian_fields.ask(document)
        return f"s-{section}" if section else None

    return structural(key, act)


@bp.post("/<key>/guardians/forget")
@guards.staff
def forget(key: str) -> ResponseReturnValue:
    """Take no minors any more; files for which a guardian answered keep their version."""
    return structural(key, guardian_fields.forget, "terms_staff.guardians")
