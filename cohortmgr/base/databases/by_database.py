"""An expression of SQL that the two databases are told in different words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class ByDatabase(FunctionElement[bool]):
    """A condition in the words of SQLite, and in those of PostgreSQL, whose walls may hide from a statement what a
    function of the database may read."""

    name = "by_database"
    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, *, sqlite: sa.ColumnElement[bool], postgresql: sa.ColumnElement[bool]) -> None:
        super().__init__(sqlite, postgresql)


@compiles(ByDatabase, "sqlite")
def _on_sqlite(element: ByDatabase, compiler: Any, **options: Any) -> str:
    return str(compiler.process(list(element.clauses)[0], **options))


@compiles(ByDatabase, "postgresql")
def _on_postgresql(element: ByDatabase, compiler: Any, **options: Any) -> str:
    return str(compiler.process(list(element.clauses)[1], **options))
