"""Turns plain tables (from TOML or JSON) into the frozen values of `rules.py`, and back.

The dataclasses are the only description of a definition: their types say what a field may hold. A field added
there is read, written, checked and suggested here without another line. All faults are collected; none stops
the reading.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from cohortmgr.base.errors import N_
from cohortmgr.base.typed import MOST, day, sound_day, sound_figure, whole
from cohortmgr.programmes.definition.earlier import as_of_today
from cohortmgr.programmes.definition.rules import TEXT_LANGUAGES, Definition
from cohortmgr.programmes.definition.source_lines import Path
from cohortmgr.programmes.definition.texts import ONE_OR_MORE

# How alike a name that exists must be to be meant by a wrong one. Below it are names that only sound like it
# ("interviews" and "intakes"), and the list of names says more.
_ALIKE = 0.8


def _near(name: str, known: list[str]) -> str:
    """The known name that was likely meant: a slip away, or begun or ended by it; empty if there is none."""
    alike = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    parts = [each for each in known if len(name) > 2 and (each.startswith(name) or each.endswith(name))]
    return (alike or parts or [""])[0]


@dataclass(frozen=True)
class Fault:
    """A mistake at a path of the document: a French msgid with its values."""

    path: Path
    what: str
    values: Mapping[str, object] = field(default_factory=dict)


Part = TypeVar("Part")
# Gives the instant that a local time of the file, without a zone, stands for.
LocalTime = Callable[[datetime], datetime]

_ABSENT: Any = object()


class Binder:
    """Builds values from plain tables; `faults` collects what is wrong."""

    def __init__(self, local_time: LocalTime) -> None:
        self.local_time = local_time
        self.faults: list[Fault] = []

    def fail(self, path: Path, what: str, **values: object) -> Any:
        self.faults.append(Fault(path, what, values))
        return _ABSENT

    def record(self, kind: type, data: object, path: Path) -> Any:
        """The dataclass `kind` built from a table; absent if any part of it is wrong."""
        if not isinstance(data, Mapping):
            return self.fail(path, N_("Une table est attendue ici."))
        hints = hints_of(kind)
        for name in data:
            if name not in hints:
                self.unknown((*path, str(name)), str(name), list(hints))
        found: dict[str, Any] = {}
        whole = True
        for spec in fields(kind):
            if spec.name in data:
                found[spec.name] = self.value(hints[spec.name], data[spec.name], (*path, spec.name))
                whole = whole and found[spec.name] is not _ABSENT
            elif spec.default is MISSING and spec.default_factory is MISSING:
                self.fail((*path, spec.name), N_("Ce champ est obligatoire et n’est pas renseigné."))
                whole = False
        return kind(**found) if whole else _ABSENT

    def unknown(self, path: Path, name: str, known: list[str]) -> None:
        near, what = (
            _near(name, known),
            N_("Le champ « %(name)s » n’existe pas. Champs possibles : %(known)s."),
        )
        if near:
            what = N_(
                "Le champ « %(name)s » n’existe pas. Vouliez-vous dire « %(near)s » ? Champs possibles : %(known)s."
            )
        self.fail(path, what, name=name, near=near, known=", ".join(known))

    def value(self, hint: Any, data: object, path: Path) -> Any:
        """The value of a field, read as its type demands."""
        origin = get_origin(hint)
        if origin is Annotated:
            return self.one_or_more(hint, data, path) if is_one_or_more(hint) else self.text(data, path)
        if origin in (Union, types.UnionType):
            kinds = [kind for kind in get_args(hint) if kind is not type(None)]
            tables = [kind for kind in kinds if get_origin(kind) is Mapping]
            return self.value((tables if tables and isinstance(data, Mapping) else kinds)[0], data, path)
        if origin is tuple:
            return self.list_of(get_args(hint)[0], data, path)
        if origin is not None:
            return self.mapping(get_args(hint), data, path)
        if is_dataclass(hint):
            return self.record(cast(type, hint), data, path)
        if issubclass(hint, StrEnum):
            return self.one_of(hint, data, path)
        return _SCALARS[hint](self, data, path)

    def list_of(self, hint: Any, data: object, path: Path) -> Any:
        if not isinstance(data, list | tuple):
            return self.fail(path, N_("Une liste est attendue ici."))
        found = tuple(self.value(hint, each, (*path, place)) for place, each in enumerate(data))
        return _ABSENT if any(each is _ABSENT for each in found) else found

    def one_or_more(self, hint: Any, data: object, path: Path) -> Any:
        """A list, or its only value without brackets."""
        kind = get_args(get_args(hint)[0])[0]
        if isinstance(data, list | tuple):
            return self.list_of(kind, data, path)
        only = self.value(kind, data, path)
        return _ABSENT if only is _ABSENT else (only,)

    def mapping(self, hints: tuple[Any, ...], data: object, path: Path) -> Any:
        if not isinstance(data, Mapping):
            return self.fail(path, N_("Une table est attendue ici."))
        found: dict[Any, Any] = {}
        for name, each in data.items():
            found[self.key(hints[0], str(name), (*path, str(name)))] = self.value(
                hints[1], each, (*path, str(name))
            )
        wrong = _ABSENT in found or any(each is _ABSENT for each in found.values())
        return _ABSENT if wrong else found

    def key(self, hint: Any, name: str, path: Path) -> Any:
        if hint is not int:
            return name
        number = whole(name, -MOST)
        return self.fail(path, N_("Un nombre entier est attendu.")) if number is None else number

    def text(self, data: object, path: Path) -> Any:
        if not isinstance(data, Mapping):
            return self.fail(
                path, N_("Un texte en français, en arabe et en anglais est attendu (fr, ar, en).")
            )
        whole = True
        for name in data:
            if name not in TEXT_LANGUAGES:
                self.unknown((*path, str(name)), str(name), list(TEXT_LANGUAGES))
                whole = False
        for language in TEXT_LANGUAGES:
            said = data.get(language)
            if not isinstance(said, str) or not said.strip():
                self.fail(
                    (*path, language),
                    N_("Le texte manque dans la langue « %(language)s »."),
                    language=language,
                )
                whole = False
        if whole and not any("\u0621" <= letter <= "\u064a" for letter in data["ar"]):
            return self.fail((*path, "ar"), N_("Le texte arabe ne contient aucune lettre arabe."))
        return {language: str(data[language]) for language in TEXT_LANGUAGES} if whole else _ABSENT

    def one_of(self, kind: type[StrEnum], data: object, path: Path) -> Any:
        try:
            return kind(str(data))
        except ValueError:
            known = [member.value for member in kind]
            near = _near(str(data), known)
            what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
            if near:
                what = N_(
                    "« %(value)s » n’est pas permis ici. Vouliez-vous dire « %(near)s » ? Valeurs possibles : "
                    "%(known)s."
                )
            return self.fail(path, what, value=data, known=", ".join(known), near=near)

    def string(self, data: object, path: Path) -> Any:
        if isinstance(data, str):
            return str(data)
        return self.fail(path, N_("Un texte entre guillemets est attendu."))

    def whole(self, data: object, path: Path) -> Any:
        if isinstance(data, int) and not isinstance(data, bool) and -MOST <= data <= MOST:
            return int(data)
        return self.fail(path, N_("Un nombre entier est attendu."))

    def truth(self, data: object, path: Path) -> Any:
        return (
            bool(data)
            if isinstance(data, bool)
            else self.fail(path, N_("« true » ou « false » est attendu."))
        )

    def number(self, data: object, path: Path) -> Any:
        try:
            if not isinstance(data, bool) and isinstance(data, int | float | str | Decimal):
                found = sound_figure(Decimal(str(data)))
                if found is not None:
                    return found
        except InvalidOperation:
            pass
        return self.fail(path, N_("Un nombre est attendu."))

    def day(self, data: object, path: Path) -> Any:
        found = None
        if isinstance(data, str):
            found = day(data)
        elif isinstance(data, date) and not isinstance(data, datetime):
            found = sound_day(date(data.year, data.month, data.day))
        if found is not None:
            return found
        return self.fail(path, N_("Une date est attendue, par exemple 2025-09-22 (année-mois-jour)."))

    def moment(self, data: object, path: Path) -> Any:
        found = data if isinstance(data, datetime) else _read_moment(data)
        if found is None or sound_day(found.date()) is None:
            return self.fail(
                path,
                N_("Une date et une heure de Casablanca sont attendues, par exemple 2025-06-01T09:00:00."),
            )
        aware = found if found.tzinfo else self.local_time(found)
        return aware.astimezone(UTC)


def _read_moment(data: object) -> datetime | None:
    try:
        return datetime.fromisoformat(data) if isinstance(data, str) else None
    except ValueError:
        return None


_SCALARS: dict[Any, Callable[[Binder, object, Path], Any]] = {
    str: Binder.string,
    int: Binder.whole,
    bool: Binder.truth,
    Decimal: Binder.number,
    date: Binder.day,
    datetime: Binder.moment,
}


def is_one_or_more(hint: Any) -> bool:
    """Whether a field holds a list that may be written as its only value."""
    return get_origin(hint) is Annotated and ONE_OR_MORE in hint.__metadata__


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields, including the mark of texts."""
    return get_type_hints(kind, include_extras=True)


def bind(data: Mapping[str, object], local_time: LocalTime) -> tuple[Definition | None, list[Fault]]:
    """The definition built from plain tables, or None, and all faults in its shape."""
    binder = Binder(local_time)
    found = binder.record(Definition, as_of_today(data), ())
    return (None if found is _ABSENT else found), binder.faults


def bind_part(
    kind: type[Part], data: object, path: Path, local_time: LocalTime
) -> tuple[Part | None, list[Fault]]:
    """A value of another file that is written as definitions are, built from its tables, or None, and its faults."""
    binder = Binder(local_time)
    found = binder.record(kind, data, path)
    return (None if found is _ABSENT else found), binder.faults


def plain(value: Any) -> Any:
    """The plain tables of a value. Fields that equal their default are left out, so that adding a field later
    changes no fingerprint. Dates, times and Decimals are kept as they are."""
    if is_dataclass(value):
        return {
            spec.name: _plain_field(type(value), spec.name, held)
            for spec in fields(value)
            if not _is_default(spec, held := getattr(value, spec.name))
        }
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value.value if isinstance(value, StrEnum) else value


def _plain_field(kind: type, name: str, held: Any) -> Any:
    """The plain value of a field; of a list that may be written as its only value, that value, as it always was."""
    alone = isinstance(held, tuple) and len(held) == 1 and is_one_or_more(hints_of(kind)[name])
    return plain(held[0] if alone else held)


def _is_default(spec: Any, held: object) -> bool:
    if spec.default is not MISSING:
        return bool(held == spec.default)
    return spec.default_factory is not MISSING and bool(held == spec.default_factory())
