"""The rules of reports: their states, contents and JSON, and which figures are hidden from observers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table
from cohortmgr.programmes.definition.rules import FULL_MARK_POINTS
from cohortmgr.reports.figures import FigureGroup, Figures, Marks
from cohortmgr.selection.rules import OfferState


class ReportState(StrEnum):
    """The state of a report."""

    COMPUTING = "computing"
    READY = "ready"
    FAILED = "failed"


REPORT_STATES = Table(
    {
        ReportState.COMPUTING: Stage(
            N_("Le rapport est en cours de calcul."),
            to=(ReportState.READY, ReportState.FAILED),
            name=N_("En cours"),
        ),
        ReportState.READY: Stage(N_("Le rapport est prêt ; ses chiffres ne changent plus."), name=N_("Prêt")),
        ReportState.FAILED: Stage(
            N_("Le calcul a échoué ; il peut être demandé de nouveau."), name=N_("Échoué")
        ),
    }
)


TAGS: Mapping[ReportState, str] = {
    ReportState.COMPUTING: "wait",
    ReportState.READY: "done",
    ReportState.FAILED: "stop",
}
"""The kind of tag by which pages show a state."""

STAGE_NAMES: Mapping[str, str] = {
    "received": N_("Dossiers reçus"),
    "eligible": N_("Éligibles"),
    "read": N_("Lus"),
    "chosen": N_("Place proposée"),
    "accepted": N_("Place acceptée"),
    "enrolled": N_("Inscrits"),
    "placed": N_("En entreprise"),
    "paid": N_("Bourse approuvée"),
}

OFFER_NAMES: Mapping[str, str] = {
    OfferState.ACCEPTED.value: N_("Acceptées"),
    OfferState.SENT.value: N_("En attente de réponse"),
    OfferState.DECLINED.value: N_("Renoncements"),
    OfferState.EXPIRED.value: N_("Sans réponse"),
    OfferState.WITHDRAWN.value: N_("Retirées par l’établissement"),
}

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Month:
    """The approved stipends of one month (`2026-01`): how many people, how many centimes in all."""

    month: str
    people: int | None
    cents: int | None


@dataclass(frozen=True)
class Contents:
    """A whole report. `marks` counts the read files by whole points of their mean, `offers` by their state.

    The names are those of the day of the report: key to the three languages. `line` is the mean of the last one
    chosen, in thousandths; None before decisions are approved, in an intake of several offerings, and for observers,
    since it is one person's mark. `company_seats` is how many each company offered, by its key."""

    figures: Figures
    marks: Mapping[str, int | None]
    offers: Mapping[str, int | None]
    stipends: tuple[Month, ...]
    region_names: Names
    sex_names: Names
    licence_names: Names
    company_names: Names
    line: int | None = None
    company_seats: Mapping[str, int] = field(default_factory=dict)


def marks_by_point(counted: Iterable[Marks]) -> dict[str, int | None]:
    """Count the means in each point of the scale: `12` counts 12.000 to 12.999, `19` also 20."""
    counts = dict.fromkeys(range(FULL_MARK_POINTS), 0)
    for marks in counted:
        counts[min(FULL_MARK_POINTS - 1, max(0, marks.point))] += marks.files
    return {str(point): count for point, count in counts.items()}


def to_json(contents: Contents) -> dict[str, Any]:
    """Return the report as JSON, as its row stores it."""
    return asdict(contents)


def from_json(kept: Mapping[str, Any]) -> Contents:
    """Return the report from the JSON of `to_json`."""
    figures = kept["figures"]
    return Contents(
        figures=Figures(
            funnel=FigureGroup(**figures["funnel"]),
            shares=figures["shares"],
            regions=_groups(figures["regions"]),
            sexes=_groups(figures["sexes"]),
            licences=_groups(figures["licences"]),
            companies=figures["companies"],
        ),
        marks=_in_order(kept["marks"], [str(point) for point in range(FULL_MARK_POINTS)]),
        offers=_in_order(kept["offers"], list(OFFER_NAMES)),
        stipends=tuple(Month(**month) for month in kept["stipends"]),
        region_names=kept["region_names"],
        sex_names=kept["sex_names"],
        licence_names=kept["licence_names"],
        company_names=kept["company_names"],
        line=kept.get("line"),  # reports that were made before have none, nor seats
        company_seats=kept.get("company_seats", {}),
    )


def _groups(kept: Iterable[Mapping[str, Any]]) -> tuple[FigureGroup, ...]:
    return tuple(FigureGroup(**group) for group in kept)


def _in_order(column: Mapping[str, int | None], keys: list[str]) -> dict[str, int | None]:
    """Return the column in the order of `keys`, because JSONB does not keep the order."""
    return {key: column[key] for key in keys}
