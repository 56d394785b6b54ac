"""What triggers of PostgreSQL write of each file, written of many files at once while triggers rest: the words of a
search, the counts of an intake, the files that wait to be compared, the changes on which rankings rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

_STATEMENTS = (
    """INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name)
    SELECT f.intake_id, f.state, left(w.word, 60), f.id, f.institution_id, f.sort_name
    FROM applications f, string_to_table(f.search_text, ' ') AS w (word)
    WHERE f.id BETWEEN :first AND :last AND w.word <> '' AND f.consent NOT IN ('waiting', 'withdrawn')
    ORDER BY 1, 2, left(w.word, 60) COLLATE "C" ON CONFLICT DO NOTHING""",
    """INSERT INTO intake_counts AS c
      (intake_id, shard, state, eligible, consent, source, region, offering_id, institution_id, files)
    SELECT intake_id, pg_backend_pid() % 16, state,
      CASE WHEN eligible THEN 'yes' WHEN NOT eligible THEN 'no' ELSE 'open' END AS found, consent, source,
      coalesce(region, '') AS place, coalesce(offering_id, 0) AS offered, min(institution_id), count(*)
    FROM applications WHERE id BETWEEN :first AND :last
    GROUP BY intake_id, state, found, consent, source, place, offered
    ON CONFLICT (intake_id, shard, state, eligible, consent, source, region, offering_id)
    DO UPDATE SET files = c.files + EXCLUDED.files""",
    """INSERT INTO files_to_compare (application_id, intake_id, institution_id)
    SELECT id, intake_id, institution_id FROM applications WHERE id BETWEEN :first AND :last""",
    """SELECT app_note_change(f.intake_id, f.institution_id) FROM (SELECT DISTINCT intake_id, institution_id
    FROM applications WHERE id BETWEEN :first AND :last AND state = 'submitted') f""",
    """SELECT app_note_change(r.intake_id, r.institution_id) FROM (SELECT DISTINCT intake_id, institution_id
    FROM reviews WHERE application_id BETWEEN :first AND :last AND state = 'submitted') r""",
)


@contextmanager
def without_triggers(connection: sa.Connection) -> Iterator[None]:
    """Let neither triggers nor foreign keys look at what this transaction writes: the loader's rows belong together."""
    connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
    yield
    connection.execute(sa.text("SET LOCAL session_replication_role = origin"))


def write(connection: sa.Connection, first: int, last: int) -> None:
    """Write what belongs to the files with these ids, once their rows and readings are there."""
    for statement in _STATEMENTS:
        connection.execute(sa.text(statement), {"first": first, "last": last})
