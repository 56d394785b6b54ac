"""The syntax of texts that people edit: plain text, and variable names between braces. Pure.

A text is read in one pass, and values take the places of names. Nothing in a text is ever evaluated, and
values are not read for names again. A doubled brace stands for one brace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cohortmgr.base.errors import N_, Problem, Refused

# The most characters that a text may have; a long letter has about three thousand.
LONGEST_BODY = 20_000
LONGEST_SUBJECT = 200
_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]{0,59})\}|[{}]")


@dataclass(frozen=True)
class Name:
    """The place of a variable in a text."""

    word: str


Piece = str | Name


def parse(text: str) -> tuple[Piece, ...]:
    """Split a text into plain text and names, in order; two pieces of plain text never follow each other.
    Raises Refused for an unbalanced brace."""
    pieces: list[Piece] = []
    words: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        words.append(text[end : token.start()])
        end = token.end()
        if token[1] is not None:
            pieces += [*_joined(words), Name(token[1])]
            words = []
        elif token[0] in ("{{", "}}"):
            words.append(token[0][0])
        else:
            raise Refused(_unbalanced(text, token.start()))
    words.append(text[end:])
    return (*pieces, *_joined(words))


def _joined(words: list[str]) -> list[Piece]:
    joined = "".join(words)
    return [joined] if joined else []


def _unbalanced(text: str, place: int) -> Problem:
    line = text.count("\n", 0, place) + 1
    near = text[max(0, place - 12) : place + 13].replace("\n", " ").strip()
    return Problem(
        N_(
            "Ligne %(line)s, près de « %(near)s » : une variable s’écrit {nom}, sans espace ; une accolade seule, {{."
        ),
        {"line": line, "near": near},
    )


def printed(pieces: Iterable[Piece]) -> str:
    """Return the text that `parse` reads as these pieces."""
    return "".join(
        f"{{{piece.word}}}" if isinstance(piece, Name) else piece.replace("{", "{{").replace("}", "}}")
        for piece in pieces
    )


def names(pieces: Iterable[Piece]) -> frozenset[str]:
    """Return the variables that a text contains."""
    return frozenset(piece.word for piece in pieces if isinstance(piece, Name))


def filled(pieces: Iterable[Piece], values: Mapping[str, str]) -> str:
    """Return the text with its values. The space before an empty value is removed too.
    Raises KeyError for a name without a value."""
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, Name):
            value = values[piece.word]
            if not value and parts:
                parts[-1] = parts[-1].rstrip(" ")
            parts.append(value)
        else:
            parts.append(piece)
    return "".join(parts)
