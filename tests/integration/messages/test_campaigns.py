"""One text to many people: the whole life, the second person, the list that is fixed, and nobody written to twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import cohortmgr.messages.campaigning as campaigning
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications import listing
from cohortmgr.applications.listing import Filters
from cohortmgr.applications.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.jobs.actions import TryLater, handlers
from cohortmgr.jobs.models import Job
from cohortmgr.messages import campaign_queries as queries
from cohortmgr.messages import campaigns
from cohortmgr.messages.campaigns import Draft
from cohortmgr.messages.mailing import Text
from cohortmgr.messages.models import Campaign, CampaignRecipient, Preference, Trouble
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.delivery import opened
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
Counted = Callable[[], AbstractContextManager[list[str]]]

TEXTS = {
    "fr": Text(
        "Portes ouvertes, {name}", "Bonjour {name},\n\nVotre dossier {number} : {link}", "Portes ouvertes"
    ),
    "ar": Text("أبواب مفتوحة", "{name}\n{programme}\n{intake}"),
    "en": Text("Open day", "Hello {name}, of {intake}."),
}
KEY = "A" * 26


def draft(**values: Any) -> Draft:
    return Draft(**{"title": "Portes ouvertes", "texts": TEXTS, **values})


def begun(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    """A draft of a selection manager, and an administrator who may approve it."""
    intake = sent(files)
    manager, administrator = (
        someone(intake, Role.SELECTION_MANAGER),
        someone(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    with writing():
        found = campaigns.create(manager, intake.reference, draft(**values), KEY)
    return intake, manager, administrator, found.reference


def proposed(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    intake, manager, administrator, reference = begun(files, **values)
    with writing():
        campaigns.propose(manager, reference, str(files))
    return intake, manager, administrator, reference


def approved(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    intake, manager, administrator, reference = proposed(files, **values)
    with writing():
        campaigns.approve(administrator, reference, str(files))
    return intake, manager, administrator, reference


def run(reference: str, kind: str = campaigns.SEND) -> bool:
    """Do the work as the worker does; True if it is to look again later."""
    try:
        handlers[kind]({"campaign": reference}, lambda done, total: None)
    except TryLater:
        return True
    return False


def state(reference: str) -> str:
    db.session.rollback()
    return str(db.session.scalar(sa.select(Campaign.state).where(Campaign.reference == reference)))


def written() -> list[Message]:
    db.session.rollback()
    db.session.expire_all()
    chosen = sa.select(Message).where(Message.key == "campaign").order_by(Message.id)
    return list(db.session.scalars(chosen))


def became(number: int, **values: Any) -> None:
    """What the outbox noted of the `number`-th message."""
    message = written()[number]
    with writing():
        db.session.execute(sa.update(Message).where(Message.id == message.id).values(**values))


def all_left() -> None:
    with writing():
        gone = sa.update(Message).where(Message.key == "campaign", Message.state == "waiting")
        db.session.execute(gone.values(state="sent", sent_at=clock.now()))


def test_the_whole_life(app: Flask) -> None:
    _intake, _manager, _administrator, reference = approved()
    assert state(reference) == "approved" and not written()
    assert run(reference), "messages wait to leave"
    messages = written()
    assert state(reference) == "sending" and len(messages) == 6
    assert {message.language for message in messages} == {"fr", "ar", "en"}
    assert len({message.bundle for message in messages}) == 1
    said = [content["variables"] for content in opened(messages) if content]
    french = next(said[i] for i, message in enumerate(messages) if message.language == "fr")
    assert french["subject"].startswith("Portes ouvertes, Une N") and "/my" in french["body"]
    assert french["short"] == "Portes ouvertes"
    all_left()
    assert not run(reference)
    assert state(reference) == "done"
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert (queries.tally(campaign).sent, queries.tally(campaign).percentage) == (6, 100)
    acts = set(db.session.scalars(sa.select(Event.action).where(Event.object_kind == "campaign")))
    assert acts == {"campaigns.create", "campaigns.propose", "campaigns.approve"}


def test_whoever_wrote_or_proposed_it_does_not_approve_it() -> None:
    intake, _manager, administrator, reference = proposed()
    other = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "autre")
    with writing():
        campaigns.change(administrator, reference, draft(title="Autre"))
        campaigns.propose(other, reference, "6")
    for person in (administrator, other):
        with pytest.raises(Refused), writing():
            campaigns.approve(person, reference, "6")
    assert state(reference) == "proposed"
    third = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "tierce")
    with writing():
        campaigns.approve(third, reference, "6")
    assert state(reference) == "approved"


def test_a_manager_prepares_and_does_not_approve() -> None:
    intake, _manager, _administrator, reference = proposed()
    other = someone(intake, Role.SELECTION_MANAGER, "autre")
    with pytest.raises(NotPermitted), writing():
        campaigns.approve(other, reference, "6")


def test_the_list_is_fixed_at_the_proposal_and_a_change_unfixes_it() -> None:
    intake, manager, administrator, reference = proposed()
    with writing():
        db.session.execute(sa.update(Application).values(state="withdrawn"))
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert (campaign.total, queries.counts(campaign).total) == (6, 6)
    with writing():
        campaigns.approve(administrator, reference, "6")
        campaigns.change(manager, reference, draft(filters=Filters(state="all")))
    assert state(reference) == "draft"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CampaignRecipient)) == 0
    assert not run(reference) and not written(), "the hour of what was changed finds nothing to send"
    with writing():
        campaigns.propose(manager, reference, "6")
    with pytest.raises(Refused), writing():
        campaigns.approve(administrator, reference, "5")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"state": "all"},
        {"state": "draft"},
        {"eligible": "no", "state": "all"},
        {"search": "N3"},
        {"region": "MA-01"},
        {"source": "import"},
    ],
)
def test_the_list_is_the_one_that_the_filters_show(arguments: dict[str, str]) -> None:
    intake, _manager, _administrator, reference = begun(7)
    with writing():
        for number, values in enumerate(
            [{"state": "draft"}, {"eligible": False}, {"region": "MA-01"}, {"source": "import"}], 1
        ):
            number_of = Application.number == f"MDIA-{number:06d}"
            db.session.execute(sa.update(Application).where(number_of).values(**values))
        db.session.execute(sa.update(Application).values(search_text=sa.func.lower(Application.name)))
    filters = Filters.of(arguments)
    with writing():
        campaign = db.session.scalars(sa.select(Campaign)).one()
        campaign.filters = filters.arguments()
    shown = listing.page(intake.id, filters, 1).total
    assert queries.counts(campaign).total == shown
    assert queries.told(campaign, 1, 50, TEXTS).total == shown


def test_drafts_come_with_it_where_that_is_asked() -> None:
    intake, manager, _administrator, reference = begun()
    with writing():
        db.session.execute(
            sa.update(Application)
            .where(Application.number == "MDIA-000001")
            .values(state="draft", eligible=None)
        )
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert queries.counts(campaign).total == 5
    with writing():
        campaigns.change(manager, reference, draft(filters=Filters(eligible="yes"), with_drafts=True))
    assert queries.counts(db.session.scalars(sa.select(Campaign)).one()).total == 6


def test_the_handler_run_twice_or_killed_in_the_middle_writes_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _intake, _manager, _administrator, reference = approved(7)
    monkeypatch.setattr(campaigning, "CHUNK", 2)

    class Killed(BaseException):
        pass

    def killed(done: int, total: int) -> None:
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        handlers[campaigns.SEND]({"campaign": reference}, killed)
    db.session.rollback()
    assert len(written()) == 4
    steps: list[tuple[int, int]] = []
    with pytest.raises(TryLater):
        handlers[campaigns.SEND]({"campaign": reference}, lambda done, total: steps.append((done, total)))
    assert steps == [(6, 7), (7, 7)]
    with writing():  # as if how far it was had been lost
        db.session.execute(sa.update(Campaign).values(reached=0))
    assert run(reference)
    messages = written()
    assert len(messages) == len({message.person_id for message in messages}) == 7


def test_a_failure_within_a_chunk_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _intake, _manager, _administrator, reference = approved(5)
    monkeypatch.setattr(campaigning, "CHUNK", 2)
    whole, calls = campaigning.send_all, iter([0, 1])

    def breaking(letters: list[Letter]) -> int:
        number = whole(letters)
        if next(calls):
            raise RuntimeError("the disk is full")
        return number

    monkeypatch.setattr(campaigning, "send_all", breaking)
    with pytest.raises(RuntimeError):
        handlers[campaigns.SEND]({"campaign": reference}, lambda done, total: None)
    db.session.rollback()
    assert len(written()) == 2
    monkeypatch.setattr(campaigning, "send_all", send_all)
    assert run(reference)
    assert len(written()) == 5


def test_nothing_leaves_before_its_hour_and_until_then_it_is_called_off() -> None:
    hour = clock.now() + timedelta(hours=3)
    _intake, manager, _administrator, reference = approved(due=hour)
    job = db.session.scalars(sa.select(Job).where(Job.kind == campaigns.SEND)).one()
    assert job.due == hour
    assert not run(reference) and state(reference) == "approved" and not written()
    with writing():
        campaigns.cancel(manager, reference, "6")
    with clock.at(hour + timedelta(minutes=1)):
        assert not run(reference)
    assert state(reference) == "cancelled" and not written()


def test_a_pause_holds_the_bundle_and_going_on_writes_the_rest_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from cohortmgr.outbox.claiming import claim

    _intake, manager, _administrator, reference = approved()
    run(reference)
    with writing():
        campaigns.pause(manager, reference)
    assert db.session.scalars(sa.select(Bundle.state)).one() == "held"
    with writing():
        assert not [message for message in claim(50) if message.key == "campaign"]
    assert not run(reference), "a job that finds it paused is over"
    with writing():
        campaigns.resume(manager, reference)
        campaigns.resume(manager, reference)
    assert state(reference) == "sending" and run(reference)
    assert len(written()) == 6
    jobs = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == campaigns.SEND))
    assert jobs == 2, "the one of the approval and one that goes on"
    with writing():
        assert len([message for message in claim(50) if message.key == "campaign"]) == 6


def test_called_off_while_it_leaves_what_is_left_never_does() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    became(0, state="sent", sent_at=clock.now())
    with pytest.raises(Refused), writing():
        campaigns.cancel(manager, reference, "5")
    with writing():
        campaigns.cancel(manager, reference, "6")
        campaigns.cancel(manager, reference, "6")
    assert db.session.scalars(sa.select(Bundle.state)).one() == "called_off"
    assert not run(reference) and state(reference) == "cancelled"
    tally = queries.tally(db.session.scalars(sa.select(Campaign)).one())
    assert (tally.sent, tally.waiting) == (1, 5)
    with pytest.raises(Refused), writing():
        campaigns.resume(manager, reference)


def test_only_what_failed_is_sent_again() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    became(0, state="set_aside", failure="temporary", tries=8)
    became(1, state="set_aside", failure="unanswered")
    became(2, state="returned", failure="permanent")
    became(3, state="returned", failure="permanent")
    all_left()
    assert not run(reference) and state(reference) == "done"
    with writing():
        db.session.execute(
            sa.update(Application)
            .where(Application.person_id == written()[3].person_id)
            .values(email="neuve@exemple.ma")
        )
    with pytest.raises(Refused), writing():
        campaigns.resend(manager, reference, "4")
    with writing():
        campaigns.resend(manager, reference, "2")
    with writing():
        campaigns.resend(manager, reference, "2")
    jobs = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == campaigns.RESEND))
    assert (jobs, state(reference)) == (1, "sending")
    assert run(reference, campaigns.RESEND) and run(reference, campaigns.RESEND)
    messages = written()
    assert [message.state for message in messages] == [
        "waiting", "set_aside", "returned", "returned", "sent", "sent", "waiting",
    ]  # fmt: skip
    moved = opened([messages[-1]])[0]
    assert moved is not None and moved["address"] == "neuve@exemple.ma"
    assert messages[0].tries == 0
    all_left()
    assert not run(reference)
    tally = queries.tally(db.session.scalars(sa.select(Campaign)).one())
    assert (tally.sent, tally.returned, tally.set_aside, tally.waiting) == (4, 1, 1, 0)


def test_who_cannot_be_reached_or_is_in_trouble_is_left_out_and_counted() -> None:
    intake, manager, administrator, reference = begun()
    one, two, three, four = (known(f"c{number}@exemple.ma").person_id for number in (1, 2, 3, 4))
    with writing() as session:
        session.execute(sa.update(Application).where(Application.person_id == one).values(email=None))
        session.execute(sa.update(Person).where(Person.id == one).values(email=None))
        for person, resolved in ((two, None), (three, clock.now())):
            session.add(
                Trouble(
                    institution_id=intake.institution_id,
                    person_id=person,
                    path=intake.path,
                    message_reference=f"{person:026d}",
                    kind="bounce",
                    at=clock.now(),
                    resolved_at=resolved,
                )
            )
        session.add(
            Preference(person_id=four, channel="email", campaigns=False, digest=False, updated_at=clock.now())
        )
    counts = queries.counts(db.session.scalars(sa.select(Campaign)).one())
    assert (counts.total, counts.unreachable, counts.troubled, counts.unsubscribed) == (6, 1, 1, 1)
    assert counts.receiving == 3
    page = browser(_web(), manager).get(f"/staff/campaigns/{reference}/people").get_data(as_text=True)
    assert (
        page.index("MDIA-000001")
        < page.index("MDIA-000002")
        < page.index("MDIA-000004")
        < page.index("MDIA-000005")
    )
    with writing():
        campaigns.propose(manager, reference, "5")
        campaigns.approve(administrator, reference, "5")
    run(reference)
    assert {message.person_id for message in written()} == {
        known(f"c{number}@exemple.ma").person_id for number in (3, 4, 5, 6)
    }
    assert queries.tally(db.session.scalars(sa.select(Campaign)).one()).left_out == 1


def test_whoever_unsubscribed_is_passed_over_when_the_message_leaves() -> None:
    from cohortmgr.outbox.delivery import deliver

    _intake, _manager, _administrator, reference = approved(3)
    gone = known("c2@exemple.ma").person_id
    with writing() as session:
        session.add(
            Preference(person_id=gone, channel="email", campaigns=False, digest=False, updated_at=clock.now())
        )
    noon = clock.instant(clock.today() + timedelta(days=1), 12)
    with clock.at(noon):
        run(reference)
        while deliver():
            continue
    assert {message.person_id: message.state for message in written()}[gone] == "dropped"
    assert sorted(message.state for message in written()) == ["dropped", "sent", "sent"]
    assert not run(reference) and state(reference) == "done"


_apps: list[Flask] = []


@pytest.fixture(autouse=True)
def _the_web(app: Flask) -> Iterator[None]:
    _apps[:] = [app]
    yield
    _apps.clear()


def _web() -> Flask:
    return _apps[0]


def _form(**values: str) -> dict[str, str]:
    return {
        "title": "Portes ouvertes",
        "audience": "list",
        "state": "submitted",
        "form_key": KEY,
        **{f"{part}_{code}": words for code, text in TEXTS.items() for part, words in vars(text).items()},
        **values,
    }


def test_the_pages_from_the_list_to_the_sending(app: Flask) -> None:
    intake = sent(3)
    manager, administrator = (
        someone(intake, Role.SELECTION_MANAGER),
        someone(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    mine, hers = browser(app, manager), browser(app, administrator)
    rooms = f"/staff/intakes/{intake.reference}/campaigns"
    assert f"{rooms}/new?region=MA-04" in mine.get(
        f"/staff/intakes/{intake.reference}/applications?region=MA-04"
    ).get_data(as_text=True)
    form = mine.get(f"{rooms}/new?region=MA-04&average_from=12").get_data(as_text=True)
    assert "average_from=12" in form
    first = mine.post(f"{rooms}/new", data=_form(region="MA-04"))
    assert first.status_code == 302
    assert (
        mine.post(f"{rooms}/new", data=_form(region="MA-04")).headers["Location"] == first.headers["Location"]
    )
    place = first.headers["Location"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1
    page = mine.get(place).get_data(as_text=True)
    assert "Proposer" in page and "3 personnes" in page
    assert "Bonjour Une N3" in mine.get(f"{place}/people").get_data(as_text=True)
    for _click in range(2):
        assert mine.post(f"{place}/test", data={"form_key": KEY}).status_code == 302
    trials = db.session.scalars(sa.select(Message).where(Message.key == "campaign_test")).all()
    assert {(message.language, message.person_id) for message in trials} == {
        (language, manager.person_id) for language in ("fr", "ar", "en")
    }
    assert len(trials) == 3
    assert mine.post(f"{place}/propose", data={"confirmation": "4", "version": "1"}).status_code == 200
    assert mine.post(f"{place}/propose", data={"confirmation": "3", "version": "1"}).status_code == 302
    assert mine.post(f"{place}/approve", data={"confirmation": "3"}).status_code == 200, (
        "refused: the same person"
    )
    assert "Approuver l’envoi" not in mine.get(place).get_data(as_text=True)
    assert "Approuver l’envoi" in hers.get(place).get_data(as_text=True)
    assert hers.post(f"{place}/approve", data={"confirmation": "3"}).status_code == 302
    reference = place.rpartition("/")[2]
    run(reference)
    assert mine.get(f"{place}/progress").json == {
        "percentage": 0,
        "text": "3 messages attendent encore.",
        "done": False,
    }
    assert 'http-equiv="refresh"' in mine.get(place).get_data(as_text=True)
    assert mine.post(f"{place}/pause").status_code == mine.post(f"{place}/resume").status_code == 302
    for language in ("ar", "en", "fr"):
        mine.set_cookie("language", language)
        for path in (place, f"{place}/people", f"{place}/edit", rooms, f"{rooms}/new"):
            assert mine.get(path).status_code == 200
    assert mine.post(f"{place}/cancel", data={"confirmation": "3"}).status_code == 302
    assert state(reference) == "cancelled"


def test_a_person_of_another_programme_finds_nothing(app: Flask) -> None:
    intake, _manager, _administrator, reference = begun()
    elsewhere = Role.PROGRAMME_ADMINISTRATOR
    from cohortmgr.accounts import actions as accounts
    from cohortmgr.accounts.rules import SYSTEM

    with writing():
        account = accounts.new_account(
            SYSTEM, "loin@inpt.ma", "no hash", {"given_name": "Une", "family_name": "L"}
        )
        path = "ma.inpt.autre."
        accounts.grant(SYSTEM, account, elsewhere, "programme", path, path, [intake.institution_id])
    far = browser(app, known("loin@inpt.ma"))
    place = f"/staff/campaigns/{reference}"
    for path in (place, f"{place}/people", f"{place}/edit", f"{place}/progress"):
        assert far.get(path).status_code == 404
    for act in ("edit", "test", "propose", "approve", "pause", "resume", "cancel", "resend"):
        assert far.post(f"{place}/{act}", data=_form()).status_code == 404
    assert far.get(f"/staff/intakes/{intake.reference}/campaigns").status_code == 404
    assert far.post(f"/staff/intakes/{intake.reference}/campaigns/new", data=_form()).status_code == 404
    with pytest.raises(NotFound):
        queries.get_for(known("loin@inpt.ma"), reference)


@pytest.mark.parametrize("files", [5, 50])
def test_pages_send_as_many_statements_for_fifty_people_as_for_five(
    app: Flask, statements: Counted, files: int
) -> None:
    _intake, manager, _administrator, reference = approved(files)
    run(reference)
    became(0, state="returned", failure="permanent")
    mine = browser(app, manager)
    place = f"/staff/campaigns/{reference}"
    found = {}
    for path in (place, f"{place}/people", f"{place}/progress"):
        mine.get(path)
        with statements() as seen:
            assert mine.get(path).status_code == 200
        found[path.removeprefix(place)] = len(seen)
    assert found == {"": 9, "/people": 5, "/progress": 3}


def test_proposing_and_writing_send_as_many_statements_for_fifty_as_for_five(statements: Counted) -> None:
    intake, manager, administrator, reference = begun(5)
    found = []
    for files in (5, 50):
        if files == 50:
            reference = _grown(intake, manager)
        with statements() as proposing, writing():
            campaigns.propose(manager, reference, str(files))
        with writing():
            campaigns.approve(administrator, reference, str(files))
        with statements() as sending:
            run(reference)
        found.append((len(proposing), len(sending)))
    assert found[0] == found[1]


def _grown(intake: Intake, manager: Viewer) -> str:
    """The same intake with fifty people, and another campaign to them."""
    from tests.factories.choices import _file

    with writing():
        for number in range(6, 51):
            _file(intake, number, eligible=True)
    with writing():
        return campaigns.create(manager, intake.reference, draft(), "B" * 26).reference


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 1_000_000}, "title"),
        ({"texts": {"fr": Text("Objet", "x" * 1_000_000)}}, "body_fr"),
        ({"texts": {"fr": Text("x" * 201, "Texte")}}, "subject_fr"),
        ({"texts": {"fr": Text("Objet", "Texte", "x" * 481)}}, "short_fr"),
        ({"texts": {"fr": Text("Objet", "Bonjour {nom}")}}, "body_fr"),
        ({"texts": {"ar": Text("موضوع {", "نص")}}, "subject_ar"),
        ({"texts": {"en": Text("Subject")}}, "body_en"),
        ({"due": clock.now() - timedelta(hours=1)}, "day"),
        ({"due": clock.now() + timedelta(days=500)}, "day"),
        ({"filters": Filters(search="AB123456")}, "search"),
        ({"to_cohort": True}, "to_cohort"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(values: dict[str, Any], where: str) -> None:
    intake = sent(1)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with pytest.raises(Refused) as refusal, writing():
        campaigns.create(manager, intake.reference, draft(**values), KEY)
    assert where in {problem.where for problem in refusal.value.problems}


def test_a_text_of_a_million_characters_is_refused_on_the_page(app: Flask) -> None:
    intake = sent(1)
    mine = browser(app, someone(intake, Role.SELECTION_MANAGER))
    place = f"/staff/intakes/{intake.reference}/campaigns/new"
    assert mine.post(place, data=_form(body_fr="x" * 1_000_000)).status_code == 200
    assert mine.post(place, data=_form(day="pas un jour")).status_code == 200
    assert mine.post(place, data=_form(hour="10:00")).status_code == 200
    assert mine.post(place, data=_form(others="%" * 5000, region="<script>")).status_code == 302
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1


def test_a_language_that_nobody_wrote_stops_the_proposal() -> None:
    _intake, manager, _administrator, reference = begun(3, texts={"fr": TEXTS["fr"]})
    with pytest.raises(Refused) as refusal, writing():
        campaigns.propose(manager, reference, "3")
    assert {problem.where for problem in refusal.value.problems} == {"subject_ar", "subject_en"}


def test_two_who_edit_at_once_do_not_overwrite_each_other() -> None:
    _intake, manager, _administrator, reference = begun(1)
    with writing():
        campaigns.change(manager, reference, draft(title="Un autre"), 1)
    with pytest.raises(Stale), writing():
        campaigns.change(manager, reference, draft(title="Encore un autre"), 1)
