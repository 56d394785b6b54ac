"""The sums by which the larger side is eliminated, against the matrices that nobody writes out."""

from __future__ import annotations

import numpy as np
import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.calibration import crossing as crossings
from cohortmgr.reviews.calibration.crossing import MOST_SMALLER, Crossing
from cohortmgr.reviews.calibration.dense import Factor

SHAPES = [(30, 7), (7, 30), (9, 9), (1, 6), (6, 1)]


def _made(files: int, readers: int, *, is_plain: bool) -> tuple[Crossing, np.ndarray]:
    """A table with holes, in any order, and the same as a matrix of the larger side by the smaller."""
    chance = np.random.default_rng(files)
    file, reader = np.nonzero(chance.random((files, readers)) < 0.7)
    order = chance.permutation(len(file))
    file, reader = file[order], reader[order]
    weights = np.ones(len(file)) if is_plain else chance.uniform(0.3, 2, len(file))
    whole = np.zeros((files, readers))
    whole[file, reader] = weights
    made = Crossing(file, reader, files, readers, weights)
    return made, whole if files >= readers else whole.T


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize(("chunk", "kept"), [(4_000_000, 12_000_000), (7, 0)])
def test_sums_over_pairs_are_those_of_the_matrices(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int], is_plain: bool, chunk: int, kept: int
) -> None:
    """At once and in small parts, and kept or made anew."""
    monkeypatch.setattr(crossings, "CHUNK", chunk)
    monkeypatch.setattr(crossings, "KEPT", kept)
    made, whole = _made(*shape, is_plain=is_plain)
    chance = np.random.default_rng(1)
    of_big, of_small = chance.uniform(0.5, 2, made.bigs), chance.uniform(0.5, 2, made.smalls)
    for _again in range(2):
        gram = whole.T @ np.diag(of_big) @ whole
        assert np.allclose(np.triu(gram), made.gram(of_big))
        assert np.allclose(np.diagonal(whole @ gram @ whole.T), made.forms(np.triu(gram)))
        assert np.allclose((whole @ gram)[made.big, made.small], made.products(np.triu(gram)))
    assert np.allclose(whole @ of_small, made.to_big(of_small))
    assert np.allclose(whole.T @ of_big, made.to_small(of_big))


def test_a_factor_solves_inverts_and_spreads() -> None:
    chance = np.random.default_rng(2)
    root = chance.standard_normal((6, 6))
    matrix = root @ root.T + np.eye(6)
    factor = Factor(np.triu(matrix))
    assert np.allclose(factor.solved(np.arange(6.0)), np.linalg.solve(matrix, np.arange(6.0)))
    assert np.allclose(factor.inverse(), np.triu(np.linalg.inv(matrix)))
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])
    spread = factor.spread(np.asfortranarray(np.eye(6)))
    assert np.allclose(spread @ spread.T, np.linalg.inv(matrix))
    with pytest.raises(ArithmeticError):
        Factor(-np.eye(3))


def test_what_no_machine_holds_is_refused() -> None:
    size = MOST_SMALLER + 1
    with pytest.raises(Refused, match=str(MOST_SMALLER)):
        Crossing(np.arange(size), np.arange(size), size, size, np.ones(size))
