"""From lines to a payment list and the rows of a bank file. It also says who cannot be paid yet, and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cohortmgr.accounts.bank import check_rib, iban_of
from cohortmgr.base.errors import N_, Problem, Refused


@dataclass(frozen=True)
class Payee:
    """Someone to pay: the line's reference, the person's reference, name, RIB as given (or None), centimes.

    `since` is the moment from which the RIB is known to be theirs, None if nobody knows."""

    reference: str
    person: str
    name: str
    rib: str | None
    cents: int
    since: datetime | None = None


@dataclass(frozen=True)
class Payment:
    """One payment that can be made."""

    reference: str
    person: str
    name: str
    rib: str
    iban: str
    cents: int


@dataclass(frozen=True)
class PaymentList:
    """What can be paid, its total in centimes, and a Problem (where = line's reference) for each line that cannot."""

    payments: tuple[Payment, ...]
    exceptions: tuple[Problem, ...]
    total: int

    @property
    def count(self) -> int:
        """The number of payments."""
        return len(self.payments)


def rib_problem(rib: str | None) -> Problem | None:
    """Return what is wrong with a RIB according to accounts.bank, or that it is missing; None if it is valid."""
    if rib is None or not rib.strip():
        return Problem(N_("Le RIB manque."), {}, "rib")
    try:
        check_rib(rib)
    except Refused as refusal:
        return replace(refusal.problems[0], where="rib")
    return None


def payment_list(payees: Sequence[Payee]) -> PaymentList:
    """Divide payees into payments and exceptions, in the order given.

    A payee is an exception if the RIB is missing or wrong, if there is nothing to pay, if the RIB was another
    person's first (neither is paid if nobody knows whose it was first), or if the same person comes twice.
    """
    owners: dict[str, dict[str, Payee]] = defaultdict(dict)
    seen: dict[str, int] = defaultdict(int)
    for payee in payees:
        seen[payee.person] += 1
        if payee.rib and rib_problem(payee.rib) is None:
            owners[check_rib(payee.rib)].setdefault(payee.person, payee)
    payments: list[Payment] = []
    exceptions: list[Problem] = []
    for payee in payees:
        problem = _obstacle(payee, owners, seen)
        if problem:
            exceptions.append(problem)
        else:
            rib = check_rib(payee.rib or "")
            payments.append(
                Payment(payee.reference, payee.person, payee.name, rib, iban_of(rib), payee.cents)
            )
    return PaymentList(tuple(payments), tuple(exceptions), sum(payment.cents for payment in payments))


def _obstacle(payee: Payee, owners: dict[str, dict[str, Payee]], seen: dict[str, int]) -> Problem | None:
    values = {"name": payee.name}
    if payee.cents <= 0:
        return Problem(N_("%(name)s : rien à payer ce mois."), values, payee.reference)
    problem = rib_problem(payee.rib)
    if problem:
        if not (payee.rib or "").strip():
            return Problem(N_("%(name)s : le RIB manque."), values, payee.reference)
        return Problem(N_("%(name)s : le RIB n’est pas valable."), values, payee.reference)
    others = [each for each in owners[check_rib(payee.rib or "")].values() if each.person != payee.person]
    if not all(_stood_before(payee, other) for other in others):
        what = N_(
            "%(name)s : ce RIB est déjà celui d’une autre personne, %(other)s. Demandez à celle qui s’est trompée une "
            "correction de son RIB ; elle se demande aussi après un départ."
        )
        first = next(each for each in others if not _stood_before(payee, each))
        return Problem(what, {**values, "other": first.name}, payee.reference)
    if seen[payee.person] > 1:
        return Problem(N_("%(name)s : cette personne vient deux fois."), values, payee.reference)
    return None


def _stood_before(payee: Payee, other: Payee) -> bool:
    """Whether a RIB was this person's first: an error of whoever comes later holds up nobody else."""
    return payee.since is not None and other.since is not None and payee.since < other.since
