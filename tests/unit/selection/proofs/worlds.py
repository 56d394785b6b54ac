"""Small intakes, drawn, and their certificates by brute force."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cohortmgr.selection.choosing.rules import Bound, ChoiceProblem, Contender
from cohortmgr.selection.proofs.choice import (
    StatedFile,
    StatedMove,
    StatedSeal,
    StatedTerms,
    choice_certificate,
    lot_number,
)
from tests.unit.selection.proofs.oracle import choose_by_force

SEED = "01INTAKE"
OFFERING = "rabat"


def seal_of(bounds: Sequence[Bound], seats: int, ties: Sequence[str], right: Mapping[str, str]) -> StatedSeal:
    """A seal over these rules and those of another offering."""
    said = [stated_bound(each) | ({"offering": OFFERING} if n % 2 else {}) for n, each in enumerate(bounds)]
    sealed: dict[str, Any] = {
        "bounds": [*said, stated_bound(Bound({"region": "a"}, 1)) | {"offering": "fès"}],
        "right": [
            {"reference": each, "reason": why, "paper": "12-34"}
            | ({"nonce": f"n{place}"} if place % 2 else {})
            for place, (each, why) in enumerate(right.items(), start=seats)
        ],
        "salt_sha256": "cd" * 32,
        "seats": {"fès": 7, OFFERING: seats},
        "seed": SEED,
        "ties": list(ties),
    }
    changes = (("2026-11-09", "B", "a seat more"),)
    return StatedSeal(
        hashed({**sealed, "right": [told_of(each) for each in sealed["right"]]}),
        "A",
        "2026-11-02",
        True,
        changes,
        sealed,
        OFFERING,
    )


def told_of(right: Mapping[str, str]) -> Mapping[str, str]:
    """What a digest is made of: of a right with a nonce, its hash."""
    return right if "nonce" not in right else {"reference": right["reference"], "sha256": hashed(right)}


def hashed(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def stated_bound(bound: Bound) -> dict[str, Any]:
    return {key: value for key, value in vars(bound).items() if key != "offering"}


def world(
    seed: int,
    *,
    files: int = 9,
    seats: int = 4,
    ties: int = 1,
    hard: float = 0.5,
    placed: bool = True,
    step: int = 500,
    bounds: int = 4,
) -> tuple[ChoiceProblem, list[StatedFile], StatedTerms]:
    """A small intake, drawn: who applied, under which bounds, who is placed whatever the mark."""
    draw = random.Random(seed)
    stated = [
        StatedFile(
            f"F{place:02}",
            draw.randrange(8_000, 18_000, step),
            tuple(draw.randrange(0, 3_000, 1_000) for _ in range(ties)),
            {
                "region": draw.choice("ab"),
                "sex": draw.choice("FM"),
                "track": draw.choice("xy"),
                "other": "kept",
            },
            draw.choice(["", "", "", "", "short", "knocked_out"]) if placed else "",
        )
        for place in range(files)
    ]
    ruled = tuple(drawn_bound(draw, seats, hard) for _ in range(bounds))
    names = [each.reference for each in stated]
    draw.shuffle(names)
    right = {names[0]: "winner of the olympiad"} if placed else {}
    hand = (StatedMove(names[1], True, "seen"), StatedMove(names[2], False, "withdrawn")) if placed else ()
    terms = StatedTerms(
        SEED,
        draw.randrange(3),
        tuple(f"t{place}" for place in range(ties)),
        right,
        hand,
        seal_of(ruled, seats, tuple(f"t{place}" for place in range(ties)), right) if seed % 2 else None,
    )
    aside = {*right, *(each.reference for each in hand)}
    inside = {*right, *(each.reference for each in hand if each.is_in)}
    groups = {
        each.reference: tuple(place for place, bound in enumerate(ruled) if bound.counts(each.attributes))
        for each in stated
    }
    problem = ChoiceProblem(
        tuple(
            Contender(
                each.reference, each.mark, each.ties, lot_number(SEED, each.reference), groups[each.reference]
            )
            for each in stated
            if each.reference not in aside and not each.out
        ),
        seats,
        ruled,
        {each: groups[each] for each in sorted(inside)},
    )
    return problem, stated, terms


def triangle(seed: int, files: int = 9) -> tuple[ChoiceProblem, list[StatedFile], StatedTerms]:
    """Three groups, of which each two share people: half of each would be best, and proofs need splits."""
    draw = random.Random(seed)
    kinds = [("a", "F", "y"), ("b", "F", "x"), ("a", "M", "x"), ("b", "M", "y")]
    stated = [
        StatedFile(
            f"F{place:02}",
            draw.randrange(14_000, 18_000) if place % 4 < 3 else draw.randrange(8_000, 12_000),
            (),
            dict(zip(("region", "sex", "track"), kinds[place % 4], strict=True)),
        )
        for place in range(files)
    ]
    wheres = ({"region": "a"}, {"sex": "F"}, {"track": "x"})
    ruled = tuple(Bound(where, None, 1, hard=draw.random() < 0.8) for where in wheres)
    contenders = tuple(
        Contender(
            each.reference,
            each.mark,
            (),
            lot_number(SEED, each.reference),
            tuple(place for place, bound in enumerate(ruled) if bound.counts(each.attributes)),
        )
        for each in stated
    )
    return ChoiceProblem(contenders, 3, ruled), stated, StatedTerms(SEED, 1)


def drawn_bound(draw: random.Random, seats: int, hard: float) -> Bound:
    where = draw.choice(
        [
            {"region": "a"},
            {"region": "b"},
            {"sex": "F"},
            {"sex": "M"},
            {"track": "x"},
            {"region": "a", "sex": "F"},
        ]
    )
    low = draw.choice([None, draw.randrange(seats)])
    high = (
        draw.choice([None, draw.randrange(low or 0, seats + 1)])
        if low is not None
        else draw.randrange(seats + 1)
    )
    return Bound(where, low, high, hard=draw.random() < hard)


def certificate_of(
    problem: ChoiceProblem, stated: list[StatedFile], terms: StatedTerms
) -> dict[str, Any] | None:
    """The certificate of a small intake; None where hard bounds contradict."""
    choice = choose_by_force(problem)
    return None if choice is None else choice_certificate(problem, choice, stated, terms)


def certificates(seeds: Sequence[int], **kind: Any) -> Iterator[dict[str, Any]]:
    """The certificates of drawn intakes whose bounds do not contradict."""
    for seed in seeds:
        made = certificate_of(*world(seed, **kind))
        if made is not None:
            yield made
