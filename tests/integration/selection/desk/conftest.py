"""Until the choice under bounds and its certificate are there, a stand-in that knows no bound but a hard floor."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.selection.certificate import digest
from cohortmgr.selection.choosing.rules import Choice, ChoiceProblem, Leaf, Prices


def _choose(problem: ChoiceProblem) -> Choice:
    for place, bound in enumerate(problem.bounds):
        there = sum(place in each.groups for each in problem.contenders)
        if bound.hard and (bound.at_least or 0) > min(there, problem.seats):
            raise Refused(Problem("au moins %(n)s : %(there)s", {"n": 1, "there": there, "bound": place}))
    ranked = sorted(problem.contenders, key=lambda each: (-each.mark, each.lot))
    chosen = tuple(each.reference for each in ranked[: problem.seats])
    leaf = Leaf(1, (0,) * len(problem.bounds), 0)
    return Choice(chosen, len(chosen), 0, leaf, Prices(1, leaf.bounds, None))


def _certificate(
    problem: ChoiceProblem, choice: Choice, files: Sequence[Any], _terms: object
) -> Mapping[str, Any]:
    chosen = set(choice.chosen)
    rows = [{"reference": each.reference, "outcome": each.reference in chosen} for each in files]
    return {"rows": rows, "sha256": digest({"rows": rows})}


@pytest.fixture(autouse=True)
def _choice_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where the real ones are missing."""
    stands = {
        "cohortmgr.selection.choosing.choice": {"choose": _choose},
        "cohortmgr.selection.proofs.choice": {
            "choice_certificate": _certificate,
            "StatedFile": lambda name, mark, ties, attributes: SimpleNamespace(reference=name),
            "StatedTerms": lambda seed: None,
        },
    }
    for name, holds in stands.items():
        try:
            import_module(name)
        except ModuleNotFoundError:
            module = ModuleType(name)
            vars(module).update(holds)
            monkeypatch.setitem(sys.modules, name, module)
            parent = name.rpartition(".")[0]
            if parent not in sys.modules:
                monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
