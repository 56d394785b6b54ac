"""E-mail addresses and telephone numbers, by which people are reached and known, in comparable forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import phonenumbers

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.domains import known_domain
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import bare

EMAIL, SMS = "email", "sms"
LONGEST = 254
# Where the numbering plan does not tell them apart, as in North America, a mobile is of the second type.
_MOBILES = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
# What belongs to satellites and worldwide services, which cost the most of all.
_NO_COUNTRY = "001"
# What stands around an address where it was copied from: a link, the brackets of a letter's head, a list's comma.
_BEFORE, _BEHIND = re.compile(r"(?:mailto:|[<\s])+", re.IGNORECASE), " \t\r\n,;>."
# A number in E.164, and the code of the country in which it is dialled with a zero in its place.
_NUMBER, _HOME = re.compile(r"\+[1-9]\d{6,14}"), "+212"
_LOCAL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}")
_ELSEWHERE = N_(
    "Nos SMS ne partent que vers les portables en %(codes)s. Donnez un tel numéro, ou une adresse e-mail."
)


@dataclass(frozen=True)
class Contact:
    """A channel, `email` or `sms`, and its address: an e-mail address in lower case, or a number in E.164."""

    channel: str
    address: str

    @property
    def kind(self) -> str:
        """The kind under which its blind index is made."""
        return "phone" if self.channel == SMS else "sign-in"


def contact_of(text: str) -> Contact:
    """Return the contact that was typed, an address or a number.
    Raises Refused, saying what is wrong and how to write it."""
    typed = bare(text)
    if "@" in typed or any(sign.isalpha() for sign in typed):
        return Contact(EMAIL, normalise_email(typed))
    return Contact(SMS, normalise_mobile(typed))


def normalise_email(text: str) -> str:
    """Return the address in the one form in which its mailbox is known: composed letters in lower case, without what
    has no width, the domain in its letters. Raises Refused if it cannot be an address."""
    typed = address_within(_composed(text[: 2 * LONGEST]))
    local, at, domain = typed.rpartition("@")
    known = known_domain(domain) if at else None
    sound = _LOCAL.fullmatch(local) and not any(unicodedata.category(sign) == "Cc" for sign in local)
    address = f"{local}@{known}"
    if len(text) > 2 * LONGEST or known is None or not sound or len(address) > LONGEST:
        raise Refused(N_("Écrivez l’adresse en entier, par exemple nom@exemple.ma."))
    return address


def address_within(text: str) -> str:
    """Return an address without what stands around it where it was copied from: `<nom@exemple.ma>;` of a letter's
    head, `mailto:nom@exemple.ma?subject=` of a link."""
    typed = text.strip()
    opening = _BEFORE.match(typed)
    if opening is not None:
        typed = typed[opening.end() :]
        typed = typed.partition("?")[0] if "mailto:" in opening[0].lower() else typed
    return typed.rstrip(_BEHIND)


def known_email(text: str) -> str:
    """Return the form in which an address is known; of a text that is no address, one that no account has."""
    try:
        return normalise_email(text)
    except Refused:
        return _composed(text)


def _composed(text: str) -> str:
    """Lower case, and not folded: folding makes strasse of straße, which is another mailbox."""
    if text.isascii():  # as nearly every address is: nothing to compose, and all of it has a width
        return text.lower()
    seen = "".join(sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFC", seen.lower())


def normalise_mobile(text: str) -> str:
    """Return a number that receives short messages, in E.164 (`+212612345678`);
    Moroccan if it has no country code.

    Raises Refused if it is not valid, or no mobile: a fixed line, or a number that costs whoever calls it."""
    try:
        number = phonenumbers.parse(western_digits(bare(text[:80])[:40]), "MA")
    except phonenumbers.NumberParseException:
        number = None
    if (
        number is None
        or len(bare(text[:80])) > 40
        or number.extension
        or not phonenumbers.is_valid_number(number)
    ):
        raise Refused(
            N_("Ce numéro de téléphone n’est pas valable. Écrivez-le comme 06 12 34 56 78, ou avec +212.")
        )
    kind = phonenumbers.number_type(number)
    if kind == phonenumbers.PhoneNumberType.FIXED_LINE:
        raise Refused(N_("Ce numéro est celui d’un poste fixe, il ne reçoit pas de SMS. Donnez un portable."))
    if kind not in _MOBILES or phonenumbers.region_code_for_number(number) == _NO_COUNTRY:
        raise Refused(
            N_("Ce numéro n’est pas celui d’un portable, il ne reçoit pas de SMS. Donnez un portable.")
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_mobile_of(number: str, countries: Collection[str]) -> bool:
    """Whether a number in E.164 is a mobile of one of these countries (`MA`, `FR`)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    region = phonenumbers.region_code_for_number(parsed)
    return region in countries and phonenumbers.number_type(parsed) in _MOBILES


def codes_of(countries: Sequence[str]) -> tuple[str, ...]:
    """Return how the numbers of countries begin: `+212`."""
    return tuple(sorted({f"+{phonenumbers.country_code_for_region(country)}" for country in countries}))


def require_mobile_of(number: str, countries: Sequence[str], where: str | None = "email") -> None:
    """Raise Refused, saying which numbers do, unless a number in E.164 is a mobile of one of these countries."""
    if not is_mobile_of(number, countries):
        raise Refused(Problem(_ELSEWHERE, {"codes": codes_of(countries)}, where))


def as_dialled(address: str) -> str:
    """Return a number in E.164 as people say and dial it, `06 61 23 77 88` or `+33 6 12 34 56 78`, with spaces that do
    not break; anything else, such as an e-mail address or a number of which a part is hidden, as it is."""
    if not _NUMBER.fullmatch(address):
        return address
    if len(address) == len(_HOME) + 9 and address.startswith(_HOME):
        pairs = re.findall(r"\d\d", "0" + address.removeprefix(_HOME))
        return "\u00a0".join(pairs)
    known = phonenumbers.parse(address)
    said = phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return said.replace(" ", "\u00a0")
