"""Finds files by a text: a reference, a file's number, an identity number or a telephone, and else by words.

Below a policy of row-level security PostgreSQL takes no LIKE as the condition of an index; it takes `word >= …` and
`word < …` (docs/decisions/0021).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa

from cohortmgr.accounts.identifiers import normalise_cin, normalise_massar, western_digits
from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.conditions import counted
from cohortmgr.applications.answers.values import normalise_phone
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, READ, File, within
from cohortmgr.applications.file.rules import HIDDEN, search_text
from cohortmgr.applications.file.words import sought
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.base import crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import bare
from cohortmgr.programmes.models import DefinitionVersion, Intake

# So many files does a search over all intakes show.
SHOWN = 50
# Behind each word that begins with another, and behind no other word.
_LAST = "\U0010ffff"
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9_-]*-([0-9A-HJKMNP-TV-Z]{6})\Z")
_CODE = re.compile(r"(?=.*[0-9])[0-9A-HJKMNP-TV-Z]{6}\Z")
_REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}\Z")


@dataclass(frozen=True)
class FoundFiles:
    """Files of any intake, the newest first: reference, name, number, state, and the intake's reference and title.
    `is_more` says that there are others."""

    rows: Sequence[sa.Row[Any]]
    is_more: bool


def in_intake(intake_id: int, states: Collection[str], text: str) -> sa.Select[*tuple[Any, ...]]:
    """The applications of the intake in one of the states that are found by the text, some of them twice: the name by
    which lists are ordered, and the id."""
    words = (SearchWord.intake_id == intake_id, SearchWord.state.in_(states))
    files = (Application.intake_id == intake_id, Application.state.in_(states), AGREED)
    return _found(text, _Ground(sa.and_(*words), sa.and_(*files), is_named=True))


def everywhere(viewer: Viewer, text: str, most: int = SHOWN) -> FoundFiles:
    """The files that are found by the text in all intakes where the viewer reads files, so many at most, in one
    statement."""
    read = sa.select(Intake.id).where(within(viewer, READ)).correlate(None)
    places: list[sa.ColumnElement[bool]] = [SearchWord.intake_id.in_(read)]
    if not viewer.is_system:
        places.append(SearchWord.institution_id.in_(viewer.institutions))
    ground = _Ground(sa.and_(*places), sa.and_(Application.intake_id.in_(read), AGREED))
    found = _found(text, ground).subquery()
    newest = sa.select(found.c[0]).distinct().order_by(found.c[0].desc()).limit(most + 1).subquery()
    shown = (Application.reference, Application.name, Application.number, Application.state)
    rows = db.session.execute(
        sa.select(*shown, Intake.reference.label("intake"), Intake.title)
        .join(newest, newest.c[0] == Application.id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(within(viewer, READ), AGREED)
        .order_by(Application.id.desc())
    ).all()
    return FoundFiles(rows[:most], len(rows) > most)


def seeks_identity(text: str) -> bool:
    """Whether the text may be an identity number or a telephone, which is kept nowhere unsealed."""
    return bool(_identity_numbers(text) or _phone(text))


@dataclass(frozen=True)
class _Ground:
    """Where is looked: the rows of words and the files that lie there. Of each the id is found; where it `is_named`,
    the name by which lists are ordered before it, which not every index of words bears."""

    words: sa.ColumnElement[bool]
    files: sa.ColumnElement[bool]
    is_named: bool = False

    def of_words(self) -> sa.Select[*tuple[Any, ...]]:
        """A query of the rows of words."""
        shown: list[Any] = [SearchWord.sort_name] if self.is_named else []
        return sa.select(*shown, SearchWord.application_id).where(self.words)

    def of_files(self) -> sa.Select[*tuple[Any, ...]]:
        """A query of the files."""
        shown: list[Any] = [Application.sort_name] if self.is_named else []
        return sa.select(*shown, Application.id).where(self.files).correlate(None)


def _found(text: str, ground: _Ground) -> sa.Select[*tuple[Any, ...]]:
    """The files that are found by the text; one with two words that begin alike may be there twice."""
    exact = _exactly(text)
    if not exact:
        return _by_words(text, ground)
    ways = [ground.of_files().where(way) for way in exact]
    code = bare(western_digits(text)).upper()
    if _CODE.match(code):  # six characters may also be those of a file's number
        ways.append(_by_words(code, ground))
    return _all_of(sa.union, ways)


def _exactly(text: str) -> list[sa.ColumnElement[bool]]:
    """The conditions that exactly one file or person meets, of what the text has the shape of. Each has its index."""
    plain = bare(western_digits(text)).upper()
    if _REFERENCE.match(plain):
        return [Application.reference == plain]
    found: list[sa.ColumnElement[bool]] = []
    number = _NUMBER.match(plain)
    if number and _CODE.match(number[1]):
        found.append(Application.number == plain)
    for kind, blind in _identity_numbers(text):
        bearers = sa.select(Identifier.person_id).where(Identifier.kind == kind, Identifier.blind == blind)
        found.append(Application.person_id.in_(bearers))
    phone = _phone(text)
    if phone:
        found.append(Application.person_id.in_(sa.select(Person.id).where(Person.phone_blind == phone)))
    return found


def _by_words(text: str, ground: _Ground) -> sa.Select[*tuple[Any, ...]]:
    """The files that have, for each word of the text, a word that begins as it says. As many rows as are asked for are
    read, and no more."""
    asked = sought(text)
    if not asked:
        return ground.of_words().where(sa.false())
    each_word = [_all_of(sa.union_all, [_range(each, ground) for each in beginnings]) for beginnings in asked]
    if len(asked) == 1:
        return each_word[0]
    # Joined to the files in one plan, two words have taken forty seconds.
    apart = _all_of(sa.intersect, each_word).cte().prefix_with("MATERIALIZED", dialect="postgresql")
    return sa.select(*apart.c)


def _all_of(
    operation: Callable[..., sa.CompoundSelect[*tuple[Any, ...]]],
    parts: Sequence[sa.Select[*tuple[Any, ...]]],
) -> sa.Select[*tuple[Any, ...]]:
    """The parts united or intersected, as a query that may itself be a part: SQLite takes no brackets."""
    return parts[0] if len(parts) == 1 else sa.select(*operation(*parts).subquery().c)


def _range(beginning: str, ground: _Ground) -> sa.Select[*tuple[Any, ...]]:
    """One range of an index. Several are several reads of it, and no OR."""
    return ground.of_words().where(SearchWord.word >= beginning, SearchWord.word < beginning + _LAST)


def _identity_numbers(text: str) -> list[tuple[str, str]]:
    """Kind and blind index of the identity numbers (CIN, Massar) that a text could be."""
    numbers = []
    kinds: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("cin", normalise_cin),
        ("massar", normalise_massar),
    )
    for kind, normalise in kinds:
        try:
            numbers.append((kind, crypto.blind_index(kind, normalise(text))))
        except Refused:
            continue
    return numbers


def _phone(text: str) -> str | None:
    """The blind index of the telephone number that a text could be; None if it could not."""
    try:
        return crypto.blind_index("phone", normalise_phone(text))
    except Refused:
        return None


@dataclass(frozen=True)
class WrongWords:
    """A file whose words are not those that its answers give: `text` and `rows` as they should be."""

    id: int
    reference: str
    text: str
    rows: Sequence[Mapping[str, Any]]


def misworded(after: int, most: int, *, lock: bool = False) -> tuple[list[WrongWords], int | None]:
    """Of so many files with greater ids: those that have other words than their answers give, and the last id; None
    behind the last file. `lock` keeps them as they are until the end of the transaction. For the system only."""
    query = (
        sa.select(Application, Intake, DefinitionVersion.fingerprint.label("fingerprint"))
        .join(Intake, Intake.id == Application.intake_id)
        .join(DefinitionVersion, DefinitionVersion.id == Application.version_id)
        .where(Application.id > after)
        .order_by(Application.id)
        .limit(most)
        .execution_options(populate_existing=True)
    )
    files = db.session.execute(query.with_for_update(of=Application) if lock else query).all()
    if not files:
        return [], None
    there: dict[int, list[tuple[Any, ...]]] = {}
    columns = [table_of(SearchWord).c[name] for name in _COLUMNS]
    last = files[-1][0].id
    words = sa.select(*columns).where(columns[0] > after, columns[0] <= last)
    for row in db.session.execute(words):
        there.setdefault(row[0], []).append(tuple(row))
    wrong = []
    for row in files:
        file = File(row[0], row[1], {}, cast(sa.Row[Any], row))
        right = _right_words(file)
        held = sorted(there.get(right.id, ()))
        if file.application.search_text != right.text or held != [
            tuple(each.values()) for each in right.rows
        ]:
            wrong.append(right)
    return wrong, last


_COLUMNS = ("application_id", "intake_id", "state", "word", "institution_id", "sort_name")


def _right_words(file: File) -> WrongWords:
    application, form = file.application, file.definition.form
    text = search_text(form, counted(form, file.answers), application.number)
    place = (application.id, application.intake_id, application.state)
    found = () if application.consent in HIDDEN else sorted(text.split())
    rest = (application.institution_id, application.sort_name)
    rows = [dict(zip(_COLUMNS, (*place, word, *rest), strict=True)) for word in found]
    return WrongWords(application.id, application.reference, text, rows)
