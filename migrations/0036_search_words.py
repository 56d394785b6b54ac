"""A file is found by the words of its names, number and address; what belongs to a file says in which intake."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WORD = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"search_words": "institution"}

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent / "0036_search_words"
# What belongs to a file, with the condition of the rows that count.
BELONGING = {
    "documents": "replaced_at IS NULL",
    "notes": None,
    "corrections": None,
    "extensions": "revoked_at IS NULL",
}
# As they stood in the text of before.
NAMES = ("family_name", "given_name", "given_name_ar", "family_name_ar")
ARTICLES = ("el", "al", "ben", "bel", "ait", "abd", "abdel", "ال", "بن", "ايت", "عبد", "عبدال")
DEFINITE = ("el", "al", "ال")
ASSIMILATED = re.compile(r"[ea](?:([dlnrstz])(?=\1)|ch(?=ch))")
LETTERS = re.compile(r"[^\W_]+")
SET = 5_000
GIVEN = sa.text("""
    UPDATE applications SET search_text = given.words
    FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS given (id, words)
    WHERE applications.id = given.id
""")


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.id"], name=op.f("fk_search_words_intake_id_intakes")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_search_words_application_id_applications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "intake_id",
            "state",
            "word",
            "application_id",
            name=op.f("pk_search_words"),
            postgresql_include=["institution_id"],
        ),
        sqlite_with_rowid=False,
    )
    _rewrite()
    execute("there")
    op.create_index(op.f("ix_search_words_application_id"), "search_words", ["application_id"])
    every = ["institution_id", "word", "intake_id", "application_id"]
    op.create_index("ix_search_words_institution_word", "search_words", every)
    for table, condition in BELONGING.items():
        _say_the_intake(table, condition)
    op.create_index("ix_decisions_intake_outcome", "decisions", ["intake_id", "outcome", "application_id"])
    execute(op.get_context().dialect.name)
    for table, kind in WALLS.items() if op.get_context().dialect.name == "postgresql" else ():
        wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
        op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    for name, table in (
        ("app_words_added", "applications"),
        ("app_words_changed", "applications"),
        *((f"app_intake_of_{each}", each) for each in BELONGING),
    ):
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))
    if on_postgresql:
        op.execute(
            "DROP FUNCTION app_add_words(); DROP FUNCTION app_change_words(); DROP FUNCTION app_say_intake()"
        )
    op.drop_index("ix_decisions_intake_outcome", "decisions")
    for table in BELONGING:
        op.drop_index(f"ix_{table}_intake_application", table)
        op.drop_column(table, "intake_id")
    op.drop_table("search_words")


def _say_the_intake(table: str, condition: str | None) -> None:
    op.add_column(table, sa.Column("intake_id", ID, nullable=False, server_default="0"))
    files = sa.table("applications", sa.column("id"), sa.column("intake_id"))
    rows = sa.table(table, sa.column("application_id"), sa.column("intake_id"))
    of_file = sa.select(files.c.intake_id).where(files.c.id == rows.c.application_id).scalar_subquery()
    op.execute(sa.update(rows).values(intake_id=of_file))
    where = sa.text(condition) if condition else None
    op.create_index(
        f"ix_{table}_intake_application",
        table,
        ["intake_id", "application_id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    if name == "there":
        name = f"there_{op.get_context().dialect.name}"
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(sa.text(statement.replace(":", "\\:")))


FILES = sa.table(
    "applications",
    *map(sa.column, ("id", "version_id", "number", "search_text")),
    sa.column("answers", sa.JSON()),
)


def _rewrite() -> None:
    """Let `search_text`, a sentence until now, be words, as cohortmgr/applications/file/words.py makes them."""
    connection = op.get_bind()
    versions = sa.table("definition_versions", sa.column("id"), sa.column("document", sa.JSON()))
    keys = {row.id: dict(_targets(_loaded(row.document))) for row in connection.execute(sa.select(versions))}
    last = 0
    page = sa.select(FILES).order_by(FILES.c.id).limit(SET)
    while rows := connection.execute(page.where(FILES.c.id > last)).all():
        last = rows[-1].id
        _write(
            connection,
            [(row.id, " ".join(sorted(_words(row, keys.get(row.version_id, {}))))) for row in rows],
        )


def _write(connection: sa.Connection, words: list[tuple[int, str]]) -> None:
    if connection.dialect.name == "sqlite":
        by_file = sa.update(FILES).where(FILES.c.id == sa.bindparam("of"))
        connection.execute(
            by_file.values(search_text=sa.bindparam("words")),
            [{"of": file, "words": each} for file, each in words],
        )
        return
    connection.execute(
        GIVEN,
        {"ids": [file for file, _ in words], "words": [each for _, each in words]},
    )


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _targets(node: Any) -> Iterator[tuple[str, str]]:
    """The name of a person's column, and the key of the question whose answer goes there."""
    if isinstance(node, dict):
        target, key = node.get("target"), node.get("key")
        if isinstance(target, str) and isinstance(key, str) and target.startswith("person."):
            yield target.removeprefix("person."), key
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _targets(each)


def _words(row: Any, keys: dict[str, str]) -> set[str]:
    """The old text is folded already: family and given name, those in Arabic, number, address. How many words each
    name has, the answers say."""
    answers = _loaded(row.answers) or {}
    pieces = row.search_text.split()
    number = row.number.casefold()
    names = pieces[: pieces.index(number)] if number in pieces else []
    address = " ".join(pieces[len(names) + 1 :])
    found = {_whole(number), _whole(number.rpartition("-")[2])}
    if address:
        found |= {_whole(address), *LETTERS.findall(address.partition("@")[0])}
    parts = {}
    for name in NAMES:
        count = len(str(answers.get(keys.get(name, ""), "") or "").split())
        parts[name], names = _parts(names[:count]), names[count:]
    for name in (*parts.values(), _parts(names)):
        found |= set(_of_name(name))
    named = [parts[name] for name in ("given_name", "family_name", "given_name_ar", "family_name_ar")]
    for one, other in itertools.pairwise(named):
        if one and other and one[-1] in ARTICLES:
            found.add(one[-1] + other[0])
    return {word[:60] for word in found} - {""}


def _parts(pieces: list[str]) -> list[str]:
    parts: list[str] = []
    for piece in (each.replace("ء", "") for each in pieces):
        figures = "@" in piece or any(letter.isdigit() for letter in piece)
        parts += [_whole(piece)] if figures else LETTERS.findall(piece)
    return [part for part in parts if part][:12]


def _of_name(parts: list[str]) -> Iterator[str]:
    for word in _runs(parts):
        yield word
        for article in ARTICLES:
            if word.startswith(article) and len(word) >= len(article) + 3:
                yield word.removeprefix(article)
    yield from _runs([_indefinite(part) for part in parts if part not in DEFINITE])


def _runs(parts: list[str]) -> Iterator[str]:
    for first in range(len(parts)):
        for last in range(first + 1, min(first + 3, len(parts)) + 1):
            yield "".join(parts[first:last])


def _indefinite(word: str) -> str:
    found = ASSIMILATED.match(word)
    ends = [found.end()] if found else [len(each) for each in DEFINITE if word.startswith(each)]
    rest = word[ends[0] :] if ends and word.isalpha() else word
    return rest if len(rest) >= 3 else word


def _whole(text: str) -> str:
    return "".join(LETTERS.findall(text))
