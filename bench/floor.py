"""The floor of the page figures: a bare Flask application on the same database, without any of our code.

`/page` is one query and a small template; `/rows` renders the same 600 rows as the staff's list.
"""

from __future__ import annotations

import os

import sqlalchemy as sa
from flask import Flask

app = Flask(__name__)
engine = sa.create_engine(os.environ["COHORTMGR_DATABASE_URL"])

# Compiled once, as a template in a file would be.
PAGE = app.jinja_env.from_string("""<!doctype html><html lang="fr"><head><meta charset="utf-8">
<title>{{ title }}</title></head>
<body><h1>{{ title }}</h1><p>{{ opens }} – {{ closes }}</p></body></html>""")
ROWS = app.jinja_env.from_string("""<!doctype html><html lang="fr"><head><meta charset="utf-8">
<title>Liste</title></head><body><table>
{% for row in rows %}<tr><td><a href="/staff/applications/{{ row.reference }}">{{ row.number }}</a></td>
<td>{{ row.name }}</td><td>{{ row.region }}</td><td>{{ row.diploma }}</td>
<td>{{ row.average_thousandths }}</td><td>{{ row.state }}</td><td>{{ row.sent_at }}</td></tr>
{% endfor %}</table></body></html>""")


@app.get("/page")
def page() -> str:
    """A small page from one query."""
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT title, opens_at, closes_at FROM intakes LIMIT 1")).one()
    return PAGE.render(title=row.title, opens=row.opens_at, closes=row.closes_at)


@app.get("/rows")
def rows() -> str:
    """A table of 600 rows from one query."""
    columns = "reference, number, name, region, diploma, average_thousandths, state, sent_at"
    query = sa.text(f"SELECT {columns} FROM applications ORDER BY sort_name LIMIT 600")  # noqa: S608  # no input
    with engine.connect() as connection:
        found = connection.execute(query).all()
    return ROWS.render(rows=found)
