"""Makes many open programmes, of several hosts and kinds, from one that the application knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.organisations import actions as organisations
from cohortmgr.organisations.rules import OrganisationKind
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition, Profile, ProgrammeKind
from cohortmgr.programmes.definition.toml import read_known

# Host, kind and name of each, as the country's programmes of these years are.
PROGRAMMES = (
    ("inpt", ProgrammeKind.DEGREE, "Master Data & IA en alternance"),
    ("inpt", ProgrammeKind.DEGREE, "Cycle d’ingénieur en alternance"),
    ("ma", ProgrammeKind.SHORT, "JobInTech"),
    ("ma", ProgrammeKind.SHORT, "Convention AXA : alternance et formation continue"),
    ("ma", ProgrammeKind.YOUTH, "AI Master Junior"),
    ("ma", ProgrammeKind.RESEARCH, "Institut Jazari Rabat : résidence IA"),
    ("ma", ProgrammeKind.RESEARCH, "Institut Jazari Fès : résidence IA"),
    ("ma", ProgrammeKind.RESEARCH, "Institut Jazari Agadir : résidence IA"),
    ("men", ProgrammeKind.CONTINUING, "DigiSchool"),
    ("men", ProgrammeKind.CONTINUING, "Samsung Innovation Campus"),
    ("enssup", ProgrammeKind.RESEARCH, "Bourses de doctorat IA et numérique"),
    ("enssup", ProgrammeKind.DEGREE, "Centres d’excellence du numérique"),
    ("enssup", ProgrammeKind.SHORT, "Codage : écoles YouCode"),
    ("enssup", ProgrammeKind.SHORT, "Certificats professionnels en ligne"),
)
HOSTS = {
    "men": "Ministère de l’Éducation nationale, du Préscolaire et des Sports",
    "enssup": "Ministère de l’Enseignement supérieur, de la Recherche scientifique et de l’Innovation",
}


def open_programmes(number: int = len(PROGRAMMES), twice: bool = False) -> None:
    """Publish the first so many; of every three one pays nothing, and they train in three regions in turn. The
    first has two campaigns if it is there `twice`."""
    known = read_known("mdia")
    with writing():
        root = organisations.ensure_host(SYSTEM, "ma")
        for key, name in HOSTS.items():
            named = {"fr": name, "ar": f"وزارة {key}", "en": name}
            organisations.create(SYSTEM, OrganisationKind.MINISTRY, key, named, root)
        db.session.flush()
        for place, (host, kind, title) in enumerate(PROGRAMMES[:number]):
            made = _programme(known, place, host, kind, title)
            if twice and not place:
                made = replace(made, intakes=tuple(map(_open, known.intakes)))
            programmes.load_definition(SYSTEM, made)


def _open(intake: IntakeDefinition) -> IntakeDefinition:
    """The intake, open now whenever that is."""
    now = clock.now()
    return replace(intake, opens_at=now - timedelta(10), closes_at=now + timedelta(40))


def _programme(known: Definition, place: int, host: str, kind: ProgrammeKind, title: str) -> Definition:
    return replace(
        known,
        intakes=(_open(known.intakes[-1]),),
        key=f"programme-{place}",
        host=host,
        title={"fr": title, "ar": f"برنامج {title}", "en": title},
        stipend=known.stipend if place % 3 else None,
        profile=Profile(kind, regions=(f"MA-{place % 3 + 1:02}",)),
    )
