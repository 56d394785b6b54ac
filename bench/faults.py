"""`python -m bench.faults`: kill a process at each step while people act; then count every message.

Each trial runs on a small installation: web, worker and beat as the Procfile starts them, Redis if it is the
broker (without a disk: nothing here relies on it), and a mail server of ours. Some people ask for a code
through the web, a campaign's messages are written, and a job is asked for. At one moment a process gets
SIGKILL; it is started again. Every message that a person was promised must reach the mail server. No message
may come more than twice, and twice only if the server had it and nobody can say whether its sender read the
answer.

So that a trial takes seconds, it does by hand what time does: the leases of the killed worker end at once,
messages and jobs that wait after a failure are due at once, and the sweep that beat asks for once a minute is
asked for each second.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.installation import installed
from bench.servers import free_port
from bench.sink import Answer, Conduct, Stage, Tally, listening
from bench.town import Town, Victim
from cohortmgr.base.settings import Settings

MESSAGES = 12
PEOPLE = 3
PATIENCE = 60.0


@dataclass(frozen=True)
class Kind:
    """A kind of trial: which process is killed, and at which stage of the talk with the mail server (None: at
    any instant). `answer` is what the mail server does with the message at hand instead of answering 250."""

    victim: Victim | None
    stage: Stage | None = None
    answer: Answer = "250"

    def __str__(self) -> str:
        when = self.stage or ("at any instant" if self.victim else "")
        return " ".join(
            filter(None, (self.victim or "nobody", when, "" if self.answer == "250" else self.answer))
        )


STAGES: tuple[Stage, ...] = ("connected", "recipient", "data", "end", "answered")
WORKER = tuple(Kind("worker", stage) for stage in STAGES)
KINDS = (
    *WORKER, Kind("worker"), Kind("worker", "end", "hang"), Kind("web"), Kind("beat"),
    Kind(None, None, "hang"), Kind(None, None, "cut"), Kind(None, None, "451"), Kind("web", "end"),
)  # fmt: skip
WITH_REDIS = (Kind("redis"), Kind("redis", "data"), Kind("redis", "end"))


@dataclass
class Outcome:
    """The outcome of a trial. `repeated` counts messages that came twice because the server's answer may not
    have been read; `wrong` are those that came twice without that, or more often than twice."""

    kind: Kind
    sent: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)
    struck: bool = False
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nothing was lost or wrong, and one message at most came twice."""
        return self.struck and not self.lost and not self.wrong and self.repeated <= 1


class Ambush(Conduct):
    """A sink's conduct that waits for a message at a stage, strikes once, and answers it as it is told."""

    def __init__(self) -> None:
        self.town: Town | None = None
        self.struck = threading.Event()
        self._kind: Kind | None = None
        self._after = 0

    def lie(self, kind: Kind, after: int) -> None:
        """Wait for the message that comes once `after` were taken."""
        self.struck.clear()
        self._kind, self._after = kind, after

    def stage(self, stage: Stage, number: int) -> None:
        kind = self._kind
        taken = number - 1 if stage in ("end", "answered") else number
        at = kind is not None and (stage == "connected" or taken >= self._after)
        if kind is not None and at and kind.stage == stage and kind.victim and not self.struck.is_set():
            self.struck.set()
            if self.town is not None:
                self.town.kill(kind.victim)

    def answer(self, name: str, number: int) -> Answer:
        kind = self._kind
        if kind is None or kind.answer == "250" or number < self._after or self.struck.is_set():
            return "250"
        if kind.victim is None:
            self.struck.set()
        return kind.answer


def trial(town: Town, ambush: Ambush, tally: Tally, kind: Kind, chance: random.Random) -> Outcome:
    """Run one trial: people act, a process is killed and started again, and what came is counted."""
    began, found = time.monotonic(), Outcome(kind)
    before = Counter(tally.taken)
    if kind.stage == "connected":
        _idle(town)
    ambush.lie(kind, len(tally.order) + chance.randrange(MESSAGES // 2))
    people = [threading.Thread(target=town.ask, args=(address,)) for address in town.people(PEOPLE)]
    for person in people:
        person.start()
    time.sleep(chance.random() * 0.2)
    town.write(MESSAGES)
    if kind.stage is None and kind.victim is not None:
        time.sleep(chance.random() * 0.8)
        town.kill(kind.victim)
        ambush.struck.set()
    found.struck = ambush.struck.wait(PATIENCE)
    if kind.victim is not None and found.struck:
        town.restart(kind.victim)
    for person in people:
        person.join(PATIENCE)
    found.lost = town.settle(PATIENCE)
    found.lost += sorted(address for address in town.answered if not tally.recipients[address])
    came = {name: count - before[name] for name, count in tally.taken.items() if count > before[name]}
    found.sent = len(came)
    found.lost += sorted(town.messages() - set(tally.taken))
    found.repeated = sum(1 for name, count in came.items() if count == 2 and tally.doubtful[name])
    found.wrong = [
        name for name, count in came.items() if count > 2 or (count == 2 and not tally.doubtful[name])
    ]
    found.seconds = time.monotonic() - began
    return found


def _idle(town: Town) -> None:
    """Wait until the worker, with nothing to do, hangs up, so that the next message opens a connection."""
    town.settle(PATIENCE)
    time.sleep(0.3)


def tried(
    settings: Settings,
    folder: Path,
    kinds: Sequence[Kind],
    times: int,
    seed: int,
    *,
    redis: bool,
    aloud: bool = False,
) -> list[Outcome]:
    """Run `times` trials of these kinds in turn, in an installation that is migrated and at rest."""
    chance, ambush, found = random.Random(seed), Ambush(), list[Outcome]()
    port = free_port()
    with (
        listening(port, ambush) as tally,
        Town(settings, folder, f"smtp://127.0.0.1:{port}", redis=redis) as town,
    ):
        ambush.town = town
        for number in range(times):
            found.append(outcome := trial(town, ambush, tally, kinds[number % len(kinds)], chance))
            if aloud and not outcome.good:
                print(f"trial {number}: {outcome}", flush=True)
    return found


def table(found: Sequence[Outcome]) -> list[str]:
    """A line for each kind: trials, messages, lost, repeated, wrong."""
    lines = [f"{'killed':34} {'trials':>6} {'sent':>6} {'lost':>5} {'twice':>6} {'wrong':>6} {'seconds':>8}"]
    for kind in dict.fromkeys(outcome.kind for outcome in found):
        of = [outcome for outcome in found if outcome.kind == kind]
        lost, wrong = (sum(len(getattr(each, name)) for each in of) for name in ("lost", "wrong"))
        sent, twice = sum(each.sent for each in of), sum(each.repeated for each in of)
        seconds = sum(each.seconds for each in of) / len(of)
        lines.append(f"{kind!s:34} {len(of):6} {sent:6} {lost:5} {twice:6} {wrong:6} {seconds:8.1f}")
    return lines


def told(postgres: str | None, trials: int, seed: int, *, redis: bool) -> bool:
    """Make an installation, try, print the table; False if any message was lost or wrongly repeated."""
    kinds = (*KINDS, *WITH_REDIS) if redis else KINDS
    with installed(postgres) as made, tempfile.TemporaryDirectory(prefix="cohortmgr-faults-") as folder:
        found = tried(made.settings, Path(folder), kinds, trials, seed, redis=redis, aloud=True)
    print("\n".join(table(found)))
    bad = [outcome for outcome in found if not outcome.good]
    print(
        f"{len(found)} trials on {'Redis' if redis else 'files'}, {len(bad)} not as they should be",
        flush=True,
    )
    return not bad


def main() -> int:
    """Run the trials; code 1 if anything went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--broker", choices=("filesystem", "redis"), default="filesystem")
    parser.add_argument("--trials", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of the instants (default 1)")
    chosen = parser.parse_args()
    good = told(chosen.postgres, chosen.trials, chosen.seed, redis=chosen.broker == "redis")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
