"""The tree of organisations: kinds, paths, the twelve regions, and the organisations known from the start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_PATH = 200


class OrganisationKind(StrEnum):
    """The kind of an organisation."""

    MINISTRY = "ministry"
    INSTITUTION = "institution"
    INSTITUTE = "institute"
    CENTRE = "centre"
    COMPANY = "company"
    SCHOOL = "school"
    CLUB = "club"


KIND_NAMES: Mapping[OrganisationKind, str] = {
    OrganisationKind.MINISTRY: N_("Ministère"),
    OrganisationKind.INSTITUTION: N_("Établissement"),
    OrganisationKind.INSTITUTE: N_("Institut"),
    OrganisationKind.CENTRE: N_("Centre"),
    OrganisationKind.COMPANY: N_("Entreprise"),
    OrganisationKind.SCHOOL: N_("École"),
    OrganisationKind.CLUB: N_("Club"),
}

# The kinds that may host programmes. They are the tenants of the installation: the rows of what they host are
# theirs.
HOSTS = frozenset({OrganisationKind.MINISTRY, OrganisationKind.INSTITUTION, OrganisationKind.INSTITUTE})

# Below which kinds an organisation of each kind stands. An organisation keeps its place:
# roles are given for its path.
ABOVE: Mapping[OrganisationKind, frozenset[OrganisationKind]] = {
    OrganisationKind.MINISTRY: frozenset({OrganisationKind.MINISTRY}),
    OrganisationKind.INSTITUTION: frozenset({OrganisationKind.MINISTRY, OrganisationKind.INSTITUTION}),
    OrganisationKind.INSTITUTE: frozenset({OrganisationKind.MINISTRY, OrganisationKind.INSTITUTION}),
    OrganisationKind.CENTRE: HOSTS,
    OrganisationKind.COMPANY: frozenset({OrganisationKind.MINISTRY}),
    OrganisationKind.SCHOOL: HOSTS | {OrganisationKind.CENTRE},
    OrganisationKind.CLUB: HOSTS | {OrganisationKind.CENTRE, OrganisationKind.SCHOOL},
}
MOST_FORMER = 20
_RUNNING = N_("« %(programme)s » y est encore en cours : archivez ses campagnes, ou retirez-l’en d’abord.")

# The regions of Morocco by their ISO 3166-2 code.
REGIONS: Mapping[str, Mapping[str, str]] = {
    "MA-01": {
        "fr": "Tanger-Tétouan-Al Hoceïma",
        "ar": "طنجة - تطوان - الحسيمة",
        "en": "Tangier-Tetouan-Al Hoceima",
    },
    "MA-02": {"fr": "L’Oriental", "ar": "الشرق", "en": "Oriental"},
    "MA-03": {"fr": "Fès-Meknès", "ar": "فاس - مكناس", "en": "Fez-Meknes"},
    "MA-04": {"fr": "Rabat-Salé-Kénitra", "ar": "الرباط - سلا - القنيطرة", "en": "Rabat-Sale-Kenitra"},
    "MA-05": {"fr": "Béni Mellal-Khénifra", "ar": "بني ملال - خنيفرة", "en": "Beni Mellal-Khenifra"},
    "MA-06": {"fr": "Casablanca-Settat", "ar": "الدار البيضاء - سطات", "en": "Casablanca-Settat"},
    "MA-07": {"fr": "Marrakech-Safi", "ar": "مراكش - آسفي", "en": "Marrakesh-Safi"},
    "MA-08": {"fr": "Drâa-Tafilalet", "ar": "درعة - تافيلالت", "en": "Draa-Tafilalet"},
    "MA-09": {"fr": "Souss-Massa", "ar": "سوس - ماسة", "en": "Souss-Massa"},
    "MA-10": {"fr": "Guelmim-Oued Noun", "ar": "كلميم - واد نون", "en": "Guelmim-Oued Noun"},
    "MA-11": {
        "fr": "Laâyoune-Sakia El Hamra",
        "ar": "العيون - الساقية الحمراء",
        "en": "Laayoune-Sakia El Hamra",
    },
    "MA-12": {"fr": "Dakhla-Oued Ed-Dahab", "ar": "الداخلة - وادي الذهب", "en": "Dakhla-Oued Ed-Dahab"},
}


@dataclass(frozen=True)
class KnownOrganisation:
    """An organisation that the installation knows before anybody enters it."""

    key: str
    kind: OrganisationKind
    name: Mapping[str, str]
    parent: str | None = None
    region: str | None = None


# The root of the tree, and the hosts named by the definitions that ship with the application.
KNOWN: tuple[KnownOrganisation, ...] = (
    KnownOrganisation(
        "ma",
        OrganisationKind.MINISTRY,
        {
            "fr": "Ministère de la Transition numérique et de la Réforme de l’administration",
            "ar": "وزارة الانتقال الرقمي وإصلاح الإدارة",
            "en": "Ministry of Digital Transition and Administration Reform",
        },
    ),
    KnownOrganisation(
        "inpt",
        OrganisationKind.INSTITUTION,
        {
            "fr": "Institut national des postes et télécommunications",
            "ar": "المعهد الوطني للبريد والمواصلات",
            "en": "National Institute of Posts and Telecommunications",
        },
        parent="ma",
        region="MA-04",
    ),
)

ROOT = "ma"


def path_of(parent_path: str, key: str) -> str:
    """Return the path of an organisation below another, e.g. `ma.inpt.`.

    Each path ends with a point, so that a scope can be tested as a prefix."""
    return f"{parent_path}{key}."


def known(key: str) -> KnownOrganisation | None:
    """Return the organisation of `KNOWN` with this key, or None."""
    return next((each for each in KNOWN if each.key == key), None)


def problems_of(key: str, name: Mapping[str, str], path: str, region: str | None) -> list[Problem]:
    """Return the reasons why an organisation cannot be entered like this; empty if it can."""
    found: list[Problem] = []
    if not KEY.fullmatch(key):
        what = N_("La clé « %(key)s » n’est pas valable : lettres minuscules, chiffres, tirets.")
        found.append(Problem(what, {"key": key}, "key"))
    if any(not name.get(language, "").strip() for language in ("fr", "ar", "en")):
        found.append(Problem(N_("Le nom est demandé en français, en arabe et en anglais."), {}, "name"))
    if len(path) > MAX_PATH:
        found.append(Problem(N_("L’organisation est trop profonde dans l’arbre."), {}, "parent"))
    if region is not None and region not in REGIONS:
        what = N_("La région « %(region)s » n’existe pas : les codes vont de MA-01 à MA-12.")
        found.append(Problem(what, {"region": region}, "region"))
    return found


def place_problems(kind: OrganisationKind, parent: OrganisationKind) -> list[Problem]:
    """Return why an organisation of a kind cannot stand below one of another; empty if it can."""
    if parent in ABOVE[kind]:
        return []
    what = N_("« %(kind)s » ne se place pas sous « %(parent)s ».")
    said = {"kind": Problem(KIND_NAMES[kind]), "parent": Problem(KIND_NAMES[parent])}
    return [Problem(what, said, "parent")]


def closing_problems(
    running: Iterable[Mapping[str, str]], depending: Iterable[Problem], below: int, reason: str
) -> list[Problem]:
    """Return why an organisation cannot be closed: programmes that run there, by their titles, people who depend on it,
    as the rooms above say, open organisations below it, no reason; empty if it can."""
    found = [Problem(_RUNNING, {"programme": title}) for title in running]
    found += depending
    if below:
        found.append(Problem(N_("Des organisations ouvertes sont placées sous elle : fermez-les d’abord.")))
    if not reason:
        found.append(Problem(N_("Dites pourquoi : la raison reste au journal."), {}, "reason"))
    return found
