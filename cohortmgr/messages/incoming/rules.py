"""Tell what an incoming mail is: a bounce, a complaint, a reply, a machine's answer, or unknown. Pure.

Delivery reports follow RFC 3464 (in the multipart/report of RFC 6522), complaints RFC 5965, and
machines' answers RFC 3834. `read_mail` never raises, whatever the bytes. It accepts a limited size,
which bounds its time and memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parseaddr

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import decode
from cohortmgr.base.text import clean, fold
from cohortmgr.messages.incoming.automatic import is_proved, sounds_so
from cohortmgr.messages.incoming.quotes import text_of_html, trimmed
from cohortmgr.messages.undelivered.delivery_status import MOST, code_told, is_failure, status_in
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind, kind_of

LIMIT = 30 * 1024 * 1024
# The parser compares each line of a multipart with the boundaries of all parts around it:
# this many times at most.
MOST_WORK = 30_000_000
MOST_PARTS = 300
MOST_TEXT = 100_000
# Why a mail is kept that a program may have written, and a person as well.
DOUBTFUL = "the subject of an automatic answer"
HEADER = 4000
_REFERENCE = r"([0-9A-Z]{26})"
_MESSAGE_ID = re.compile(rf"<{_REFERENCE}@([^>\s]{{1,255}})>", re.IGNORECASE)
# A relay may sign the sender of what leaves (BATV): prvs=1234abcdef=bounces+…
_BOUNCES = re.compile(rf"(?:prvs=[0-9a-z]{{1,20}}=)?bounces\+{_REFERENCE}", re.IGNORECASE)
_QUESTION = re.compile(rf"question\+{_REFERENCE}\.([0-9a-f]{{16}})", re.IGNORECASE)
_CHARSET = re.compile(r"utf-?(8|16|32)|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|(windows-?|cp)125\d|koi8-[ru]")
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc", "Resent-To")
_MACHINE = re.compile(r"^(mailer-daemon|postmaster|mail-daemon)(@|$)", re.IGNORECASE)
# Subjects, folded, of letters by which servers say that they could not deliver.
_NOT_DELIVERED = re.compile(
    r"undeliver|returned mail|mail delivery (failed|failure)|delivery (status notification|failure|has failed)"
    r"|failure notice|non remis|echec (de (la )?)?(remise|livraison|distribution)|تعذر (التسليم|تسليم)"
)
# What programs write before our own subject. Any other is a person's words: some write their answer there alone.
_ANSWERS = re.compile(
    r"\s*(\[[^\]]{0,60}\]\s*)*(re|r[ée]p|r[ée]f|aw|sv|antw|tr|fwd?|wg|رد|إعادة توجيه)\s*(\[\d+\])?\s*[::]",
    re.IGNORECASE,
)
# What a server writes, folded, while it still tries.
_STILL_TRIES = re.compile(
    r"warning|delayed|will (be retried|keep trying|retry|continue)|still (being )?(tried|trying)|not yet been delivered"
    r"|(do|need) not (need to )?resend|nouvelle tentative|retarde"
)


@dataclass(frozen=True)
class Bounce:
    """A delivery report about one of our messages. `kind` is None while the server still tries, and UNCLEAR if it
    gives no reason that can be read."""

    reference: str | None
    kind: DeliveryTroubleKind | None
    status: str


@dataclass(frozen=True)
class Complaint:
    """A reader's complaint that one of our messages is not wanted."""

    reference: str | None


@dataclass(frozen=True)
class Attachment:
    """The name and size of an attachment, which is not kept."""

    name: str
    size: int


@dataclass(frozen=True)
class Reply:
    """A person's text: to a question (its reference, and the tag that must match), or to messages of ours."""

    question: tuple[str, str] | None
    messages: tuple[str, ...]
    text: str
    shown: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Automatic:
    """A machine's answer, which nobody wrote: a header or a report proves it."""


@dataclass(frozen=True)
class Unknown:
    """A mail that we cannot use, with the reason."""

    why: str


@dataclass(frozen=True)
class IncomingMail:
    """A mail that was read. `once` identifies it: it is the same each time the mail is read."""

    once: str
    sender: str
    name: str
    subject: str
    what: Bounce | Complaint | Reply | Automatic | Unknown


def read_mail(raw: bytes, domain: str) -> IncomingMail:
    """Read the bytes of a mail; `domain` is our mail domain.
    A mail that cannot be read is `Unknown`, with the reason."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        if len(raw) > LIMIT:
            return IncomingMail(digest, "", "", "", Unknown("too large"))
        if _work(raw) > MOST_WORK:
            return IncomingMail(digest, "", "", "", Unknown("too many parts"))
        mail = BytesParser(policy=compat32).parsebytes(raw)
        name, sender = parseaddr(_header(mail, "From"))
        what = _what(mail, sender, domain)
        subject = _plain(_header(mail, "Subject"))[:200]
        return IncomingMail(_once(mail, digest), sender[:254].lower(), _plain(name)[:120], subject, what)
    except (
        Exception
    ) as error:  # the library may fail in ways nobody foresaw; one mail must not stop the others
        return IncomingMail(digest, "", "", "", Unknown(f"unreadable: {type(error).__name__}"))


def words_of(raw: bytes) -> str:
    """Return the text of a mail that nobody could use, for whoever reads it; "" if it has none or cannot be read."""
    if len(raw) > LIMIT or _work(raw) > MOST_WORK:
        return ""
    try:
        return _text(list(_parts(BytesParser(policy=compat32).parsebytes(raw))))
    except Exception:  # as in `read_mail`
        return ""


def question_address(reference: str, tag: str, domain: str) -> str:
    """Return the address at which a reply joins a question; `read_mail` reads it back."""
    return f"question+{reference.lower()}.{tag}@{domain}"


def _work(raw: bytes) -> int:
    parts = len(re.findall(rb"boundary", raw, re.IGNORECASE))
    return raw.count(b"\n") * (1 + parts)


def _once(mail: Message, digest: str) -> str:
    identity = _header(mail, "Message-ID")
    if not identity:
        return digest
    told = "\n".join((identity, _header(mail, "From"), _header(mail, "Date")))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _what(mail: Message, sender: str, domain: str) -> Bounce | Complaint | Reply | Automatic | Unknown:
    parts = list(_parts(mail))
    kinds = {part.get_content_type() for part in parts}
    recipients = _recipients(mail, domain)
    if "message/feedback-report" in kinds:
        return _complaint(parts, recipients, domain)
    if "message/delivery-status" in kinds:
        return _bounce(parts, recipients, domain)
    if "message/disposition-notification" in kinds:  # says that a letter was shown, or deleted (RFC 8098)
        return Automatic()
    told = f"{_header(mail, 'In-Reply-To')} {_header(mail, 'References')[-HEADER:]}"
    messages = tuple(dict.fromkeys(_references(told, domain)))[:20]
    if _is_of_server(mail, sender) and (reference := _returned_one(parts, recipients, messages, domain)):
        return _plain_bounce(parts, reference)
    if is_proved(mail):
        return Automatic()
    if sounds_so(_plain(_header(mail, "Subject"))):
        return Unknown(DOUBTFUL)
    question = next(((m[1].upper(), m[2].lower()) for r in recipients if (m := _QUESTION.fullmatch(r))), None)
    if question is None and not messages:
        return Automatic() if _is_to_many(mail) else Unknown("neither a reply nor a report")
    body, subject = _text(parts), _plain(_header(mail, "Subject"))[:200]
    own = "" if body and _ANSWERS.match(subject) else subject
    text, shown = ("\n\n".join(filter(None, (own, each))) for each in (body, trimmed(body)))
    return Reply(question, messages, text, shown, _attachments(parts))


def _parts(mail: Message) -> Iterator[Message]:
    """Yield the parts of a mail in order, without those of a mail inside it, such as the one that we sent."""
    waiting = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        if part.get_content_maintype() == "multipart":
            waiting.extend(reversed(_inside(part)))


def _inside(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else []


def _recipients(mail: Message, domain: str) -> list[str]:
    """Return the local parts of the addresses at our domain to which the mail came."""
    told = [str(value)[:HEADER] for name in _TO for value in (mail.get_all(name) or [])[:20]]
    found = [address.rpartition("@") for _, address in getaddresses(told)[:200]]
    return [local for local, _, host in found if host.lower() == domain.lower()]


def _bounced(recipients: list[str]) -> str | None:
    return next((m[1].upper() for local in recipients if (m := _BOUNCES.fullmatch(local))), None)


def _references(text: str, domain: str) -> list[str]:
    return [m[1].upper() for m in _MESSAGE_ID.finditer(text) if m[2].lower() == domain.lower()]


def _original(parts: list[Message], domain: str) -> str | None:
    """Return the reference of our message from its Message-ID, in the message
    or header that a report returns."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "message/global"):
            inside = _inside(part)
            head = _header(inside[0], "Message-ID") if inside else ""
        elif part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            head = _decoded(part)[:MOST_TEXT]
            head = next(iter(re.findall(r"(?im)^message-id:\s*(<[^>]{1,300}>)", head)), "")
        else:
            continue
        if found := _references(head, domain):
            return found[0]
    return None


def _bounce(parts: list[Message], recipients: list[str], domain: str) -> Bounce:
    reference = _bounced(recipients) or _original(parts, domain)
    report = next(part for part in parts if part.get_content_type() == "message/delivery-status")
    told = [(_header(block, "Action").strip().lower(), block) for block in _inside(report)]
    told = [(action, block) for action, block in told if action]
    failed = next((block for action, block in told if is_failure(action, _header(block, "Status"))), None)
    block = failed if failed is not None else (told[0][1] if told else None)
    if block is None:
        return Bounce(reference, DeliveryTroubleKind.UNCLEAR, "")
    code = _code_of(block, parts)
    return Bounce(reference, _kind(code) if failed is not None else None, code)


def _code_of(block: Message, parts: list[Message]) -> str:
    """Return the code of a report about one address, from its fields, or else from the letter around it."""
    own = [name for name, _value in block.items() if name.lower().startswith("x-")][:20]
    said = (_header(block, name) for name in ("Diagnostic-Code", *own))
    return code_told(_header(block, "Status"), *said, _text(parts))


def _is_of_server(mail: Message, sender: str) -> bool:
    """Whether a mail server wrote it because it could not deliver: by its name, or by what only such letters have."""
    if _MACHINE.match(sender) or "X-Failed-Recipients" in mail:
        return True
    nobody = _header(mail, "Return-Path").strip() == "<>"
    return nobody and bool(_NOT_DELIVERED.search(fold(_plain(_header(mail, "Subject")))))


def _returned_one(
    parts: list[Message], recipients: list[str], messages: tuple[str, ...], domain: str
) -> str | None:
    """Return the reference of the message that a server's letter is about. Some quote its headers in their text."""
    known = _bounced(recipients) or _original(parts, domain) or next(iter(messages), None)
    return known or next(iter(_references(_text(parts), domain)), None)


def _plain_bounce(parts: list[Message], reference: str) -> Bounce:
    """Read a bounce from a server that writes a letter instead of a report."""
    text = _text(parts)
    code = status_in(text)
    if code.startswith("5"):
        return Bounce(reference, kind_of(code), code)
    if _STILL_TRIES.search(fold(text[:MOST])):
        return Bounce(reference, None, code)
    return Bounce(reference, DeliveryTroubleKind.UNCLEAR, code)


def _kind(code: str) -> DeliveryTroubleKind:
    return kind_of(code) if code else DeliveryTroubleKind.UNCLEAR


def _complaint(parts: list[Message], recipients: list[str], domain: str) -> Complaint | Automatic:
    report = next(part for part in parts if part.get_content_type() == "message/feedback-report")
    fields = next(iter(_inside(report)), report)
    if _header(fields, "Feedback-Type").strip().lower() == "not-spam":
        return Automatic()
    return Complaint(_original(parts, domain) or _bounced(recipients))


def _is_to_many(mail: Message) -> bool:
    """Whether it went to a list or to many people; what answers nothing of ours is then no letter to us."""
    precedence = _header(mail, "Precedence").strip().lower()
    return "List-Id" in mail or precedence in ("bulk", "junk", "list")


def _is_attachment(part: Message) -> bool:
    told = _header(part, "Content-Disposition").strip().lower()
    named = "name=" in told or "name=" in _header(part, "Content-Type").lower()
    return told.startswith("attachment") or (named and part.get_content_maintype() != "text")


def _text(parts: list[Message]) -> str:
    """Return the first plain text, or else the first HTML as text."""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and not _is_attachment(part):
                text = _decoded(part)
                text = text_of_html(text[:MOST_TEXT]) if kind == "text/html" else text
                if text := clean(text.replace("\r\n", "\n").replace("\r", "\n")[:MOST_TEXT]):
                    return text
    return ""


def _attachments(parts: list[Message]) -> tuple[Attachment, ...]:
    found = []
    for part in parts:
        if part.get_content_maintype() == "multipart" or not _is_attachment(part):
            continue
        if part.get_content_maintype() == "message":
            size = 0
        else:
            content = part.get_payload(decode=True)
            size = len(content) if isinstance(content, bytes) else 0
        try:
            name = part.get_filename() or ""
        except (ValueError, LookupError, TypeError):
            name = ""
        found.append(Attachment(_plain(name[:HEADER])[:120] or part.get_content_type(), size))
    return tuple(found[:20])


def _header(part: Message, name: str) -> str:
    """Return the first header of that name, undecoded (RFC 2047), cut at HEADER characters."""
    told: object = part.get(name, "")
    if isinstance(told, str):
        return told[:HEADER]
    # Letters beyond ASCII were written as they are (RFC 6532), which the parser would show as question marks.
    raw = next(str(value) for each, value in part.raw_items() if each.lower() == name.lower())
    return _words(raw[:HEADER].encode("utf-8", "surrogateescape"), "")


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    content = content[: 4 * MOST_TEXT] if isinstance(content, bytes) else b""
    try:
        told = str(part.get_content_charset() or "")
    except (ValueError, LookupError, TypeError):
        told = ""
    return _words(content, told)


def _words(content: bytes, charset: str) -> str:
    """Decode bytes by the given charset, by the one that most mails use, or by the one whose words make sense."""
    told = [charset] if _CHARSET.fullmatch(charset.lower()) else []
    for name in (*told, "utf-8"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    try:
        return decode(content)[0]
    except Refused:
        return content.decode("cp1252", "replace")


def _plain(text: str) -> str:
    """Return a header's decoded text (RFC 2047) on one line."""
    try:
        found = decode_header(text)
    except (HeaderParseError, ValueError):
        found = [(text, None)]
    words = [word if isinstance(word, str) else _words(word, charset or "") for word, charset in found]
    return " ".join(clean("".join(words)).split())
