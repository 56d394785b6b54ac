"""The file that the bank gets: its columns, its rows from a payment list, and a check of them before they leave."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmgr.accounts.bank import iban_of
from cohortmgr.base.errors import N_, Problem
from cohortmgr.stipends.payments import PaymentList

HEADER = ("line", "reference", "beneficiary", "rib", "iban", "amount", "currency", "label")
CURRENCY = "MAD"
TOTAL = "TOTAL"


def iban_holds(text: str) -> bool:
    """Whether an IBAN is valid by ISO 13616: first four characters moved to the end, letters as numbers, 1 mod 97."""
    plain = "".join(text.split()).upper()
    if len(plain) < 5 or not (plain.isascii() and plain.isalnum()):
        return False
    return int("".join(str(int(ch, 36)) for ch in plain[4:] + plain[:4])) % 97 == 1


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
