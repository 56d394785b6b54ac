"""What whoever uses a calibration must know of it: each caution is one sentence, and none of them stops anything."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import sqrt

from cohortmgr.base.errors import N_, Problem
from cohortmgr.reviews.calibration.calibrating import Calibration
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.rules import pieces

FEW_READINGS = 10
# How many people a sentence names.
NAMED = 20
# Which share of all marks at one end of the scale is many.
MANY_AT_AN_END = 0.15
# Marks are like lots where they follow the files less than this, and full agreement would show less once in a thousand.
_UNLIKE, _FAR = 1 / 3, 3.1
# Below this share of the spread of marks a standard deviation is nought.
_NOUGHT = 1e-3

_PIECES = N_(
    "Les lectures forment des groupes sans dossier commun : %(count)s. D’un groupe à l’autre, les notes ne se "
    "comparent pas. Évaluateurs hors du plus grand groupe : %(names)s."
)
_AT_AN_END = N_(
    "Beaucoup de notes sont au bout de l’échelle, où les dossiers ne se distinguent plus. Sur %(all)s : au plus bas "
    "%(low)s, au plus haut %(high)s."
)
_LIKE_CHANCE = N_("Évaluateurs dont les notes ressemblent au hasard : %(count)s (%(names)s).")
_FEW = N_(
    "Évaluateurs qui ont moins de dix lectures, et dont la sévérité est mal connue : %(count)s (%(names)s)."
)
_NO_QUALITY = N_("Les dossiers ne se distinguent pas : tous ont la même note harmonisée.")
_NO_SEVERITY = N_("Les évaluateurs ne se distinguent pas : aucune note n’est corrigée de leur sévérité.")
_NO_NOISE = N_("Les notes suivent exactement le dossier et l’évaluateur : vérifiez qu’aucune n’est copiée.")
_READ_ONCE = N_(
    "Aucun dossier n’a été lu deux fois : la part du hasard est présumée, non mesurée. Demandez d’autres lectures."
)


def cautions(calibration: Calibration, scale: tuple[Decimal, Decimal] | None = None) -> list[Problem]:
    """Return what to know of a calibration. `scale` is the lowest and highest total of a reading, in points."""
    found = [
        *_of_pieces(calibration),
        *_of_variances(calibration),
        *_of_ends(calibration, scale),
    ]
    counts = np.bincount(calibration.scores.reader, minlength=len(calibration.scores.readers)).tolist()
    readers = calibration.scores.readers
    few = [name for name, count in zip(readers, counts, strict=True) if count < FEW_READINGS]
    if few:
        found.append(_named(_FEW, few))
    lots = zip(readers, counts, *(each.tolist() for each in agreement(calibration)), strict=True)
    wild = [
        name
        for name, count, slope, error in lots
        if count >= FEW_READINGS and slope < _UNLIKE and slope + _FAR * error < 1
    ]
    if wild:
        found.append(_named(_LIKE_CHANCE, wild))
    return found


def _named(what: str, names: Sequence[str]) -> Problem:
    shown = (*names[:NAMED], *("…",)[: len(names) > NAMED])
    return Problem(what, {"count": len(names), "names": shown})


def agreement(calibration: Calibration) -> tuple[Array, Array]:
    """Return by reader how their marks follow what the others' say of the same files, and the error of that.

    It is the slope of their marks over what one expects of a file by its other readings: one for whoever reads the
    same thing, however severely and carelessly; nought for who draws lots. Not a number where nothing tells."""
    scores, formula = calibration.scores, calibration.formula
    files, readers = len(scores.files), len(scores.readers)
    shifts = np.array([formula.severities[name] + formula.mean for name in scores.readers], dtype=float)
    own = scores.score.astype(float) / scores.ticks - shifts[scores.reader]
    fellows = np.bincount(scores.file, minlength=files)[scores.file] - 1
    others = np.bincount(scores.file, own, files)[scores.file] - own
    shrinkage = np.inf if formula.shrinkage is None else formula.shrinkage / 1000
    expected = np.divide(others, fellows + shrinkage, out=np.zeros_like(own), where=fellows > 0)
    told = np.bincount(scores.reader, expected**2, readers)
    lines = np.bincount(scores.reader[fellows > 0], minlength=readers)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.bincount(scores.reader, own * expected, readers) / told
        left = (own - slope[scores.reader] * expected) ** 2 * (fellows > 0)
        error = np.sqrt(np.bincount(scores.reader, left, readers) / np.maximum(lines - 1, 1) / told)
    return slope, error


def _of_pieces(calibration: Calibration) -> list[Problem]:
    scores = calibration.scores
    pairs = zip(scores.file.tolist(), scores.reader.tolist(), strict=True)
    groups = pieces((str(file), str(reader)) for file, reader in pairs)
    if len(groups) < 2:
        return []
    outside = [scores.readers[int(reader)] for group in groups[1:] for reader in group]
    named = _named(_PIECES, outside)
    return [Problem(_PIECES, {**named.values, "count": len(groups)})]


def _of_variances(calibration: Calibration) -> list[Problem]:
    whole = sqrt(calibration.quality**2 + calibration.severity**2 + calibration.noise**2)
    if not calibration.tells_files and len(calibration.scores.files) > 1:
        first = [Problem(_READ_ONCE)]
    else:
        first = [Problem(_NO_QUALITY)] if calibration.quality <= _NOUGHT * whole else []
    if calibration.severity <= _NOUGHT * whole:
        first.append(Problem(_NO_SEVERITY))
    if calibration.noise <= _NOUGHT * whole:
        first.append(Problem(_NO_NOISE))
    return first


def _of_ends(calibration: Calibration, scale: tuple[Decimal, Decimal] | None) -> list[Problem]:
    if scale is None:
        return []
    scores = calibration.scores
    low, high = (int(end * 1000 * scores.ticks) for end in scale)
    at_low, at_high = int((scores.score <= low).sum()), int((scores.score >= high).sum())
    if max(at_low, at_high) < MANY_AT_AN_END * len(scores.score):
        return []
    return [Problem(_AT_AN_END, {"all": len(scores.score), "low": at_low, "high": at_high})]
