"""Loading the whole demonstration, step by step, through the same actions that people use, each on its day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from cohortmgr.base import clock
from cohortmgr.demo.commands import choice, cohort, correspondence, interviews, midway, proofs, setting

DemoLog = Callable[[int, str], None]
DemoAct = Callable[[], object]


@dataclass(frozen=True)
class DemoStep:
    """One step: the text to show, its share of the whole, its day, and the function, which may yield progress."""

    text: str
    share: int
    day: date | None
    act: DemoAct


STEPS = (
    DemoStep("The programme Data & AI, from its definition", 2, date(2025, 5, 20), setting.put_programme),
    DemoStep("A person for each role, and four companies", 4, date(2025, 5, 21), setting.put_people),
    DemoStep("631 sendings imported from the 2025 file", 8, date(2025, 7, 16), setting.import_applications),
    DemoStep("Two readings of every eligible file", 48, date(2025, 7, 17), choice.read_files),
    DemoStep("A selection proposed and approved by a second person", 8, date(2025, 7, 29), choice.decide),
    DemoStep(
        "Thirty seats accepted, two declined, the waiting list called", 12, date(2025, 8, 1), choice.answer
    ),
    DemoStep("Transcripts asked of those who accepted, read and checked", 24, date(2025, 9, 8), proofs.prove),
    DemoStep("The cohort enrolled", 2, date(2025, 9, 22), cohort.open_cohort),
    DemoStep("Wishes, scores, and the matching with four companies", 8, date(2025, 11, 10), cohort.place),
    DemoStep("January's stipends computed and approved", 2, date(2026, 2, 2), cohort.pay),
    DemoStep(
        "Two programmes more, and two children whose mother is asked",
        2,
        date(2026, 11, 20),
        setting.put_children,
    ),
    DemoStep(
        "A second session, midway through its readings, with photographed papers", 12, None, midway.begin
    ),
    DemoStep("An interview day of jobintech, whose slots are free", 1, None, interviews.plan_day),
    DemoStep(
        "Wishes, a text, mailings, questions and a mail that came back", 3, None, correspondence.correspond
    ),
    DemoStep("Two scenarios of the choice, kept beside its rules", 1, None, choice.keep_scenarios),
    DemoStep("A report asked of the worker, and a new candidate's draft", 3, None, cohort.look_ahead),
)


def load(say: DemoLog) -> None:
    """Do every step that is not done yet. `say` is called with the percentage and the step's text."""
    done, total = 0, sum(step.share for step in STEPS)
    if cohort.is_finished():
        say(100, "The demonstration is there")
        return
    for step in STEPS:
        say(done * 100 // total, step.text)
        with clock.at(_moment(step.day)):
            result = step.act()
            if isinstance(result, Iterator):
                for part in result:
                    say(int((done + step.share * part) * 100 / total), step.text)
        done += step.share
    say(100, "The demonstration is loaded")


def _moment(day: date | None) -> datetime:
    return clock.instant(day, 10) if day else clock.now()
