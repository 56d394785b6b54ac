"""Turn a message's text into HTML: paragraphs, lists and links, in the markup of a mail or of a page. Pure.

A line that is only a link becomes a button with the link written below it, so that whoever distrusts buttons
sees where it leads. In Arabic, left-to-right parts are isolated, so that their pieces keep their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

_PLACE = re.compile(r"@@(\w+)@@")
_LINK = r"https?://[^\s<>\"«»]*[^\s<>\"«».,;:!?()]"
_ADDRESS = r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_FIGURE = r"(?:\+|\b)\d[\d \u00a0\u202f.,/:()-]*\d|\d+"
_CODE = r"\b[A-Z]{2,}(?:-[A-Z0-9]+)+"
_ALONE = re.compile(rf"\s*({_LINK})\s*")
_LINKS = re.compile(f"({_LINK})")
_RUNS = re.compile(f"({_LINK})|({_ADDRESS}|{_CODE}|{_FIGURE})")


@dataclass(frozen=True)
class Dress:
    """The markup of each kind of block, with `@@words@@` where its content goes.
    A link also has `@@address@@`; a button has `@@address@@` and `@@label@@`."""

    paragraph: str
    list: str
    item: str
    button: str
    link: str


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (kind, lines): `button` with one link, `list` with its items, `paragraph` with its lines."""
    kind, held = "", list[str]()
    for line in text.splitlines():
        line = line.strip()
        if not line:
            here = ""
        elif _ALONE.fullmatch(line):
            here = "button"
        elif line.startswith("- "):
            here, line = "list", line[2:]
        else:
            here = "paragraph"
        # A blank line between two items does not end the list: templates write lists that way.
        if kind and here != kind and not (here == "" and kind == "list"):
            yield kind, held
            held = []
        if here == "button":
            yield here, [line]
            here = ""
        elif here:
            held.append(line)
        kind = "list" if here == "" and kind == "list" and held else here
    if held:
        yield kind, held


def marked_up(text: str, dress: Dress, *, label: str, isolated: bool) -> str:
    """Return the escaped HTML of a whole text.
    `label` is written on buttons; `isolated` is True for Arabic."""
    found = []
    for kind, lines in _blocks(text):
        match kind:
            case "button":
                address = escape(lines[0])
                words = _isolated(address) if isolated else address
                found.append(laid(dress.button, address=address, words=words, label=escape(label)))
            case "list":
                items = (laid(dress.item, words=inline(line, dress, isolated)) for line in lines)
                found.append(laid(dress.list, words="".join(items)))
            case _:
                words = "<br>".join(inline(line, dress, isolated) for line in lines)
                found.append(laid(dress.paragraph, words=words))
    return "\n".join(found)


def inline(line: str, dress: Dress, isolated: bool) -> str:
    """Return one line as escaped HTML, with its links made clickable."""
    if not isolated and "://" not in line:
        return escape(line, quote=False)
    parts, end = [], 0
    for run in (_RUNS if isolated else _LINKS).finditer(line):
        parts.append(escape(line[end : run.start()], quote=False))
        end = run.end()
        words = escape(run[0])
        shown = _isolated(words) if isolated else words
        parts.append(laid(dress.link, address=words, words=shown) if run[1] else shown)
    parts.append(escape(line[end:], quote=False))
    return "".join(parts)


def laid(markup: str, **contents: str) -> str:
    """Fill the places of some markup in one pass: the contents are not searched for places again."""
    return _PLACE.sub(lambda place: contents[place[1]], markup)


def _isolated(words: str) -> str:
    return f'<bdi dir="ltr">{words}</bdi>'
