"""Reads and writes definitions: as TOML for people, and as canonical JSON for the database.

This is an adapter rather than a rule file, although it uses no database: it is the only module that imports
tomlkit.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.typed import DEEPEST, nests_too_deeply, require_shallow
from cohortmgr.programmes.definition.binding import Fault, Part, bind, bind_part, plain
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.earlier import as_of_today, as_written
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.source_lines import Lines, Path, locate, shown
from cohortmgr.programmes.definition.tolerant import JudgedDefinition, judge

DEFINITIONS = FilePath(__file__).parent / "known"

_PARSER_PLACE = re.compile(r" at line (\d+) col \d+")


def read_definition(text: str, file: str) -> Definition:
    """The definition in a TOML text; `file` is the name that messages give.

    Raises Refused with all mistakes at once. Each `where` is like "mdia.toml:42 form.sections[1].key", in
    which lines and places in lists are counted from 1.
    """
    data = _parsed(text, file)
    definition, faults = bind(data, _casablanca)
    if definition is not None:
        faults = [*faults, *check(definition)]
    if faults or definition is None:
        raise Refused(*_said(faults, locate(text), file))
    return definition


def read_known(name: str) -> Definition:
    """The definition with that key among those that come with the application, or in the file with that name.

    Raises NotFound if there is neither, and Refused as `read_definition` does.
    """
    path = FilePath(name)
    if not path.suffix:
        path = DEFINITIONS / f"{name}.toml"
    if not path.is_file():
        raise NotFound(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Problem(N_("Le fichier n’est pas un texte en UTF-8."), where=path.name)) from None
    return read_definition(text, path.name)


def place_in(name: str, field: str) -> str:
    """Where a field stands in that definition, as `read_definition` says it: "mdia.toml:4 host"."""
    path = FilePath(name) if FilePath(name).suffix else DEFINITIONS / f"{name}.toml"
    line = locate(path.read_text(encoding="utf-8-sig")).nearest((field,))
    return f"{path.name}:{line} {field}"


def write_definition(definition: Definition) -> str:
    """The definition as TOML; reading it again gives an equal definition."""
    return tomlkit.dumps(_for_toml(plain(definition)))


def read_part(text: str, file: str, kind: type[Part]) -> tuple[Part, Callable[[Iterable[Fault]], Refused]]:
    """The value in a TOML text that is written as definitions are, and what says further faults of it with their lines.

    Raises Refused with all mistakes of its shape at once, each with its line as `read_definition` does."""
    data, lines = _parsed(text, file), locate(text)
    found, faults = bind_part(kind, data, (), _casablanca)
    faults = [*_hidden(data, ()), *faults]
    if faults or found is None:
        raise Refused(*_said(faults, lines, file))
    return found, lambda more: Refused(*_said(more, lines, file))


def write_part(value: object) -> str:
    """Such a value as TOML; reading it again gives an equal one."""
    return tomlkit.dumps(_for_toml(plain(value)))


def write_draft(document: Mapping[str, Any]) -> str:
    """A document that is still being written, as TOML; like `write_definition` once nothing is wrong with it."""
    definition, faults = bind(document, _casablanca)
    return (
        write_definition(definition)
        if definition is not None and not faults
        else tomlkit.dumps(_for_toml(as_of_today(document)))
    )


def judged(document: Mapping[str, Any]) -> JudgedDefinition:
    """Find what is wrong with a document that is being written, and what of it can be shown."""
    return judge(document, _casablanca)


def read_draft(text: str, file: str) -> tuple[dict[str, Any], list[Problem]]:
    """The document in a TOML text that may still be faulty, and its problems, with places as
    `read_definition` gives them.

    Raises Refused with all problems when pages could not change it: when its shape lacks more than texts, or
    a key is wrong or stands twice.
    """
    data = _parsed(text, file)
    lines, hidden = locate(text), list(_hidden(data, ()))
    if hidden:
        raise Refused(*_said(hidden, lines, file))
    found = judged(data)
    problems = _said(found.faults, lines, file)
    if found.definition is None or not found.editable:
        raise Refused(*problems)
    definition, _faults = bind(data, _casablanca)
    if definition is not None:
        return as_json(definition), problems
    document: dict[str, Any] = _for_json(_in_casablanca(as_of_today(data)))
    return document, problems


def _hidden(value: Any, path: Path) -> Iterator[Fault]:
    """A fault at each text with control characters, which no page shows and not every database keeps."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _hidden(name, (*path, name))
            yield from _hidden(each, (*path, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _hidden(each, (*path, place))
    elif isinstance(value, str) and any(
        unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in value
    ):
        yield Fault(
            path,
            N_("Ce texte contient un caractère invisible qui n’est pas permis. Saisissez-le au clavier."),
        )


def _in_casablanca(value: Any) -> Any:
    """The same value, with Casablanca's zone added to times that have none."""
    if isinstance(value, dict):
        return {name: _in_casablanca(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_in_casablanca(each) for each in value]
    return _casablanca(value) if isinstance(value, datetime) and value.tzinfo is None else value


def as_json(definition: Definition) -> dict[str, Any]:
    """The definition as plain JSON values: times in UTC, dates and Decimals as text."""
    document: dict[str, Any] = _for_json(plain(definition))
    return document


def from_json(document: Mapping[str, Any]) -> Definition:
    """The definition from what `as_json` wrote. Raises Refused if the document is not one."""
    definition, faults = bind(document, _casablanca)
    if definition is None or faults:
        raise Refused(*(Problem(fault.what, fault.values, shown(fault.path)) for fault in faults))
    return definition


def fingerprint(definition: Definition) -> str:
    """The SHA-256 of the canonical JSON, in hexadecimal; equal definitions have the same."""
    document = json.dumps(as_json(definition), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()


_NESTS = N_(
    "Des listes ou des tables s’emboîtent sur plus de %(most)s niveaux : un programme n’en a pas besoin."
)


def _parsed(text: str, file: str) -> dict[str, Any]:
    if nests_too_deeply(text):
        raise Refused(Problem(_NESTS, {"most": DEEPEST}, file))
    try:
        document = tomlkit.parse(text).unwrap()
        require_shallow(document)
        return document
    except RecursionError:
        raise Refused(Problem(_NESTS, {"most": DEEPEST}, file)) from None
    except (TOMLKitError, ValueError) as error:
        problems = _repeated(text, file)
        if not problems:
            line = getattr(error, "line", None)
            reason = _PARSER_PLACE.sub("", str(error))
            place = f"{file}:{line}" if line else file
            problems = [Problem(N_("Ce n’est pas du TOML valable : %(reason)s"), {"reason": reason}, place)]
        raise Refused(*problems) from error


def _repeated(text: str, file: str) -> list[Problem]:
    """The problems of keys written twice: the parser stops at one without giving a line, our own reading has
    both."""
    what = N_("Ce champ est écrit deux fois.")
    return [Problem(what, where=f"{file}:{line} {shown(path)}") for path, line in locate(text).repeated]


def _said(faults: Iterable[Fault], lines: Lines, file: str) -> list[Problem]:
    written = [(as_written(fault.path, lines.at), fault) for fault in faults]
    placed = sorted(((lines.nearest(path), path, fault) for path, fault in written), key=lambda each: each[0])
    return [Problem(fault.what, fault.values, f"{file}:{line} {shown(path)}") for line, path, fault in placed]


def _casablanca(moment: datetime) -> datetime:
    return moment.replace(tzinfo=CASABLANCA)


def _for_toml(value: Any) -> Any:
    if isinstance(value, dict):
        # Plain fields come first: in TOML, whatever follows a table's header belongs to that table.
        ordered = sorted(value.items(), key=lambda item: _is_nested(item[1]))
        return {name: _for_toml(each) for name, each in ordered}
    if isinstance(value, list):
        return [_for_toml(each) for each in value]
    if isinstance(value, datetime):
        shown_there = value.astimezone(CASABLANCA).replace(tzinfo=None, fold=0)
        # An hour that Casablanca's clocks show twice keeps its offset.
        return shown_there if _casablanca(shown_there).astimezone(UTC) == value else value
    return str(value) if isinstance(value, Decimal) else value


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _for_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _for_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_for_json(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
