"""The same model as `calibration`, solved another way: the covariance of all marks, written out and inverted, and a
search without gradients over the standard deviations themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class Solved:
    """Standard deviations, mean, effects, and standard errors of the files' effects."""

    quality: float
    severity: float
    noise: float
    mean: float
    files: np.ndarray
    readers: np.ndarray
    errors: np.ndarray
    likelihood: float


def solved(
    file: np.ndarray, reader: np.ndarray, marks: np.ndarray, weights: np.ndarray | None = None
) -> Solved:
    """Return what REML says of few marks; with weights, at the standard deviations of the marks without."""
    plain = np.ones(len(marks)) if weights is None else weights
    starts = ((1.0, 0.5, 0.8), (0.2, 0.5, 1.0))
    scale = marks.std()
    best = min(
        (
            minimize(
                lambda deviations: _minus_likelihood(deviations, file, reader, marks),
                np.array(start) * scale,
                method="Nelder-Mead",
                options={"xatol": 1e-5, "fatol": 1e-9, "maxiter": 1000},
            )
            for start in starts
        ),
        key=lambda found: found.fun,
    )
    quality, severity, noise = np.abs(best.x)
    return at(file, reader, marks, (quality, severity, noise), plain, -best.fun)


def at(
    file: np.ndarray,
    reader: np.ndarray,
    marks: np.ndarray,
    deviations: tuple[float, float, float],
    weights: np.ndarray,
    likelihood: float = 0.0,
) -> Solved:
    """Return the best predictions at given standard deviations."""
    quality, severity, noise = deviations
    of_file, of_reader = np.eye(file.max() + 1)[file], np.eye(reader.max() + 1)[reader]
    inverse = np.linalg.inv(_covariance(quality, severity, noise, of_file, of_reader, weights))
    ones = np.ones(len(marks))
    mean = (ones @ inverse @ marks) / (ones @ inverse @ ones)
    left = inverse @ (marks - mean)
    projected = inverse - np.outer(inverse @ ones, inverse @ ones) / (ones @ inverse @ ones)
    known = quality**4 * np.einsum("ni,nm,mi->i", of_file, projected, of_file)
    return Solved(
        quality,
        severity,
        noise,
        mean,
        quality**2 * of_file.T @ left,
        severity**2 * of_reader.T @ left,
        np.sqrt(np.maximum(0, quality**2 - known)),
        likelihood,
    )


def _covariance(
    quality: float,
    severity: float,
    noise: float,
    of_file: np.ndarray,
    of_reader: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    whole = quality**2 * of_file @ of_file.T + severity**2 * of_reader @ of_reader.T
    return whole + np.diag(noise**2 / weights)


def _minus_likelihood(
    deviations: np.ndarray, file: np.ndarray, reader: np.ndarray, marks: np.ndarray
) -> float:
    of_file, of_reader = np.eye(file.max() + 1)[file], np.eye(reader.max() + 1)[reader]
    covariance = _covariance(*deviations, of_file, of_reader, np.ones(len(marks)))
    sign, told = np.linalg.slogdet(covariance)
    if sign <= 0:
        return float("inf")
    inverse = np.linalg.inv(covariance)
    ones = np.ones(len(marks))
    precision = ones @ inverse @ ones
    mean = (ones @ inverse @ marks) / precision
    left = marks - mean
    return float(told + np.log(precision) + left @ inverse @ left) / 2
