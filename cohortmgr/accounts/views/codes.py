"""The page where a code for signing in is typed. Other rooms use the same functions, in code_requests.py."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import codes, doors, guessing, people
from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.accounts.views.callers import caller_of, remember
from cohortmgr.accounts.views.code_requests import (
    ANOTHER,
    CHOSEN,
    ENTER,
    KEPT,
    SEARCHING,
    CodePage,
    ask_again,
    typed,
)
from cohortmgr.accounts.views.entrance import DOUBT, GUARDED, ask_one_thing, enter, open_session, way_on

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
    again_url = url_for(".again", next=onward)
    place = CodePage(ENTER, url_for(".code", next=onward), again_url, back, remembers=False)

    def entering(proof: CodeRequest) -> tuple[str | None, str, bool]:
        if not proof.owns and guessing.must_say_more(proof.contact, doubted=proof.doubted):
            kept = codes.keep_proof(GUARDED, proof.contact, proof.language)
            return None, kept, doors.prove(proof.contact)
        another, known_here = bool(proof.kept.get(ANOTHER)), caller_of(proof.contact).owns
        searching = another or bool(proof.kept.get(SEARCHING))
        come = doors.enter(
            proof.contact, proof.language, searching=searching, another=another, known_here=known_here
        )
        if come.account_id is None:
            kept = codes.keep_proof(DOUBT, proof.contact, proof.language)
            return None, kept, come.dropped
        dropped = come.dropped
        if CHOSEN in proof.kept:
            people.take_password(come.account_id, proof.kept[CHOSEN])
            dropped = False  # there is a new one
        remember(proof.contact)
        return open_session(come.account_id, shared=shared), "", dropped

    return typed(place, entering, _entered)


def _entered(done: tuple[str | None, str, bool]) -> ResponseReturnValue:
    token, kept, dropped = done
    answer = ask_one_thing(kept) if token is None else enter(token)
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
