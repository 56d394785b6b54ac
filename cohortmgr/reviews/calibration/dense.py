"""Dense symmetric matrices: factor, solve, invert, on one thread.

Two threads on a machine that does other work wait for each other and cost six times the CPU. OpenBLAS reads how many
it may use from the environment when numpy is loaded: wsgi and the worker say one, unless the operator has said another.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

Array = np.ndarray


class Factor:
    """The Cholesky factor of a symmetric positive definite matrix, of which the upper triangle is given."""

    def __init__(self, upper: Array) -> None:
        # The transpose of rows in C's order is what LAPACK takes without a copy; its lower triangle is the given one.
        self._lower, failed = lapack.dpotrf(upper.T, lower=1, clean=1, overwrite_a=1)
        if failed:
            raise ArithmeticError(f"the matrix is not positive definite at {failed}")

    @property
    def log_determinant(self) -> float:
        """The logarithm of the determinant of the matrix."""
        return 2 * float(np.log(np.diagonal(self._lower)).sum())

    def solved(self, right: Array) -> Array:
        """Return x in `matrix x = right`."""
        found: Array = lapack.dpotrs(self._lower, right, lower=1)[0]
        return found

    def spread(self, normal: Array) -> Array:
        """Return columns with the inverse of the matrix as their covariance, from independent ones."""
        found: Array = lapack.dtrtrs(self._lower, normal, lower=1, trans=1)[0]
        return found

    def inverse(self) -> Array:
        """Return the upper triangle of the inverse, with zeros below it."""
        found: Array = lapack.dpotri(self._lower, lower=1)[0]
        return found.T
