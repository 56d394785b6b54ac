"""The pages of the tree: who stands where and hosts what; who manages the installation adds, renames and closes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.roles.hooks import scopes_for
from cohortmgr.accounts.roles.queries.contacts import contacts_at
from cohortmgr.accounts.roles.queries.invitations import open_invitations
from cohortmgr.accounts.rules import ROLE_NAMES, Role, Viewer, allows, givable, require, require_anywhere
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import localized
from cohortmgr.base.paging import page_of
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.organisations import actions, queries
from cohortmgr.organisations.actions import MANAGE
from cohortmgr.organisations.forms import ClosingForm, NamesForm, OrganisationForm, ReachForm
from cohortmgr.organisations.hooks import programmes_at
from cohortmgr.organisations.letterheads import actions as marks
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.organisations.letterheads.forms import MarkForm
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, KIND_NAMES, REGIONS, OrganisationKind

bp = Blueprint("organisations_staff", __name__, url_prefix="/staff/organisations")
SIZE, UNPROCESSABLE = 50, 422
_MOVED = N_("Quelqu’un a changé cette organisation entre-temps : relisez-la, puis enregistrez de nouveau.")
_NAMES = {kind.value: name for kind, name in KIND_NAMES.items()}


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List the organisations in the order of the tree, fifty a page."""
    viewer = guards.viewer()
    require_anywhere(viewer, letterheads.OF_HOST)
    kind = request.args.get("kind", "")
    wanted = queries.visible(viewer)
    if kind in _NAMES:
        wanted = wanted.where(Organisation.kind == kind)
    page = page_of(wanted, place_asked(), SIZE)
    return render_template(
        "organisations/staff_organisations.html",
        page=page,
        above=queries.names_above(viewer, [row for (row,) in page.rows]),
        kinds=_NAMES,
        kind=kind,
        manages=allows(viewer, MANAGE, ""),
    )


@bp.route("/new", methods=["GET", "POST"])
@guards.staff
def new() -> ResponseReturnValue:
    """Add an organisation to the tree."""
    viewer = guards.viewer()
    require(viewer, MANAGE, "")
    form = OrganisationForm()
    form.offer_kinds()
    form.offer_regions()
    form.parent.choices = [(row.key, localized(row.name)) for row in queries.parents_for(viewer)]
    if request.method == "POST":
        try:
            kind, names = form.kind_chosen(), form.names()
            with writing():
                key, above = (form.key.data or "").strip(), form.parent.data or ""
                made = actions.add(viewer, kind, key, names, above, form.region_chosen())
                reference = made.reference
            flash(_("L’organisation est ajoutée."), "done")
            return redirect(url_for(".show", reference=reference))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("organisations/staff_organisation_new.html", form=form), (
        UNPROCESSABLE if form.errors else 200
    )


@bp.route("/<reference>", methods=["GET", "POST"])
@guards.staff
@guards.survives
def show(reference: str) -> ResponseReturnValue:
    """Show an organisation: its place, what it hosts, its telephone and mark; a POST renames it."""
    viewer = guards.viewer()
    require_anywhere(viewer, letterheads.OF_HOST)
    row = queries.get_for(viewer, reference)
    if request.method != "POST":
        return _page(row, _forms(row))
    require(viewer, MANAGE, "")
    form = NamesForm()
    form.offer_regions()
    return _done(
        reference,
        replace(_forms(row), names=form),
        form,
        lambda: actions.rename(viewer, reference, form.names(), form.region_chosen(), posted_version()),
        _("Le nom est changé ; l’ancien reste au journal."),
    )


@bp.post("/<reference>/contact")
@guards.staff
@guards.survives
def contact(reference: str) -> ResponseReturnValue:
    """Keep by what telephone and address an organisation that hosts nothing is reached."""
    viewer, form = guards.viewer(), ReachForm()
    require(viewer, MANAGE, "")
    forms = replace(_forms(queries.get_for(viewer, reference)), contact=form)
    telephone, email, version = form.telephone.data or "", form.email.data or "", posted_version()

    def act() -> object:
        return marks.keep_contact(viewer, reference, telephone, email, version)

    return _done(reference, forms, form, act, _("Le téléphone et l’adresse sont gardés."))


@bp.post("/<reference>/mark")
@guards.staff
@guards.survives
def mark(reference: str) -> ResponseReturnValue:
    """Put up another mark of an organisation that hosts nothing; without a file, take the present one down."""
    viewer, form = guards.viewer(), MarkForm()
    require(viewer, MANAGE, "")
    row = queries.get_for(viewer, reference)
    forms, version = replace(_forms(row), mark=form), posted_version()
    sent = request.files.get(marks.MARK)
    data = sent.read() if sent and sent.filename else b""
    try:
        picture = marks.prepare_mark(data) if data else None
    except Refused as refusal:
        show_problems(form, refusal)
        return _page(row, forms, UNPROCESSABLE, version)

    def act() -> object:
        return marks.put_mark_of(viewer, reference, picture, version)

    done = _("Le logo est gardé. Les pages le montrent dans les dix secondes.")
    return _done(reference, forms, form, act, done if data else _("Le logo est retiré."))


@bp.post("/<reference>/close")
@guards.staff
@guards.survives
def close(reference: str) -> ResponseReturnValue:
    """Close an organisation to whatever is new."""
    viewer, closing = guards.viewer(), ClosingForm()
    require(viewer, MANAGE, "")
    forms = replace(_forms(queries.get_for(viewer, reference)), closing=closing)
    reason = (closing.reason.data or "").strip()
    done = _("L’organisation est fermée : rien de nouveau n’y commence.")
    version = posted_version()
    return _done(reference, forms, closing, lambda: actions.close(viewer, reference, reason, version), done)


@bp.post("/<reference>/reopen")
@guards.staff
def reopen(reference: str) -> ResponseReturnValue:
    """Open a closed organisation again."""
    with writing():
        actions.reopen(guards.viewer(), reference)
    flash(_("L’organisation est rouverte."), "done")
    return redirect(url_for(".show", reference=reference))


@dataclass(frozen=True)
class OrganisationForms:
    """The forms on the page of an organisation."""

    names: NamesForm
    closing: ClosingForm
    contact: ReachForm
    mark: MarkForm


def _forms(row: Organisation) -> OrganisationForms:
    """The forms of a page on which nobody has typed yet."""
    names = NamesForm(formdata=None, data={**row.name, "region": row.region or ""})
    names.offer_regions()
    return OrganisationForms(
        names, ClosingForm(formdata=None), ReachForm(formdata=None, obj=row), MarkForm(formdata=None)
    )


def _done(
    reference: str, forms: OrganisationForms, sent: HouseForm, act: Callable[[], object], said: str
) -> ResponseReturnValue:
    """Do what a form asks for; what cannot be done is said at that form."""
    try:
        with writing():
            act()
    except (Refused, Stale) as refusal:
        db.session.rollback()
        row = queries.get_for(guards.viewer(), reference)
        if isinstance(refusal, Refused):
            show_problems(sent, refusal)
            return _page(row, forms, UNPROCESSABLE, posted_version())
        show_problems(sent, Refused(_MOVED))
        return _page(row, forms, HTTPStatus.CONFLICT)
    flash(said, "done")
    return redirect(url_for(".show", reference=reference))


def _page(
    row: Organisation, forms: OrganisationForms, status: int = 200, version: int | None = None
) -> ResponseReturnValue:
    """The page of an organisation, whose forms send the version that their answers were written over: by default the
    one that is shown."""
    viewer = guards.viewer()
    is_host = OrganisationKind(row.kind) in HOSTS
    return render_template(
        "organisations/staff_organisation.html",
        row=row,
        kind=_NAMES[row.kind],
        region=REGIONS.get(row.region or ""),
        programmes=[each for told in programmes_at(row) for each in told],
        said=letterheads.known().of_institution(row.id) if is_host else None,
        writes_letterhead=is_host and letterheads.may_write(viewer, row),
        above=_names_above(row.path),
        company=_company(viewer, row),
        names=ROLE_NAMES,
        forms=forms,
        hosts=is_host,
        manages=allows(viewer, MANAGE, ""),
        version=row.version if version is None else version,
    ), status


def _company(viewer: Viewer, row: Organisation) -> Mapping[str, Any] | None:
    """Who speaks for a company: its contacts, who was invited and has not answered, and whether the viewer may invite
    one; None for another organisation."""
    if row.kind != OrganisationKind.COMPANY:
        return None
    return {
        "contacts": contacts_at(viewer, row.path),
        "waiting": open_invitations(viewer, row.path),
        "invites": Role.COMPANY_CONTACT in givable(viewer)
        and any(place.reference == row.reference for place in scopes_for(viewer)),
    }


def _names_above(path: str) -> list[Mapping[str, str]]:
    """The names of the organisations above one, the highest first."""
    parts = path.rstrip(".").split(".")[:-1]
    paths = [".".join(parts[: place + 1]) + "." for place in range(len(parts))]
    names = queries.names_at(paths)
    return [names[each] for each in paths if each in names]
