"""Keep to the sending rate of each mail domain, across all workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import clock
from cohortmgr.base.crypto import blind_index
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.base.production.notation import read_rates
from cohortmgr.outbox.delivery.rates import Pace, rate_of, shared_out
from cohortmgr.outbox.models import MailPace

_PACES = table_of(MailPace)
_rates = lru_cache(maxsize=8)(read_rates)


def rates() -> Mapping[str, float]:
    """Return the rates of the settings, by domain, in messages a second."""
    return _rates(current_app.extensions["cohortmgr-settings"].mail_rates)


def put_off(addresses: Sequence[str]) -> list[datetime | None]:
    """Return, for each address in sending order, None if its mail may leave now, else when to ask again.

    Mail that may leave uses up the rate of its domain.
    Takes three statements, whatever the number of addresses and domains."""
    domains = [address.rpartition("@")[2].casefold() for address in addresses]
    limits = {d: rate for d in dict.fromkeys(domains) if (rate := rate_of(d, rates())) is not None}
    if not limits:
        return [None] * len(addresses)
    names = {domain: blind_index("mail_domain", domain) for domain in limits}
    moment = clock.now()
    known = _locked(sorted(names.values()), moment)
    found: list[datetime | None] = [None] * len(addresses)
    changed = []
    for domain, name in names.items():
        places = [place for place, each in enumerate(domains) if each == domain]
        leaving, later, pace = shared_out(known[name], moment, limits[domain], len(places))
        for place, instant in zip(places[leaving:], later, strict=True):
            found[place] = instant
        changed.append({"its": name, "next_at": pace.next_at, "spread_at": pace.spread_at})
    moved = sa.update(_PACES).where(_PACES.c.domain == sa.bindparam("its"))
    db.session.connection().execute(moved, changed)
    return found


def _locked(names: Sequence[str], moment: datetime) -> dict[str, Pace]:
    """Lock the paces until the end of the transaction, always in the same order, so that two
    workers never wait for each other."""
    rows = [{"domain": name, "next_at": moment, "spread_at": moment} for name in names]
    insert_or_leave(db.session, MailPace, rows)
    chosen = sa.select(_PACES).where(_PACES.c.domain.in_(names)).order_by(_PACES.c.domain).with_for_update()
    return {row.domain: Pace(row.next_at, row.spread_at) for row in db.session.execute(chosen)}
