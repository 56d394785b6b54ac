"""Pages where administrators invite people, give and end roles, and suspend accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.actions import grants, invitations, suspending
from cohortmgr.accounts.roles.actions.grants import RoleWish
from cohortmgr.accounts.roles.forms import DeputyForm, EndForm, InvitedForm, InviteForm, RoleForm
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.queries import invitations as roles_invitations
from cohortmgr.accounts.roles.queries.held_roles import HeldRole, RoleHolder
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.roles.rules import ACCOUNTS, GRANTS, INVITATIONS, GrantState
from cohortmgr.accounts.rules import ROLE_NAMES, Role, Viewer, givable, require_anywhere
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, NotFound, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say
from cohortmgr.base.paging import cut
from cohortmgr.base.registries.waiting import Hit
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("people_staff", __name__, url_prefix="/staff/people")
SIZE = 50
_ACTS: Mapping[str, tuple[Callable[[Viewer, str], object], str]] = {
    "suspend": (suspending.suspend, N_("Le compte est suspendu, ses appareils sont déconnectés.")),
    "reopen": (suspending.reopen, N_("Le compte est rouvert.")),
    "sign-out": (suspending.sign_out, N_("Tous les appareils de cette personne sont déconnectés.")),
    "reopen-ways": (
        suspending.reopen_ways,
        N_("La voie est rouverte, et la personne en est prévenue."),
    ),
}
_OF_INVITATION: Mapping[str, tuple[Callable[[Viewer, str], object], str]] = {
    "again": (invitations.send_again, N_("L’invitation est repartie ; l’ancien lien ne s’ouvre plus.")),
    "call-off": (invitations.call_off, N_("L’invitation est retirée : son lien ne s’ouvre plus.")),
}
_WORDS = {"names": ROLE_NAMES, "grants": GRANTS, "accounts": ACCOUNTS, "invitations": INVITATIONS}


def _viewer() -> Viewer:
    viewer = guards.viewer()
    require_anywhere(viewer, "people.manage")
    return viewer


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List the people with roles in the viewer's scopes, and the invitations that wait."""
    viewer, wanted, gone = _viewer(), request.args.get("q", "")[:100].strip(), "gone" in request.args
    found = [
        person
        for person in held_roles.colleagues(viewer)
        if (gone or person.is_present) and _is_meant(person, wanted)
    ]
    page = cut(found, place_asked(), SIZE, lambda person: person.reference)
    waiting = roles_invitations.open_invitations(viewer)
    return render_template(
        "accounts/roles/staff_people.html", page=page, waiting=waiting, wanted=wanted, gone=gone, **_WORDS
    )


def people(viewer: Viewer, text: str, most: int) -> Sequence[Hit]:
    """Return the people with roles whom a text finds, for the search over everything."""
    return [
        Hit(
            person.name or account.email or "",
            url_for("people_staff.show", reference=account.reference),
            say(ROLE_NAMES[Role(grant.role)]),
        )
        for account, person, grant in held_roles.named(viewer, text, most)
    ]


def _is_meant(person: RoleHolder, wanted: str) -> bool:
    """Whether every word stands in a person's name or address, in whatever order they are written."""
    known = fold(f"{person.name} {person.contact.address}")
    return all(word in known for word in fold(wanted).split()) or wanted.casefold() in person.contact.address


@bp.route("/invite", methods=["GET", "POST"])
@guards.staff
@guards.survives
def invite() -> ResponseReturnValue:
    """Invite somebody to a role by an address or a number. The page of an organisation that leads here chooses the role
    and itself (`at`), and is where one comes back to."""
    viewer, at = _viewer(), request.args.get("at", "")
    form = InviteForm(role=request.args.get("role"), scope=at)
    form.offer(givable(viewer), hooks.scopes_for(viewer))
    said = _("L’invitation est partie. Le rôle commence quand la personne l’accepte.")
    if _is_done(form, lambda: invitations.invite(viewer, _invited(form), _wish(viewer, form)), said):
        back = at and form.scope.data == at
        return redirect(url_for("organisations_staff.show", reference=at) if back else url_for(".index"))
    return render_template("accounts/roles/staff_invite.html", form=form)


def _wish(viewer: Viewer, form: InviteForm | RoleForm) -> RoleWish:
    return grants.wish_of(
        viewer, Role(form.role.data), form.scope.data, form.begins_on.data, form.ends_on.data
    )


def _invited(form: InvitedForm) -> Invitee:
    names = ((form.given_name.data or "").strip(), (form.family_name.data or "").strip())
    return Invitee(form.contact, *names, form.spoken.data)


@bp.post("/invitations/<reference>/<any(again, 'call-off'):act>")
@guards.staff
def invitation(reference: str, act: str) -> ResponseReturnValue:
    """Send an invitation once more, or take it back."""
    viewer, (action, said) = _viewer(), _OF_INVITATION[act]
    return _clicked(lambda: action(viewer, reference), said, url_for(".index"))


@bp.get("/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """Show a person's roles, and what may be done about them."""
    return _person(_viewer(), reference, None)


def _person(viewer: Viewer, reference: str, form: RoleForm | None) -> ResponseReturnValue:
    person = held_roles.colleague_for(viewer, reference)
    if form is None:
        form = RoleForm(formdata=None)
        form.offer(givable(viewer), hooks.scopes_for(viewer))
    shut = suspending.shut_ways(person)
    return render_template("accounts/roles/staff_person.html", person=person, form=form, shut=shut, **_WORDS)


@bp.post("/<reference>/give")
@guards.staff
def give(reference: str) -> ResponseReturnValue:
    """Give a colleague one more role."""
    viewer, form = _viewer(), RoleForm()
    form.offer(givable(viewer), hooks.scopes_for(viewer))
    said = _("Le rôle est donné, et la personne en est prévenue.")
    if _is_done(form, lambda: grants.give(viewer, reference, _wish(viewer, form)), said):
        return redirect(url_for(".show", reference=reference))
    return _person(viewer, reference, form)


@bp.post("/<reference>/<any(suspend, reopen, 'sign-out', 'reopen-ways'):act>")
@guards.staff
def act(reference: str, act: str) -> ResponseReturnValue:
    """Do to a colleague's account what needs no more than a click."""
    viewer, (action, said) = _viewer(), _ACTS[act]
    return _clicked(lambda: action(viewer, reference), said, url_for(".show", reference=reference))


@bp.route("/roles/<reference>/end", methods=["GET", "POST"])
@guards.staff
def end(reference: str) -> ResponseReturnValue:
    """End a role, today or at a day."""
    viewer, form = _viewer(), EndForm()
    person, role = _held(viewer, reference)
    said = _("C’est noté, et la personne en est prévenue.")
    if _is_done(form, lambda: grants.end(viewer, reference, form.ends_on.data), said):
        return redirect(url_for(".show", reference=person.reference))
    return render_template("accounts/roles/staff_end.html", form=form, person=person, role=role, **_WORDS)


@bp.route("/roles/<reference>/deputy", methods=["GET", "POST"])
@guards.staff
def deputy(reference: str) -> ResponseReturnValue:
    """Lend a colleague's role to another for some days."""
    viewer, form = _viewer(), DeputyForm()
    person, role = _held(viewer, reference)
    form.offer(held_roles.may_stand_in(viewer, role, person))

    def deputise() -> None:
        grants.deputise(viewer, reference, form.deputy.data, form.begins_on.data, form.ends_on.data)

    if _is_done(form, deputise, _("La suppléance est notée, et la personne en est prévenue.")):
        return redirect(url_for(".show", reference=form.deputy.data))
    return render_template("accounts/roles/staff_deputy.html", form=form, person=person, role=role, **_WORDS)


@bp.route("/roles/<reference>/replace", methods=["GET", "POST"])
@guards.staff
@guards.survives
def replace(reference: str) -> ResponseReturnValue:
    """Invite somebody in place of who holds a role."""
    viewer, form = _viewer(), InvitedForm()
    person, role = _held(viewer, reference)
    said = _("L’invitation est partie : un rôle finira quand l’autre commencera.")
    if _is_done(form, lambda: invitations.replace_holder(viewer, reference, _invited(form)), said):
        return redirect(url_for(".index"))
    return render_template("accounts/roles/staff_replace.html", form=form, person=person, role=role, **_WORDS)


def _held(viewer: Viewer, reference: str) -> tuple[RoleHolder, HeldRole]:
    """Return a role that the viewer may end or lend, and its person. Raises NotFound."""
    for person in held_roles.colleagues(viewer):
        for role in person.roles:
            if role.reference == reference and role.may and role.state is not GrantState.ENDED:
                return person, role
    raise NotFound(reference)


def _clicked(act: Callable[[], object], said: str, to: str) -> ResponseReturnValue:
    try:
        with writing():
            act()
        flash(say(said), "done")
    except Refused as refusal:
        db.session.rollback()
        flash(say(refusal.problems[0]), "wait")
    return redirect(to)


def _is_done(form: HouseForm, act: Callable[[], object], said: str) -> bool:
    """Do what a sound form asks for. Returns False, with its problems shown, if it was not sound or was refused."""
    if not form.validate_on_submit():
        return False
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        show_problems(form, refusal)
        return False
    flash(said, "done")
    return True
