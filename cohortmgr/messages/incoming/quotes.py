"""Find what a person wrote in a reply, without the mail that they quote. Pure.

People answer above the quote, below it, or between its lines; all of these are kept.
The whole text is stored too."""

from __future__ import annotations

import html
import re

_WROTE = re.compile(
    r"^\s*(on\b.{4,200}\bwrote|le\b.{4,200}\ba écrit|في .{4,200}كتب.{0,80})\s*:\s*$", re.IGNORECASE
)
_SOMEBODY_WROTE = re.compile(r"^.{4,200}\b(wrote|a écrit)\s*:\s*$", re.IGNORECASE)
_RULE = re.compile(
    r"^\s*(-{2,}\s*(original message|message d.origine|forwarded message|message transféré|الرسالة الأصلية)\s*-{2,}"
    r"|_{20,})\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^\s*\*?(from|de|sent|envoyé|date|to|à|subject|objet|من|إلى)\s*:\*?\s*\S", re.IGNORECASE)
_PHONE = re.compile(
    r"^\s*(sent from my|envoyé de(puis)? mon|get outlook for|télécharge[rz]? outlook)", re.IGNORECASE
)
_SKIPPED = ("script", "style", "head", "title")
_BREAKS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote")
_MARK = re.compile(r"<(/?)([a-z!?][a-z0-9:-]{0,20})[^<>]{0,4000}>", re.IGNORECASE)
LINES = 5000


def trimmed(text: str) -> str:
    """Return the person's own lines; the whole text if none of it seems to be their own."""
    lines = text.splitlines()[:LINES]
    own: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        taken = _attribution(lines, place)
        if taken:
            after = _next_line(lines, place + taken)
            if after is None or not lines[after].lstrip().startswith(">"):
                break  # what follows is quoted without ">" marks
            place = after
            continue
        if _RULE.match(line) or line in ("-- ", "--") or _PHONE.match(line) or _is_head(lines, place):
            break
        if not line.lstrip().startswith(">"):
            own.append(line.rstrip())
        place += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(own)).strip() or text.strip()


def _attribution(lines: list[str], place: int) -> int:
    """Return how many lines say who wrote what follows:
    mail programs break that sentence over two or three lines. 0 if these lines do not say so."""
    told: list[str] = []
    for line in lines[place : place + 3]:
        if not line.strip() or len(line) > 300:
            return 0
        told.append(line.strip())
        if _WROTE.match(" ".join(told)):
            return len(told)
        if len(told) == 1 and _SOMEBODY_WROTE.match(line):
            return 1
        if line.rstrip().endswith((".", "?", "!", "؟")):
            return 0
    return 0


def _next_line(lines: list[str], place: int) -> int | None:
    return next((n for n in range(place, min(place + 5, len(lines))) if lines[n].strip()), None)


def _is_head(lines: list[str], place: int) -> bool:
    """Whether the head of a quoted mail begins here, as Outlook writes it:
    three fields, one below the other."""
    block = lines[place : place + 3]
    return len(block) == 3 and all(_FIELD.match(line) for line in block)


def text_of_html(source: str) -> str:
    """Return the text of some HTML, with a line for each block;
    quoted blocks get the ">" that plain texts have.

    The HTML is read in one pass, because the library's parser takes minutes for some texts of this size."""
    first, *rest = source.split("<!--")
    source = first + "".join(each.partition("-->")[2] for each in rest)
    found: list[str] = []
    skipped = quoted = last = 0
    for mark in _MARK.finditer(source):
        if not skipped:
            found.append(_spaced(source[last : mark.start()]))
        last = mark.end()
        closes, name = bool(mark[1]), mark[2].lower()
        skipped = _count(skipped, name in _SKIPPED, closes)
        quoted = _count(quoted, name == "blockquote", closes)
        if name in _BREAKS:
            found.append("\n> " if quoted else "\n")
    if not skipped:
        found.append(_spaced(source[last:]))
    lines = (line.strip() for line in "".join(found).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != ">")).strip()


def _count(held: int, concerned: bool, closes: bool) -> int:
    return max(0, held + (-1 if closes else 1)) if concerned else held


def _spaced(words: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(words))
