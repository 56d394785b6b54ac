"""A report as tables in the present language, the same ones for its page and its workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from flask_babel import gettext as _

from cohortmgr.base.i18n import LOCALES, dirhams, localized, speaking
from cohortmgr.base.i18n import language as spoken
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.definition.rules import FULL_MARK_POINTS, Definition
from cohortmgr.reports.figures import STAGES, FigureGroup
from cohortmgr.reports.masking import is_masked
from cohortmgr.reports.rules import OFFER_NAMES, STAGE_NAMES, Contents

HIDDEN = "•"
Cell = str | int | Decimal | None


@dataclass(frozen=True)
class ReportTable:
    """A title, column heads, and rows that begin with a label. None stands for a hidden figure."""

    key: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def stages_of(definition: Definition) -> tuple[str, ...]:
    """Return the stages that a programme has: one that reads, places or pays nobody is not told that nobody was."""
    unused = set()
    if not definition.rubric.criteria:
        unused.add("read")
    if definition.placement is None:
        unused.add("placed")
    if definition.stipend is None:
        unused.add("paid")
    return tuple(stage for stage in STAGES if stage not in unused)


def tables(contents: Contents, stages: Sequence[str] = STAGES) -> dict[str, ReportTable]:
    """Return every table of a report by its key, in the order of the page; those of the stages that the programme has
    alone."""
    figures = contents.figures
    made = [
        _funnel(contents, stages),
        _grouped("regions", (_("Par région"), _("Région")), figures.regions, contents.region_names, stages),
        _grouped("sexes", (_("Par sexe"), _("Sexe")), figures.sexes, contents.sex_names, stages),
        _grouped(
            "licences", (_("Par licence"), _("Licence")), figures.licences, contents.licence_names, stages
        ),
    ]
    if "read" in stages:
        made.append(_marks(contents))
    made.append(_offers(contents))
    if "placed" in stages:
        made.append(_companies(contents))
    if "paid" in stages:
        made.append(_stipends(contents))
    return {table.key: table for table in made}


def workbook(
    contents: Contents,
    language: str,
    title: Mapping[str, str],
    made_on: date,
    stages: Sequence[str] = STAGES,
) -> bytes:
    """Return the tables as an XLSX workbook in a language, one sheet each.

    Hidden figures are shown as a dot, which the first sheet explains."""
    with speaking(language):
        turned = language == "ar"
        first: list[Sequence[object]] = [(_("Campagne"), localized(title)), (_("Établi le"), made_on)]
        if is_masked(contents):
            first.append((HIDDEN, hidden_note()))
        sheets = [Sheet(_("Rapport"), (_("Rapport de promotion"), ""), first, turned)]
        for table in tables(contents, stages).values():
            rows = [[HIDDEN if cell is None else cell for cell in row] for row in table.rows]
            sheets.append(Sheet(table.title, table.header, rows, turned))
        return write_xlsx(sheets)


def hidden_note() -> str:
    """Return the sentence that explains the dot."""
    return _("Chiffre masqué : il est inférieur à 5, ou permettrait d’en retrouver un qui l’est.")


def _funnel(contents: Contents, stages: Sequence[str]) -> ReportTable:
    figures = contents.figures
    rows = tuple(
        (_(STAGE_NAMES[stage]), figures.funnel.counts[stage], _percent(figures.shares[stage]))
        for stage in stages
    )
    header = (_("Étape"), _("Dossiers"), _("Pour cent des reçus"))
    return ReportTable("funnel", _("Du dossier à l’entreprise"), header, rows)


def _grouped(
    key: str,
    heads: tuple[str, str],
    groups: Sequence[FigureGroup],
    names: Mapping[str, Mapping[str, str]],
    stages: Sequence[str],
) -> ReportTable:
    """A table of groups by stage; `heads` are its title and the head of its first column."""
    title, name = heads
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        mean = "" if group.mean is None else Decimal(group.mean) / 1000
        counted = [group.counts[stage] for stage in stages]
        rows.append((_name(group.key, names), *counted, *([mean] if "read" in stages else [])))
    marked = [_("Note moyenne")] if "read" in stages else []
    return ReportTable(key, title, (name, *(_(STAGE_NAMES[stage]) for stage in stages), *marked), tuple(rows))


def _marks(contents: Contents) -> ReportTable:
    rows = tuple((_between(int(point)), count) for point, count in contents.marks.items())
    return ReportTable("marks", _("Notes des dossiers lus"), (_("Moyenne sur 20"), _("Dossiers")), rows)


def _between(point: int) -> str:
    if point == FULL_MARK_POINTS - 1:
        return _("%(low)s à %(high)s", low=point, high=point + 1)
    return _("%(low)s à moins de %(high)s", low=point, high=point + 1)


def _offers(contents: Contents) -> ReportTable:
    rows = tuple((_(OFFER_NAMES[state]), count) for state, count in contents.offers.items())
    return ReportTable("offers", _("Réponses aux offres"), (_("Offres"), _("Nombre")), rows)


def _companies(contents: Contents) -> ReportTable:
    seats = contents.company_seats
    placed = {
        **contents.figures.companies,
        **{key: 0 for key in seats if key not in contents.figures.companies},
    }
    rows = tuple(
        (_name(key, contents.company_names), count, seats.get(key, "")) for key, count in placed.items()
    )
    header = (_("Entreprise"), _("Apprentis"), _("Places"))
    return ReportTable("companies", _("Par entreprise"), header, rows)


def _stipends(contents: Contents) -> ReportTable:
    rows = tuple(
        (_month(each.month), each.people, None if each.cents is None else dirhams(each.cents))
        for each in contents.stipends
    )
    header = (_("Mois"), _("Personnes"), _("Montant (MAD)"))
    return ReportTable("stipends", _("Bourses approuvées"), header, rows)


def _month(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return str(format_date(first, "LLLL y", locale=LOCALES[spoken()]))


def _name(key: str, names: Mapping[str, Mapping[str, str]]) -> str:
    return localized(names.get(key)) or key or _("Non précisé")


def _percent(share: int | None) -> Cell:
    return None if share is None else Decimal(share) / 10
