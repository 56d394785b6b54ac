"""Read what a mail server says of a delivery: its status code, where codes stand, or else its words. Pure.

Enhanced codes are those of RFC 3463, reply codes those of RFC 5321 (4.2.3). Numbers of the same shape stand in
addresses of the internet (41.2.30.4), in versions of software (Exim 4.96.2) and in dates, so a code counts only
at the beginning of a line, behind a reply code, or behind a word or sign that announces it."""

from __future__ import annotations

import re

from cohortmgr.base.text import fold

# A server that quotes whole letters behind its answer says nothing of the delivery any more.
MOST = 20_000
_ENHANCED = re.compile(r"(?<![\w.:/-])([245])\.(\d{1,3})\.(\d{1,3})(?![\w-]|\.\d)")
# What stands before a code: nothing but quotation marks, a reply code of the same class, or what announces it.
_BEFORE = 40
_QUOTED = " \t>|*-"
_REPLY = re.compile(r"(?<![\w.])([245])\d\d[- \t#(\[<:;,]{0,8}\Z")
_ANNOUNCED = re.compile(
    r"(?:#|\b(?:status|code|dsn|error|erreur|diagnostic|reason|raison|smtp)\b[\s:;=#(\[]{0,8})\Z",
    re.IGNORECASE,
)
# Reply codes that end a delivery, and what they mean where no enhanced code stands beside them.
_REPLY_CODES = {
    "421": "4.3.2",
    "450": "4.2.0",
    "451": "4.3.0",
    "452": "4.2.2",
    "521": "5.3.2",
    "535": "5.7.8",
    "550": "5.0.0",
    "551": "5.1.6",
    "552": "5.2.2",
    "553": "5.1.3",
    "554": "5.0.0",
    "556": "5.1.10",
}
_REPLY_CODE = re.compile(
    r"(?:(?:^|[\r\n])[ \t>|*]{0,20}"
    r"|\b(?:said|says|replied|responded|error|code|smtp|status|erreur|after [A-Z ]{4,12})\b"
    r"[^\r\n\d]{0,80}?[\s:;(\[#]|>[:;]\s{0,8})"
    rf"({'|'.join(_REPLY_CODES)})(?=[\s\-:;,)\]])",
    re.IGNORECASE,
)
# Words of servers, folded, by what they mean. Those of a full mailbox come first: they stand beside codes of all kinds.
_FULL = re.compile(
    r"\b(?:mail)?box(?: is| size)? (?:full|exceeded)|\bmailbox \S+ is full|over ?quota|quota (?:exceeded|depasse)"
    r"|exceed\w{0,6} (?:\w+ ){0,3}(?:quota|storage)|insufficient (?:system )?storage|boite (?:\S+ ){0,6}pleine"
    r"|out of storage|صندوق (?:\S+ ){0,2}ممتلي"
)
_WRONG = re.compile(
    r"(?:user|recipient|mailbox|account|address|destinataire|utilisateur|adresse)(?: \S+){0,4}"
    r" (?:unknown|not found|inconnue?|introuvable|doesn.t exist|does not exist|n.existe pas|invalid)"
    r"|(?:unknown|no such|invalid) (?:\w+ )?(?:user|recipient|mailbox|address|account)|no mailbox here"
    r"|mailbox (?:is )?unavailable"
)
_REFUSES = re.compile(
    r"\bspam\b|blacklist|blocklist|block list|blocked|policy|dmarc|\bspf\b|reputation|not authori[sz]ed"
)
_MEANING = (("2.2", _FULL), ("1.1", _WRONG), ("7.1", _REFUSES))
# Codes that leave open what failed: nothing is said, or that some answer was other than expected.
_VAGUE = ("5.0.0", "4.0.0", "5.5.0", "4.5.0")

# No answer from a host; Microsoft's servers say it of addresses that a university of theirs does not have.
_OF_NETWORK = "5.4.1"
_NOT_THERE = re.compile(r"recipient address rejected")
# What else an Action says (RFC 3464, 2.3.3), and how the code of a full mailbox ends.
_NO_FAILURE = ("delayed", "delivered", "relayed", "expanded")
_FULL_ENDS = ".2.2"


def status_in(text: str) -> str:
    """Return the enhanced status code that a server's text says of a delivery, e.g. "5.1.1"; "" if it says none.

    Where it says none, a reply code counts, and the words beside it tell a full mailbox, an unknown address and
    a refusal from one another; words alone count as well. The first final failure goes before what may still pass."""
    text = text[:MOST]
    found = [*_enhanced(text)] or [_REPLY_CODES[each[1]] for each in _REPLY_CODE.finditer(text)]
    code = next((each for each in found if each[0] == "5"), found[0] if found else "")
    if code == _OF_NETWORK and _NOT_THERE.search(fold(text)):
        return "5.1.1"
    said = _in_words(text) if not code or code in _VAGUE else None
    return f"{code[:1] or '5'}.{said}" if said else code


def status_field(text: str) -> str:
    """Return the code of a report's Status field (RFC 3464, 2.3.4), which a comment may follow; "" for none."""
    match = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\w.])", text)
    return match[1] if match else ""


def code_told(status: str, diagnostic: str, *others: str) -> str:
    """Return the code of a report, from its Status and Diagnostic-Code. Where these leave open what failed, servers say
    it elsewhere. A full mailbox is one, whatever a relay makes of the answer of the server behind it."""
    code, answer = status_field(status), status_in(diagnostic)
    if answer.endswith(_FULL_ENDS):
        return f"{code[:1] or '5'}{_FULL_ENDS}"
    if code == _OF_NETWORK and answer == "5.1.1":
        return answer
    for found in (answer, *(status_in(said) for said in others)):
        if code and code not in _VAGUE:
            break
        code = found if found and (not code or found not in _VAGUE) else code
    return code


def is_failure(action: str, status: str) -> bool:
    """Whether a server gave up. Some say it in words of their own; then the status says whether it is final."""
    if action.startswith(_NO_FAILURE):
        return False
    return action.startswith("fail") or status_field(status).startswith("5")


def _enhanced(text: str) -> list[str]:
    return [match[0] for match in _ENHANCED.finditer(text) if _stands(text, match)]


def _stands(text: str, match: re.Match[str]) -> bool:
    begins = max(0, match.start() - _BEFORE)
    before = text[begins : match.start()].rstrip("([<")
    reply = _REPLY.search(before)
    if reply:
        return reply[1] == match[1]
    return _begins_line(before, is_whole=not begins) or bool(_ANNOUNCED.search(before))


def _begins_line(before: str, *, is_whole: bool) -> bool:
    """Whether nothing but quotation marks stands between a line's beginning and the end of this text."""
    _earlier, newline, line = before.replace("\r", "\n").rpartition("\n")
    return bool(newline or is_whole) and not line.strip(_QUOTED)


def _in_words(text: str) -> str | None:
    told = fold(text)
    return next((code for code, words in _MEANING if words.search(told)), None)
