"""Know a person by the numbers of their cards."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import crypto
from cohortmgr.base.db import db, present
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference

_OTHER_PERSON = N_(
    "Ce numéro est déjà celui d’un autre dossier. Si c’est le vôtre, demandez votre lien d’accès au programme ; "
    "sinon, vérifiez le numéro."
)
CONTRADICTS = N_(
    "%(known)s est déjà connu·e par un autre numéro, qui n’est pas remplacé. Vérifiez-les sur la pièce d’identité, "
    "ou dites que c’est une autre personne."
)


def set_identifiers(
    person: Person, numbers: Mapping[str, str], *, earlier: Mapping[str, str] | None = None
) -> dict[str, Problem]:
    """Give a person several identity numbers, in two statements. No number that another person has is taken, and
    none replaces another of the person: both are left out.

    `earlier` are numbers that this same unsent draft said before, and nothing else that was ever sent: whoever
    types there corrects what they typed. Returns a problem for each number left out, by kind; its text is
    `CONTRADICTS` where the person is known by another.
    """
    if not numbers:
        return {}
    blinds = {kind: crypto.blind_index(kind, value) for kind, value in numbers.items()}
    typed = {crypto.blind_index(kind, value) for kind, value in (earlier or {}).items()}
    present(*blinds.values())
    taken = sa.or_(Identifier.person_id == person.id, Identifier.blind.in_(blinds.values()))
    rows = db.session.scalars(sa.select(Identifier).where(taken, Identifier.kind.in_(blinds))).all()
    refused: dict[str, Problem] = {}
    for kind, value in numbers.items():
        if any(row.kind == kind and row.blind == blinds[kind] and row.person_id != person.id for row in rows):
            refused[kind] = Problem(_OTHER_PERSON, {}, kind)
            continue
        mine = next((row for row in rows if row.kind == kind and row.person_id == person.id), None)
        if mine is not None and mine.blind == blinds[kind]:
            continue
        if mine is not None and mine.blind not in typed:
            refused[kind] = Problem(CONTRADICTS, {"known": person.name}, kind)
            continue
        _write_number(mine or Identifier(reference=new_reference(), person_id=person.id, kind=kind), value)
    return refused


def replace_identifier(viewer: Viewer, person: Person, kind: str, value: str) -> None:
    """Know a person by another number, because staff looked at the card. The caller has checked that the viewer may,
    and writes the trail. Raises Refused if another person has it."""
    blind = crypto.blind_index(kind, value)
    present(blind)
    held = sa.select(Identifier).where(Identifier.kind == kind)
    other = held.where(Identifier.blind == blind, Identifier.person_id != person.id)
    if db.session.scalar(other.limit(1)) is not None:
        raise Refused(Problem(_OTHER_PERSON, {}, kind))
    mine = db.session.scalar(held.where(Identifier.person_id == person.id).limit(1))
    _write_number(mine or Identifier(reference=new_reference(), person_id=person.id, kind=kind), value)


def _write_number(row: Identifier, value: str) -> None:
    row.sealed = crypto.seal(value, "identifiers", "sealed", row.reference)
    row.blind = crypto.blind_index(row.kind, value)
    db.session.add(row)
