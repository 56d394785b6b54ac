"""How the application connects to its database, and what every value of a JSON column passes."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy.exc import DontWrapMixin

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.typed import is_sound, texts_in

# What JSON writes for NUL and for halves of pairs; whole pairs and backslashes are written alike.
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")


class Unkeepable(Refused, DontWrapMixin):
    """A text for a JSON column that not every database keeps. SQLAlchemy hands it on as it is."""


def keepable_json(value: object) -> str:
    """Return a value as JSON for a column. Raises Refused if one of its texts is none that every database keeps.

    Whoever writes it: names as well as texts come from forms."""
    written = json.dumps(value)
    if _SUSPECT.search(written) and not all(map(is_sound, texts_in(value))):
        what = N_("Ce texte contient un caractère invisible qui n’est pas permis. Saisissez-le au clavier.")
        raise Unkeepable(Problem(what))
    return written


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of `create_engine` for a URL. PostgreSQL connections use UTC, whatever the server's zone."""
    if url.startswith("sqlite"):
        return {"url": url, "json_serializer": keepable_json}
    return {
        "url": url,
        "json_serializer": keepable_json,
        "connect_args": {"options": "-c timezone=UTC", "connect_timeout": 4},
    }


def pooled_options(url: str) -> dict[str, Any]:
    """Return the options for an engine that pools its connections.

    There are as many as a web process has threads, since one more would be opened anew for each request. The
    last one used is taken first, because it has its statements prepared."""
    options = engine_options(url)
    return options if url.startswith("sqlite") else {**options, "pool_size": 8, "pool_use_lifo": True}
