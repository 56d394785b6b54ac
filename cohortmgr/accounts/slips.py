"""Tell an address that was probably mistyped (`gmial.com`, `gmail,com`), and the one that was probably meant. Pure.

Such an address is asked about beside its field and never refused: it may be right. A question is asked once for one
text. Its buttons send the whole form, so that one press settles it and goes on, without a script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.contacts import normalise_email
from cohortmgr.base.errors import N_, Problem, Refused

# What the names of buttons and of hidden inputs begin with; the field's name follows.
TAKEN, KEPT, ASKED = "taken-", "kept-", "asked-"
_LIKELY = N_("« %(typed)s » : vouliez-vous dire « %(likely)s » ?")
_TAKE = N_("Oui, prendre %(likely)s")
_KEEP = N_("Non, garder ce que j’ai écrit")

# The providers that people in Morocco use, the most used first: what was meant is one of these.
PROVIDERS = (
    "gmail.com", "hotmail.com", "hotmail.fr", "yahoo.fr", "yahoo.com", "outlook.com", "outlook.fr", "live.fr",
    "live.com", "icloud.com", "msn.com", "menara.ma", "taalim.ma", "ofppt-edu.ma", "inwi.ma", "iam.ma",
    "protonmail.com", "proton.me", "gmx.com", "gmx.fr", "laposte.net", "orange.fr", "wanadoo.fr", "free.fr",
    "sfr.fr", "aol.com", "ymail.com", "googlemail.com", "yandex.com", "um5.ac.ma", "uca.ac.ma", "usmba.ac.ma",
    "uit.ac.ma", "uiz.ac.ma", "umi.ac.ma", "uae.ac.ma", "ump.ac.ma", "usms.ac.ma", "inpt.ac.ma",
)  # fmt: skip
# Domains of others that are one letter away from these, or the same providers elsewhere.
_OTHERS = frozenset(
    {
        "mail.com", "email.com", "rocketmail.com", "cloud.com", "orange.ma", "me.com", "mac.com", "aol.fr", "gmx.de",
        "gmx.net", "gmx.at", "gmx.ch", "uh2c.ac.ma", "um6p.ma", "uca.ma", "ump.ma", "um5r.ac.ma", "proton.ma",
        "protonmail.ch", "pm.me", "yandex.ru", "free.ma", "sfr.com", "live.ca", "live.it", "live.nl", "live.be",
        "live.co.uk", "live.de", "live.ma", "msn.cn", "neuf.fr", "cegetel.net", "yahoo.gr", "yahoo.fi", "yahoo.ca",
        "yahoo.es", "yahoo.it", "yahoo.de", "yahoo.be", "yahoo.in", "yahoo.co.uk", "yahoo.co.in", "yahoo.com.br",
        "hotmail.gr", "hotmail.fi", "hotmail.it", "hotmail.es", "hotmail.de", "hotmail.be", "hotmail.nl",
        "hotmail.ca", "hotmail.ch", "hotmail.co.uk", "hotmail.co.th", "outlook.kr", "outlook.es", "outlook.it",
        "outlook.de", "outlook.be", "outlook.at", "outlook.sa", "outlook.jp", "outlook.in",
    }
)  # fmt: skip
KNOWN = frozenset(PROVIDERS) | _OTHERS
# A provider that has one domain: whatever else ends its name is a slip (`gmail.fr`, `gmail.ma`).
_ONE_DOMAIN = {
    "gmail": "gmail.com",
    "icloud": "icloud.com",
    "googlemail": "googlemail.com",
    "menara": "menara.ma",
}
# In a shorter name, one letter more or less makes the name of somebody else.
_TOLD_APART = 5
# What stands where a full stop was meant: a comma, its Arabic sister, a space.
_STOPS = re.compile(r"[\s.,،؛;:۔]+")


def likely_address(text: str) -> str | None:
    """The address that was probably meant by one that looks mistyped; None for any other text."""
    typed = text.strip()
    local, at, written = typed.rpartition("@")
    read = _read(typed)
    if read:
        local, _, written = read.rpartition("@")
    if not at or (read and written in KNOWN):
        return None
    meant = _meant(_STOPS.sub(".", written.lower()).strip("."))
    if meant is None:
        return None
    found = _read(f"{local}@{meant}")
    return found if found and found != read else None


@lru_cache(1024)
def _meant(domain: str) -> str | None:
    """The provider's domain that was meant by a domain, which may have no full stop (`gmail`)."""
    if domain in KNOWN:
        return domain
    near = next((each for each in PROVIDERS if _is_slip(domain, each)), None)
    if near is not None:
        return near
    name, _, ending = domain.partition(".")
    if not ending:
        return next((each for each in PROVIDERS if each.partition(".")[0] == name), None)
    return _ONE_DOMAIN.get(name) if ending.count(".") == 0 else None


def _is_slip(domain: str, provider: str) -> bool:
    name = provider.partition(".")[0]
    return is_one_edit(domain, provider) and (
        len(name) >= _TOLD_APART or domain.startswith(f"{name}.") or domain == provider.replace(".", "", 1)
    )


def is_one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours exchanged, makes one text of the other."""
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    lengths = {len(one), len(other)}
    return lengths in ({0, 1}, {1}) or (lengths == {2} and one == other[::-1])


@dataclass(frozen=True)
class TypedQuestionButton:
    """A button of a question: what it sends, and what stands on it."""

    name: str
    value: str
    said: Problem


@dataclass(frozen=True)
class TypedQuestion:
    """What is asked beside a field about the text in it, and the buttons that settle it."""

    said: Problem
    buttons: tuple[TypedQuestionButton, ...]


def asked_about(name: str, typed: str, likely: str, *, may_keep: bool) -> TypedQuestion:
    """What is asked beside the field of that name. A text that is no address at all cannot be kept."""
    take = TypedQuestionButton(f"{TAKEN}{name}", likely, Problem(_TAKE, {"likely": likely}))
    keep = keeping(name, typed) if may_keep else ()
    return TypedQuestion(Problem(_LIKELY, {"typed": typed, "likely": likely}), (take, *keep))


def keeping(name: str, typed: str) -> tuple[TypedQuestionButton, ...]:
    """The button that keeps what was typed."""
    return (TypedQuestionButton(f"{KEPT}{name}", typed, Problem(_KEEP)),)


def settled(sent: MultiDict[str, str]) -> MultiDict[str, str]:
    """What was sent, with what the button of a question took or kept in its field; what was kept is asked about no
    more."""
    given: MultiDict[str, str] = MultiDict(sent)
    for name in [each for each in sent if isinstance(each, str) and each.startswith((TAKEN, KEPT))]:
        field = name.partition("-")[2]
        if name.startswith(TAKEN):
            given[field] = given[name]
        given[f"{ASKED}{field}"] = given.pop(name)
    return given


def asked_before(sent: MultiDict[str, str], name: str) -> str | None:
    """The text of that field about which the person was asked already."""
    return sent.get(f"{ASKED}{name}")


def is_new(sent: MultiDict[str, str], name: str) -> bool:
    """Whether the person was not asked yet about the text in that field."""
    return sent.get(name, "").strip() != asked_before(sent, name)


def question_on(sent: MultiDict[str, str], name: str) -> TypedQuestion | None:
    """What to ask about the address in that field of what was sent; None if it looks right, or if it was asked about
    and is kept. A text that is no address at all cannot be kept, and is asked about each time."""
    typed = sent.get(name, "").strip()
    likely, may_keep = likely_address(typed), bool(_read(typed))
    if likely is None or (may_keep and not is_new(sent, name)):
        return None
    return asked_about(name, typed, likely, may_keep=may_keep)


def _read(typed: str) -> str:
    try:
        return normalise_email(typed)
    except Refused:
        return ""
