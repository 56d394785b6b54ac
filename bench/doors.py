"""`python -m bench.doors`: how many people of the demonstration can enter their own file by a code.

Each person who has a file and no account asks for a code in a browser of their own, types it, and opens the
answer to their application. Whoever is asked one thing more says the number of their file. Code 1 if anybody
who can be reached stays outside.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.contacts import normalise_mobile
from cohortmgr.accounts.models import Account, Person
from cohortmgr.app import create_app
from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.base.settings import Settings
from cohortmgr.demo.commands import load
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.selection.models import Decision

ENTERED, ASKED, OUTSIDE = "entered at once", "entered with the number of their file", "shut out"


def main() -> int:
    """Load the demonstration, let everybody try, and print how many came in."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors", description=__doc__)
    parser.add_argument("--by", choices=("mail", "sms"), default="mail", help="where the code goes")
    parser.add_argument("--most", type=int, default=10_000, help="how many people try (default: all)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cohortmgr-doors-") as folder:
        settings = Settings(data=Path(folder), database_url=f"sqlite:///{Path(folder) / 'cohortmgr.sqlite3'}")
        system = create_app(settings, "system")
        with system.app_context():
            system.extensions["alembic"].upgrade()
            load.load(lambda percent, text: print(f"{percent:3} %  {text}", flush=True))
        found = _tried(system, create_app(settings, "web"), chosen.by, chosen.most)
    for (outcome, result), number in sorted(found.items()):
        print(f"{outcome:10} {result:38} {number:5}")
    came = sum(number for (_, result), number in found.items() if result != OUTSIDE)
    print(f"{came} of {sum(found.values())} entered their file by a code")
    return 0 if came == sum(found.values()) else 1


def _tried(system: Flask, web: Flask, by: str, most: int) -> Counter[tuple[str, str]]:
    web.config["WTF_CSRF_ENABLED"] = False
    found: Counter[tuple[str, str]] = Counter()
    with system.app_context():
        rows = db.session.execute(
            sa.select(Person, Application.number, Decision.reference, Decision.outcome)
            .join(Application, Application.person_id == Person.id)
            .join(Decision, Decision.application_id == Application.id)
            .where(~sa.exists().where(Account.person_id == Person.id))
            .order_by(Person.id)
            .limit(most)
        ).all()
        told = [(_contact(row[0], by), row[1], row[2], row[3]) for row in rows]
        people = [each for each in told if each[0]]  # nobody reads a code that goes nowhere
        db.session.rollback()
    for place, (contact, number, decision, outcome) in enumerate(people):
        origin = f"10.{place // 250 // 250}.{place // 250 % 250}.{place % 250 + 1}"
        found[outcome, _enter(system, web, contact, number, decision, origin)] += 1
    return found


def _contact(person: Person, by: str) -> str:
    if by == "mail":
        return person.email or ""
    if person.phone_sealed is None:
        return ""
    try:  # a sixth of the invented numbers lie where no operator has any: no code goes there
        return normalise_mobile(crypto.unseal(person.phone_sealed, "persons", "phone", person.reference))
    except Refused:
        return ""


def _enter(system: Flask, web: Flask, contact: str, number: str, decision: str, origin: str) -> str:
    browser = web.test_client()
    browser.environ_base["REMOTE_ADDR"] = origin
    onward = f"/my/offers/{decision}"
    asked = browser.post(f"/sign-in?next={onward}", data={"email": contact})
    if asked.status_code != 302:
        return OUTSIDE
    led = browser.post(asked.location, data={"code": _last_code(system)})
    result = ENTERED
    if led.status_code == 302 and led.location.startswith("/code/which"):
        led, result = browser.post(led.location, data={"answer": number}), ASKED
    if led.status_code != 302 or browser.get(onward).status_code != 200:
        return OUTSIDE
    return result


def _last_code(system: Flask) -> str:
    with system.app_context():
        chosen = sa.select(Message).where(Message.key == "sign_in_code").order_by(Message.id.desc()).limit(1)
        content = opened([db.session.scalars(chosen).one()])[0] or {}
        variables = content["variables"]
        db.session.rollback()
    return str(variables["code"])


if __name__ == "__main__":
    raise SystemExit(main())
