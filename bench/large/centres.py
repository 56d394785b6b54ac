"""The other centres of a country, each an institution with a programme and its intakes, made like one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sqlalchemy as sa

from bench.country import Place
from cohortmgr.base.db import table_of
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.models import Organisation
from cohortmgr.programmes.models import Intake, Offering, Programme

CENTRES, INTAKES_EACH = 14, 3


def centres(connection: sa.Connection, like: Place) -> Iterator[Place]:
    """Make the other centres, each an institution with a programme and its intakes, and say where their files go."""
    organisations, programmes, intakes, offerings = map(table_of, (Organisation, Programme, Intake, Offering))
    host = _row(connection, organisations, organisations.c.id == like.institution_id)
    intake = _row(connection, intakes, intakes.c.id == like.intake_id)
    programme = _row(connection, programmes, programmes.c.id == intake["programme_id"])
    offering = _row(connection, offerings, offerings.c.intake_id == like.intake_id)
    for number in range(CENTRES):
        key = f"centre-{number:02}"
        path = f"{host['path'].rstrip('.').rpartition('.')[0]}.{key}."
        centre = _copy(connection, organisations, host, key=key, path=path, institution_id=None)
        connection.execute(
            sa.update(organisations).where(organisations.c.id == centre).values(institution_id=centre)
        )
        held = {"institution_id": centre}
        own = _copy(connection, programmes, programme, key=key, path=f"{path}{key}.", **held)
        for year in range(INTAKES_EACH):
            place = {"programme_id": own, "path": f"{path}{key}.", "key": f"{2024 + year}", **held}
            copied = _copy(connection, intakes, intake, **place)
            first = _copy(connection, offerings, offering, intake_id=copied, **held)
            yield replace(
                like, institution_id=centre, intake_id=copied, offering_id=first, batch_id=None,
                prefix=f"C{number:02}{year}",
            )  # fmt: skip


def _row(
    connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]
) -> Mapping[str, object]:
    return connection.execute(sa.select(table).where(condition).limit(1)).mappings().one()


def _copy(connection: sa.Connection, table: sa.Table, row: Mapping[str, object], **values: object) -> int:
    copied = {name: value for name, value in row.items() if name != "id"}
    made = sa.insert(table).values({**copied, "reference": new_reference(), **values}).returning(table.c.id)
    return int(connection.scalar(made) or 0)
