"""Whom a school or an employer invites to apply: how a list is read, and where each person stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cohortmgr.accounts.contacts import Contact, contact_of
from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import bare, clean, fold
from cohortmgr.programmes.rules import require_published

# The purpose of the link that an invited person opens, and for how long it leads in.
LINK = "invitee"
LIFETIME = timedelta(days=30)
# How many people one list may bring.
MOST = 300
LONGEST_NAME, LONGEST_LIST = 160, 40_000
# How long after its intake closed an invited person is forgotten here.
FORGOTTEN_AFTER = timedelta(days=90)
_CELLS = re.compile(r"[\t;,؛،]")
# The words of a number that stands in a line with nothing between it and the name but a space.
_NUMBER_BEGINS, _NUMBER_GOES_ON = re.compile(r"[+(]*\d[\d().\-]*"), re.compile(r"[\d().\-]+")
_NUMBER = re.compile(r"[+(]*\d[\d\s().\-]{6,}")


class HowFar(StrEnum):
    """Where an invited person stands, as whoever invited them may know it."""

    INVITED = "invited"
    BEGUN = "begun"
    SENT = "sent"


STANDINGS: Mapping[HowFar, str] = {
    HowFar.INVITED: N_("Invité·e"),
    HowFar.BEGUN: N_("Dossier commencé"),
    HowFar.SENT: N_("Dossier envoyé"),
}
# Who is still awaited, as whoever invited them may know it.
STILL_AWAITED = (HowFar.INVITED, HowFar.BEGUN)


@dataclass(frozen=True)
class ListedPerson:
    """A person of a list: the line, the name, and where the invitation goes."""

    line: int
    name: str
    contact: Contact


_CLOSED = N_(
    "Cette campagne ne reçoit plus de candidatures depuis le %(since)s : on n’y invite plus personne."
)


def require_open(state: str, path: str, closes_at: datetime, moment: datetime) -> None:
    """Raise Refused unless people may be invited to an intake: it is published, and still takes applications."""
    require_published(state, path)
    if closes_at <= moment:
        raise Refused(Problem(_CLOSED, {"since": closes_at}))


@dataclass(frozen=True)
class ReadList:
    """What a list says: the people in its order, and what is wrong with its other lines."""

    entries: tuple[ListedPerson, ...]
    problems: tuple[Problem, ...]


def read_list(text: str) -> ReadList:
    """Read one person a line, as they are typed or copied from a spreadsheet: cells parted by tabulators, semicolons
    or commas, of which one is an address or a mobile number, and the others the name. An address goes before a number.
    Anything else with a digit, such as the number of an identity card, is refused: it would be read in the letter."""
    entries, problems, lines = list[ListedPerson](), list[Problem](), dict[Contact, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if not clean(line):
            continue
        try:
            entry = _read_line(number, line)
        except Refused as refusal:
            problems += [
                Problem(_LINE, {"line": number, "what": each}, "people") for each in refusal.problems
            ]
            continue
        first = lines.setdefault(entry.contact, number)
        if first != number:
            problems.append(Problem(_TWICE, {"line": number, "first": first}, "people"))
        else:
            entries.append(entry)
    if len(entries) > MOST:
        problems.append(Problem(_TOO_MANY, {"most": MOST, "number": len(entries)}, "people"))
    if not entries and not problems:
        problems.append(Problem(_NOBODY, {}, "people"))
    return ReadList(tuple(entries), tuple(problems))


_LINE = N_("Ligne %(line)s : %(what)s")
_TWICE = N_("Ligne %(line)s : la même adresse ou le même numéro qu’à la ligne %(first)s.")
_TOO_MANY = N_("La liste est trop longue (%(number)s) : envoyez-en %(most)s au plus à la fois.")
_NOBODY = N_("Écrivez au moins une personne.")
_NO_CONTACT = N_("ni adresse e-mail ni numéro de portable.")
_NO_NAME = N_("il manque le nom.")
_NOT_A_NAME = N_(
    "« %(text)s » n’est pas un nom. Écrivez le nom, puis une adresse ou un numéro, rien d’autre."
)


def bears_link(text: str) -> bool:
    """Whether a name would be a link in a letter that leaves in the institution's name."""
    folded = fold(text)
    return "://" in folded or "www." in folded


def _read_line(number: int, line: str) -> ListedPerson:
    cells = [cell for cell in (clean(each) for each in _CELLS.split(line)) if cell]
    if len(cells) == 1:
        cells = _parted(cells[0])
    addresses = [cell for cell in cells if "@" in cell]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(western_digits(bare(cell)))]
    if not addresses and not numbers:
        raise Refused(_NO_CONTACT)
    names = [cell for cell in cells if cell not in addresses and cell not in numbers]
    for cell in names:
        if bears_link(cell) or any(sign.isdigit() for sign in cell):
            raise Refused(Problem(_NOT_A_NAME, {"text": cell[:LONGEST_NAME]}))
    name = " ".join(names)
    if not name:
        raise Refused(_NO_NAME)
    return ListedPerson(number, name[:LONGEST_NAME], contact_of((addresses or numbers)[0]))


def _parted(line: str) -> list[str]:
    """The name and the contact of a line that has nothing between them but a space."""
    words = line.split()
    begins = next((place for place, word in enumerate(words) if "@" in word), None)
    ends = 0 if begins is None else begins + 1
    if begins is None:
        plain = [western_digits(bare(word)) for word in words]
        begins = next((place for place, word in enumerate(plain) if _NUMBER_BEGINS.fullmatch(word)), None)
        if begins is None:
            return [line]
        after = range(begins + 1, len(plain))
        ends = next((place for place in after if not _NUMBER_GOES_ON.fullmatch(plain[place])), len(plain))
    return [" ".join(words[:begins] + words[ends:]), " ".join(words[begins:ends])]
