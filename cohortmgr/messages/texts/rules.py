"""Check a text before it is stored, so that nothing can go wrong with it when it is sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.outbox.notices import Notice
from cohortmgr.outbox.texts.segments import Measure, measured
from cohortmgr.outbox.texts.wording import LONGEST_BODY, LONGEST_SUBJECT, Piece, names, parse

MOST_SEGMENTS = 6
MANY_SEGMENTS = 3


def tidied(text: str) -> str:
    """Remove what nobody sees: spaces at line ends, control characters, blank
    lines before and after the text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c >= " " and c != "\x7f").rstrip() for line in lines)
    return "\n".join(kept).strip()


def proofread(notice: Notice, needed: Collection[str], subject: str | None, body: str) -> list[Problem]:
    """Return every problem of a text, each with its field.
    `subject` is None for a text without one, as a short message's."""
    problems = []
    found: set[str] = set()
    for field, text, most in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
        if text is None:
            continue
        pieces, wrong = _read(field, text, most)
        problems += wrong or _unknown(field, names(pieces), notice)
        problems += _opening(names(pieces), notice) if subject is None else []
        found |= names(pieces)
    missing = sorted(set(needed) - found)
    if missing and not problems:
        what = N_("Ce texte ne peut pas se passer de : %(names)s. Ajoutez-le où il convient.")
        problems.append(Problem(what, {"names": _listed(missing)}, "body"))
    return problems


def _read(field: str, text: str, most: int) -> tuple[tuple[Piece, ...], list[Problem]]:
    if not text:
        what = N_("Écrivez un objet.") if field == "subject" else N_("Écrivez le texte du message.")
        return (), [Problem(what, {}, field)]
    if len(text) > most:
        return (), [Problem(N_("Au plus %(most)s caractères."), {"most": most}, field)]
    try:
        return parse(text), []
    except Refused as refusal:
        return (), [Problem(each.what, each.values, field) for each in refusal.problems]


def _unknown(field: str, found: Collection[str], notice: Notice) -> list[Problem]:
    known = [variable.word for variable in notice.variables]
    strange = sorted(set(found) - set(known))
    if not strange:
        return []
    what = N_("Ce message ne connaît pas %(names)s. Il connaît : %(known)s.")
    return [Problem(what, {"names": _listed(strange), "known": _listed(known)}, field)]


def _opening(found: Collection[str], notice: Notice) -> list[Problem]:
    """Whoever has the telephone must not read there what a door asks of them."""
    said = sorted({variable.word for variable in notice.variables if variable.opens} & set(found))
    what = N_(
        "Un SMS ne dit pas %(names)s : c’est ce qui est demandé à qui a le téléphone, avant d’ouvrir un dossier."
    )
    return [Problem(what, {"names": _listed(said)}, "body")] if said else []


def _listed(words: Collection[str]) -> str:
    return ", ".join(f"{{{word}}}" for word in words)


def weighed(texts: Collection[str], cost_of: Callable[[Measure], int]) -> tuple[Measure, int]:
    """Return the measure of the longest of some short messages, and its cost.
    Raises Refused if it takes too many segments."""
    heaviest = max((measured(text) for text in texts), key=lambda each: (each.segments, each.units))
    if heaviest.segments > MOST_SEGMENTS:
        what = N_("Ce message court prendrait %(segments)s segments ; il en prend au plus %(most)s.")
        raise Refused(Problem(what, {"segments": heaviest.segments, "most": MOST_SEGMENTS}, "body"))
    return heaviest, cost_of(heaviest)
