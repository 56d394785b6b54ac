"""What a letterhead holds, what may be written in it, and whose stands on a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cohortmgr.accounts.contacts import normalise_email
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import without_marks
from cohortmgr.organisations.telephones import dialled, telephone_problems, typed

LANGUAGES = ("fr", "ar", "en")
# What the installation's place is called where the others bear an organisation's reference.
INSTALLATION = "installation"
# The longest that each text may be, in signs. The short name stands in front of every short message.
LONGEST: Mapping[str, int] = {
    "name": 120,
    "short": 20,
    "address": 200,
    "hours": 120,
    "publisher": 160,
    "hosting": 300,
    "keeping": 600,
    "welcome": 80,
    "opening": 300,
}
REQUIRED = ("name", "short")
# What only the home page shows, which is the installation's.
OF_HOME = frozenset({"welcome", "opening"})
# How each text is called where it is typed, and where one that is missing is told of.
TEXT_NAMES: Mapping[str, str] = {
    "name": N_("Nom de l’établissement"),
    "short": N_("Nom court"),
    "address": N_("Adresse"),
    "hours": N_("Heures où l’on répond au téléphone"),
    "publisher": N_("Directrice ou directeur de la publication"),
    "hosting": N_("Où le site est hébergé"),
    "keeping": N_("Combien de temps les données sont gardées"),
    "welcome": N_("Titre de la page d’accueil"),
    "opening": N_("Texte de la page d’accueil"),
}
# The most bytes of a mark as it is sent to a telephone, and its longer side in pixels.
MOST_MARK, MARK_SIDE = 8 * 1024, 96
# The same of the picture of the home page: width and height, of which a page of 50 kB has room.
MOST_PICTURE, PICTURE_BOX = 14 * 1024, (480, 270)
_CNDP = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /.\-–]{0,38}[A-Za-z0-9]")

_IN = {"fr": N_("en français"), "ar": N_("en arabe"), "en": N_("en anglais")}
_NAME_MISSING = N_("Écrivez « %(what)s » %(language)s.")
_LANGUAGE_MISSING = N_("Écrivez aussi « %(what)s » %(language)s : les trois langues, ou aucune.")
_TOO_LONG = N_("« %(what)s » est trop long : %(most)s signes au plus.")
_NO_CNDP = N_("Écrivez le numéro que la CNDP a donné, par exemple D-GC-123/2026.")


@dataclass(frozen=True)
class Letterhead:
    """Whoever runs the site or hosts programmes. `texts` are by name, then by language; none may be missing in it.

    `host` is the key of the organisation and `institution_id` its number; the installation has neither. `mark` is the
    digest under which its mark is fetched, `picture` that of the home page's picture; empty if it has none."""

    texts: Mapping[str, Mapping[str, str]]
    telephone: str = ""
    email: str = ""
    cndp: str = ""
    mark: str = ""
    host: str = ""
    institution_id: int | None = None
    picture: str = ""

    def text(self, name: str) -> Mapping[str, str]:
        """Return a text by language; empty if it is not written."""
        return self.texts.get(name, {})

    @property
    def dialled(self) -> str:
        """The telephone as a link dials it."""
        return dialled(self.telephone)


# What a site is called that nobody has named yet.
UNNAMED = Letterhead(
    {
        "name": {
            "fr": "Candidatures et formations",
            "ar": "الترشيح والتكوين",
            "en": "Applications and training",
        },
        "short": {},
    }
)


@dataclass(frozen=True)
class Letterheads:
    """All letterheads of the installation, and the digests of the companies' marks by the companies' keys. `edition`
    differs whenever one of them does."""

    installation: Letterhead = UNNAMED
    hosts: Sequence[Letterhead] = ()
    edition: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    _by_host: Mapping[str, Letterhead] = field(init=False, repr=False, compare=False)
    _by_institution: Mapping[int | None, Letterhead] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_host", {each.host: each for each in self.hosts})
        object.__setattr__(self, "_by_institution", {each.institution_id: each for each in self.hosts})

    def of_host(self, key: str | None) -> Letterhead:
        """Return the letterhead of the organisation with this key, else the installation's."""
        return self._by_host.get(key or "", self.installation)

    def own(self, key: str) -> Letterhead | None:
        """Return the letterhead that the organisation with this key has written; None if it has none of its own."""
        return self._by_host.get(key)

    def of_institution(self, number: int | None) -> Letterhead:
        """Return the letterhead of the institution with this number, else the installation's."""
        return self._by_institution.get(number, self.installation)


@dataclass(frozen=True)
class LetterheadDraft:
    """What somebody typed: texts by name and language, and the rest."""

    texts: Mapping[str, Mapping[str, str]]
    telephone: str = ""
    email: str = ""
    cndp: str = ""

    def cleaned(self) -> LetterheadDraft:
        """Return it without space around its texts, without those that are written in no language, and with the
        telephone as people read it."""
        texts = {
            name: {language: _seen(said.get(language, "")) for language in LANGUAGES}
            for name, said in self.texts.items()
            if name in LONGEST
        }
        written = {name: said for name, said in texts.items() if any(said.values())}
        return LetterheadDraft(written, typed(self.telephone), self.email.strip(), self.cndp.strip())


def _seen(text: str) -> str:
    """Return a text with single spaces; empty if nobody would see any of it."""
    return " ".join(text.split()) if without_marks(text).strip() else ""


def field_of(name: str, language: str) -> str:
    """Return the name of the field in which a text is typed in a language."""
    return f"{name}_{language}"


def problems_of(draft: LetterheadDraft) -> list[Problem]:
    """Return why a letterhead cannot be kept like this, each problem at its field; empty if it can."""
    found: list[Problem] = []
    for name, most in LONGEST.items():
        said = draft.texts.get(name, {})
        if said or name in REQUIRED:
            found += _problems_of_text(name, said, most)
    found += telephone_problems(draft.telephone)
    if draft.cndp and not _CNDP.fullmatch(draft.cndp):
        found.append(Problem(_NO_CNDP, {}, "cndp"))
    return found + email_problems(draft.email)


def email_problems(email: str) -> list[Problem]:
    """Return why nobody can write to an address, at the field `email`; empty if one can, or if there is none."""
    if not email:
        return []
    try:
        normalise_email(email)
    except Refused as refusal:
        return [Problem(each.what, each.values, "email") for each in refusal.problems]
    return []


def _problems_of_text(name: str, said: Mapping[str, str], most: int) -> list[Problem]:
    what = Problem(TEXT_NAMES[name])
    found = []
    for language in LANGUAGES:
        text, where = said.get(language, ""), field_of(name, language)
        if not text:
            missing = _NAME_MISSING if name in REQUIRED else _LANGUAGE_MISSING
            found.append(Problem(missing, {"what": what, "language": Problem(_IN[language])}, where))
        elif len(text) > most:
            found.append(Problem(_TOO_LONG, {"what": what, "most": most}, where))
    return found
