"""Keeping beside, when a rubric changes, the marks that no longer mean the same: none is read on another scale."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import about, record
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.regrading import queries
from cohortmgr.reviews.rules import ReadingChange, as_earlier


def put_aside(viewer: Viewer, intake: Intake, was: Rubric) -> None:
    """Keep beside what readers had noted on criteria that no longer mean the same. Their marks on the others, and what
    they wrote, stay their drafts; whoever marks on a page of before is told."""
    files: dict[str, list[str]] = {}
    scales = {each.key: {"title": dict(each.title), "most": each.scale_max} for each in was.every_criterion}
    for row in queries.begun_otherwise(intake, was, definition_of(intake).rubric):
        review = row.review
        kept = as_earlier(
            review.scores, None, review.comment, None, ReadingChange.REGRADED, to_discuss=review.to_discuss
        )
        # On which scales they were given stands nowhere else: the rubric is another now.
        kept["scales"] = {key: scales[key] for key in review.scores if key in scales}
        review.earlier = [*review.earlier, kept]
        review.scores = {key: mark for key, mark in review.scores.items() if key not in row.remade}
        files.setdefault(row.reader, []).append(row.number)
    if files:
        record(viewer, "reviews.regrade", about(intake), after={"readers": files})
