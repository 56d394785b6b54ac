"""Find words in a template that no catalogue knows: text, spoken attributes and literals outside of `_()`."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from jinja2 import Environment

_SPOKEN = frozenset({"title", "aria-label", "aria-description", "placeholder", "alt", "data-label", "label"})
_SILENT = frozenset({"script", "style", "svg", "code"})
# Blocks that hold class names.
_CLASSES = frozenset({"main_class"})
_TRANSLATORS = frozenset({"_", "gettext", "ngettext", "N_"})
# Names and codes that are the same in every language; `h` of hours is written by the filters.
_NAMES = frozenset({"Français", "cohortmgr", "MAD", "XLSX", "CSV", "PDF", "QR", "SHA", "RIB", "CIN", "IBAN"})
_WORD = re.compile("[A-Za-zÀ-ÖØ-öø-ÿ]{2,}")
# What an expression makes: a name (`{{ id }}-hint`) or an address; `@@words@@` is filled in later.
_MADE = re.compile(r"\x00(?:-[\w-]+|(?:/[a-z]+)+/(?=\x00))?|@@[a-z]+@@")
# Attributes that a macro writes into the tag of whoever calls it.
_UNSPOKEN = re.compile(r'^(?:\s*(?:aria-(?:invalid|describedby|current)|data-[a-z-]+)="[^"<>]*")+\s*$')
_FRENCH = re.compile(r"[àâçéèêëîïôùûœÀÂÇÉÈÊÎÔ’«]|^[A-Z][a-z]+ [a-z]")


class _Spoken(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self.found += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated(source: str, *, is_message: bool = False) -> list[str]:
    """The words that a reader would see in French whatever the language; empty when all is well."""
    shown, literals = _read(source)
    if is_message:
        texts = re.sub(r"\x00\S*", " ", shown).split("\n")
    else:
        parser = _Spoken()
        parser.feed(_MADE.sub("", shown))
        parser.close()
        texts = [text for text in parser.found if not _UNSPOKEN.match(text)]
    return [text.strip() for text in texts if _says_something(text)] + literals


def _says_something(text: str) -> bool:
    return any(word not in _NAMES for word in _WORD.findall(text))


def _read(source: str) -> tuple[str, list[str]]:
    """What stands outside of expressions (each of those leaves a NUL), and the French literals inside them."""
    shown: list[str] = []
    literals: list[str] = []
    calls: list[bool] = []
    name, silent = "", False
    for _line, kind, value in Environment(autoescape=True).lex(source):
        if kind == "data":
            shown.append("" if silent else value)
        elif kind == "variable_begin":
            shown.append("\x00")
        elif kind == "name":
            silent = value in _CLASSES or (silent and value != "endblock")
            name = value
        elif kind == "operator":
            if value in "([{":
                calls.append(value == "(" and name in _TRANSLATORS)
            elif value in ")]}" and calls:
                calls.pop()
            name = ""
        elif kind == "string" and not any(calls):
            literals.append(value[1:-1])
    return "".join(shown), [each for each in literals if _FRENCH.search(each) and each not in _NAMES]
