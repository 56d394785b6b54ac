"""Staff's pages of an intake's rules: bounds, who enters by right, seats; two people seal them, and their file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import names_of, second_people
from cohortmgr.accounts.rules import allows
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.typed import whole
from cohortmgr.base.web.asked import file_sent
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes.definition.bounds.checking import first_overlaps
from cohortmgr.programmes.definition.texts import Text
from cohortmgr.programmes.definition.toml import read_part, write_part
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.seals.queries import has_marks, has_points
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.differences import differences
from cohortmgr.selection.sealing.forms import BoundForm, RightForm, RuleReasonForm, SeatsForm, seats_form
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import (
    ChoiceGround,
    RulesContent,
    RulesFile,
    RulesState,
    content_of,
    faults_in,
    faults_of_file,
    file_of,
    has_reasons,
    numbers_in,
    published_statement,
    sealed_statement,
)

bp = Blueprint("sealing_staff", __name__, url_prefix="/staff/intakes/<reference>/rules")


@dataclass(frozen=True)
class _RulesPage:
    """What every page of an intake's rules starts from: its versions, and what is written now."""

    intake: Intake
    versions: Sequence[RulesVersion]
    open: RulesVersion | None
    sealed: RulesVersion | None
    ground: ChoiceGround
    content: RulesContent

    @property
    def version(self) -> int:
        return self.open.version if self.open is not None else 0

    @property
    def named(self) -> Mapping[str, Text]:
        return self.ground.definition.intake(self.intake.key).named

    @property
    def criteria(self) -> Mapping[str, Text]:
        return {each.key: each.title for each in self.ground.definition.rubric.every_criterion}


def _begun(reference: str, permission: str = "selection.read") -> _RulesPage:
    intake = queries.intake_for(guards.viewer(), reference, permission)
    versions = queries.versions_of(intake)
    row, sealed = queries.open_among(versions), queries.sealed_among(versions)
    ground = queries.ground_of(intake)
    last = row or sealed
    content = RulesContent.of_json(last.content) if last is not None else queries.beginning(intake, ground)
    return _RulesPage(intake, versions, row, sealed, ground, content)


@bp.get("")
@guards.staff
@reading
def rules(reference: str) -> ResponseReturnValue:
    """Show the rules of an intake, what waits for whom, and what was sealed before."""
    return _page(_begun(reference))


def _page(
    page: _RulesPage, form: RuleReasonForm | None = None, problems: Sequence[Problem] = ()
) -> ResponseReturnValue:
    viewer, path = guards.viewer(), page.intake.path
    asked = whole(request.args.get("number"))
    earlier = next((each for each in page.versions if each.number == asked), None) if asked else None
    content = RulesContent.of_json(earlier.content) if earlier is not None else page.content
    row, sealed = page.open, page.sealed
    changed = RulesContent.of_json(sealed.content) if row is not None and sealed is not None else None
    proposer = row.proposed_by if row is not None else None
    is_decided = queries.rests_on_rules(page.intake)
    may_write = allows(viewer, "selection.propose", path) and not is_decided
    return render_template(
        "selection/sealing/staff_rules.html",
        page=page,
        intake=page.intake,
        content=content,
        earlier=earlier,
        row=row,
        sealed=sealed,
        named=page.named,
        criteria=page.criteria,
        overlapping=bool(len(page.named) > 1 and first_overlaps(content.bounds)),
        attributes=page.ground.attributes,
        people=queries.people_of(page.intake, numbers_in([content])),
        changes=list(differences(changed, page.content, page.ground.attributes, page.named))
        if changed
        else [],
        names=names_of(*{each for one in page.versions for each in (one.proposed_by, one.sealed_by)}),
        has_marks=has_marks(page.intake),
        has_points=has_points(page.intake),
        says_reasons=sealed is not None and _says_reasons(page.intake, sealed),
        is_decided=is_decided,
        may_write=may_write and earlier is None and (row is None or row.state == RulesState.DRAFT),
        may_propose=may_write and earlier is None,
        may_take_back=any(allows(viewer, f"selection.{act}", path) for act in ("propose", "approve")),
        may_seal=allows(viewer, "selection.approve", path) and not is_decided,
        is_proposer=proposer is not None and proposer == viewer.reference,
        sealers=second_people(viewer, "selection.approve", path, proposer or viewer.reference),
        form=form or RuleReasonForm(formdata=None),
        problems=problems,
    )


def _bound_at(page: _RulesPage, place: int | None) -> Bound | None:
    """The bound at a place of the list, counted from 1; NotFound if there is none."""
    if place is None:
        return None
    if not 1 <= place <= len(page.content.bounds):
        raise NotFound(f"bound {place}")
    return page.content.bounds[place - 1]


@bp.route("/bounds/new", methods=["GET", "POST"], defaults={"place": None})
@bp.route("/bounds/<int:place>", methods=["GET", "POST"])
@guards.staff
def bound(reference: str, place: int | None) -> ResponseReturnValue:
    """Write a bound, or change one."""
    page = _begun(reference, "selection.propose")
    found = _bound_at(page, place)
    form = BoundForm()
    form.offer(page.ground.attributes, page.named)
    if request.method == "GET" and found is not None:
        form.fill(found)

    def after() -> RulesContent:
        bounds = [*page.content.bounds, form.bound()]
        if place is not None:
            bounds[place - 1] = bounds.pop()
        return replace(page.content, bounds=tuple(bounds))

    at = f"bound[{len(page.content.bounds) + 1 if place is None else place}]"
    return _form(page, form, "staff_bound", after, at, found=found, place=place)


@bp.route("/right/new", methods=["GET", "POST"])
@guards.staff
@guards.survives
def by_right(reference: str) -> ResponseReturnValue:
    """Write that somebody enters by right, why, and what paper says so."""
    page, form = _begun(reference, "selection.propose"), RightForm()

    def after() -> RulesContent:
        return replace(page.content, right=(*page.content.right, form.entry()))

    return _form(page, form, "staff_right", after, f"right[{len(page.content.right) + 1}]")


@bp.route("/seats", methods=["GET", "POST"])
@guards.staff
def seats(reference: str) -> ResponseReturnValue:
    """Write the seats of each offering, and what decides between equal marks."""
    page = _begun(reference, "selection.propose")
    form: SeatsForm = seats_form(page.content, page.named, page.criteria)

    def after() -> RulesContent:
        return replace(page.content, seats=form.seats(), ties=form.ties())

    return _form(page, form, "staff_seats", after, "seats")


def _form(
    page: _RulesPage, form: HouseForm, template: str, after: Callable[[], RulesContent], at: str, **shown: Any
) -> ResponseReturnValue:
    """Show a form of the rules; a POST keeps what they say after it, or shows what is wrong beside its field."""
    if form.validate_on_submit():
        try:
            _keep(page, after(), posted_version() or 0)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, Refused(*(_at_field(each, at, form) for each in refusal.problems)))
        else:
            return redirect(url_for(".rules", reference=page.intake.reference))
    return render_template(
        f"selection/sealing/{template}.html", page=page, intake=page.intake, form=form, **shown
    ), (422 if form.errors else 200)


def _keep(page: _RulesPage, content: RulesContent, version: int) -> None:
    with writing():
        actions.save(guards.viewer(), page.intake.reference, content, version)


def _at_field(problem: Problem, at: str, form: HouseForm) -> Problem:
    """A problem beside the field of a form that it concerns; one of another bound or person names its place."""
    where = problem.where or ""
    name = where.removeprefix(at).removeprefix(".")
    if where.startswith("ties["):
        return replace(problem, where=f"tie_{int(where[5:-1]) - 1}")
    if not where.startswith(at) or where == at and at != "seats":
        return replace(problem, where="at_least" if where == at and "at_least" in form else None)
    if at == "seats":
        offered = list(getattr(form, "offered", ()))
        return replace(problem, where=f"seats_{offered.index(name) if name in offered else 0}")
    return replace(problem, where="group" if name.startswith("where") else name)


@bp.post("/bounds/<int:place>/remove")
@guards.staff
def remove_bound(reference: str, place: int) -> ResponseReturnValue:
    """Take a bound out of the rules."""
    page = _begun(reference, "selection.propose")
    _bound_at(page, place)
    bounds = (*page.content.bounds[: place - 1], *page.content.bounds[place:])
    return _removed(page, replace(page.content, bounds=bounds))


@bp.post("/right/<int:place>/remove")
@guards.staff
def remove_right(reference: str, place: int) -> ResponseReturnValue:
    """Take somebody out of those who enter by right."""
    page = _begun(reference, "selection.propose")
    if not 1 <= place <= len(page.content.right):
        raise NotFound(f"right {place}")
    entries = (*page.content.right[: place - 1], *page.content.right[place:])
    return _removed(page, replace(page.content, right=entries))


def _removed(page: _RulesPage, content: RulesContent) -> ResponseReturnValue:
    try:
        _keep(page, content, posted_version() or 0)
    except Refused as refusal:
        db.session.rollback()
        return _page(_begun(page.intake.reference), problems=refusal.problems)
    return redirect(url_for(".rules", reference=page.intake.reference))


@bp.post("/propose")
@guards.staff
@guards.survives
def propose(reference: str) -> ResponseReturnValue:
    """Propose the rules for a second person to seal, with the reason if they were sealed before."""
    page, form = _begun(reference, "selection.propose"), RuleReasonForm()
    if not form.validate_on_submit():
        return _page(page, form)
    try:
        with writing():
            actions.propose(guards.viewer(), reference, form.reason.data or "", posted_version() or 0)
    except Refused as refusal:
        db.session.rollback()
        show_problems(form, refusal)
        return _page(_begun(reference), form)
    flash(_("Les règles sont proposées. Une deuxième personne doit les sceller."), "done")
    return redirect(url_for(".rules", reference=reference))


def _act(reference: str, act: Callable[[], object], done: str) -> ResponseReturnValue:
    """Do one of the acts of two people, and say so; what refuses it is said on the page."""
    queries.intake_for(guards.viewer(), reference)
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        return _page(_begun(reference), problems=refusal.problems)
    flash(done, "done")
    return redirect(url_for(".rules", reference=reference))


@bp.post("/back")
@guards.staff
def take_back(reference: str) -> ResponseReturnValue:
    """Take rules back that wait for a seal."""
    done = _("Les règles sont de nouveau un brouillon.")
    return _act(reference, lambda: actions.take_back(guards.viewer(), reference), done)


@bp.post("/drop")
@guards.staff
def drop(reference: str) -> ResponseReturnValue:
    """Give up a draft of rules."""
    done = _("Le brouillon des règles est abandonné.")
    return _act(reference, lambda: actions.drop(guards.viewer(), reference, posted_version() or 0), done)


@bp.post("/seal")
@guards.staff
def seal(reference: str) -> ResponseReturnValue:
    """Seal the rules that are proposed, as the second person."""
    done = _("Les règles sont scellées. Leur empreinte peut être publiée.")
    return _act(reference, lambda: actions.seal(guards.viewer(), reference, posted_version() or 0), done)


@bp.get("/rules.toml")
@guards.staff
def export(reference: str) -> ResponseReturnValue:
    """Send the rules as they are written now as a file that can be read in again."""
    page = _begun(reference)
    text = write_part(file_of(page.content, page.intake.reference))
    return _download(text, "application/toml", f"regles-{page.intake.key}.toml")


@bp.get("/statement.json")
@guards.staff
def statement(reference: str) -> ResponseReturnValue:
    """Send what the seal in force states, of which the digest is made, to be published beside it: neither a number of a
    file stands in it, nor what was typed of people."""
    page = _begun(reference)
    if page.sealed is None:
        raise NotFound(reference)
    stated = _published(page.intake, page.sealed)
    return _download(canonical(stated), "application/json", f"regles-scellees-{page.intake.key}.json")


def _says_reasons(intake: Intake, sealed: RulesVersion) -> bool:
    return bool(sealed.content["right"]) and has_reasons(_published(intake, sealed))


def _published(intake: Intake, sealed: RulesVersion) -> dict[str, Any]:
    content = RulesContent.of_json(sealed.content)
    stated = sealed_statement(content, intake.reference, queries.salt_of(sealed), sealed.digest)
    return published_statement(stated)


def _download(text: str, mimetype: str, name: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.route("/file", methods=["GET", "POST"])
@guards.staff
def file(reference: str) -> ResponseReturnValue:
    """Let a TOML file be the draft of the rules; what is wrong with it is told by its lines."""
    page = _begun(reference, "selection.propose")
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        try:
            _keep(page, _read(page.intake, *file_sent("rules.toml")), posted_version() or 0)
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
        else:
            flash(_("Le fichier est devenu le brouillon des règles. Rien n’est scellé."), "done")
            return redirect(url_for(".rules", reference=reference))
    return render_template(
        "selection/sealing/staff_file.html", page=page, intake=page.intake, problems=problems
    ), (422 if problems else 200)


def _read(intake: Intake, text: str, name: str) -> RulesContent:
    """The rules that a file says. Raises Refused with every fault of it at once, each with its line."""
    found, refused = read_part(text, name, RulesFile)
    ground = queries.ground_of(intake, {each.application for each in found.right})
    content = content_of(found, ground)
    faults = [*faults_of_file(found, ground), *faults_in(content, ground)]
    if faults:
        raise refused(faults)
    return content
