"""The programmes of the home page: by host and kind, and only those that somebody asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cohortmgr.base.errors import N_
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import (
    AudienceGroup,
    Definition,
    Profile,
    ProgrammeKind,
    StudyLevel,
    Text,
)

KIND_NAMES: Mapping[ProgrammeKind, str] = {
    ProgrammeKind.DEGREE: N_("Formations diplômantes"),
    ProgrammeKind.SHORT: N_("Formations courtes"),
    ProgrammeKind.CONTINUING: N_("Formation continue"),
    ProgrammeKind.RESEARCH: N_("Recherche et doctorat"),
    ProgrammeKind.YOUTH: N_("Pour les jeunes"),
}
AUDIENCE_NAMES: Mapping[AudienceGroup, str] = {
    AudienceGroup.PUPILS: N_("Élèves"),
    AudienceGroup.STUDENTS: N_("Étudiantes et étudiants"),
    AudienceGroup.GRADUATES: N_("Diplômées et diplômés"),
    AudienceGroup.WORKERS: N_("Personnes en emploi"),
    AudienceGroup.TEACHERS: N_("Enseignantes et enseignants"),
}
LEVEL_NAMES: Mapping[StudyLevel, str] = {
    StudyLevel.NONE: N_("Aucun diplôme"),
    StudyLevel.BACCALAUREATE: N_("Baccalauréat"),
    StudyLevel.TWO_YEARS: N_("Deux ans après le baccalauréat"),
    StudyLevel.LICENCE: N_("Licence"),
    StudyLevel.MASTER: N_("Master"),
}
PAID_NAMES: Mapping[str, str] = {"yes": N_("Avec bourse"), "no": N_("Sans bourse")}
# Below so many a programme has room for a card of its own.
FEW = 4


@dataclass(frozen=True)
class Asked:
    """What somebody asks for; each is a key, or empty for whatever there is."""

    region: str = ""
    audience: str = ""
    level: str = ""
    paid: str = ""

    @property
    def number(self) -> int:
        """How many things are asked for."""
        return sum(map(bool, (self.region, self.audience, self.level, self.paid)))


@dataclass(frozen=True)
class ListedIntake:
    """An intake of the home page: its public reference, its host, and what its programme says of itself."""

    reference: str
    host: str
    host_name: Text
    is_paid: bool
    profile: Profile | None = None


@dataclass(frozen=True)
class Facet:
    """Something that can be asked for: its name in the address, a msgid, and each key that is to be had with its name,
    in three languages or as a msgid."""

    name: str
    label: str
    options: Sequence[tuple[str, Text | str]]


@dataclass(frozen=True)
class HostGroup:
    """Programmes of one kind at one host."""

    host: str
    host_name: Text
    kind: ProgrammeKind | None
    references: Sequence[str]


def listed(reference: str, host_name: Text, definition: Definition) -> ListedIntake:
    """Return what the home page knows of an intake."""
    return ListedIntake(
        reference, definition.host, host_name, definition.stipend is not None, definition.profile
    )


def narrowed(intakes: Iterable[ListedIntake], asked: Asked) -> list[ListedIntake]:
    """Return the intakes that have all that is asked for. What a programme does not say of itself excludes nobody: one
    without regions is offered in each of them."""
    return [each for each in intakes if _has(each, asked)]


def _has(intake: ListedIntake, asked: Asked) -> bool:
    profile = intake.profile
    if asked.paid and intake.is_paid != (asked.paid == "yes"):
        return False
    if profile is None:
        return True
    return (
        (not asked.region or not profile.regions or asked.region in profile.regions)
        and (not asked.audience or not profile.audiences or asked.audience in profile.audiences)
        and (not asked.level or profile.level is None or asked.level == profile.level)
    )


def facets(intakes: Sequence[ListedIntake]) -> list[Facet]:
    """Return what can be asked for among these: each with the values that some of them have, and none by which nothing
    would be told apart."""
    profiles = [each.profile for each in intakes if each.profile is not None]
    regions = {code for each in profiles for code in each.regions}
    audiences = {each for profile in profiles for each in profile.audiences}
    levels = {each.level for each in profiles if each.level is not None}
    paid = {"yes" if each.is_paid else "no" for each in intakes}
    known: tuple[tuple[str, str, Sequence[tuple[str, Text | str]]], ...] = (
        ("region", N_("Région"), [(code, name) for code, name in REGIONS.items() if code in regions]),
        (
            "audience",
            N_("Pour qui"),
            [(each.value, AUDIENCE_NAMES[each]) for each in AudienceGroup if each in audiences],
        ),
        (
            "level",
            N_("Diplôme demandé"),
            [(each.value, LEVEL_NAMES[each]) for each in StudyLevel if each in levels],
        ),
        ("paid", N_("Bourse"), [(key, name) for key, name in PAID_NAMES.items() if key in paid]),
    )
    return [Facet(name, label, options) for name, label, options in known if len(options) > 1]


def by_host(intakes: Iterable[ListedIntake]) -> list[HostGroup]:
    """Return the intakes by host and kind: hosts in the order in which they come, their kinds in that of the house.
    What has no kind stands behind the others of its host."""
    hosts: dict[str, list[ListedIntake]] = {}
    for each in intakes:
        hosts.setdefault(each.host, []).append(each)
    return [group for found in hosts.values() for group in _by_kind(found)]


def _by_kind(found: Sequence[ListedIntake]) -> Iterator[HostGroup]:
    for kind in (*ProgrammeKind, None):
        these = [each for each in found if (each.profile.kind if each.profile else None) == kind]
        if these:
            yield HostGroup(these[0].host, these[0].host_name, kind, [each.reference for each in these])
