"""The page where a code for signing in is typed. Other rooms use the same functions, in code_requests.py."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import access, codes, people
from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.accounts.views.code_requests import CHOSEN, ENTER, KEPT, CodePage, ask_again, typed
from cohortmgr.accounts.views.entrance import enter, way_on

bp = Blueprint("accounts_codes", __name__)


@bp.route("/code", methods=["GET", "POST"])
@guards.public
def code() -> ResponseReturnValue:
    """Type the code that signs in."""
    if codes.look(session.get(KEPT), ENTER) is None:
        known = guards.viewer()
        if known is not ANONYMOUS:  # the code was typed in another tab meanwhile
            return redirect(way_on(known))
        flash(_("Ce code a déjà servi ou n’est plus valable. Demandez-en un autre."), "wait")
    onward, shared = request.args.get("next"), bool(session.get("shared"))
    back = url_for("accounts.sign_in", next=onward)
    place = CodePage(ENTER, url_for(".code", next=onward), url_for(".again", next=onward), back)

    def entering(proof: CodeRequest) -> tuple[str, bool]:
        account_id, dropped = access.enter(proof.contact, proof.language)
        if CHOSEN in proof.kept:
            people.take_password(account_id, proof.kept[CHOSEN])
            dropped = False  # there is a new one
        return people.open_session(account_id, shared), dropped

    return typed(place, entering, _entered)


def _entered(done: tuple[str, bool]) -> ResponseReturnValue:
    token, dropped = done
    answer = enter(token)
    if dropped:
        flash(
            _(
                "Votre adresse est confirmée. Le mot de passe choisi avant ne vaut plus : choisissez-en un autre "
                "parmi vos accès, ou continuez avec un code."
            )
        )
    return answer


@bp.post("/code/again")
@guards.public
def again() -> ResponseReturnValue:
    """Send another code to the same address or number."""
    ask_again(ENTER)
    return redirect(url_for(".code", next=request.args.get("next")))
