"""Staff's pages of a programme's terms: the campaigns with their seats, the companies, and the stipend.

They are changed in the same draft as the form.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.authoring import queries
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.views.draft_requests import one_page, structural
from cohortmgr.base import clock
from cohortmgr.organisations import queries as organisations
from cohortmgr.programmes.definition.settled_terms import ABSENCE_NAMES, PAYER_NAMES
from cohortmgr.programmes.drafts import figures, partner_fields, seat_fields, stipend_fields
from cohortmgr.programmes.drafts.queries import Writing, get_writing, running
from cohortmgr.programmes.drafts.question_fields import PostedValues, QuestionTable, Typed

bp = Blueprint("settings_staff", __name__, url_prefix="/staff/programmes")


@bp.route("/<key>/intakes", methods=["GET", "POST"])
@guards.staff
def intakes(key: str) -> ResponseReturnValue:
    """Show the campaigns with their state, and save the choices of each: seats, title and place."""

    def read(given: PostedValues, document: QuestionTable) -> Typed:
        held = running(get_writing(guards.viewer(), key).programme)
        return seat_fields.read_seats(given, document, {name: each.taken for name, each in held.items()})

    return one_page(
        key,
        seat_fields.offered,
        read,
        seat_fields.put_seats,
        _intakes_page,
        _("Les places sont enregistrées dans le brouillon."),
    )


def _intakes_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    held = running(found.programme)
    described = {each["key"] for each in typed.table["intakes"]}
    return render_template(
        "authoring/staff_intakes.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        running=held,
        now=clock.now(),
        others=[each for key, each in held.items() if key not in described],
        people=queries.concerned(found.programme.id),
        **form_display.problems_of(
            typed.problems, _faults(found, typed, status, seat_fields.concerns, seat_fields.anchor)
        ),
    ), status


@bp.route("/<key>/partners", methods=["GET", "POST"])
@guards.staff
def partners(key: str) -> ResponseReturnValue:
    """Show and save the companies that take apprentices, with their seats, and how people are placed there."""
    done = _("Les entreprises sont enregistrées dans le brouillon.")
    return one_page(
        key, partner_fields.hosting, partner_fields.read_partners, _put_partners, _partners_page, done
    )


def _put_partners(document: QuestionTable, said: QuestionTable) -> None:
    """Put the companies into the document; a new one has the key of the organisation with its name, or a free one."""
    rows = partner_fields.new_rows(said, document)
    if rows:
        names = {str(row["name"].get("fr", "")) for row in rows}
        taken = organisations.by_keys(key for row in rows for key in partner_fields.keys_like(row))
        partner_fields.settle_keys(said, document, organisations.companies_named(names), taken)
    partner_fields.put_partners(document, said)


def _partners_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    def concerns(path: tuple[str | int, ...]) -> bool:
        return path[:1] in (("partners",), ("placement",))

    return render_template(
        "authoring/staff_partners.html",
        writing=found,
        table=typed.table,
        scale=partner_fields.scale_of(typed.table),
        number=number,
        moved=status == 409,
        **form_display.problems_of(
            typed.problems, _faults(found, typed, status, concerns, partner_fields.anchor)
        ),
    ), status


@bp.route("/<key>/stipend", methods=["GET", "POST"])
@guards.staff
def stipend(key: str) -> ResponseReturnValue:
    """Show and save how much is paid in a month, for how many months, by whom."""
    done = _("La bourse est enregistrée dans le brouillon.")
    return one_page(
        key,
        stipend_fields.stipend_of,
        stipend_fields.read_stipend,
        stipend_fields.put_stipend,
        _stipend_page,
        done,
    )


def _stipend_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    is_paid = "stipend" in found.document

    def concerns(path: tuple[str | int, ...]) -> bool:
        return is_paid and path[:1] == ("stipend",)

    return render_template(
        "authoring/staff_stipend.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        is_paid=is_paid,
        payers=PAYER_NAMES,
        rules=ABSENCE_NAMES,
        shown_amount=figures.shown_amount,
        shown_month=figures.shown_month,
        **form_display.problems_of(
            typed.problems, _faults(found, typed, status, concerns, stipend_fields.anchor)
        ),
    ), status


@bp.post("/<key>/stipend/forget")
@guards.staff
def forget_stipend(key: str) -> ResponseReturnValue:
    """Pay no stipend any more, from the version on that is published without it."""
    return structural(key, stipend_fields.forget, "settings_staff.stipend")


def _faults(
    found: Writing,
    typed: Typed,
    status: int,
    concerns: Callable[[tuple[str | int, ...]], bool],
    anchor: Callable[[tuple[str | int, ...]], str],
) -> dict[str, list[str]]:
    """The faults of the draft that a page shows, by the name of its field; none while something else is typed."""
    wrong: dict[str, list[str]] = {}
    for fault in found.judged.faults if status == 200 and not typed.act else ():
        if concerns(fault.path):
            wrong.setdefault(anchor(fault.path), []).append(form_display.said_fault(fault))
    return wrong
