"""Matching apprentices to companies by deferred acceptance, with the candidates proposing.

Gale and Shapley, "College admissions and the stability of marriage" (1962); Roth, "The economics of matching:
stability and incentives" (1982) for the two properties that make it fair to ask for true wishes: no stable
matching serves any candidate better, and no candidate gains by misstating. Between equal scores one lot per
candidate decides, drawn from a published seed.
"""

import hashlib
import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused

_APPRENTICES = NN_("%(num)s apprenti", "%(num)s apprentis")
_SEATS = NN_("%(num)s place", "%(num)s places")
Wishes = Mapping[str, Sequence[str]]
Priorities = Mapping[str, Mapping[str, int]]
Seats = Mapping[str, int]

FORMAT = 1
RULE = "candidates propose; higher score, then lower sha256(seed+candidate)"


@dataclass(frozen=True)
class Matching:
    """Who goes where (candidate -> company), who goes nowhere (sorted), and how many proposals were made."""

    assignment: Mapping[str, str]
    unmatched: tuple[str, ...]
    proposals: int


def lot(seed: str, candidate: str) -> int:
    """Return the lot of a candidate, the same at every company. Among equal scores the lower lot is preferred."""
    return int.from_bytes(hashlib.sha256(f"{seed}{candidate}".encode()).digest())


def match(wishes: Wishes, priorities: Priorities, seats: Seats, seed: str) -> Matching:
    """Match candidates to companies.

    `wishes`: candidate -> companies, best first; a company that is left out is worse than none. `priorities`:
    company -> candidate -> score, higher is better; a candidate without a score there is not acceptable.
    `seats`: company -> places. Returns the stable matching that is best for every candidate. Raises Refused
    for unknown companies, repeated wishes and negative seats.
    """
    problems = check_input(wishes, priorities, seats)
    if problems:
        raise Refused(*problems)
    lots = {candidate: lot(seed, candidate) for candidate in wishes}
    held: dict[str, list[tuple[int, int, str]]] = {company: [] for company in seats}
    following = dict.fromkeys(wishes, 0)
    free = sorted(wishes, reverse=True)
    proposals = 0
    while free:
        candidate = free.pop()
        while following[candidate] < len(wishes[candidate]):
            company = wishes[candidate][following[candidate]]
            following[candidate] += 1
            proposals += 1
            score = priorities.get(company, {}).get(candidate)
            if score is None or seats[company] == 0:
                continue
            # The heap holds the weakest on top: lowest score, then highest lot.
            claim = (score, -lots[candidate], candidate)
            if len(held[company]) < seats[company]:
                heapq.heappush(held[company], claim)
                break
            loser = heapq.heappushpop(held[company], claim)[2]
            if loser != candidate:
                free.append(loser)
                break
    placed = {claim[2]: company for company in sorted(held) for claim in held[company]}
    assignment = {candidate: placed[candidate] for candidate in sorted(placed)}
    return Matching(assignment, tuple(sorted(set(wishes) - set(placed))), proposals)


def check_input(wishes: Wishes, priorities: Priorities, seats: Seats) -> list[Problem]:
    """Return what makes the input invalid: unknown companies, repeated wishes, negative seats."""
    problems = []
    for company, places in seats.items():
        if places < 0:
            problems.append(
                Problem(
                    N_("Le nombre de places de %(company)s ne peut pas être négatif."),
                    {"company": company},
                    company,
                )
            )
    for company in sorted(set(priorities) - set(seats)):
        problems.append(
            Problem(
                N_("%(company)s a noté des candidats et n’offre aucune place."), {"company": company}, company
            )
        )
    for candidate, ranked in wishes.items():
        if len(set(ranked)) != len(ranked):
            problems.append(
                Problem(
                    N_("%(candidate)s a deux fois la même entreprise dans ses vœux."),
                    {"candidate": candidate},
                    candidate,
                )
            )
        for company in ranked:
            if company not in seats:
                problems.append(
                    Problem(
                        N_("%(candidate)s a un vœu pour %(company)s, qui n’offre aucune place."),
                        {"candidate": candidate, "company": company},
                        candidate,
                    )
                )
    return problems


def blocking_pairs(
    wishes: Wishes, priorities: Priorities, seats: Seats, assignment: Mapping[str, str], seed: str
) -> list[tuple[str, str]]:
    """Return the (candidate, company) pairs that would both prefer each other. Without any it is stable.

    It is written from the definition and not from the algorithm, so that it can check any assignment, also
    one that was changed by hand.
    """
    staff: dict[str, list[str]] = {company: [] for company in seats}
    for candidate, company in assignment.items():
        staff.setdefault(company, []).append(candidate)

    def worth(company: str, candidate: str) -> tuple[int, int]:
        return priorities[company][candidate], -lot(seed, candidate)

    weakest = {
        company: min(worth(company, c) for c in people if c in priorities.get(company, {}))
        for company, people in staff.items()
        if any(c in priorities.get(company, {}) for c in people)
    }
    pairs = []
    for candidate, ranked in wishes.items():
        for company in ranked:
            if assignment.get(candidate) == company:
                break
            if candidate not in priorities.get(company, {}):
                continue
            room = len(staff[company]) < seats[company]
            if room or (company in weakest and worth(company, candidate) > weakest[company]):
                pairs.append((candidate, company))
    return pairs


def faults(
    wishes: Wishes, priorities: Priorities, seats: Seats, assignment: Mapping[str, str], seed: str
) -> list[Problem]:
    """Return all faults of an assignment: too many in a company, unwished or unacceptable places, blocking pairs."""
    problems = []
    counts: dict[str, int] = {}
    for candidate, company in assignment.items():
        counts[company] = counts.get(company, 0) + 1
        values = {"candidate": candidate, "company": company}
        if company not in wishes.get(candidate, ()):
            problems.append(Problem(N_("%(candidate)s n’a pas demandé %(company)s."), values, candidate))
        if candidate not in priorities.get(company, {}):
            problems.append(Problem(N_("%(company)s n’a pas retenu %(candidate)s."), values, candidate))
    for company, count in counts.items():
        if count > seats.get(company, 0):
            problems.append(
                Problem(
                    N_("%(company)s reçoit %(count)s pour %(seats)s."),
                    {
                        "company": company,
                        "count": Quantity(*_APPRENTICES, count),
                        "seats": Quantity(*_SEATS, seats.get(company, 0)),
                    },
                    company,
                )
            )
    if problems:
        return problems
    return [
        Problem(
            N_("%(candidate)s et %(company)s se préféreraient l’un l’autre."),
            {"candidate": candidate, "company": company},
            candidate,
        )
        for candidate, company in blocking_pairs(wishes, priorities, seats, assignment, seed)
    ]


def certificate(
    wishes: Wishes, priorities: Priorities, seats: Seats, seed: str, matching: Matching
) -> dict[str, Any]:
    """Return all numbers of a matching with their SHA-256, as a canonical JSON object (integers and texts only)."""
    content: dict[str, Any] = {
        "assignment": dict(matching.assignment),
        "format": FORMAT,
        "priorities": {company: dict(scores) for company, scores in priorities.items()},
        "rule": RULE,
        "seats": dict(seats),
        "seed": seed,
        "unmatched": list(matching.unmatched),
        "wishes": {candidate: list(ranked) for candidate, ranked in wishes.items()},
    }
    content["sha256"] = digest(content)
    return content


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of everything but the digest itself."""
    kept = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(content: Mapping[str, Any]) -> list[Problem]:
    """Check a certificate from its numbers alone: digest, stability, and that it is best for the candidates."""
    problems = []
    if content.get("sha256") != digest(content):
        problems.append(Problem(N_("L’empreinte ne correspond pas au contenu du certificat."), {}, "sha256"))
    if content.get("format") != FORMAT or content.get("rule") != RULE:
        return [*problems, Problem(N_("Ce certificat suit une autre règle que celle-ci."), {}, "rule")]
    try:
        data = content["wishes"], content["priorities"], content["seats"]
        assignment, seed = content["assignment"], content["seed"]
        problems += faults(*data, assignment, seed)
        best = match(*data, seed)
        same = dict(best.assignment) == assignment and list(best.unmatched) == content["unmatched"]
    except Refused as refusal:
        return [*problems, *refusal.problems]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [*problems, Problem(N_("Le certificat est incomplet ou mal formé."))]
    if not same:
        problems.append(Problem(N_("Le recalcul donne une autre affectation que le certificat.")))
    return problems
