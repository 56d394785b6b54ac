"""A country of files, for measuring: written by COPY and not by the acts of people, but with real seals, keys, chains
of the trail and words to search by, so that each page reads what it would read."""

from __future__ import annotations

import json
import os
import random
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bench.large import sets
from bench.large.names import FAMILY, GIVEN, folded, words_with
from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.applications.file.models import Application, Correction, Document, Extension, Note
from cohortmgr.applications.file.rules import ranks
from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.audit.rules import GENESIS, chain_of, digest_of, end_of, owner_of
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import Model, table_of
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.variables import encode
from cohortmgr.programmes.definition.earlier import FIRST_PHASE
from cohortmgr.reviews.models import Review
from cohortmgr.selection.models import Decision

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# A sign of it for each byte.
_SIGNS = ALPHABET.encode() * 8
OUTCOMES = ("offer", "waiting", *["refused"] * 8)
DIPLOMAS = ("informatique", "mathematiques", "physique", "economie")
WRITTEN = (
    Person, Identifier, Application, Document, Note, Correction, Extension, Message, Event, Review, Decision,
)  # fmt: skip
# So many rows of one table a file has at most: two readings.
MOST_ROWS = 2
# Rows that one COPY takes, so that memory stays flat.
CHUNK = 10_000


@dataclass(frozen=True)
class Place:
    """Where the files go: the intake with its institution and version of the definition, the programme's `prefix` of
    numbers, a file whose answers are theirs too, who reads (ids of persons) with which scores and totals, and
    the batch that decided."""

    institution_id: int
    intake_id: int
    version_id: int
    prefix: str
    template: Mapping[str, Any]
    offering_id: int | None = None
    readers: tuple[int, ...] = ()
    marks: Sequence[tuple[Mapping[str, int], int]] = ()
    batch_id: int | None = None


@dataclass(frozen=True)
class Share:
    """One file in so many has a paper, a letter, an act in the trail, two readings, a decision, a note, a correction,
    more time; with 0 none has."""

    papers: int = 2
    letters: int = 1
    acts: int = 1
    readings: int = 1
    decisions: int = 1
    notes: int = 50
    corrections: int = 10
    extensions: int = 100


class Loader:
    """Writes files through a connection that may write every table: a superuser's of PostgreSQL, or SQLite's. On
    PostgreSQL it writes in sets what triggers write of each file, unless it is to leave that to them (`triggers`).

    A second one may write at the same time, of other institutions, if it begins behind the `ahead` files that the first
    is to write."""

    def __init__(
        self,
        connection: sa.Connection,
        ring: crypto.Keyring,
        seed: int = 2027,
        ahead: int = 0,
        *,
        triggers: bool = False,
    ) -> None:
        self._connection, self._ring = connection, ring
        self._in_sets = connection.dialect.name == "postgresql" and not triggers
        self._next = {
            table_of(model).name: (connection.scalar(sa.select(sa.func.max(table_of(model).c.id))) or 0)
            + ahead * MOST_ROWS
            + 1
            for model in WRITTEN
        }
        self._serial = self._next["applications"]
        # Who goes on where another ended draws other names and references.
        self._random = random.Random(f"{seed} {self._serial}")

    def load(self, place: Place, files: int, share: Share | None = None) -> None:
        """Write `files` files of as many persons into a place, and count on where ids and numbers ended."""
        chosen = share or Share()
        for start in range(0, files, CHUNK):
            first = self._next["applications"]
            with sets.without_triggers(self._connection) if self._in_sets else nullcontext():
                self._chunk(place, min(CHUNK, files - start), chosen)
                if self._in_sets:
                    sets.write(self._connection, first, self._next["applications"] - 1)
        self.set_sequences()

    def _chunk(self, place: Place, count: int, share: Share) -> None:
        people = [self._person(place) for _ in range(count)]
        keys = {person["reference"]: os.urandom(32) for person in people}
        self._write(Person, people)
        self._write(SubjectKey, (self._key_row(*each) for each in keys.items()))
        self._write(Identifier, [self._identifier(place, person) for person in people])
        files = [self._file(place, person) for person in people]
        decided = [
            self._decision(place, file) for file in _one_in(share.decisions if place.batch_id else 0, files)
        ]
        _tell(files, share, decided)
        self._write(Application, files)
        self._write(Document, (self._paper(file) for file in _one_in(share.papers, files)))
        self._write(Review, self._readings(place, _one_in(share.readings, files)))
        self._write(Decision, decided)
        self._write(Note, (self._note(file) for file in _one_in(share.notes, files)))
        self._write(Correction, (self._correction(file) for file in _one_in(share.corrections, files)))
        self._write(Extension, (self._extension(file) for file in _one_in(share.extensions, files)))
        by_id = {person["id"]: person for person in people}
        letters = (
            self._letter(file, by_id[file["person_id"]], keys) for file in _one_in(share.letters, files)
        )
        self._write(Message, letters)
        acts = list(_one_in(share.acts, files))
        self._trail(place, [(file, by_id[file["person_id"]]["reference"]) for file in acts], keys)

    def _person(self, place: Place) -> dict[str, Any]:
        chance = self._random
        reference = self._reference()
        (given, given_ar), (family, family_ar) = chance.choice(GIVEN), chance.choice(FAMILY)
        phone = phone_of(self._next["persons"])
        return {
            "id": self._id("persons"), "reference": reference, "version": 1, "given_name": given,
            "family_name": family, "given_name_ar": given_ar, "family_name_ar": family_ar,
            "search_name": folded(f"{family} {given} {family_ar} {given_ar}"),
            "birth_date": date(1996, 1, 1) + timedelta(days=chance.randrange(4000)),
            "email": f"{folded(given).replace(' ', '')}.{reference[:10].lower()}@exemple.ma", "language": "fr",
            "phone_sealed": self._ring.seal(phone, "persons", "phone", reference),
            "phone_blind": self._ring.blind("phone", phone), "created_at": clock.now(),
            **self._seen_in(place.institution_id),
        }  # fmt: skip

    def _seen_in(self, institution_id: int) -> dict[str, str]:
        """Who sees a person, as PostgreSQL keeps it beside the walls."""
        return {"seen_in": f"{{{institution_id}}}"} if self._connection.dialect.name == "postgresql" else {}

    def _key_row(self, subject: str, key: bytes) -> dict[str, Any]:
        return {"subject": subject, "wrapped": self._ring.seal(key.hex(), "subject_keys", "wrapped", subject)}

    def _identifier(self, place: Place, person: Mapping[str, Any]) -> dict[str, Any]:
        reference, number = self._reference(), cin_of(person["id"])
        return {
            "id": self._id("identifiers"), "reference": reference, "person_id": person["id"], "kind": "cin",
            "sealed": self._ring.seal(number, "identifiers", "sealed", reference),
            "blind": self._ring.blind("cin", number), **self._seen_in(place.institution_id),
        }  # fmt: skip

    def _file(self, place: Place, person: Mapping[str, Any]) -> dict[str, Any]:
        chance = self._random
        number = f"{place.prefix}-{_code(self._serial)}"
        self._serial += 1
        given, family = person["given_name"], person["family_name"]
        moment = clock.now() - timedelta(seconds=chance.randrange(60 * 86_400))
        listed = {
            "region": f"MA-{chance.randrange(1, 13):02}" if chance.random() < 0.97 else None,
            "diploma": chance.choice(DIPLOMAS),
            "average_thousandths": chance.randrange(10_000, 19_000),
        }
        eligible = chance.random() < 0.9
        return {
            "id": self._id("applications"), "reference": self._reference(), "version": 1,
            "institution_id": place.institution_id, "person_id": person["id"], "intake_id": place.intake_id,
            "offering_id": place.offering_id, "version_id": place.version_id, "number": number,
            "state": "submitted", "consent": "none", "source": "online", "language": "fr",
            "answers": place.template["answers"], "eligible": eligible,
            "reasons": [] if eligible else place.template["reasons"], "name": f"{given} {family}",
            "sort_name": folded(f"{family} {given}"), "email": person["email"],
            "search_text": words_with(
                (given, family, person["given_name_ar"], person["family_name_ar"]), number, person["email"]
            ),
            "documented": False, "noted": False, "extended": False, "correction": "none", "outcome": "none",
            "created_at": moment, "updated_at": moment, "sent_at": moment, **listed, **ranks(listed),
        }  # fmt: skip

    def _paper(self, file: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": self._id("documents"), "reference": self._reference(), "question": "cv", "state": "clean",
            "institution_id": file["institution_id"], "person_id": file["person_id"],
            "application_id": file["id"], "intake_id": file["intake_id"], "parts": [], "pages": [],
            "filename": "cv.pdf", "media_type": "application/pdf", "size": 48_000, "sha256": "0" * 64, "tries": 1,
            "uploaded_at": file["sent_at"],
        }  # fmt: skip

    def _note(self, file: Mapping[str, Any]) -> dict[str, Any]:
        reference = self._reference()
        return {
            "id": self._id("notes"), "reference": reference, "institution_id": file["institution_id"],
            "application_id": file["id"], "sealed": self._ring.seal("À revoir.", "notes", "sealed", reference),
            "intake_id": file["intake_id"], "author": "system", "author_name": "Une lectrice", "pinned": False,
            "written_at": file["sent_at"],
        }  # fmt: skip

    def _correction(self, file: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": self._id("corrections"), "reference": self._reference(), "version": 1,
            "institution_id": file["institution_id"], "person_id": file["person_id"], "application_id": file["id"],
            "intake_id": file["intake_id"], "asked_by": "system", "asked_at": file["sent_at"], "message": "",
            "state": _correction_state(file), "until": clock.now(),
        }  # fmt: skip

    def _extension(self, file: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": self._id("extensions"), "reference": self._reference(), "application_id": file["id"],
            "institution_id": file["institution_id"], "person_id": file["person_id"], "until": clock.now(),
            "intake_id": file["intake_id"], "reason": "Panne", "by": "system", "at": file["sent_at"],
        }  # fmt: skip

    def _readings(self, place: Place, files: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        for file in files:
            if file["eligible"]:
                for reader in self._random.sample(place.readers, min(2, len(place.readers))):
                    yield self._reading(file, reader, *self._random.choice(place.marks))

    def _reading(
        self, file: Mapping[str, Any], reader: int, scores: Mapping[str, int], total: int
    ) -> dict[str, Any]:
        return {
            "id": self._id("reviews"), "reference": self._reference(), "version": 1, "comment": "",
            "institution_id": file["institution_id"], "application_id": file["id"],
            "intake_id": file["intake_id"], "reviewer_id": reader, "state": "submitted", "scores": scores,
            "phase": FIRST_PHASE, "total_thousandths": total, "abstained_because": "", "assigned_at": file["sent_at"],
            "submitted_at": file["sent_at"],
        }  # fmt: skip

    def _decision(self, place: Place, file: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": self._id("decisions"), "reference": self._reference(), "batch_id": place.batch_id,
            "institution_id": file["institution_id"], "application_id": file["id"],
            "person_id": file["person_id"], "intake_id": file["intake_id"],
            "outcome": self._random.choice(OUTCOMES) if file["eligible"] else "refused", "reasons": file["reasons"],
            "rank": self._random.randrange(100, 10**6) if file["eligible"] else None,
            "mean_thousandths": self._random.randrange(8_000, 14_000) if file["eligible"] else None,
        }  # fmt: skip

    def _letter(
        self, file: Mapping[str, Any], person: Mapping[str, Any], keys: Mapping[str, bytes]
    ) -> dict[str, Any]:
        reference, subject = self._reference(), person["reference"]
        content = encode({"address": person["email"], "variables": {"number": file["number"]}})
        return {
            "id": self._id("outbox"), "reference": reference, "key": "application_received",
            "channel": "email", "language": "fr", "subject": subject, "person_id": person["id"],
            "institution_id": file["institution_id"], "due": file["sent_at"], "state": "sent", "tries": 1,
            "sealed": crypto.encrypt(keys[subject], content.encode(), reference.encode()),
            "sent_at": file["sent_at"], "lost_starts": 0, "unanswered": 0, "gathered": False,
        }  # fmt: skip

    def _trail(
        self, place: Place, acts: Iterable[tuple[Mapping[str, Any], str]], keys: Mapping[str, bytes]
    ) -> None:
        """Append an act of each file to its institution's chains; the register is not told of those that begin."""
        heads, trail = table_of(Head), self._ring.trail_key
        owner = owner_of(place.institution_id)
        asked = sa.select(heads.c.chain, heads.c.sequence, heads.c.digest)
        ends = {row.chain: (row.sequence, row.digest) for row in self._connection.execute(asked)}
        events, known = [], set(ends)
        for file, subject in acts:
            chain = chain_of(owner, file["reference"])
            sequence, digest = ends.get(chain, (0, GENESIS))
            event = self._event(file, subject, chain, sequence + 1, keys[subject])
            event.digest = digest_of(digest, event, trail)
            ends[chain] = (event.sequence, event.digest)
            events.append(vars(event))
        self._write(Event, events)
        for chain in {event["chain"] for event in events}:
            end = end_of(trail, chain, *ends[chain])
            values = {"sequence": end.sequence, "digest": end.digest, "signature": end.signature}
            written: sa.Executable = sa.update(heads).where(heads.c.chain == chain).values(values)
            if chain not in known:
                written = sa.insert(heads).values(chain=chain, **values)
            self._connection.execute(written)

    def _event(self, file: Mapping[str, Any], subject: str, chain: str, sequence: int, key: bytes) -> Any:
        """The row, as an object that its digest is made of."""
        reference = self._reference()
        values = json.dumps({"before": None, "after": {"state": "submitted"}})
        return SimpleNamespace(
            id=self._id("audit_events"), reference=reference, chain=chain, sequence=sequence, at=clock.now(),
            actor="system", action="application.submit", object_kind="application", subject=subject,
            object_reference=file["reference"], institution_id=file["institution_id"],
            sealed=crypto.encrypt(key, values.encode(), reference.encode()),
        )  # fmt: skip

    def _reference(self) -> str:
        return self._random.randbytes(26).translate(_SIGNS).decode()

    def _id(self, table: str) -> int:
        self._next[table] += 1
        return self._next[table] - 1

    def _write(self, model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
        written = list(rows)
        if not written:
            return
        if self._connection.dialect.name != "postgresql":
            self._connection.execute(sa.insert(table_of(model)), written)
            return
        names = list(written[0])
        nested = [name for name, value in written[0].items() if isinstance(value, dict | list)]
        driver = self._connection.connection.driver_connection
        assert driver is not None
        columns = ", ".join(f'"{name}"' for name in names)
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table_of(model).name} ({columns}) FROM STDIN") as copy,
        ):
            for row in written:
                sent = {name: json.dumps(row[name], ensure_ascii=False) for name in nested}
                copy.write_row([*{**row, **sent}.values()])

    def set_sequences(self) -> None:
        """Let the database number its next rows behind those that were written."""
        if self._connection.dialect.name == "postgresql":
            for table, following in self._next.items():
                place = sa.func.pg_get_serial_sequence(table, "id")
                self._connection.execute(sa.select(sa.func.setval(place, following, False)))


def cin_of(person_id: int) -> str:
    """The identity number of the person with this id."""
    return f"Z{string.ascii_uppercase[person_id // 10**6]}{person_id % 10**6:06}"


def phone_of(person_id: int) -> str:
    """The telephone of the person with this id, as it is kept."""
    return f"+21266{person_id:07}"


def _code(serial: int) -> str:
    """The six characters behind a file's prefix: another for each serial number below 32**6, and in no order."""
    mixed = serial * 387_420_489 % 32**6
    return "".join(ALPHABET[mixed >> 5 * place & 31] for place in range(6))


def _tell(files: list[dict[str, Any]], share: Share, decided: Iterable[Mapping[str, Any]]) -> None:
    """Let each file's row say what lists are filtered by, as triggers and acts do."""
    for share_of, column in (
        (share.papers, "documented"),
        (share.notes, "noted"),
        (share.extensions, "extended"),
    ):
        for file in _one_in(share_of, files):
            file[column] = True
    for file in _one_in(share.corrections, files):
        file["correction"] = _correction_state(file)
    outcomes = {decision["application_id"]: decision["outcome"] for decision in decided}
    for file in files:
        file["outcome"] = outcomes.get(file["id"], "none")


def _correction_state(file: Mapping[str, Any]) -> str:
    return "asked" if file["id"] % 7 == 0 else "done"


def _one_in(share: int, files: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return iter(files[::share] if share else [])
