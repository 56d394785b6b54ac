"""What a list of applications is asked for by its address: conditions, columns, order and size. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.corrections.rules import CorrectionState
from cohortmgr.applications.file.rules import ApplicationState, Source
from cohortmgr.applications.lists import columns as known_columns
from cohortmgr.applications.lists.columns import COLUMNS, PLAIN_COLUMNS

SIZES = (50, 100, 250, 600)
# As many files can be ticked as the longest page shows.
MOST_TICKED = SIZES[-1]
SORTS = ("name", "number", "average", "sent", "region", "diploma", "outcome")
"""What a list may show beside the name; the queries know the expression of each."""
# No decision, and no correction.
NONE = "none"
OUTCOMES = ("offer", "waiting", "refused", NONE)
# The counters of files tell these kinds apart.
COUNTED_BY = frozenset({"eligible", "region", "source", "offering"})


@dataclass(frozen=True)
class ApplicationFilters:
    """The filters, columns and order in an address; parts that are not valid are ignored."""

    search: str = ""
    state: str = ApplicationState.SUBMITTED.value
    eligible: str = ""
    region: str = ""
    diploma: str = ""
    average_from: str = ""
    average_to: str = ""
    offering: str = ""
    source: str = ""
    sent_from: str = ""
    sent_to: str = ""
    documents: str = ""
    note: str = ""
    correction: str = ""
    extended: str = ""
    outcome: str = ""
    # A group of files of a lent column, or one value within it.
    among: str = ""
    # The references of ticked files, separated by commas.
    files: str = ""
    columns: str = PLAIN_COLUMNS
    sort: str = "name"
    size: int = SIZES[0]

    @classmethod
    def of(cls, args: Mapping[str, str]) -> ApplicationFilters:
        """The filters from an address's arguments."""

        def among(name: str, known: set[str], otherwise: str = "") -> str:
            value = args.get(name, otherwise)
            return value if value in known else otherwise

        size = args.get("size", "")
        sort = among(
            "sort", {sign + name for name in (*SORTS, *known_columns.LENT) for sign in ("", "-")}, "name"
        )
        return cls(
            search=args.get("search", "").strip()[:100],
            state=among("state", {"all", *ApplicationState}, ApplicationState.SUBMITTED.value),
            eligible=among("eligible", {"yes", "no", "open"}),
            region=args.get("region", "")[:5],
            diploma=args.get("diploma", "")[:60],
            average_from=_grade(args.get("average_from", "")),
            average_to=_grade(args.get("average_to", "")),
            offering=args.get("offering", "")[:40],
            source=among("source", set(Source)),
            sent_from=day_of(args.get("sent_from", "")),
            sent_to=day_of(args.get("sent_to", "")),
            documents=among("documents", {"yes", "no"}),
            note=among("note", {"yes", "no"}),
            correction=among("correction", {CorrectionState.ASKED.value, CorrectionState.DONE.value, NONE}),
            extended=among("extended", {"yes"}),
            outcome=among("outcome", set(OUTCOMES)),
            among=_group(among("among", set(known_columns.groups())), sort),
            files=_references([args.get("files", "")]),
            columns=_columns(args),
            sort=sort,
            size=int(size) if size in map(str, SIZES) else SIZES[0],
        )

    def only(self, ticked: Sequence[str]) -> ApplicationFilters:
        """The same list with only the ticked files. These are never put into an address, which could not hold
        them all."""
        return replace(self, files=_references(ticked))

    @property
    def is_lent(self) -> bool:
        """Whether something of the list is lent by a higher room: a column, the order or a group."""
        named = {*self.shown, self.sort.removeprefix("-")}
        return bool(self.among) or not known_columns.LENT.keys().isdisjoint(named)

    def without(self, closed: Collection[str]) -> ApplicationFilters:
        """The same list without columns that are not open to whoever reads it, their order and their groups."""
        if not closed:
            return self
        groups = {lent.group for key, lent in known_columns.LENT.items() if key in closed}
        return replace(
            self,
            columns=",".join(name for name in self.shown if name not in closed) or PLAIN_COLUMNS,
            sort="name" if self.sort.removeprefix("-") in closed else self.sort,
            among="" if self.among.partition(".")[0] in groups else self.among,
        )

    def arguments(self) -> dict[str, str]:
        """The arguments that differ from an untouched list, for addresses that keep the filters."""
        plain = ApplicationFilters()
        return {
            name: str(value) for name, value in vars(self).items() if value != getattr(plain, name) and value
        }

    @property
    def conditions(self) -> dict[str, str]:
        """The arguments that say which files are in the list: all but columns, order and size."""
        given = self.arguments()
        return {name: given[name] for name in given if name not in ("columns", "sort", "size")}

    @property
    def narrows(self) -> bool:
        """Whether anything but columns, order and size differs from an untouched list."""
        return bool(self.conditions)

    @property
    def narrowing(self) -> frozenset[str]:
        """The filters, beside its state, that say whether a file is in the list."""
        return frozenset(self.conditions.keys() - {"state"})

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns beside the name, in their order."""
        return tuple(name for name in self.columns.split(",") if name)


def _columns(args: Mapping[str, str]) -> str:
    """The columns from a list with commas, or from repeated arguments as tick boxes send them; the plain ones
    if none is valid."""
    given = [args.get("columns", "")]
    if hasattr(args, "getlist"):
        given = args.getlist("columns")
    named = [
        name for part in given for name in part.split(",") if name in COLUMNS or name in known_columns.LENT
    ]
    return ",".join(dict.fromkeys(named)) or PLAIN_COLUMNS


def _group(asked: str, sort: str) -> str:
    """What narrows a list: what is asked for, but an order holds no more files than those of its own group."""
    group = known_columns.group_of(sort)
    return asked if not group or asked.partition(".")[0] == group else group


def _references(given: Sequence[str]) -> str:
    """The valid public references among the parts, of which each may hold several with commas; others are
    left out."""
    named = [name for part in given[:MOST_TICKED] for name in part.split(",", MOST_TICKED)[:MOST_TICKED]]
    right = [name for name in named if len(name) == 26 and name.isascii() and name.isalnum()]
    return ",".join(list(dict.fromkeys(right))[:MOST_TICKED])


def _grade(text: str) -> str:
    """A grade as `12.5`, whether written with a comma or a point, in Western or Arabic figures; empty for
    other text."""
    try:
        value = Decimal(western_digits(text[:10]).strip().replace(",", ".").replace("٫", "."))
    except InvalidOperation:
        return ""
    return f"{value.normalize():f}" if value.is_finite() and 0 <= value <= 100 else ""
