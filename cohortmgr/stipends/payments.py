"""From lines to a payment list and the rows of a bank file. It also says who cannot be paid yet, and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cohortmgr.accounts.bank import check_rib, iban_of
from cohortmgr.base.errors import N_, Problem, Refused

HEADER = ("line", "reference", "beneficiary", "rib", "iban", "amount", "currency", "label")
CURRENCY = "MAD"
TOTAL = "TOTAL"


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


def iban_holds(text: str) -> bool:
    """Whether an IBAN is valid by ISO 13616: first four characters moved to the end, letters as numbers, 1 mod 97."""
    plain = "".join(text.split()).upper()
    if len(plain) < 5 or not (plain.isascii() and plain.isalnum()):
        return False
    return int("".join(str(int(ch, 36)) for ch in plain[4:] + plain[:4])) % 97 == 1


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


def amount(cents: int) -> str:
    """Write centimes as a bank file does: 668182 -> "6681.82"."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def bank_rows(payments: PaymentList, label: str) -> list[tuple[str, ...]]:
    """Return the rows of the CSV bank file: header, one row for each payment, a control row with count and total."""
    rows: list[tuple[str, ...]] = [HEADER]
    for number, payment in enumerate(payments.payments, start=1):
        rows.append(
            (
                str(number),
                payment.reference,
                payment.name,
                payment.rib,
                payment.iban,
                amount(payment.cents),
                CURRENCY,
                label,
            )
        )
    rows.append((TOTAL, str(payments.count), "", "", "", amount(payments.total), CURRENCY, label))
    return rows


def check_bank_rows(rows: Sequence[Sequence[str]]) -> list[Problem]:
    """Check a bank file's rows again: every IBAN is valid, and count and total match the control row."""
    if len(rows) < 2 or tuple(rows[0]) != HEADER or rows[-1][0] != TOTAL:
        return [Problem(N_("Le fichier n’a pas d’en-tête ou pas de ligne de contrôle."))]
    body, control = rows[1:-1], rows[-1]
    problems = [
        Problem(N_("L’IBAN de la ligne %(line)s n’est pas valable."), {"line": row[0]}, row[1])
        for row in body
        if not iban_holds(row[4]) or row[4] != iban_of(row[3])
    ]
    total = sum(int(row[5].replace(".", "")) for row in body)
    if control[1] != str(len(body)) or control[5] != amount(total):
        problems.append(Problem(N_("La ligne de contrôle ne correspond pas aux paiements."), {}, TOTAL))
    return problems
