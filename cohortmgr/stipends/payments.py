"""From lines to a payment list and the rows of a bank file. It also says who cannot be paid yet, and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cohortmgr.accounts.bank import check_rib, iban_of
from cohortmgr.base.errors import N_, Problem, Refused


@dataclass(frozen=True)
class Payee:
    """Someone to pay: the line's reference, the person's reference, name, RIB as given (or None), centimes."""

    reference: str
    person: str
    name: str
    rib: str | None
    cents: int


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

    A payee is an exception if the RIB is missing or wrong, if there is nothing to pay, if two persons share
    one RIB (neither is paid until that is settled), or if the same person comes twice.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    for payee in payees:
        seen[payee.person] += 1
        if payee.rib and rib_problem(payee.rib) is None:
            owners[check_rib(payee.rib)].add(payee.person)
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


def _obstacle(payee: Payee, owners: dict[str, set[str]], seen: dict[str, int]) -> Problem | None:
    values = {"name": payee.name}
    if payee.cents <= 0:
        return Problem(N_("%(name)s : rien à payer ce mois."), values, payee.reference)
    problem = rib_problem(payee.rib)
    if problem:
        if not (payee.rib or "").strip():
            return Problem(N_("%(name)s : le RIB manque."), values, payee.reference)
        return Problem(N_("%(name)s : le RIB n’est pas valable."), values, payee.reference)
    if len(owners[check_rib(payee.rib or "")]) > 1:
        return Problem(N_("%(name)s : ce RIB est aussi celui d’une autre personne."), values, payee.reference)
    if seen[payee.person] > 1:
        return Problem(N_("%(name)s : cette personne vient deux fois."), values, payee.reference)
    return None
