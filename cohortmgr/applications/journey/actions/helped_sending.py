"""Has a person who was helped confirm the sending, by a code.

The code goes to the address or number by which they enter. Once a helper was named, each sending of the file
asks for it, even when nobody helps any more: whoever holds the person's telephone could say for them that the
help has ended.
"""

from __future__ import annotations

from dataclasses import dataclass

from cohortmgr.accounts.actions import access, codes
from cohortmgr.accounts.actions.codes import CodeRequest, WrongCode
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.rules import Viewer
from cohortmgr.accounts.typed_codes import code_typed
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import NOT_A_DRAFT, ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import clean

# The purpose of this room's codes; each is good only for the file it was asked for.
SEND = "send"
NO_WAY = N_(
    "Aucune adresse ni aucun numéro n’entre dans votre compte : ajoutez-en un à vos accès, le code y sera envoyé. "
    "Sinon, déposez ce dossier sur papier auprès du programme."
)
_ABSENT = N_("Quelqu’un vous aide : c’est vous qui confirmez l’envoi, par le code que vous recevez.")
_NOBODY = N_("Personne ne vous aide à remplir ce dossier : il s’envoie sans code.")
_LONG = N_("Raccourcissez votre texte : %(most)s caractères au plus.")
_WHO = N_("Dites qui est cette personne pour vous.")


def set_helper(viewer: Viewer, reference: str, name: str, relation: str) -> None:
    """Note who fills in the viewer's file for them; an empty name means that nobody does any more. Staff see
    who was the last. Saying the same again changes nothing."""
    file = file_queries.own_held(viewer, reference)
    row = file.application
    if row.state not in (ApplicationState.DRAFT, ApplicationState.SUBMITTED) or not file.is_open:
        raise Refused(NOT_A_DRAFT)
    name, relation = clean(name), clean(relation)
    for where, text, most in (("name", name, 120), ("relation", relation, 80)):
        if len(text) > most:
            raise Refused(Problem(_LONG, {"most": most}, where))
    if name and not relation:
        raise Refused(Problem(_WHO, {}, "relation"))
    before = row.helper
    after = {"name": name, "relation": relation} if name else before and {**before, "left": True}
    if after == before:
        return
    row.helper = after
    record(
        viewer,
        "applications.set_helper",
        about(row, viewer.person_reference),
        before={"helper": before},
        after={"helper": after},
    )


def code_contacts(viewer: Viewer) -> list[Contact]:
    """The contacts to which a code may go: those of the viewer's own account, the telephone first. Contacts
    in the file do not count, since the helper may have written them."""
    known = access.sign_in_means_of(viewer)
    told = (Contact(SMS, known.phone), Contact(EMAIL, known.email))
    return [contact for contact in told if contact.address]


def ask(viewer: Viewer, reference: str, channel: str, language: str, origin: str, before: str | None) -> str:
    """Send the code to one of the viewer's own contacts: the one of this channel, or else the first. Returns
    the token for the browser's session. Refused when the viewer has no such contact, or when nobody was named
    as a helper."""
    row = file_queries.own(viewer, reference).application
    if not row.helper:
        raise Refused(_NOBODY)
    known = code_contacts(viewer)
    if not known:
        raise Refused(Problem(NO_WAY, {}, "code"))
    contact = next((each for each in known if each.channel == channel), known[0])
    caller = Caller(origin, viewer.reference, owns=True)
    return codes.ask(SEND, contact, language, caller, {"application": row.reference}, before)


@dataclass(frozen=True)
class SendingConfirmation:
    """How far the confirmation of a file has come, for the page that asks for it: what the browser's code was
    asked for, whether it may still be typed, and to which contacts another may go."""

    asked: CodeRequest | None
    can_try: bool
    code_contacts: list[Contact]


def confirmation_of(viewer: Viewer, row: Application, token: str | None) -> SendingConfirmation | None:
    """The standing of a file's confirmation; None, without a statement, if nobody helped."""
    if not row.helper:
        return None
    found = codes.look(token, SEND)
    if found is not None and found.kept.get("application") != row.reference:
        found = None
    return SendingConfirmation(found, found is not None and codes.can_try(token, SEND), code_contacts(viewer))


def prove(viewer: Viewer, token: str | None, typed: str) -> CodeRequest | WrongCode:
    """Try the code that was typed. Text that is not six digits is refused and does not count as a try.
    `Wrong` is returned rather than raised, because the try must be committed."""
    return codes.check(token, code_typed(typed), SEND)


def require_confirmed(viewer: Viewer, row: Application, proof: CodeRequest | None) -> None:
    """Require that nobody helped with this file, or that its person has just proved that they send it; the
    proof is written into the trail. Refused otherwise."""
    if not row.helper:
        return
    if proof is None or proof.purpose != SEND or proof.kept.get("application") != row.reference:
        raise Refused(Problem(_ABSENT, {}, "code"))
    after = {"helper": row.helper["name"], "channel": proof.contact.channel}
    record(viewer, "applications.confirm_helped", about(row, viewer.person_reference), before={}, after=after)
