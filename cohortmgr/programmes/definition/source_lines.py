"""Finds the line of each key in a TOML file, so that a mistake is shown where a person can correct it.

TOML libraries forget where a value was written. This module reads the same grammar, for positions only. It
expects a text that a real parser has accepted; with any other it stops quietly at the first thing it cannot
read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")


@dataclass
class Lines:
    """`at` maps a path (list places from 0) to its line (from 1); `repeated` are the keys written twice, with
    their lines."""

    at: dict[Path, int] = field(default_factory=dict)
    repeated: list[tuple[Path, int]] = field(default_factory=list)

    def nearest(self, path: Path) -> int:
        """The line of the path, or else of the nearest thing around it that has one; 1 if none has."""
        while path:
            if path in self.at:
                return self.at[path]
            path = path[:-1]
        return 1


class _Lost(Exception):
    """The text does not follow the grammar."""


class _Walker:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self.lines = Lines()
        self.counts: dict[Path, int] = {}

    def walk(self) -> None:
        table: Path = ()
        self.skip(_BLANK)
        while self.place < len(self.text):
            if self.peek("[["):
                table = self.header("[[", "]]", repeatable=True)
            elif self.peek("["):
                table = self.header("[", "]", repeatable=False)
            else:
                self.assignment(table)
            self.skip(_BLANK)

    def header(self, opening: str, closing: str, repeatable: bool) -> Path:
        line = self.line()
        self.place += len(opening)
        keys = self.keys()
        self.expect(closing)
        path = self.resolve(keys[:-1]) + (keys[-1],)
        if repeatable:
            place = self.counts.get(path, -1) + 1
            self.counts[path] = place
            self.lines.at.setdefault(path, line)
            path += (place,)
        elif path in self.counts:
            path += (self.counts[path],)
        self.note(path, line)
        return path

    def resolve(self, keys: list[str]) -> Path:
        """The path of a header's names; after each name that is an array of tables, the place of its latest
        element."""
        path: Path = ()
        for key in keys:
            path += (key,)
            if path in self.counts:
                path += (self.counts[path],)
        return path

    def assignment(self, table: Path) -> None:
        line = self.line()
        keys = self.keys()
        self.expect("=")
        path = table
        for key in keys[:-1]:
            path += (key,)
            self.lines.at.setdefault(path, line)
        path += (keys[-1],)
        self.note(path, line)
        self.skip(_SPACE)
        self.value(path)

    def value(self, path: Path) -> None:
        if self.peek("["):
            self.array(path)
        elif self.peek("{"):
            self.inline_table(path)
        elif self.peek('"') or self.peek("'"):
            self.string()
        else:
            self.skip(_SCALAR, needed=True)

    def array(self, path: Path) -> None:
        self.place += 1
        place = 0
        self.skip(_BLANK)
        while not self.peek("]"):
            self.note((*path, place), self.line())
            self.value((*path, place))
            place += 1
            self.skip(_BLANK)
            if self.peek(","):
                self.place += 1
                self.skip(_BLANK)
            elif not self.peek("]"):
                raise _Lost
        self.place += 1

    def inline_table(self, path: Path) -> None:
        self.place += 1
        self.skip(_BLANK)
        while not self.peek("}"):
            self.assignment(path)
            self.skip(_BLANK)
            if self.peek(","):
                self.place += 1
                self.skip(_BLANK)
            elif not self.peek("}"):
                raise _Lost
        self.place += 1

    def string(self) -> str:
        quote = self.text[self.place]
        long = self.peek(quote * 3)
        ending = quote * 3 if long else quote
        start = self.place = self.place + len(ending)
        while not self.peek(ending):
            if self.place >= len(self.text):
                raise _Lost
            self.place += 2 if quote == '"' and self.peek("\\") else 1
        while long and self.text[self.place + 3 : self.place + 4] == quote:
            self.place += 1
        found = self.text[start : self.place]
        self.place += len(ending)
        return found

    def keys(self) -> list[str]:
        found: list[str] = []
        while True:
            self.skip(_SPACE)
            if self.peek('"') or self.peek("'"):
                found.append(self.string())
            else:
                match = _BARE_KEY.match(self.text, self.place)
                if match is None:
                    raise _Lost
                found.append(match.group())
                self.place = match.end()
            self.skip(_SPACE)
            if not self.peek("."):
                return found
            self.place += 1

    def note(self, path: Path, line: int) -> None:
        if path in self.lines.at:
            self.lines.repeated.append((path, line))
        else:
            self.lines.at[path] = line

    def line(self) -> int:
        return bisect_right(self.starts, self.place)

    def peek(self, expected: str) -> bool:
        return self.text.startswith(expected, self.place)

    def expect(self, expected: str) -> None:
        if not self.peek(expected):
            raise _Lost
        self.place += len(expected)

    def skip(self, pattern: re.Pattern[str], needed: bool = False) -> None:
        match = pattern.match(self.text, self.place)
        if match is not None:
            self.place = match.end()
        elif needed:
            raise _Lost


def locate(text: str) -> Lines:
    """The line of every table, key, list element and inline key in a TOML text."""
    walker = _Walker(text)
    with suppress(_Lost):
        walker.walk()
    return walker.lines


def shown(path: Path) -> str:
    """A path as people read it, counted from 1: `form.sections[1].questions[3].kind`."""
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step + 1}]"
        else:
            said += f".{step}" if said else step
    return said
