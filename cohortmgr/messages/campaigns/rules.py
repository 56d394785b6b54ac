"""What one text to many people says to each of them, in their language, and how far its sending is. Pure.

The French pages call a campaign « un envoi », because « une campagne » is an intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.messages.campaigns.states import CampaignState
from cohortmgr.outbox.texts.wording import LONGEST_BODY, LONGEST_SUBJECT, filled, names, parse

LANGUAGES = ("fr", "ar", "en")
VARIABLES: Mapping[str, str] = {
    "name": N_("le nom de la personne"),
    "number": N_("le numéro de son dossier"),
    "programme": N_("le programme, dans sa langue"),
    "intake": N_("la campagne de candidatures, dans sa langue"),
    "link": N_("le lien vers son espace"),
}
"""The variables that a text may write between braces, with what stands there for each person."""

LONGEST_SHORT = 480
LIMITS: Mapping[str, int] = {"subject": LONGEST_SUBJECT, "body": LONGEST_BODY, "short": LONGEST_SHORT}

ASK_ABOVE = 100
"""Above this many people, whoever confirms a step must type how many they are."""

STATE_TAGS: Mapping[CampaignState, str] = {
    CampaignState.DRAFT: "neutral",
    CampaignState.PROPOSED: "wait",
    CampaignState.APPROVED: "info",
    CampaignState.SENDING: "info",
    CampaignState.PAUSED: "stop",
    CampaignState.DONE: "done",
    CampaignState.CANCELLED: "neutral",
}
BEGUN = frozenset({CampaignState.SENDING, CampaignState.PAUSED, CampaignState.DONE})
"""The states of a campaign whose messages have begun to be written."""

NO_ADDRESS = N_("Ni adresse ni téléphone")
NO_TEXT = N_("Pas de texte dans sa langue")
NO_NAME = N_("Le nom manque")
TROUBLED = N_("Un message est revenu : à voir d’abord")
UNSUBSCRIBED = N_("Ne veut pas de ces envois")


@dataclass(frozen=True)
class CampaignText:
    """The text in one language: subject and body of an e-mail, and a text for short messages."""

    subject: str = ""
    body: str = ""
    short: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether people who read this language can be written to."""
        return bool(self.subject and self.body)


@dataclass(frozen=True)
class CampaignDraft:
    """What somebody wrote for a campaign.

    The recipients are given by the filters of the list of applications or, with `to_cohort`, are the intake's
    cohort. `due` is when it leaves; None means once it is approved."""

    title: str
    texts: Mapping[str, CampaignText]
    filters: ApplicationFilters = field(default_factory=ApplicationFilters)
    with_drafts: bool = False
    to_cohort: bool = False
    due: datetime | None = None


Texts = Mapping[str, CampaignText]


def as_json(texts: Texts) -> dict[str, dict[str, str]]:
    """Return the texts that are not empty, as the row stores them."""
    return {language: dict(vars(text)) for language, text in texts.items() if any(vars(text).values())}


def from_json(kept: Mapping[str, Mapping[str, str]]) -> dict[str, CampaignText]:
    """Return the texts that `as_json` stored, with an empty text for each missing language."""
    return {language: CampaignText(**kept.get(language, {})) for language in LANGUAGES}


def text_problems(texts: Texts) -> list[Problem]:
    """Return what is wrong with the texts, each at its field (`subject_fr`):
    too long, half written, an unknown variable, an unbalanced brace."""
    found: list[Problem] = []
    for language, text in texts.items():
        for part, limit in LIMITS.items():
            words = getattr(text, part)
            problem = _part_problem(words, limit)
            if problem is not None:
                found.append(Problem(problem.what, problem.values, f"{part}_{language}"))
        if any(vars(text).values()) and not text.is_whole:
            missing = "body" if text.subject else "subject"
            what = N_("Cette langue est à moitié écrite : il lui faut un objet et un texte.")
            found.append(Problem(what, {}, f"{missing}_{language}"))
        if "\n" in text.subject:
            found.append(Problem(N_("L’objet tient sur une ligne."), {}, f"subject_{language}"))
    return found


def _part_problem(words: str, limit: int) -> Problem | None:
    if len(words) > limit:
        return Problem(N_("Le texte est trop long : %(limit)s caractères au plus."), {"limit": limit})
    try:
        unknown = sorted(names(parse(words)) - VARIABLES.keys())
    except Refused as refusal:
        return refusal.problems[0]
    if unknown:
        what = N_("Il n’y a pas de variable {%(name)s}. Les variables sont : %(known)s.")
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        return Problem(what, {"name": unknown[0], "known": known})
    return None


def filled_in(text: CampaignText, values: Mapping[str, str]) -> CampaignText:
    """Return the text as one person reads it. Without a short text, short messages show the subject."""
    parts = {part: filled(parse(words), values) for part, words in vars(text).items()}
    subject = " ".join(parts["subject"].split())
    return CampaignText(subject, parts["body"], parts["short"] or subject)


def languages_of(texts: Texts) -> list[str]:
    """Return the languages that have a whole text."""
    return [language for language in LANGUAGES if language in texts and texts[language].is_whole]


def uses_name(texts: Texts) -> bool:
    """Whether any of the texts uses the person's name."""
    return any("{name}" in part for text in texts.values() for part in vars(text).values())


@dataclass(frozen=True)
class Tally:
    """How many of a campaign's people are in each situation.
    `left_out` are those who could not be written to, or whom the filter no longer found at the hour of sending."""

    total: int
    sent: int = 0
    returned: int = 0
    set_aside: int = 0
    dropped: int = 0
    left_out: int = 0

    @property
    def waiting(self) -> int:
        """The people whose message has neither left nor been given up."""
        return max(0, self.total - self.sent - self.returned - self.set_aside - self.dropped - self.left_out)

    @property
    def percentage(self) -> int:
        """Whole percent of the people for whom nothing is left to do; 100 only at the end."""
        done = self.total - self.waiting
        return 100 if done >= self.total else min(99, done * 100 // self.total)


def number_problem(number: int) -> Problem:
    """Return the problem to show to whoever typed a wrong number of people."""
    what = N_("Écrivez le nombre de personnes concernées : %(number)s.")
    return Problem(what, {"number": number}, "confirmation")


def languages_missing(texts: Texts, wanted: Sequence[str]) -> list[Problem]:
    """Return a problem for each language that somebody on the list reads and that has no text."""
    known = languages_of(texts)
    what = N_("Des personnes de la liste lisent cette langue : écrivez un objet et un texte.")
    return [
        Problem(what, {}, f"subject_{language}")
        for language in LANGUAGES
        if language in wanted and language not in known
    ]


@dataclass(frozen=True)
class Example:
    """A person, as texts address them."""

    language: str
    name: str
    number: str


def example_of(row: Any, language: str, name: str) -> Example:
    """Return a person of the list, in another language; a made-up one called `name` if the list is empty."""
    return Example(language, row.name or name if row else name, row.number if row else "—")
