"""The registry of the workspace: rooms in the order of a file's life, what waits for whom, and ways to an intake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from cohortmgr.base.registries.waiting import (
    MOST_COUNTED,
    Agenda,
    PendingAct,
    Room,
    Workspace,
    counted_up_to,
    how_many,
    leads,
)

PARENTS = sa.table("parents", sa.column("id", sa.Integer), sa.column("reference", sa.String))
ROWS = sa.table("rows", sa.column("id", sa.Integer), sa.column("parent_id", sa.Integer), sa.column("name"))


def room(endpoint: str, position: int) -> Room:
    return Room(endpoint.title(), endpoint, f"{endpoint}.read", position, "file")


def test_rooms_come_in_the_order_of_a_file_s_life_and_not_of_who_came_first() -> None:
    workspace = Workspace()
    workspace.add_rooms(room("stipends", 80), room("lists", 10))
    workspace.add_rooms(room("reviews", 40))
    assert [each.endpoint for each in workspace.rooms] == ["lists", "reviews", "stipends"]


def test_a_page_is_one_room_and_an_address_leads_one_way() -> None:
    workspace = Workspace()
    workspace.add_rooms(room("lists", 10))
    with pytest.raises(ValueError, match="lists stands twice"):
        workspace.add_rooms(room("lists", 20))
    way = leads(ROWS.c.parent_id, ROWS.c.name)
    workspace.lead("batches", way)
    with pytest.raises(ValueError, match="batches/ is led twice"):
        workspace.lead("batches", way)
    assert workspace.ways == {"batches": way}


def test_only_rooms_of_which_somebody_holds_a_permission_are_asked_what_waits() -> None:
    workspace, asked = Workspace(), []

    def found(name: str) -> Agenda[str]:
        def find(viewer: str) -> Iterator[PendingAct]:
            asked.append((name, viewer))
            yield PendingAct(name, "Faire", f"/{name}", until=date(2026, 5, 12), intake_id=7)

        return Agenda((f"{name}.approve", f"{name}.prepare"), find, {"pay": 40, "desk": 10}.get(name, 99))

    workspace.add_agendas(found("pay"), found("desk"), found("closed"))
    held = {"pay.prepare", "desk.approve"}
    assert [each.what for each in workspace.waiting("una", held.__contains__)] == ["desk", "pay"]
    assert asked == [("desk", "una"), ("pay", "una")]


@pytest.mark.parametrize(
    ("rows", "said"), [(0, "0"), (1, "1"), (MOST_COUNTED, "99"), (MOST_COUNTED + 5, "99+")]
)
def test_rows_are_counted_as_far_as_a_figure_is_told(rows: int, said: str) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parents (id INTEGER, reference TEXT)")
        connection.exec_driver_sql("CREATE TABLE rows (id INTEGER, parent_id INTEGER, name TEXT)")
        connection.exec_driver_sql("INSERT INTO parents VALUES (1, 'a'), (2, 'b')")
        for number in range(rows):
            connection.exec_driver_sql("INSERT INTO rows VALUES (?, 2, 'x')", (number,))
        mine = counted_up_to(sa.select(ROWS.c.id).where(ROWS.c.parent_id == PARENTS.c.id), PARENTS.c.id)
        counted = dict(connection.execute(sa.select(PARENTS.c.reference, mine)).all())
    assert counted == {"a": 0, "b": min(rows, MOST_COUNTED + 1)}
    assert how_many(counted["b"]) == said


def test_a_reference_leads_to_the_intake_of_its_row_though_the_statement_reads_intakes() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parents (id INTEGER, reference TEXT)")
        connection.exec_driver_sql("CREATE TABLE rows (id INTEGER, parent_id INTEGER, name TEXT)")
        connection.exec_driver_sql("INSERT INTO parents VALUES (1, 'a'), (2, 'b')")
        connection.exec_driver_sql("INSERT INTO rows VALUES (9, 2, 'x')")

        def here(way: sa.ScalarSelect[int]) -> list[str]:
            query = sa.select(PARENTS.c.reference).where(PARENTS.c.id == way)
            return list(connection.scalars(query))

        assert here(leads(PARENTS.c.id, PARENTS.c.reference)("a")) == ["a"]
        assert here(leads(ROWS.c.parent_id, ROWS.c.name)("x")) == ["b"]
        assert here(leads(PARENTS.c.id, ROWS.c.name, ROWS.c.parent_id == PARENTS.c.id)("x")) == ["b"]
        assert here(leads(PARENTS.c.id, ROWS.c.name, ROWS.c.parent_id == PARENTS.c.id)("y")) == []
