"""Two devices of one reader hold marks that wait for a network: whatever arrives in whatever order, nothing is lost.

A device here does what assets/js/staff/reading-outbox.js does; what it sends are the requests that a browser sends.
Each version that was ever made bears a comment of its own, by which it is found again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations, product
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand, sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, decided, known, readers, sent, someone

KEYS = ("resultats", "bases", "projet", "langues")
AS_DATA = {"Accept": "application/json"}
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("system_context")


@dataclass
class Device:
    """A device on which a file lies open: marks that wait, and those that were not taken, until somebody chooses."""

    client: FlaskClient
    reference: str
    version: int = 1
    seen: set[str] = field(default_factory=lambda: {""})
    waiting: list[dict[str, Any]] = field(default_factory=list)
    clashes: list[dict[str, Any]] = field(default_factory=list)
    outdone: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Look at the page again, over a network."""
        found = now(self.reference)
        self.version = found.version
        self.seen.add(found.comment)

    def mark(self, comment: str, points: int, *, hand_in: bool = False) -> None:
        """Make a version; of those that have not left yet the newest says all."""
        fields = {f"score-{key}": str(points) for key in KEYS} | {"comment": comment}
        if not hand_in:
            del fields["score-langues"]
        self.seen.add(comment)
        self.outdone |= {
            each["fields"]["comment"] for each in self.waiting
        }  # by the same hand, in the same form
        self.waiting = [{"fields": fields, "version": self.version, "hand_in": hand_in}]

    def send(self, *, is_answered: bool = True) -> None:
        """Let what waits leave, as soon as there is a network. Whose answer is lost is sent again."""
        while self.waiting:
            entry = self.waiting[0]
            path = f"/staff/reviews/{self.reference}" + ("" if entry["hand_in"] else "/draft")
            data = entry["fields"] | {"version": str(entry["version"])}
            answer = self.client.post(path, data=data, headers=AS_DATA)
            assert answer.status_code in (200, 409) and answer.json is not None, answer.text
            if not is_answered:
                is_answered = True
                continue
            self.waiting.remove(entry)
            if answer.status_code == 200:
                self.version = answer.json["version"]
            else:
                if "comment" in answer.json:
                    self.seen.add(answer.json["comment"])
                # One that rests on the same version is part of what the form says.
                same = [each for each in self.clashes if each["mine"]["version"] == entry["version"]]
                self.outdone |= {each["mine"]["fields"]["comment"] for each in same}
                self.clashes = [each for each in self.clashes if each not in same]
                self.clashes.append({"mine": entry, "theirs": answer.json})

    def take(self) -> None:
        """Choose this device's marks, where that is still possible: a draft on what the reader was shown."""
        if self.clashes and self.clashes[0]["theirs"].get("open"):
            clash = self.clashes.pop()
            self.version = clash["theirs"]["version"]
            self.waiting = [{**clash["mine"], "version": self.version, "hand_in": False}]

    @property
    def held(self) -> set[str]:
        """What it holds: what waits, and what stands beside the server's for choosing."""
        entries = [*self.waiting, *(each["mine"] for each in self.clashes)]
        return {entry["fields"]["comment"] for entry in entries}


def now(reference: str) -> Review:
    db.session.expire_all()
    return db.session.scalars(sa.select(Review).where(Review.reference == reference)).one()


def on_record(reference: str) -> set[str]:
    found = now(reference)
    return {found.comment, *(was["comment"] for was in found.earlier)}


class Watched:
    """Both devices and the server: each change there must be one that whoever made it had seen what it replaces."""

    def __init__(self, client: FlaskClient, reference: str) -> None:
        self.reference, self.made, self.replaced = reference, set[str](), set[str]()
        self.devices = [Device(client, reference), Device(client, reference)]

    def mark(self, device: int, comment: str, points: int, *, hand_in: bool = False) -> None:
        self.devices[device].mark(comment, points, hand_in=hand_in)
        self.made.add(comment)

    def send(self, device: int, *, is_answered: bool = True) -> None:
        one, before = self.devices[device], now(self.reference).comment
        one.send(is_answered=is_answered)
        after = now(self.reference).comment
        if after != before and before not in on_record(self.reference):
            assert before in one.seen, f"{before} went unseen by who wrote {after}"
            self.replaced.add(before)

    def nothing_is_lost(self) -> None:
        held = set[str]().union(*(each.held | each.outdone for each in self.devices))
        lost = self.made - held - on_record(self.reference) - self.replaced
        assert not lost, lost


def readings(app: Flask, files: int) -> tuple[Intake, Viewer, FlaskClient, Iterator[str]]:
    """As many readings as there are files, all of one reader, so that each sequence has one of its own."""
    intake = sent(files)
    manager, (one, _two) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference)
    references = iter(sorted(str(row.reference) for row in own.queue(one)))
    return intake, manager, browser(app, one), references


def test_in_every_order_of_sending_each_version_counts_or_stands_beside(app: Flask) -> None:
    """Two devices made a draft and then handed in, all without network; the four arrive in each order, each answer
    heard or lost."""
    orders = [tuple(0 if place in first else 1 for place in range(4)) for first in combinations(range(4), 2)]
    cases = list(product(orders, (True, False), (True, False)))
    _intake, _manager, client, references = readings(app, len(cases))
    for order, *answered in cases:
        both = Watched(client, next(references))
        steps = [0, 0]
        for device in order:
            is_last = steps[device] == 1
            both.mark(device, f"{device}{steps[device]}", 1 + device, hand_in=is_last)
            both.send(device, is_answered=answered[device])
            steps[device] += 1
            both.nothing_is_lost()
        first, second = order[0], 1 - order[0]
        beside = both.devices[second].held
        assert now(both.reference).comment[0] == str(first) and not both.devices[first].held, order
        assert beside == {f"{second}1"}, "the newest of the other device stands beside, for choosing"
        both.devices[second].take()
        both.send(second)
        both.nothing_is_lost()


def _done(both: Watched, act: str, device: int, name: str, points: int) -> None:
    one = both.devices[device]
    match act:
        case "o" if not one.waiting:
            one.open()
        case "m" | "h":
            both.mark(device, name, points, hand_in=act == "h")
        case "s" | "l":
            both.send(device, is_answered=act == "s")
        case "t":
            one.take()
        case "u":
            one.client.post(f"/staff/reviews/{both.reference}/undo")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_two_devices_do_nothing_is_lost_in_silence(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    _intake, manager, client, references = readings(app, 16)
    moment = clock.now()
    for number, reference in enumerate(references):
        both = Watched(client, reference)
        for step in range(10):
            device, act = chance.randrange(2), chance.choice("oommmhssssltdur")
            moment += DAY if act == "d" else timedelta(minutes=1)
            with clock.at(moment):
                if act == "r" and now(reference).state == "submitted":
                    with writing():
                        reading.reopen(manager, reference, "À revoir")
                _done(both, act, device, f"{number}-{step}", chance.randrange(6))
            both.nothing_is_lost()
        with clock.at(moment):
            for device in (0, 1):
                both.send(device)
        both.nothing_is_lost()
        assert not any(each.waiting for each in both.devices), "all has arrived, or stands beside"


def post(client: FlaskClient, reference: str, version: int, end: str = "", **marks: int) -> Any:
    data = {f"score-{key}": str(mark) for key, mark in marks.items()} | {"version": str(version)}
    return client.post(f"/staff/reviews/{reference}{end}", data=data, headers=AS_DATA)


def test_marks_sent_twice_are_taken_once(app: Flask) -> None:
    _intake, _manager, client, references = readings(app, 1)
    reference, marks = next(references), dict.fromkeys(KEYS, 3)
    answers = [post(client, reference, 1, "", **marks) for _each in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    handed_in = sa.select(sa.func.count()).select_from(Event).where(Event.action == "reviews.score")
    assert db.session.scalar(handed_in) == 1


def test_marks_of_another_phase_are_refused_by_name_and_nothing_is_kept(app: Flask) -> None:
    _intake, _manager, client, references = readings(app, 1)
    reference = next(references)
    for end in ("/draft", ""):
        refused = post(client, reference, 1, end, **dict.fromkeys(KEYS, 3), entretien=4)
        assert refused.status_code == 409
        assert [each["where"] for each in refused.json["problems"]] == ["entretien"]
        assert "entretien" in refused.json["problems"][0]["text"] and refused.json["open"]
    assert (now(reference).state, now(reference).scores) == ("assigned", {})
    page = client.post(
        f"/staff/reviews/{reference}", data={"score-resultats": "3", "score-entretien": "4", "version": "1"}
    )
    assert "Ce critère n’est pas dans la grille" in page.text, "without a script too"


def test_marks_after_the_batch_are_refused_with_the_words_and_stay_on_the_device(app: Flask) -> None:
    intake, _batch = decided(3, 1)
    one = known("r0@inpt.ma")
    reference = str(own.queue(one)[0].reference)
    device = Device(browser(app, one), reference)
    handed_in = queries.get_for(one, reference)
    device.version, before = handed_in.version, dict(handed_in.scores)
    for hand_in in (False, True):
        device.mark("Après coup", 0, hand_in=hand_in)
        device.send()
        (clash,) = device.clashes
        assert "La décision sur le dossier" in clash["theirs"]["problems"][0]["text"]
        assert not clash["theirs"]["open"] and device.held == {"Après coup"}
        device.take()
        assert device.clashes, "what cannot be taken is not offered"
    assert now(reference).scores == before and intake.reference


def test_a_device_that_slept_for_a_day_finds_its_reading_taken_back_handed_in_or_newer(app: Flask) -> None:
    intake, manager, client, references = readings(app, 3)
    newer, handed_in, taken = references
    devices = [Device(client, each) for each in (newer, handed_in, taken)]
    for each in devices:
        each.mark("Hier", 1, hand_in=True)
    one = known("r0@inpt.ma")
    with clock.at(clock.now() + DAY):
        with writing():
            reading.draft(one, newer, {"bases": 5}, "Aujourd’hui")
        with writing():
            reading.score(one, handed_in, dict.fromkeys(KEYS, 5), "Aujourd’hui")
        number = queries.file_of(now(taken)).number
        with writing():
            by_hand.recall(manager, intake.reference, one.person_reference or "", "Absente", numbers=[number])
        for each in devices:
            each.send()
    first, second, third = (each.clashes[0]["theirs"] for each in devices)
    assert first["stale"] and first["open"] and first["comment"] == "Aujourd’hui"
    assert second["stale"] and not second["open"]
    assert "vous a été repris" in third["problems"][0]["text"] and not third["open"]
    assert all(each.held == {"Hier"} for each in devices)


def test_who_may_read_there_no_longer_is_told_in_words_and_not_by_a_page(app: Flask) -> None:
    """A conflict of interest that came meanwhile withholds the file: the script is answered as data."""
    intake, _manager, client, references = readings(app, 1)
    reference = next(references)
    with writing():
        file = queries.file_of(now(reference))
        file.person_id = known("r0@inpt.ma").person_id  # the reader turns out to be a candidate
    for end in ("/draft", ""):
        refused = post(client, reference, 1, end, resultats=3)
        assert refused.status_code == 409 and refused.json is not None, refused.text
        assert "Conflit d’intérêts" in refused.json["problems"][0]["text"] and not refused.json["open"]
    assert intake.reference
