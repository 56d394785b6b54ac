"""Checks where computed points come from: their questions, and that every answer has its points on the scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.questions import Form, Question, QuestionKind
from cohortmgr.programmes.definition.rubric import Criterion, PhaseKind, PointKind, PointSource, Rubric
from cohortmgr.programmes.definition.source_lines import Path

FIGURES = frozenset({QuestionKind.GRADE, QuestionKind.NUMBER, QuestionKind.YEAR})
_KINDS: Mapping[PointKind, frozenset[QuestionKind]] = {
    PointKind.MEAN: FIGURES,
    PointKind.YEARS: frozenset({QuestionKind.YEAR}),
    PointKind.OPTION: frozenset({QuestionKind.CHOICE}),
}
_ASKED: Mapping[PointKind, tuple[int, int]] = {
    PointKind.MEAN: (1, 20),
    PointKind.YEARS: (2, 2),
    PointKind.OPTION: (1, 1),
}
_UNKNOWN = N_("La question « %(question)s » n’existe pas dans le formulaire.")
_NOT_ALLOWED = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
_OFF_SCALE = N_("Ces points sont hors de l’échelle du critère : de %(low)s à %(high)s.")


def check_points(rubric: Rubric, form: Form) -> Iterator[Fault]:
    """Yield the faults of where computed points come from, and where a phase has points that it does not compute."""
    questions = {question.key: question for question in form.questions}
    for place, phase in enumerate(rubric.phases):
        for rank, criterion in enumerate(phase.criteria):
            path: Path = ("rubric", "phases", place, "criteria", rank)
            if phase.kind is not PhaseKind.COMPUTED:
                if criterion.points is not None:
                    what = N_("Seuls les critères d’une phase calculée tirent leurs points des réponses.")
                    yield Fault((*path, "points"), what)
            elif criterion.points is None:
                what = N_("Dites de quelles réponses viennent les points de ce critère.")
                yield Fault((*path, "points"), what)
            else:
                yield from _source((*path, "points"), criterion, criterion.points, questions)


def _source(
    path: Path, criterion: Criterion, points: PointSource, questions: Mapping[str, Question]
) -> Iterator[Fault]:
    least, most = _ASKED[points.kind]
    if not least <= len(points.questions) <= most:
        what = N_("Ce calcul lit un autre nombre de questions : de %(least)s à %(most)s.")
        yield Fault((*path, "questions"), what, {"least": least, "most": most})
    for place, key in enumerate(points.questions):
        yield from _question((*path, "questions", place), key, points, questions)
    yield from _scale(path, criterion, points)
    if points.kind is PointKind.OPTION:
        yield from _options(path, points, questions)
    else:
        yield from _figures(path, points)


def _question(
    path: Path, key: str, points: PointSource, questions: Mapping[str, Question]
) -> Iterator[Fault]:
    question = questions.get(key)
    if question is None:
        yield Fault(path, _UNKNOWN, {"question": key})
        return
    if question.sealed:
        what = N_("La réponse à « %(question)s » est scellée : rien ne s’en calcule.")
        yield Fault(path, what, {"question": question.label})
    if not question.asked_at_application:
        what = N_("« %(question)s » se demande après l’admission : rien ne s’en calcule avant.")
        yield Fault(path, what, {"question": question.label})
    read = question
    if question.kind is QuestionKind.GROUP:
        parts = {part.key: part for part in question.fields if part.kind in FIGURES}
        if points.kind is not PointKind.MEAN or points.field not in parts:
            values = {"value": points.field, "known": ", ".join(parts)}
            yield Fault((*path[:-2], "field"), _NOT_ALLOWED, values)
            return
        read = parts[points.field]
    elif points.field:
        yield Fault((*path[:-2], "field"), N_("Seules les lignes d’un groupe ont des parties."))
    if read.kind not in _KINDS[points.kind]:
        what = N_("« %(question)s » n’est pas une question dont ce calcul tire des points.")
        yield Fault(path, what, {"question": question.label})


def _scale(path: Path, criterion: Criterion, points: PointSource) -> Iterator[Fault]:
    low, high = criterion.scale_min, criterion.scale_max
    given = [
        *(((*path, "bands", place, "points"), band.points) for place, band in enumerate(points.bands)),
        *(((*path, "options", key), number) for key, number in points.options.items()),
        *([((*path, "missing"), points.missing)] if points.missing is not None else []),
    ]
    for where, number in given:
        if not low <= number <= high:
            yield Fault(where, _OFF_SCALE, {"low": low, "high": high})


def _options(path: Path, points: PointSource, questions: Mapping[str, Question]) -> Iterator[Fault]:
    if points.bands or points.worst is not None or points.best is not None:
        yield Fault(path, N_("D’un choix, chaque réponse a ses points : ni paliers ni bornes."))
    known = [each.key for key in points.questions[:1] if key in questions for each in questions[key].options]
    for key in points.options:
        if known and key not in known:
            yield Fault((*path, "options", key), _NOT_ALLOWED, {"value": key, "known": ", ".join(known)})
    if lacking := [key for key in known if key not in points.options]:
        what = N_("Ces réponses n’ont pas de points : %(options)s.")
        yield Fault((*path, "options"), what, {"options": ", ".join(lacking)})


def _figures(path: Path, points: PointSource) -> Iterator[Fault]:
    if points.options:
        yield Fault((*path, "options"), N_("Seul un choix a des points par réponse."))
    bounds = [each for each in (points.worst, points.best) if each is not None]
    if bool(points.bands) == bool(bounds):
        yield Fault(path, N_("Dites les points par paliers, ou entre deux bornes : l’un des deux."))
    elif bounds and (len(bounds) < 2 or points.worst == points.best):
        yield Fault(path, N_("Dites les deux bornes, l’une autre que l’autre."))
    for place, (before, band) in enumerate(zip(points.bands, points.bands[1:], strict=False), start=1):
        if band.since <= before.since:
            what = N_("Les paliers vont du plus petit au plus grand.")
            yield Fault((*path, "bands", place, "since"), what)
