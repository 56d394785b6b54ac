"""What a campaign says to each of its people, in their language, and how far it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cohortmgr.base.errors import N_, Problem
from cohortmgr.messages.rules import CampaignState

LANGUAGES = ("fr", "ar", "en")
VARIABLES: Mapping[str, str] = {
    "name": N_("le nom de la personne"),
    "number": N_("le numéro de son dossier"),
    "programme": N_("le programme, dans sa langue"),
    "intake": N_("la campagne, dans sa langue"),
    "link": N_("le lien vers son espace"),
}
"""What a text may write between braces, and what stands there for each person."""

ASK_ABOVE = 100
"""Above so many people, whoever confirms a step writes how many they are."""

STATE_NAMES: Mapping[CampaignState, str] = {
    CampaignState.DRAFT: N_("Brouillon"),
    CampaignState.PROPOSED: N_("Attend un accord"),
    CampaignState.APPROVED: N_("Programmé"),
    CampaignState.SENDING: N_("En cours"),
    CampaignState.PAUSED: N_("Suspendu"),
    CampaignState.DONE: N_("Terminé"),
    CampaignState.CANCELLED: N_("Annulé"),
}
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
"""States of a campaign whose messages have begun to be written."""

NO_ADDRESS = N_("Ni adresse ni téléphone")
NO_TEXT = N_("Pas de texte dans sa langue")
NO_NAME = N_("Le nom manque")


@dataclass(frozen=True)
class Text:
    """What is said in one language: subject and body of an e-mail, and a short text for telephones."""

    subject: str = ""
    body: str = ""
    short: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether somebody who reads this language could be written to."""
        return bool(self.subject and self.body)


Texts = Mapping[str, Text]


def as_json(texts: Texts) -> dict[str, dict[str, str]]:
    """The texts that say anything, as their row keeps them."""
    return {language: dict(vars(text)) for language, text in texts.items() if any(vars(text).values())}


def from_json(kept: Mapping[str, Mapping[str, str]]) -> dict[str, Text]:
    """The inverse of `as_json`, with an empty text for a language that has none."""
    return {language: Text(**kept.get(language, {})) for language in LANGUAGES}


def written_in(texts: Texts) -> list[str]:
    """The languages in which somebody could be written to."""
    return [language for language in LANGUAGES if language in texts and texts[language].is_whole]


def short_of(text: Text) -> str:
    """What a telephone shows: the short text, or the subject where nobody wrote one."""
    return text.short or text.subject


@dataclass(frozen=True)
class Tally:
    """How many of a campaign's people stand where. `left_out` could not be written to."""

    total: int
    sent: int = 0
    returned: int = 0
    set_aside: int = 0
    dropped: int = 0
    left_out: int = 0

    @property
    def waiting(self) -> int:
        """Those whose message is neither gone nor given up."""
        return max(0, self.total - self.sent - self.returned - self.set_aside - self.dropped - self.left_out)

    @property
    def percentage(self) -> int:
        """Whole percent of those about whom nothing is left to do; 100 only at the end."""
        done = self.total - self.waiting
        return 100 if done >= self.total else min(99, done * 100 // self.total)


def number_problem(number: int) -> Problem:
    """What is said to whoever confirmed another number of people."""
    what = N_("Écrivez le nombre de personnes concernées : %(number)s.")
    return Problem(what, {"number": number}, "confirmation")


def languages_missing(texts: Texts, wanted: Sequence[str]) -> list[Problem]:
    """A problem for each language that somebody on the list reads and nobody wrote."""
    known = written_in(texts)
    what = N_(
        "Des personnes de la liste lisent cette langue (%(language)s) : écrivez-y un objet et un texte."
    )
    return [
        Problem(what, {"language": language}, f"subject_{language}")
        for language in LANGUAGES
        if language in wanted and language not in known
    ]
