"""Staff's pages of a programme's conditions of eligibility.

They are changed in the same draft as the form, and can be tried on answers, which are not kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.eligibility.rules import Assessment, Circumstances, assess, questions_read
from cohortmgr.applications.eligibility.views.requests import read_asked, show_asked
from cohortmgr.applications.form.buttons import as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, unkept_class
from cohortmgr.authoring.display import eligibility as eligibility_display
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.views.draft_requests import by, given, just_begun, saved, structural
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, Problem, Stale
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rules import EligibilityRule, Operator
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts import eligibility_fields, kinds_offered
from cohortmgr.programmes.drafts.eligibility_fields import SORTS
from cohortmgr.programmes.drafts.queries import Writing, get_writing, mark_of
from cohortmgr.programmes.drafts.question_fields import Typed

bp = Blueprint("rules_staff", __name__, url_prefix="/staff/programmes")
_LIST = "rules_staff.rules"


@bp.get("/<key>/eligibility")
@guards.staff
def rules(key: str) -> ResponseReturnValue:
    """Show every condition in words, with the text for those whom it refuses."""
    found = get_writing(guards.viewer(), key)
    return render_template(
        "authoring/staff_rules.html",
        writing=found,
        rules=eligibility_display.shown(found),
        faults=[each for each in form_display.summary(found) if each.part == "eligibility"],
    )


@bp.route("/<key>/eligibility/add", methods=["GET", "POST"])
@guards.staff
def add(key: str) -> ResponseReturnValue:
    """Add a condition: its sort, and the French text for those whom it refuses; its own page asks for the
    rest."""
    found = get_writing(guards.viewer(), key)
    typed, sort = Typed({}), request.form.get("sort", "")
    if request.method == "POST":
        reason = typed.text(given(), "reason-fr", eligibility_fields.LONGEST_TEXT, lines=True)
        if not reason:
            what = N_("Écrivez ce qui est dit à qui ne la remplit pas, en français.")
            typed.problems.append(Problem(what, {}, "reason-fr"))
        if sort not in SORTS:
            typed.problems.append(Problem(N_("Choisissez une sorte de condition."), {}, "sort-0"))
        if not typed.problems:
            return _begun(found, sort, reason)
    return render_template(
        "authoring/staff_rule_new.html",
        writing=found,
        sorts=SORTS,
        sort=sort,
        most=eligibility_fields.LONGEST_TEXT,
        reason=request.form.get("reason-fr", ""),
        **form_display.problems_of(typed.problems, {}),
    ), (422 if typed.problems else 200)


def _begun(found: Writing, sort: str, reason: str) -> ResponseReturnValue:
    key = found.programme.key
    asked = [(each.key, each.kind) for each in found.definition.form.questions if each.asked_at_application]
    question = eligibility_fields.only_readable(asked, sort)
    with writing():
        rule = revisions.change(
            guards.viewer(), key, lambda document: eligibility_fields.begin(document, sort, reason, question)
        )
    return redirect(url_for(".rule", key=key, rule=rule, begun=1))


@bp.route("/<key>/eligibility/rules/<rule>", methods=["GET", "POST"])
@guards.staff
def rule(key: str, rule: str) -> ResponseReturnValue:
    """Show and save a condition. A faulty one is saved too; what somebody else changed meanwhile is never
    overwritten."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    held = _held(found.document, rule)
    if request.method == "GET":
        return _page(found, rule, Typed(dict(held)), mark_of(held))
    typed = eligibility_fields.read_rule(given(), held)
    if typed.act or typed.problems:
        return _page(found, rule, typed, request.form.get("mark", ""), 422 if typed.problems else 200)

    def act(document: dict[str, Any]) -> None:
        there, place = eligibility_fields.find(document, rule)
        if mark_of(there[place]) != request.form.get("mark", ""):
            raise Stale(rule)
        there[place] = eligibility_fields.read_rule(given(), there[place]).table

    if not saved(key, act):
        found = get_writing(viewer, key)
        return _page(found, rule, typed, mark_of(_held(found.document, rule)), 409)
    return _kept(key, rule)


def _held(document: dict[str, Any], rule: str) -> dict[str, Any]:
    held, place = eligibility_fields.find(document, rule)
    return held[place]


def _kept(key: str, rule: str) -> ResponseReturnValue:
    """After saving, lead to the list, or back to the condition while it has faults."""
    found = get_writing(guards.viewer(), key)
    if eligibility_display.faults_of(found, eligibility_fields.find(found.document, rule)[1]):
        flash(
            _("La condition est enregistrée. Il y reste quelque chose à corriger avant de publier."), "wait"
        )
        return redirect(url_for(".rule", key=key, rule=rule))
    flash(_("La condition est enregistrée dans le brouillon."), "done")
    return redirect(url_for(".rules", key=key, _anchor=f"r-{rule}"))


def _page(found: Writing, rule: str, typed: Typed, mark: str, status: int = 200) -> ResponseReturnValue:
    """The page of a condition, as it is in the draft or as it was typed."""
    held, place = eligibility_fields.find(found.document, rule)
    test = Operator(typed.table["operator"])
    stored = status == 200 and not typed.act and not just_begun()
    readable = eligibility_display.readable(found, test)
    asked = next((each for each in readable if each.key == typed.table.get("question")), None)
    return render_template(
        "authoring/staff_rule.html",
        writing=found,
        rule=rule,
        table=typed.table,
        mark=mark,
        moved=status == 409,
        there=held[place].get("reason"),
        test=test,
        tests=[
            (each.value, eligibility_fields.TESTS[each]) for each in eligibility_fields.tests_beside(test)
        ],
        sort=next(each for each in SORTS.values() if test in each.tests),
        readable=readable,
        asked=asked,
        choices=eligibility_display.choices(asked) if test in eligibility_fields.CHOSEN else {},
        parts=eligibility_display.parts_of(asked),
        averaged=eligibility_display.averaged(found),
        figures=eligibility_fields.FIGURES.get(test, ()),
        askable=form_display.askable(found, None),
        values_of=form_display.values_of,
        most=eligibility_fields.LONGEST_TEXT,
        operators=kinds_offered.OPERATORS,
        **form_display.problems_of(
            typed.problems, eligibility_display.wrong_at(found, place, test) if stored else {}
        ),
    ), status


@bp.post("/<key>/eligibility/rules/<rule>/move")
@guards.staff
def move(key: str, rule: str) -> ResponseReturnValue:
    """Move a condition one place up or down; its reason is then shown before or after the others."""

    def act(document: dict[str, Any]) -> str:
        eligibility_fields.move(document, rule, by())
        return f"r-{rule}"

    return structural(key, act, _LIST)


@bp.post("/<key>/eligibility/rules/<rule>/remove")
@guards.staff
def remove(key: str, rule: str) -> ResponseReturnValue:
    """Remove a condition from the draft; files that were judged by it keep their version."""

    def act(document: dict[str, Any]) -> None:
        eligibility_fields.remove(document, rule)

    return structural(key, act, _LIST)


@bp.route("/<key>/eligibility/try", methods=["GET", "POST"])
@guards.staff
def attempt(key: str) -> ResponseReturnValue:
    """Show what somebody who gives these answers would be told. Nothing is kept."""
    found = get_writing(guards.viewer(), key)
    tried = eligibility_display.ready(found)
    definition = replace(found.definition, eligibility=tried)
    asked = questions_read(definition.form, tried)
    fields = unkept_class(definition)
    if request.method == "GET":
        return _try_page(found, tried, fields(formdata=None))
    button = pressed(definition.form, request.form)
    sent = as_pressed(request.form, button)
    page = fields(sent)
    answers, problems = read_asked(definition, asked, sent.to_dict(flat=False))
    if button is not None or problems:
        show_asked(page, button, problems)
        return _try_page(found, tried, page, None, 200 if button is not None else 422)
    facts = Circumstances(request.form.getlist("papers"), bool(request.form.get("enrolled")))
    return _try_page(found, tried, page, assess(tried, answers, clock.today(), facts))


def _try_page(
    found: Writing,
    tried: tuple[EligibilityRule, ...],
    form: ApplicationForm,
    told: Assessment | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    asked = found.definition.form
    read = {key for rule in tried for key in rule.subjects}
    return render_template(
        "authoring/staff_rules_try.html",
        writing=found,
        form=form,
        questions=questions_read(asked, tried),
        papers=[each for each in asked.questions if each.key in read and each.kind is QuestionKind.FILE],
        given_papers=request.form.getlist("papers"),
        asks_enrolled=any(rule.operator is Operator.NOT_ENROLLED for rule in tried),
        enrolled=bool(request.form.get("enrolled")),
        told=told,
        refused=[rule for rule in tried if told and rule.key in told.reasons],
        left_out=len(eligibility_fields.rules_of(found.document)) - len(tried),
    ), status
