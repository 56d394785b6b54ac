"""Verify the certificate of a selection with Python 3.10 or newer and nothing else: copy this one file and run it.

    python verify.py FILE [--expect HASH] [--language fr|en]
    python verify.py --line LINE --expect ROOT [--language fr|en]

The first recomputes a selection (formats 2 to 6) from its certificate alone; HASH is the certificate's `sha256`, as it
was published. The second checks one candidate's line against the ROOT on the public sheet. The exit code is 0 if it
holds, 1 if not (it says what does not), 2 if the file cannot be read as a certificate at all.

All arithmetic is exact: whole numbers of any size. Nothing of the program that made the certificate is imported: a
verifier that called the maker's code would repeat its mistakes and find them right. What format 6 says, and why its
proof proves, stands in docs/certificates.md.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from itertools import accumulate, chain, combinations, compress, islice
from math import gcd, lcm
from operator import itemgetter, le
from pathlib import Path
from typing import Any, NamedTuple

FORMAT, FORMAT_WITH_KNOCK_OUT, FORMAT_OF_PHASES, FORMAT_OF_HARMONISED, FORMAT_OF_CHOICE = 2, 3, 4, 5, 6
VERSION = 1
RULE = "mean, ties, sha256(seed+reference)"
RULE_OF_CHOICE = "bounds, mean, ties, sha256(seed+reference)"
RULE_OF_OFFERINGS = "deferred acceptance"
CHOSEN, WAITING, REFUSED = "chosen", "waiting", "refused"
RIGHT, HAND, KNOCKED_OUT, SHORT = "right", "hand", "knocked_out", "short"
VALID, INVALID, UNREADABLE = 0, 1, 2
# What a whole mark is worth, in thousandths of a point of twenty.
_OUT_OF = 20_000
# The numbers of a row, in formats 2 to 5, from which its others follow.
_GIVEN = ("scores", "phases", "short")
# By which marks a phase may be ranked, and what each reader weighs in thousandths where all weigh the same.
_HARMONISED, _WEIGHTED, _ONE = "harmonised", "weighted", 1000
# The only keys that hold true or false, and those only in format 6.
_TRUE_OR_FALSE = frozenset({"hard", "older_marks", "in", "impossible", "drawn"})
# A proof of hundreds of splits above a leaf, or of so many leaves, is none that anybody made in earnest.
_DEEPEST, _MOST_LEAVES = 250, 5_000
# A colon behind a space: the keys of such a text are counted in a slower way.
_SPACED = (" :", "\t:", "\n:", "\r:")
# How many findings are printed, and the greatest number that is written out in one.
_MOST_PRINTED, _LONGEST_TOLD = 20, 10**40
_WRONG_SHAPE = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)


def N_(text: str) -> str:
    """Mark a French sentence for the translators of the house; it comes back as it is."""
    return text


WORDS: Mapping[str, tuple[str, str]] = {
    "not_integer": (
        N_("Le certificat contient un nombre qui n’est pas un entier."),
        "The certificate holds a number that is no integer.",
    ),
    "digest": (
        N_("L’empreinte ne correspond pas au contenu du certificat."),
        "The digest is not that of the certificate's content.",
    ),
    "rule": (
        N_("Ce certificat suit une autre règle que celle-ci."),
        "This certificate follows another rule than this one.",
    ),
    "malformed": (
        N_("Le certificat est incomplet ou mal formé."),
        "The certificate is incomplete or malformed.",
    ),
    "is_sheet": (
        N_(
            "Ce fichier est la fiche publique d’un choix, et non son certificat : elle ne se vérifie pas seule."
        ),
        "This file is the public sheet of a choice, and not its certificate: it is not verified alone.",
    ),
    "is_line": (
        N_(
            "Ce fichier est une ligne, et non un certificat : écrivez --line devant, et --expect avec la racine."
        ),
        "This file is a line, and not a certificate: write --line before it, and --expect with the root.",
    ),
    "no_reading": (
        N_("Le dossier %(reference)s n’a aucune lecture remise."),
        "File %(reference)s has no reading.",
    ),
    "twice": (N_("Le dossier %(reference)s vient deux fois."), "File %(reference)s comes twice."),
    "other_ties": (
        N_("Le dossier %(reference)s n’a pas les mêmes critères de départage que les autres."),
        "File %(reference)s does not have the tie criteria of the others.",
    ),
    "negative": (
        N_("Le nombre de places ne peut pas être négatif."),
        "The number of seats cannot be negative.",
    ),
    "totals": (
        N_("Les totaux de %(reference)s ne découlent pas de ses notes."),
        "The totals of %(reference)s do not follow from its scores.",
    ),
    "rank": (
        N_("Au rang %(rank)s, le recalcul donne %(expected)s et le certificat dit autre chose."),
        "At rank %(rank)s the recomputation gives %(expected)s, and the certificate says otherwise.",
    ),
    "outcome": (
        N_("Le dossier %(reference)s n’a pas le résultat que donnent les règles."),
        "File %(reference)s does not have the outcome that the rules give.",
    ),
    "reason": (
        N_("Le dossier %(reference)s est placé sans égard à sa note, et le certificat ne dit pas pourquoi."),
        "File %(reference)s is placed whatever its mark, and the certificate does not say why.",
    ),
    "bound": (
        N_("La règle n° %(number)s n’est pas respectée (personnes choisies : %(count)s)."),
        "Bound no. %(number)s does not hold (people chosen: %(count)s).",
    ),
    "filled": (
        N_("Le nombre de places pourvues n’est pas celui du certificat : on en compte %(count)s."),
        "The number of seats filled is not the certificate's: there are %(count)s.",
    ),
    "too_many": (
        N_("Il y a plus de personnes choisies que de places."),
        "More people are chosen than there are seats.",
    ),
    "shortfall": (
        N_("L’écart aux règles souples n’est pas celui du certificat (en personnes : %(count)s)."),
        "The shortfall of soft bounds is not the certificate's (in people: %(count)s).",
    ),
    "total": (
        N_("La somme des notes choisies n’est pas celle du certificat."),
        "The total of the marks chosen is not the certificate's.",
    ),
    "proof": (
        N_("La preuve que personne ne ferait mieux ne tient pas (feuille n° %(leaf)s)."),
        "The proof that no choice is better does not hold (leaf no. %(leaf)s).",
    ),
    "fuller": (
        N_("La preuve que d’autres places ne peuvent être pourvues ne tient pas (feuille n° %(leaf)s)."),
        "The proof that no more seats can be filled does not hold (leaf no. %(leaf)s).",
    ),
    "no_fuller": (
        N_("Rien ne prouve que les places vides ne peuvent être pourvues, ou cette preuve est de trop."),
        "Nothing proves that the empty seats cannot be filled, or that proof is one too many.",
    ),
    "price": (
        N_("La règle n° %(number)s ne peut pas avoir ce prix."),
        "Bound no. %(number)s cannot have this price.",
    ),
    "split_price": (
        N_("Un groupe a un prix que la preuve ne justifie pas."),
        "A group has a price that the proof does not justify.",
    ),
    "threshold": (
        N_("Le seuil manque, ou il est de trop."),
        "The threshold is missing, or it is one too many.",
    ),
    "told": (
        N_("La note et les prix de %(reference)s ne disent pas la décision."),
        "The mark and prices of %(reference)s do not tell the decision.",
    ),
    "lot": (
        N_("Le certificat se trompe sur qui le sort ou le départage a décidé : %(reference)s."),
        "The certificate errs on whom a tie criterion or the lot decided: %(reference)s.",
    ),
    "shape": (
        N_("L’offre %(offering)s a des bornes que cette règle ne connaît pas, ou qu’elle compte autrement."),
        "The offering %(offering)s has bounds that this rule does not know, or counts otherwise.",
    ),
    "order": (
        N_("Au rang %(rank)s, le dossier %(reference)s n’est pas à sa place."),
        "At rank %(rank)s, file %(reference)s is not in its place.",
    ),
    "contradicted": (
        N_(
            "Le résultat du dossier %(reference)s se contredit, ou contredit les listes de droit et à la main."
        ),
        "The outcome of file %(reference)s contradicts itself, or the lists by right and by hand.",
    ),
    "unwished": (
        N_("Le dossier %(reference)s a une place de l’offre %(offering)s, qu’il n’a pas demandée."),
        "File %(reference)s has a seat of the offering %(offering)s, which it did not ask for.",
    ),
    "choice": (
        N_("L’offre %(offering)s ne choisirait pas ainsi : le dossier %(reference)s."),
        "The offering %(offering)s would choose otherwise: file %(reference)s.",
    ),
    "better": (
        N_(
            "Le dossier %(reference)s pouvait avoir l’offre %(offering)s, qu’il préfère, sans léser personne."
        ),
        "File %(reference)s could have had the offering %(offering)s, which it prefers, wronging nobody.",
    ),
    "worse": (
        N_("Le dossier %(reference)s a l’offre %(offering)s, qu’aucun résultat stable ne lui donne."),
        "File %(reference)s has the offering %(offering)s, which no stable outcome gives it.",
    ),
    "filled_there": (
        N_("Offre %(offering)s, places pourvues : %(found)s, et non %(stated)s."),
        "Offering %(offering)s, seats filled: %(found)s, not %(stated)s.",
    ),
    "shortfall_there": (
        N_("Offre %(offering)s, manques aux bornes souples : %(found)s, et non %(stated)s."),
        "Offering %(offering)s, missing in soft bounds: %(found)s, not %(stated)s.",
    ),
    "inputs": (
        N_("L’empreinte de ce qui a été donné (notes, critères, attributs) n’est pas celle des dossiers."),
        "The digest of what was given (marks, ties, attributes) is not that of the rows.",
    ),
    "seal": (
        N_("L’empreinte du sceau n’est pas celle des règles scellées."),
        "The digest of the seal is not that of the rules that were sealed.",
    ),
    "unsealed": (
        N_("Ce n’est pas ce qui a été scellé."),
        "This is not what was sealed.",
    ),
    "expected": (
        N_("Ce n’est pas le certificat dont l’empreinte a été publiée."),
        "This is not the certificate whose digest was published.",
    ),
    "path": (
        N_("Cette ligne n’est pas de la liste dont la racine a été publiée."),
        "This line is not of the list whose root was published.",
    ),
    "line": (
        N_("Les nombres de cette ligne ne disent pas sa décision."),
        "The numbers of this line do not tell its decision.",
    ),
    "no_file": (N_("Le fichier ne peut pas être lu."), "The file cannot be read."),
    "no_json": (
        N_("Le fichier n’est pas un objet JSON en UTF-8."),
        "The file is no JSON object in UTF-8.",
    ),
    "doubled": (N_("La clé « %(key)s » vient deux fois."), "The key “%(key)s” comes twice."),
    "nested": (N_("Le fichier est imbriqué trop profondément."), "The file is nested too deeply."),
    "huge": (N_("Un nombre a trop de chiffres."), "A number has too many digits."),
    "no_number": (
        N_("Une valeur n’est ni un texte ni un nombre entier."),
        "A value is neither a text nor an integer.",
    ),
}


@dataclass(frozen=True)
class VerifierFinding:
    """One thing that does not hold: a key of WORDS, the values of its sentence, and the place in the file."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    where: str | None = None


class UnreadableCertificate(Exception):
    """The file is none that could be verified: a key of WORDS says why."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


# Reading


def read(data: bytes) -> dict[str, Any]:
    """Return the JSON object of a file. Raises UnreadableCertificate for anything that two readers might understand
    differently: doubled keys, numbers that are no integers, true or false where numbers stand."""
    return _read(data)[0]


def _read(data: bytes) -> tuple[dict[str, Any], bool]:
    """(what `read` returns, whether its rows were found to have their shape)."""
    try:
        text = data.decode("utf-8")
        content = _parsed(text)
        if not isinstance(content, dict):
            raise UnreadableCertificate("no_json")
        strange, keys, fits = _looked_at(content)
        if strange:
            raise UnreadableCertificate(strange)
        colons = text.count('":')
        is_plain = colons == text.count(":") or not any(each in text for each in _SPACED)
        if colons != keys or not is_plain:
            # Either a text begins with a colon, or a key comes twice; this is slower.
            _parsed(text, object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise UnreadableCertificate("nested") from None
    except (json.JSONDecodeError, UnicodeError):
        raise UnreadableCertificate("no_json") from None
    except ValueError:
        # Python reads no number of more than 4,300 digits.
        raise UnreadableCertificate("huge") from None
    return content, fits


def _parsed(text: str, **hooks: Any) -> Any:
    return json.loads(text, parse_float=_no_number, parse_constant=_no_number, **hooks)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableCertificate("doubled", key=_repeated(key for key, _ in pairs)[0])
    return found


def _repeated(names: Iterable[str]) -> list[str]:
    """The names that come a second time."""
    seen: set[str] = set()
    found = []
    for name in names:
        if name in seen:
            found.append(name)
        seen.add(name)
    return found


def _no_number(_text: str) -> Any:
    raise UnreadableCertificate("no_number")


def fault(content: Mapping[str, Any]) -> str | None:
    """Why a JSON value holds something else than texts, integers and nulls, as a key of WORDS; None if it does not."""
    return _looked_at(content)[0]


def _looked_at(content: Mapping[str, Any]) -> tuple[str | None, int, bool]:
    """(what `fault` says, the number of keys, whether it is a choice whose rows have their shape): such rows hold
    nothing strange, and are not walked through."""
    rows = content.get("rows")
    is_choice = content.get("format") == FORMAT_OF_CHOICE and content.get("rule") == RULE_OF_CHOICE
    in_rows = _keys_in(rows, _row_shape(content)) if is_choice and type(rows) is list else None
    if in_rows is None:
        return *_walked(content), False
    strange, keys = _walked({**content, "rows": []})
    return strange, keys + in_rows, True


_PLAIN = frozenset({str, int, type(None)})
_NESTING = _PLAIN | {list, dict}
_TEXTS = frozenset({str})


def _walked(content: Mapping[str, Any]) -> tuple[str | None, int]:
    """(what `fault` says, the number of keys), level by level, so that depth costs no stack."""
    allowed = _TRUE_OR_FALSE if content.get("format") == FORMAT_OF_CHOICE else frozenset()
    level: list[Any] = [content]
    keys = 0
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for each in level:
            values = each
            if type(each) is dict or isinstance(each, Mapping):
                values, keys = each.values(), keys + len(each)
                if not _TEXTS.issuperset(map(type, each)):
                    return "no_number", keys
            kinds = set(map(type, values))
            if kinds <= _PLAIN:
                continue
            if not kinds <= _NESTING and not _has_no_stray(each, allowed):
                return "no_number", keys
            below += [value for value in values if value and type(value) not in _PLAIN and value is not True]
        if not below:
            return None, keys
        level = below
    return "nested", keys


def _has_no_stray(value: Any, allowed: frozenset[str]) -> bool:
    """Whether a list or an object holds texts, integers, nulls, lists and objects, or true and false by their keys."""
    is_object = isinstance(value, Mapping)
    for key, each in value.items() if is_object else enumerate(value):
        if type(each) in _PLAIN or isinstance(each, (list, tuple, Mapping)):
            continue
        if type(each) is not bool or key not in allowed:
            return False
    return True


# The canonical text, of which the digest is made

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_AT_ONCE = 500


def canonical(content: Mapping[str, Any]) -> str:
    """Return the one canonical text of a JSON object: keys sorted, no spaces, no escapes that UTF-8 does not need."""
    return _CANONICAL.encode(content)


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal digits, of the canonical form of everything but the digest itself.

    It is fed some rows at a time: the text of 200,000 rows in one, with all its pieces, would be held beside them."""
    hasher = hashlib.sha256()
    for part in _parts({key: value for key, value in content.items() if key != "sha256"}):
        hasher.update(part.encode())
    return hasher.hexdigest()


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    """The canonical text in pieces."""
    before = "{"
    for key in sorted(content):
        yield f"{before}{_CANONICAL.encode(key)}:"
        before = ","
        value = content[key]
        if not isinstance(value, list):
            yield _CANONICAL.encode(value)
            continue
        yield from _parts_of_list(value)
    yield "{}" if before == "{" else "}"


def _parts_of_list(value: Sequence[Any]) -> Iterator[str]:
    for place in range(0, len(value), _AT_ONCE):
        yield f"{',' if place else '['}{_CANONICAL.encode(value[place : place + _AT_ONCE])[1:-1]}"
    yield "]" if value else "[]"


_text = json.encoder.encode_basestring
_OUTCOMES = {each: f'"{each}"' for each in (CHOSEN, WAITING, REFUSED)}


def _digests(certificate: Mapping[str, Any]) -> tuple[str, str]:
    """(what `digest` says, what `inputs_of` says) of a choice whose rows have their shape, in one pass over them.

    Their canonical text is written out here, which takes a third of the encoder's time."""
    before, after = hashlib.sha256(), []
    said = {key: value for key, value in certificate.items() if key not in ("sha256", "rows")}
    place = sum(key < "rows" for key in said)
    for number, key in enumerate(sorted(said)):
        part = f"{'{' if number == 0 else ','}{_CANONICAL.encode(key)}:{_CANONICAL.encode(said[key])}"
        if number < place:
            before.update(part.encode())
        else:
            after.append(part)
    before.update(b',"rows":[' if place else b'{"rows":[')
    rows, texts = certificate["rows"], _RowTexts()
    given: list[tuple[str, str]] = []
    for start in range(0, len(rows), _AT_ONCE):
        written, own = texts.of(rows[start : start + _AT_ONCE])
        before.update((("," if start else "") + ",".join(written)).encode())
        given += own
    before.update(("]" + "".join(after) + "}").encode())
    given.sort(key=itemgetter(0))
    inputs = hashlib.sha256(b"[")
    for start in range(0, len(given), _AT_ONCE):
        some_given = ",".join([own for _reference, own in given[start : start + _AT_ONCE]])
        inputs.update((("," if start else "") + some_given).encode())
    inputs.update(b"]")
    return before.hexdigest(), inputs.hexdigest()


class _RowTexts:
    """The canonical texts of rows of a choice that have their shape; few differ in attributes and single scores."""

    def __init__(self) -> None:
        # By keys and then values: one tuple instead of one for each pair.
        self.known: dict[tuple[Any, ...], str] = {}

    def of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[tuple[str, str]]]:
        """(the text of each row, the reference of each with the text of what it was given)."""
        written, given = [], []
        flat = self._flat
        for row in rows:
            name, mark, tie, placed = row["reference"], row["mark"], row["tie"], ""
            attributes, reference, outcome = flat(row["attributes"]), _text(name), row["outcome"]
            stated = _OUTCOMES.get(outcome) or _text(outcome)
            ties = ",".join(map(str, tie)) if tie else ""
            if "by" in row:
                placed = f',"by":{_text(row["by"])}'
            out = f',"out":{_text(row["out"])}' if "out" in row else ""
            if "phases" in row:
                phases, scored = self._phases(row["phases"])
                written.append(
                    f'{{"attributes":{attributes}{placed},"mark":{mark}{out},"outcome":{stated},"phases":[{phases}]'
                    f',"rank":{row["rank"]},"reference":{reference},"short":{row["short"]},"tie":[{ties}]}}'
                )
                given.append((name, f"[{reference},[{scored}],[{ties}],{attributes}]"))
                continue
            written.append(
                f'{{"attributes":{attributes}{placed},"mark":{mark}{out},"outcome":{stated},"rank":{row["rank"]}'
                f',"reference":{reference},"tie":[{ties}]}}'
            )
            given.append((name, f"[{reference},{mark},[{ties}],{attributes}]"))
        return written, given

    def _phases(self, found: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
        written = list(map(self._phase, found))
        return ",".join([each for each, _own in written]), ",".join([own for _each, own in written])

    def _flat(self, value: Mapping[str, Any]) -> str:
        key = (*value, *value.values())
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = _CANONICAL.encode(value)
        return found

    def _phase(self, each: Mapping[str, Any]) -> tuple[str, str]:
        key, scores = _text(each["key"]), ",".join(map(self._flat, each["scores"]))
        mark = readers = letters = ""
        if "mark" in each:
            mark = f',"mark":{each["mark"]}'
        if "readers" in each:
            letters = ",".join(map(_text, each["readers"]))
            readers = f',"readers":[{letters}]'
        totals = ",".join(map(str, each["totals"]))
        return (
            f'{{"key":{key}{mark}{readers},"scores":[{scores}],"totals":[{totals}]}}',
            f"[{key},[{scores}],[{letters}]]",
        )


# Any certificate


def findings(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    """Recompute a selection from the numbers of its certificate alone; no finding means that it holds."""
    strange, _keys, fits = _looked_at(certificate)
    if strange:
        return [VerifierFinding("not_integer")]
    return _findings(certificate, fits)


def _findings(certificate: Mapping[str, Any], fits: bool) -> list[VerifierFinding]:
    """What does not hold; `fits` says that the rows of a choice are known to have their shape."""
    inputs = None
    try:
        if fits:
            found_digest, inputs = _digests(certificate)
        else:
            found_digest = digest(certificate)
        holds = certificate.get("sha256") == found_digest
    except (UnicodeEncodeError, TypeError):
        return [VerifierFinding("malformed")]
    found = [] if holds else [VerifierFinding("digest", {}, "sha256")]
    try:
        if certificate.get("format") != FORMAT_OF_CHOICE:
            return found + _of_ranking(certificate)
        of_rule = _OF_RULE.get(certificate.get("rule", ""))
        return found + (of_rule(certificate, inputs) if of_rule else [VerifierFinding("rule", {}, "rule")])
    except _WRONG_SHAPE:
        return [*found, VerifierFinding("malformed", {}, "rows")]


# How totals, ties and marks follow from scores


def half_even(over: int, under: int) -> int:
    """A quotient rounded to a whole number, halves to the even one."""
    if under < 0:
        over, under = -over, -under
    whole, rest = divmod(over, under)
    return whole + (1 if 2 * rest > under or (2 * rest == under and whole % 2) else 0)


class _Phase:
    """How the scores of one phase become totals; a rubric without phases is one of which only the criteria are used."""

    def __init__(self, stated: Mapping[str, Any], ties: Sequence[str] = (), *, strict: bool = False) -> None:
        self.strict = strict
        self.criteria = {each["key"]: each for each in stated["criteria"]}
        if len(self.criteria) != len(stated["criteria"]):
            raise ValueError("a criterion comes twice")
        self.key, self.weight = stated["key"], stated["weight"]
        self.readings, self.kind = stated["readings"], stated["kind"]
        self.marks: Mapping[str, Any] | None = stated.get("marks")
        self.limits = [(key, each["knock_out_below"]) for key, each in self.criteria.items()
                       if each.get("knock_out_below") is not None]  # fmt: skip
        self._common = lcm(*(each["max"] - each["min"] for each in self.criteria.values()))
        self.tied = self.criteria.keys() & ties
        self._known: dict[tuple[Any, ...], int | None] = {}

    def total(self, scores: Mapping[str, int]) -> int | None:
        """A reading's total in thousandths: its shares of each scale, weighted. A computed phase has those it has.
        Where the phase is strict, None for scores of criteria that it does not have."""
        key = (*scores, *scores.values())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._total(scores)
        return found

    def _total(self, scores: Mapping[str, int]) -> int | None:
        if self.strict and not scores.keys() <= self.criteria.keys():
            return None
        over = whole = 0
        for key, each in self.criteria.items():
            if self.kind == "computed" and key not in scores:
                continue
            score, low, high = scores[key], each["min"], each["max"]
            if not low <= score <= high:
                raise ValueError(f"{score} is outside its scale")
            over += each["weight"] * (score - low) * (self._common // (high - low))
            whole += each["weight"]
        return half_even(_OUT_OF * over, self._common * whole)

    def mean_on(self, key: str, readings: Sequence[Mapping[str, int]]) -> int:
        """The mean of the readings on one criterion, in thousandths."""
        low, high = self.criteria[key]["min"], self.criteria[key]["max"]
        over, count = sum(scores[key] for scores in readings), len(readings)
        if not low * count <= over <= high * count:
            raise ValueError(f"{key} is outside its scale")
        return half_even(_OUT_OF * (over - low * count), count * (high - low))

    def knocks_out(self, readings: Sequence[Mapping[str, int]]) -> bool:
        """Whether the mean of two readings or more is below the limit of a criterion."""
        return any(
            len(readings) > 1 and 1000 * sum(scores[key] for scores in readings) < limit * len(readings)
            for key, limit in self.limits
        )

    def mark_follows(self, found: Mapping[str, Any]) -> bool:
        """Whether the mark of a row is what a calculator gives from the numbers of the phase and the row's totals:
        mean + sum of weight x (total - severity - mean) / (sum of weights + shrinkage), rounded half to even.

        A row without one has the noughts of who did not come: nobody gave them, and nobody's severity is taken out."""
        numbers = self.marks
        if numbers is None or "mark" not in found:
            return not {"mark", "readers"} & found.keys() and (numbers is None or not any(found["totals"]))
        mean, weights, readers = numbers["mean"], numbers["weights"], found["readers"]
        if not _is_sound(numbers) or len(readers) != len(found["totals"]):
            return False
        if len(set(readers)) != len(readers):
            return False
        if numbers["shrinkage"] is None:
            return bool(found["mark"] == mean)
        over = sum(
            weights[reader] * (total - numbers["severities"][reader] - mean)
            for reader, total in zip(readers, found["totals"], strict=True)
        )
        whole = sum(weights[reader] for reader in readers) + numbers["shrinkage"]
        # The mean is added before rounding: with an odd mean, half to even is another number.
        return numbers["shrinkage"] >= 0 and bool(found["mark"] == half_even(mean * whole + over, whole))


class _Phases:
    """The phases of a rubric, in their order, and how its ties are named."""

    def __init__(self, rubric: Mapping[str, Any], *, strict: bool = False) -> None:
        self.listed = [_Phase(each, rubric["ties"], strict=strict) for each in rubric["phases"]]
        self.by_key = {each.key: each for each in self.listed}
        if len(self.by_key) != len(self.listed):
            raise ValueError("a phase comes twice")
        # Files are only read: then a row has the totals of its readings.
        self.are_only_files = [each.kind for each in self.listed] == ["files"]
        self.knocking = [each for each in self.listed if each.limits]
        self.ties: Sequence[str] = rubric["ties"]
        # By how many phases before the last a row stopped: those that count for it, and their keys.
        self.counted = [self.listed[: len(self.listed) - short] for short in range(len(self.listed) + 1)]
        self.counted_keys = [frozenset(each.key for each in some) for some in self.counted]


def _is_sound(formula: Mapping[str, Any]) -> bool:
    """Whether each reader of a formula has a severity and a weight, and all the same where it says so."""
    weights, basis = formula["weights"], formula["basis"]
    if basis not in (_HARMONISED, _WEIGHTED) or weights.keys() != formula["severities"].keys():
        return False
    return min(weights.values()) >= 1 and (basis != _HARMONISED or {*weights.values()} == {_ONE})


class _Entry(NamedTuple):
    """A row as it is ranked: its exact mark is over/under."""

    reference: str
    totals: tuple[int, ...]
    tie: tuple[int, ...]
    knocked_out: bool
    over: int
    under: int
    short: int = 0


def _phased_entry(phases: _Phases, row: Mapping[str, Any]) -> _Entry:
    """A row of phases, from its own numbers."""
    over, under, out = _phased_mark(phases, row)
    totals: list[int] = []
    for each in row["phases"]:
        marks = [each["mark"]] if "mark" in each else each["totals"]
        totals += each["totals"] if phases.are_only_files else [half_even(sum(marks), len(marks))]
    common = gcd(over, under)
    tie = tuple(row["tie"])
    return _Entry(
        row["reference"], tuple(totals) or (0,), tie, out, over // common, under // common, row["short"]
    )


def _phased_mark(phases: _Phases, row: Mapping[str, Any]) -> tuple[int, int, bool]:
    """(over, under, whether it is knocked out): the mean of each phase counts by its weight."""
    if not 0 <= row["short"] <= len(phases.listed):
        raise ValueError("it stopped where there is no phase")
    over, under, weights = 0, 1, 0
    for each in row["phases"]:
        marks = [each["mark"]] if "mark" in each else each["totals"]
        count, weight = len(marks), phases.by_key[each["key"]].weight
        if not count and not phases.are_only_files:
            raise ValueError("a phase without a mark")
        over, under = over * count + weight * sum(marks) * under, under * count
        weights += weight
    out = False
    if phases.knocking:
        given = {each["key"]: each["scores"] for each in row["phases"]}
        out = any(each.knocks_out(given.get(each.key, ())) for each in phases.knocking)
    under *= weights
    return (over, under, out) if under else (0, 1, out)


# What a phase holds of a row that it never saw.
_NOTHING: Mapping[str, Any] = {"scores": [], "totals": []}


def _follows(phases: _Phases, row: Mapping[str, Any]) -> bool:
    """Whether the totals, harmonised marks and tie-breaks of a row of phases follow from its scores: each phase up to
    the one where it stopped has the marks that it asks for, but one that is computed, and none comes after."""
    given = {each["key"]: each for each in row["phases"]}
    if len(given) != len(row["phases"]) or not given.keys() <= phases.counted_keys[row["short"]]:
        return False
    marks: dict[str, int] = {}
    for phase in phases.counted[row["short"]]:
        found = given.get(phase.key, _NOTHING)
        scored = found["scores"]
        if phase.kind != "computed" and len(scored) < phase.readings:
            return False
        if list(map(phase.total, scored)) != found["totals"] or not phase.mark_follows(found):
            return False
        for key in phase.tied:
            readings = [scores for scores in scored if key in scores]
            if readings:
                marks[key] = phase.mean_on(key, readings)
    return [marks.get(key, 0) for key in phases.ties] == row["tie"]


def lot(seed: str, reference: str) -> str:
    """Return the lot of a reference, 64 hexadecimal digits; the lower one is drawn first."""
    return hashlib.sha256(f"{seed}{reference}".encode()).hexdigest()


# Formats 2 to 5: a ranking that was cut


def _of_ranking(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    stated, rubric = list(certificate["rows"]), certificate["rubric"]
    if certificate.get("format") != format_of(rubric) or certificate.get("rule") != RULE:
        return [VerifierFinding("rule", {}, "rule")]
    phases = _Phases(rubric) if "phases" in rubric else None
    if phases:
        entries = [_phased_entry(phases, row) for row in stated]
    else:
        named = {"key": "", "kind": "files", "weight": 1, "readings": 0}
        whole = _Phase({**named, "criteria": rubric.get("criteria", ())})
        entries = [_plain_entry(whole, row) for row in stated]
    refused = _unrankable(entries)
    if refused:
        return refused
    keyed = _keyed(entries, certificate["seed"])
    outcomes = _cut([entry for _key, entry in keyed], certificate["seats"], certificate["waiting"])
    if outcomes is None:
        return [VerifierFinding("negative", {}, "seats")]
    wrong = [
        row["reference"]
        for row in stated
        if not (_follows(phases, row) if phases else _plainly_follows(rubric, whole, row))
    ]
    found = [VerifierFinding("totals", {"reference": each}, each) for each in wrong]
    return found + _differences(stated, keyed, outcomes)


def format_of(rubric: Mapping[str, Any]) -> int:
    """Return the format, from 2 to 5, of a certificate with a rubric."""
    if "phases" in rubric:
        harmonises = any("marks" in each for each in rubric["phases"])
        return FORMAT_OF_HARMONISED if harmonises else FORMAT_OF_PHASES
    knocks_out = any("knock_out_below" in each for each in rubric.get("criteria", ()))
    return FORMAT_WITH_KNOCK_OUT if knocks_out else FORMAT


def _plain_entry(whole: _Phase, row: Mapping[str, Any]) -> _Entry:
    totals = tuple(row["totals"])
    out = whole.knocks_out(row["scores"])
    return _Entry(row["reference"], totals, tuple(row["tie"]), out, sum(totals), len(totals) or 1)


def _plainly_follows(rubric: Mapping[str, Any], whole: _Phase, row: Mapping[str, Any]) -> bool:
    """Whether the totals and tie-breaks of a row follow from its scores; a rubric may list no criteria."""
    if not whole.criteria:
        return True
    totals = [whole.total(scores) for scores in row["scores"]]
    tie = [whole.mean_on(key, row["scores"]) for key in rubric["ties"]]
    return (totals, tie) == (row["totals"], row["tie"]) and len(totals) >= rubric["readings"]


def _unrankable(entries: Sequence[_Entry]) -> list[VerifierFinding]:
    found = []
    seen: set[str] = set()
    for entry in entries:
        codes = {
            "no_reading": not entry.totals and not entry.short,
            "twice": entry.reference in seen,
            "other_ties": len(entry.tie) != len(entries[0].tie),
        }
        values = {"reference": entry.reference}
        found += [VerifierFinding(code, values, entry.reference) for code, holds in codes.items() if holds]
        seen.add(entry.reference)
    return found


_Key = tuple[bool, int, int, tuple[int, ...], str, str]


def _keyed(entries: Sequence[_Entry], seed: str) -> list[tuple[_Key, _Entry]]:
    """The rows, best first, each with what it is ordered by; marks are brought to one denominator."""
    common = lcm(*{entry.under for entry in entries})
    keyed = [
        (
            (
                entry.knocked_out,
                entry.short,
                -entry.over * (common // entry.under),
                tuple(-value for value in entry.tie),
                lot(seed, entry.reference),
                entry.reference,
            ),
            entry,
        )
        for entry in entries
    ]
    return sorted(keyed, key=lambda each: each[0])


def _cut(entries: Sequence[_Entry], seats: int, waiting: int) -> list[str] | None:
    """The outcome of each; None for a number of seats below nought."""
    if seats < 0 or waiting < 0:
        return None
    standing = sum(1 for each in entries if not each.knocked_out and not each.short)
    chosen = min(seats, standing)
    waits = min(waiting, standing - chosen)
    return [CHOSEN] * chosen + [WAITING] * waits + [REFUSED] * (len(entries) - chosen - waits)


def _differences(
    stated: Sequence[Mapping[str, Any]], keyed: Sequence[tuple[_Key, _Entry]], outcomes: Sequence[str]
) -> list[VerifierFinding]:
    found = []
    for index, (said, (key, entry)) in enumerate(zip(stated, keyed, strict=True)):
        neighbours = [keyed[n][0] for n in (index - 1, index + 1) if 0 <= n < len(keyed)]
        right = {
            "decided": _decided(entry, max((_level(key, other) for other in neighbours), default=0)),
            "mean": half_even(entry.over, entry.under),
            "outcome": outcomes[index],
            "rank": index + 1,
            "reference": entry.reference,
            "tie": list(entry.tie),
            "totals": list(entry.totals),
        }
        if {name: value for name, value in said.items() if name not in _GIVEN} != right:
            values = {"rank": index + 1, "expected": entry.reference}
            found.append(VerifierFinding("rank", values, entry.reference))
    return found


def _level(one: _Key, other: _Key) -> int:
    """Which rule tells two rows apart: 0 for the mean, n for the nth tie-break, then one more for the lot."""
    if one[:3] != other[:3]:
        return 0
    pairs = enumerate(zip(one[3], other[3], strict=True), start=1)
    return next((place for place, (mine, theirs) in pairs if mine != theirs), len(one[3]) + 1)


def _decided(entry: _Entry, level: int) -> str:
    if entry.knocked_out:
        return "out"
    if entry.short:
        return "phase"
    if level == 0:
        return "mean"
    return "lot" if level > len(entry.tie) else f"tie{level}"


# The shape of format 6


@dataclass(frozen=True)
class _Each:
    """An object of which every value has one shape."""

    shape: Any


@dataclass(frozen=True)
class _OrNull:
    """A shape, or null."""

    shape: Any


class _Keys:
    """An object with these keys, and no others; a key that ends in ? may be absent."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        self.shapes = {key.rstrip("?"): shape for key, shape in shapes.items()}
        self.needed = {key for key in shapes if not key.endswith("?")}


_CRITERION = _Keys({"key": str, "max": int, "min": int, "weight": int, "knock_out_below?": int})
_FORMULA = _Keys(
    {"basis": str, "mean": int, "severities": _Each(int), "shrinkage": _OrNull(int), "weights": _Each(int)}
)
_PHASE = {
    "criteria": [_CRITERION],
    "key": str,
    "kind": str,
    "readings": int,
    "weight": int,
    "marks?": _FORMULA,
}
_RUBRIC = _Keys({"phases": [_Keys(_PHASE)], "ties": [str]})
_LIMITS = {"where": _Each(str), "at_least": _OrNull(int), "at_most": _OrNull(int), "hard": bool}
_BOUND = _Keys(_LIMITS)
_CHANGE = _Keys({"on": str, "by": str, "reason": str})
# What was sealed, for all offerings of an intake: its digest is the seal's.
_SEALED_BOUND = _Keys({**_LIMITS, "offering?": str})
_SEALED = {
    **dict.fromkeys(("salt_sha256", "seed"), str),
    "bounds": [_SEALED_BOUND],
    "right": [_Keys({"reference": str, "reason": str, "paper": str, "nonce?": str})],
    "seats": _Each(int),
    "ties": [str],
}
_SEAL = {
    **dict.fromkeys(("digest?", "sealed_by?", "sealed_on?", "offering?"), str),
    "sealed?": _Keys(_SEALED),
    "older_marks?": bool,
    "changes?": [_CHANGE],
}
_RULES = _Keys({"bounds": [_BOUND], "ties": [str], **_SEAL})
_OWN = {
    "reference": str,
    "mark": int,
    "tie": [int],
    "attributes": _Each(str),
    "outcome": str,
    "by?": str,
    "out?": str,
}
_FOUND = _Keys({"key": str, "scores": [_Each(int)], "totals": [int], "mark?": int, "readers?": [str]})
_ROW = _Keys({**_OWN, "rank": int})
_ROW_OF_RUBRIC = _Keys({**_OWN, "rank": int, "phases": [_FOUND], "short": int})
_OF_A_TYPE = _Keys({"where": [int], "price": int})
_PRICES = _Keys(
    {"scale": int, "bounds": [int], "threshold": _OrNull(int), "splits": [_OF_A_TYPE], "by_lot": [str]}
)
_MOVES = {
    "hand": [_Keys({"reference": str, "in": bool, "reason": str})],
    "right": [_Keys({"reference": str, "reason": str})],
}
_CERTIFICATE = _Keys(
    {
        **dict.fromkeys(("format", "version", "seats", "waiting", "filled", "shortfall"), int),
        **dict.fromkeys(("rule", "seed", "inputs", "sha256"), str),
        "rules": _RULES,
        "rubric?": _RUBRIC,
        "rows": list,
        **_MOVES,
        "total": _Keys({"marks": int, "ties": [int], "lots": int}),
        "proof": _Keys({"best": dict, "fuller": _OrNull(dict)}),
        "prices": _PRICES,
    }
)
# A tree is a leaf or a split; what stands below a split is asked when it is reached.
_LEAF = _Keys({"scale": int, "bounds": [int], "seats": int, "splits": [int], "impossible": bool})
_SPLIT = _Keys({"where": [int], "most": int, "below": dict, "above": dict})
_PRICE = _Keys({"where": _Each(str), "price": int})
_SUM = _Keys({"scale": int, "threshold": _OrNull(int), "bounds": [_PRICE], "split": int, "drawn": bool})
_PATH = {"index": int, "size": int, "path": [str]}
_LINE = _Keys({"format": int, "version": int, "certificate": str, **_OWN, "prices": _SUM, **_PATH})


def _misfit(value: Any, shape: Any, where: str = "") -> str | None:
    """The first place where a value has not the shape that is asked for; None if it has it."""
    if isinstance(shape, type):
        return None if type(value) is shape else where or "."
    if isinstance(shape, _OrNull):
        return None if value is None else _misfit(value, shape.shape, where)
    if type(value) is not (list if isinstance(shape, list) else dict):
        return where or "."
    if isinstance(shape, _Keys):
        return _misfit_key(value, shape, where)
    return _misfit_inside(value, shape[0] if isinstance(shape, list) else shape.shape, where)


def _misfit_inside(value: Any, inner: Any, where: str) -> str | None:
    """The same for a list or an object of which every value has one shape."""
    is_list = isinstance(value, list)
    kinds = set(map(type, value if is_list else value.values()))
    if isinstance(inner, type) and kinds <= {inner}:
        return None
    for key, each in enumerate(value) if is_list else value.items():
        misfit = _misfit(each, inner, f"{where}.{key}")
        if misfit:
            return misfit
    return None


def _misfit_key(value: Any, shape: _Keys, where: str) -> str | None:
    """The same for an object: a key that it lacks, or should not have, or whose value has another shape."""
    if not shape.needed <= value.keys():
        return f"{where}.{min(shape.needed - value.keys())}".lstrip(".")
    for key, each in value.items():
        wanted = shape.shapes.get(key)
        if type(each) is wanted:
            continue
        misfit = f"{where}.{key}" if wanted is None else _misfit(each, wanted, f"{where}.{key}")
        if misfit:
            return misfit.lstrip(".")
    return None


def _row_shape(certificate: Mapping[str, Any]) -> _Keys:
    """The shape of each row of a choice."""
    return _ROW_OF_RUBRIC if "rubric" in certificate else _ROW


def _keys_in(values: Collection[Any], shape: Any) -> int | None:
    """The number of keys in all these values, if each has a shape; None if one has not (`_misfit` says where).

    All values are asked at once, key by key, which is quick for many."""
    if isinstance(shape, type):
        return 0 if {shape}.issuperset(map(type, values)) else None
    if isinstance(shape, _OrNull):
        return _keys_in([each for each in values if each is not None], shape.shape)
    if not {list if isinstance(shape, list) else dict}.issuperset(map(type, values)):
        return None
    if isinstance(shape, list):
        return _keys_inside(values, shape[0])
    if isinstance(shape, _Each):
        if not all(_TEXTS.issuperset(map(type, each)) for each in set(map(tuple, values))):
            return None
        return _plus(sum(map(len, values)), _keys_inside(map(dict.values, values), shape.shape))
    return _keys_of(values, shape)


def _keys_inside(values: Iterable[Iterable[Any]], inner: Any) -> int | None:
    """The same of what stands inside these values."""
    flat = chain.from_iterable(values)
    if isinstance(inner, type):
        return 0 if {inner}.issuperset(map(type, flat)) else None
    return _keys_in(list(flat), inner)


def _keys_of(values: Collection[Any], shape: _Keys) -> int | None:
    """The same where each value is an object with keys of its own."""
    found = (
        set(map(frozenset, values))
        if len(values) < 2
        else {frozenset(each) for each in set(map(tuple, values))}
    )
    if not all(shape.needed <= each <= shape.shapes.keys() for each in found):
        return None
    total: int | None = sum(map(len, values))
    for key, inner in shape.shapes.items():
        if all(key in each for each in found):
            total = _plus(total, _keys_in(list(map(itemgetter(key), values)), inner))
        elif any(key in each for each in found):
            total = _plus(total, _keys_in([each[key] for each in values if key in each], inner))
    return total


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _stated_badly(certificate: Mapping[str, Any], has_shape: bool) -> str | None:
    """Where a certificate of format 6 has the wrong shape, or numbers that say nothing, as a limit below nought."""
    misfit = _misfit(certificate, _CERTIFICATE)
    if misfit:
        return misfit
    shape = _row_shape(certificate)
    if not has_shape:
        return _misfit(certificate["rows"], [shape], "rows") or "rows"
    misfit = _rules_stated_badly(certificate["rules"])
    if misfit:
        return misfit
    for key in ("seats", "waiting", "filled", "shortfall"):
        if certificate[key] < 0:
            return key
    count, prices = len(certificate["rules"]["bounds"]), certificate["prices"]
    if len(prices["bounds"]) != count or prices["scale"] < 1:
        return "prices"
    if not all(_is_type(each["where"], count) for each in prices["splits"]):
        return "prices.splits"
    ties = len(certificate["rules"]["ties"])
    if (
        len(certificate["total"]["ties"]) != ties
        or "rubric" in certificate
        and (certificate["rubric"]["ties"] != certificate["rules"]["ties"])
    ):
        return "rules.ties"
    wrong = (place for place, row in enumerate(certificate["rows"]) if len(row["tie"]) != ties)
    return next((f"rows.{place}.tie" for place in wrong), None)


def _rules_stated_badly(rules: Mapping[str, Any]) -> str | None:
    for place, bound in enumerate(rules["bounds"]):
        low, high = bound["at_least"], bound["at_most"]
        if (low is None and high is None) or min(low or 0, high or 0) < 0:
            return f"rules.bounds.{place}"
        if low is not None and high is not None and low > high:
            return f"rules.bounds.{place}"
    return _seal_stated_badly(rules)


def _seal_stated_badly(rules: Mapping[str, Any]) -> str | None:
    """A seal that is stated by half."""
    sealed = {"digest", "sealed_by", "sealed_on", "sealed"} & rules.keys()
    if len(sealed) not in (0, 4) or (not sealed and {"older_marks", "changes", "offering"} & rules.keys()):
        return "rules.digest"
    return None


def _seal_findings(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    """What does not hold of a seal: its digest is that of what was sealed, and by this the certificate chose.

    What was sealed speaks of all offerings of an intake; `rules.offering` says for which of them this chooses, where it
    is for one."""
    rules = certificate["rules"]
    if "sealed" not in rules:
        return []
    sealed, offering = rules["sealed"], rules.get("offering")
    found = []
    if digest_sealed(sealed) != rules["digest"]:
        found.append(VerifierFinding("seal", {}, "rules.digest"))
    bounds, seats = sealed["bounds"], sealed["seats"]
    if certificate["rule"] == RULE_OF_CHOICE:
        own = [each for each in bounds if each.get("offering", offering) == offering]
        bounds = [{key: value for key, value in each.items() if key != "offering"} for each in own]
        seats = seats.get(offering)
    stated = {"bounds": rules["bounds"], "seats": certificate["seats"]}
    stated |= {"seed": certificate["seed"], "ties": rules["ties"]}
    meant = {"bounds": bounds, "seats": seats, "seed": sealed["seed"], "ties": sealed["ties"]}
    found += [VerifierFinding("unsealed", {}, key) for key, value in stated.items() if value != meant[key]]
    return found + _unsealed_rights(certificate, sealed["right"])


def closed(sealed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sealed as anybody may read it: of each right that has a nonce, which nobody guesses, the SHA-256
    of its canonical JSON stands in place of reason and paper. Seals of before this have none, and stay as they are."""
    rows = [
        {"reference": each["reference"], "sha256": hashlib.sha256(canonical(each).encode()).hexdigest()}
        if "nonce" in each
        else each
        for each in sealed["right"]
    ]
    return {**sealed, "right": rows}


def digest_sealed(sealed: Mapping[str, Any]) -> str:
    """Return the digest of a seal, in hexadecimal: SHA-256 of the canonical JSON of what anybody may read of it."""
    return hashlib.sha256(canonical(closed(sealed)).encode()).hexdigest()


def _unsealed_rights(
    certificate: Mapping[str, Any], sealed: Sequence[Mapping[str, Any]]
) -> list[VerifierFinding]:
    """Those who enter by a right that was not sealed, or for another reason; and those who should and do not, unless
    the jury decided on them by hand."""
    reasons = {each["reference"]: each["reason"] for each in sealed}
    given = {each["reference"]: each["reason"] for each in certificate["right"]}
    odd = {each for each, reason in given.items() if reasons.get(each) != reason}
    moved = {*given, *(each["reference"] for each in certificate["hand"])}
    odd |= (reasons.keys() - moved) & {row["reference"] for row in certificate["rows"]}
    return [VerifierFinding("unsealed", {}, f"right: {each}") for each in sorted(odd)]


def inputs_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of what rows were given, before anything was chosen, in hexadecimal.

    It is that of the canonical JSON of a list, one a row by their references: [reference, mark, tie, attributes], and
    the wishes where there are some. Where marks follow from scores, a list of [phase, scores, readers' letters] in
    place of the mark."""
    given: list[list[Any]] = []
    for row in rows:
        mark = row["mark"]
        if "phases" in row:
            mark = [[each["key"], each["scores"], each.get("readers", [])] for each in row["phases"]]
        own = [row["reference"], mark, row["tie"], row["attributes"]]
        given.append([*own, row["wishes"]] if "wishes" in row else own)
    given.sort(key=lambda each: each[0])
    hasher = hashlib.sha256()
    for part in _parts_of_list(given):
        hasher.update(part.encode())
    return hasher.hexdigest()


def _is_type(places: Sequence[int], count: int) -> bool:
    """Whether these are places of bounds, in order and each once."""
    return all(0 <= each < count for each in places) and all(
        one < other for one, other in zip(places, places[1:], strict=False)
    )


# Format 6: a choice under bounds


class _StatedChoice:
    """A choice as its certificate states it: who contends, of which types, with which weights; who is chosen.

    A type is the places of the bounds that count a file. `limits` are those left to the contenders: what those who have
    a seat by right or by hand take is taken off. `weights` say marks, ties and lots in one number, in that order."""

    def __init__(self, certificate: Mapping[str, Any], lots: Sequence[bytes]) -> None:
        self.certificate, self.rows = certificate, certificate["rows"]
        self.bounds = certificate["rules"]["bounds"]
        self.types = self._types()
        self.is_chosen = [row["outcome"] == CHOSEN for row in self.rows]
        self.contends = [place for place, row in enumerate(self.rows) if "by" not in row and "out" not in row]
        placed = [place for place, row in enumerate(self.rows) if "by" in row and self.is_chosen[place]]
        self.filled, self.placed = sum(self.is_chosen), len(placed)
        self.counts = self._count(place for place, chosen in enumerate(self.is_chosen) if chosen)
        taken = self._count(placed)
        self.at_least = [
            each["at_least"] if each["at_least"] is None else max(0, each["at_least"] - taken[place])
            for place, each in enumerate(self.bounds)
        ]
        self.at_most = [
            each["at_most"] if each["at_most"] is None else each["at_most"] - taken[place]
            for place, each in enumerate(self.bounds)
        ]
        self.seats = self.filled - self.placed
        self._weigh(lots)

    def _types(self) -> list[tuple[int, ...]]:
        """The type of each row; few rows differ in what bounds ask."""
        names = {name for each in self.bounds for name in each["where"]}
        known: dict[tuple[tuple[str, str], ...], tuple[int, ...]] = {}
        found = []
        for row in self.rows:
            key = tuple(row["attributes"].items())
            groups = known.get(key)
            if groups is None:
                has = row["attributes"]
                if not has.keys() <= names:
                    raise ValueError("an attribute that no bound names")
                groups = known[key] = tuple(
                    place for place, each in enumerate(self.bounds) if each["where"].items() <= has.items()
                )
            found.append(groups)
        return found

    def _count(self, places: Iterable[int]) -> list[int]:
        by_type: dict[tuple[int, ...], int] = {}
        for place in places:
            by_type[self.types[place]] = by_type.get(self.types[place], 0) + 1
        return [
            sum(many for groups, many in by_type.items() if bound in groups)
            for bound in range(len(self.bounds))
        ]

    def _weigh(self, lots: Sequence[bytes]) -> None:
        """One whole number for each contender: the unit of a part outweighs all that the later parts can differ by,
        summed over the seats; a missing person costs more than all parts can differ by."""
        contends = self.contends
        rows = [self.rows[place] for place in contends]
        drawn = sorted(range(len(rows)), key=[lots[place] for place in contends].__getitem__)
        self.lots = [0] * len(rows)
        for place, each in enumerate(reversed(drawn)):
            self.lots[each] = place
        ties = len(self.certificate["rules"]["ties"])
        parts = [[row["tie"][tie] for row in rows] for tie in range(ties)]
        parts = [[row["mark"] for row in rows], *parts, self.lots]
        weights, room = [0] * len(rows), 1
        for values in reversed(parts):
            unit = room
            if any(values):
                weights = [weight + unit * value for weight, value in zip(weights, values, strict=True)]
            room += unit * self.seats * (max(values, default=0) - min(values, default=0))
        self.cost = room
        chosen = [self.is_chosen[place] for place in contends]
        self.totals = [sum(compress(values, chosen)) for values in parts]
        self.weight = sum(compress(weights, chosen))
        self._sort(weights)

    def _sort(self, weights: Sequence[int]) -> None:
        """The weights of each type in ascending order, with their running sums."""
        by_type: dict[tuple[int, ...], list[int]] = {}
        self.chosen_of: dict[tuple[int, ...], int] = {}
        for place, weight in zip(self.contends, weights, strict=True):
            groups = self.types[place]
            if groups not in by_type:
                by_type[groups], self.chosen_of[groups] = [], 0
            by_type[groups].append(weight)
            self.chosen_of[groups] += self.is_chosen[place]
        self.sorted: dict[tuple[int, ...], tuple[list[int], list[int]]] = {}
        for groups, values in by_type.items():
            values.sort()
            self.sorted[groups] = values, [0, *accumulate(values)]

    @property
    def shortfall(self) -> int:
        """The people missing below soft floors, and those above soft ceilings."""
        return sum(
            max(0, (each["at_least"] or 0) - count)
            + (0 if each["at_most"] is None else max(0, count - each["at_most"]))
            for each, count in zip(self.bounds, self.counts, strict=True)
            if not each["hard"]
        )


def _of_choice(certificate: Mapping[str, Any], inputs: str | None) -> list[VerifierFinding]:
    """What does not hold in a certificate of a choice under bounds; `inputs` is the digest of what its rows were given,
    where they were found to have their shape."""
    misfit = _stated_badly(certificate, inputs is not None)
    if misfit:
        return [VerifierFinding("malformed", {}, misfit)]
    if certificate["version"] != VERSION:
        return [VerifierFinding("rule", {}, "version")]
    seed = certificate["seed"]
    lots = [hashlib.sha256(f"{seed}{row['reference']}".encode()).digest() for row in certificate["rows"]]
    found = _marks_and_order(certificate, lots) or _outcomes(certificate)
    if not found and certificate["inputs"] != inputs:
        found = [VerifierFinding("inputs", {}, "inputs")]
    if found:
        return found
    choice = _StatedChoice(certificate, lots)
    return [*_seal_findings(certificate), *_sums(choice), *_proofs(choice), *_told_by_prices(choice)]


def _marks_and_order(certificate: Mapping[str, Any], lots: Sequence[bytes]) -> list[VerifierFinding]:
    """Rows whose numbers do not follow from their scores; rows that come twice, or not in their order."""
    rows = certificate["rows"]
    doubled = _repeated(row["reference"] for row in rows)
    if doubled:
        return [VerifierFinding("twice", {"reference": each}, each) for each in doubled]
    if wrong := _unmarked_rows(certificate):
        return wrong
    outs = [row.get("out") for row in rows]
    keys = list(
        zip(
            [out == KNOCKED_OUT for out in outs],
            [row.get("short", out == SHORT) for row, out in zip(rows, outs, strict=True)],
            [-row["mark"] for row in rows],
            [tuple([-value for value in row["tie"]]) for row in rows],
            lots,
            [row["reference"] for row in rows],
            strict=True,
        )
    )
    is_ordered = all(map(le, keys, islice(keys, 1, None)))
    if is_ordered and [row["rank"] for row in rows] == list(range(1, len(rows) + 1)):
        return []
    order = sorted(range(len(rows)), key=keys.__getitem__)
    return [
        VerifierFinding(
            "rank", {"rank": place + 1, "expected": rows[right]["reference"]}, rows[right]["reference"]
        )
        for place, right in enumerate(order)
        if place != right or rows[place]["rank"] != place + 1
    ]


def _unmarked_rows(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    """Rows whose numbers do not follow from their scores, where the certificate states these."""
    if "rubric" not in certificate:
        return []
    phases = _Phases(certificate["rubric"], strict=True)
    wrong = [row["reference"] for row in certificate["rows"] if not _marked(phases, row)]
    return [VerifierFinding("totals", {"reference": each}, each) for each in wrong]


def _marked(phases: _Phases, row: Mapping[str, Any]) -> bool:
    """Whether the mark of a row, its tie criteria and why it may not be chosen follow from its scores."""
    over, under, knocked_out = _phased_mark(phases, row)
    out = KNOCKED_OUT if knocked_out else SHORT if row["short"] else None
    if row["mark"] != half_even(over, under) or row.get("out") != out:
        return False
    return _follows(phases, row)


def _outcomes(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    """Rows that are placed without a reason, chosen though they may not be, or not on the waiting list in order."""
    found = _unreasoned(certificate)
    put = {each["reference"]: each["in"] for each in certificate["hand"]}
    left = certificate["waiting"]
    for row in certificate["rows"]:
        by, out, outcome = row.get("by"), row.get("out"), row["outcome"]
        if by is None and out is None and outcome == CHOSEN:
            continue
        waits = by is None and out is None and left > 0
        left -= waits
        expected = WAITING if waits else REFUSED
        if by == RIGHT or (by == HAND and put.get(row["reference"])):
            expected = CHOSEN
        if outcome != expected or out not in (None, KNOCKED_OUT, SHORT):
            found.append(VerifierFinding("outcome", {"reference": row["reference"]}, row["reference"]))
    return found


def _unreasoned(certificate: Mapping[str, Any]) -> list[VerifierFinding]:
    """Those placed by right or by hand who stand in no list, or in one twice, or in a list and not in the rows."""
    listed = sorted([(each["reference"], by) for by in (HAND, RIGHT) for each in certificate[by]])
    stated = sorted((row["reference"], row["by"]) for row in certificate["rows"] if "by" in row)
    if listed == stated:
        return []
    odd = {reference for reference, _ in set(listed) ^ set(stated)} or {reference for reference, _ in listed}
    return [VerifierFinding("reason", {"reference": each}, each) for each in sorted(odd)]


def _sums(choice: _StatedChoice) -> list[VerifierFinding]:
    """Hard bounds that do not hold, and sums that are not those of the rows."""
    found = []
    for place, (each, count) in enumerate(zip(choice.bounds, choice.counts, strict=True)):
        too_few = each["at_least"] is not None and count < each["at_least"]
        too_many = each["at_most"] is not None and count > each["at_most"]
        if each["hard"] and (too_few or too_many):
            values = {"number": place + 1, "count": count}
            found.append(VerifierFinding("bound", values, f"rules.bounds.{place}"))
    said = choice.certificate
    if choice.filled > said["seats"]:
        found.append(VerifierFinding("too_many", {}, "seats"))
    if choice.filled != said["filled"]:
        found.append(VerifierFinding("filled", {"count": choice.filled}, "filled"))
    if choice.shortfall != said["shortfall"]:
        found.append(VerifierFinding("shortfall", {"count": choice.shortfall}, "shortfall"))
    if [said["total"]["marks"], *said["total"]["ties"], said["total"]["lots"]] != choice.totals:
        found.append(VerifierFinding("total", {}, "total"))
    return found


# The proof

# A split above a leaf: the type, the most of it that may be chosen, and whether this is the side above.
_Step = tuple[tuple[int, ...], int, bool]


def _proofs(choice: _StatedChoice) -> list[VerifierFinding]:
    proof, bounds = choice.certificate["proof"], len(choice.bounds)
    objective = choice.weight - choice.cost * choice.shortfall
    found = []
    for place, (leaf, path) in enumerate(_leaves(proof["best"], bounds), start=1):
        value = _value(choice, leaf, path, choice.seats, choice.seats)
        most = -1 if leaf["impossible"] else objective * leaf["scale"] + leaf["scale"] - 1
        if value is None or value > most:
            found.append(VerifierFinding("proof", {"leaf": place}, "proof.best"))
    most_seats = min(choice.certificate["seats"] - choice.placed, len(choice.contends))
    if (proof["fuller"] is None) != (choice.seats >= most_seats):
        return [*found, VerifierFinding("no_fuller", {}, "proof.fuller")]
    for place, (leaf, path) in enumerate(_leaves(proof["fuller"], bounds), start=1):
        # The number of seats may be any from one more to the most there could be: the sum is greatest at an end.
        value = _value(choice, leaf, path, choice.seats + 1, most_seats)
        if value is None or value > -1 or not leaf["impossible"]:
            found.append(VerifierFinding("fuller", {"leaf": place}, "proof.fuller"))
    return found


def _leaves(
    tree: Mapping[str, Any] | None, bounds: int
) -> Iterator[tuple[Mapping[str, Any], tuple[_Step, ...]]]:
    """Each leaf with the splits above it. Both sides of a split are there, so that the leaves cover everything."""
    waiting: list[tuple[Mapping[str, Any], tuple[_Step, ...]]] = [] if tree is None else [(tree, ())]
    left = _MOST_LEAVES
    while waiting:
        node, path = waiting.pop()
        if "most" not in node:
            left -= 1
            if left < 0:
                raise ValueError("too many leaves")
            if _misfit(node, _LEAF) or node["scale"] < 1:
                raise ValueError("no leaf")
            if len(node["bounds"]) != bounds or len(node["splits"]) != len(path):
                raise ValueError("a leaf with too many or too few prices")
            yield node, path
            continue
        if _misfit(node, _SPLIT) or not _is_type(node["where"], bounds):
            raise ValueError("no split")
        groups = tuple(node["where"])
        waiting.append((node["above"], (*path, (groups, node["most"], True))))
        waiting.append((node["below"], (*path, (groups, node["most"], False))))


def _value(
    choice: _StatedChoice, leaf: Mapping[str, Any], path: Sequence[_Step], seats: int, most_seats: int
) -> int | None:
    """What no choice within a leaf can exceed, in 1/scale of a weight's unit; None where a price has a sign or a size
    that proves nothing.

    Whatever is chosen, each person counts no more than their weight less their prices, or nought if that is below it;
    and the prices that all of them paid are at most price x limit, by the sign of each."""
    limits = _paid(choice, leaf, path)
    if limits is None:
        return None
    value = limits + max(leaf["seats"] * seats, leaf["seats"] * most_seats)
    of_types: dict[tuple[int, ...], int] = {}
    for (groups, _most, _above), price in zip(path, leaf["splits"], strict=True):
        of_types[groups] = of_types.get(groups, 0) + price
    scale, prices = leaf["scale"], leaf["bounds"]
    for groups, (weights, sums) in choice.sorted.items():
        price = leaf["seats"] + of_types.get(groups, 0) + sum(prices[place] for place in groups)
        if leaf["impossible"]:
            value += len(weights) * max(0, -price)
        else:
            first = bisect_right(weights, price // scale)
            value += (sums[-1] - sums[first]) * scale - (len(weights) - first) * price
    return value


def _paid(choice: _StatedChoice, leaf: Mapping[str, Any], path: Sequence[_Step]) -> int | None:
    """The sum of price x limit over bounds and splits; None where a price may not be what it is."""
    paid = 0
    for place, price in enumerate(leaf["bounds"]):
        if not price:
            continue
        limit = choice.at_most[place] if price > 0 else choice.at_least[place]
        most = 0 if leaf["impossible"] else choice.cost * leaf["scale"]
        if limit is None or (not choice.bounds[place]["hard"] and abs(price) > most):
            return None
        paid += price * limit
    for (_groups, most, above), price in zip(path, leaf["splits"], strict=True):
        if (price > 0) if above else (price < 0):
            return None
        paid += price * (most + above)
    return paid


# The prices that tell each decision


def _told_by_prices(choice: _StatedChoice) -> list[VerifierFinding]:
    prices = choice.certificate["prices"]
    found = [
        VerifierFinding("price", {"number": place + 1}, f"prices.bounds.{place}")
        for place, price in enumerate(prices["bounds"])
        if not _may_have(price, choice.bounds[place], choice.counts[place])
    ]
    of_splits = {tuple(each["where"]): each["price"] for each in prices["splits"]}
    if len(of_splits) != len(prices["splits"]) or not _justified(choice, of_splits):
        found.append(VerifierFinding("split_price", {}, "prices.splits"))
    if prices["threshold"] is None:
        is_told = choice.filled >= choice.certificate["seats"] and 0 < choice.seats < len(choice.contends)
        if is_told or prices["by_lot"]:
            found.append(VerifierFinding("threshold", {}, "prices.threshold"))
        return found
    if choice.filled < choice.certificate["seats"]:
        return [*found, VerifierFinding("threshold", {}, "prices.threshold")]
    return found + _told(choice, of_splits)


def _may_have(price: int, bound: Mapping[str, Any], count: int) -> bool:
    """Whether a bound may have a price: a floor that binds helps its group, a ceiling that binds holds it back."""
    if price > 0:
        return bound["at_least"] is not None and count <= bound["at_least"]
    return price == 0 or (bound["at_most"] is not None and count >= bound["at_most"])


def _justified(choice: _StatedChoice, of_splits: Mapping[tuple[int, ...], int]) -> bool:
    """Whether each type with a price of its own is split above the leaf that holds the result, and binds there."""
    node, holds, helps = choice.certificate["proof"]["best"], set(), set()
    while "most" in node:
        groups, most = tuple(node["where"]), node["most"]
        count = choice.chosen_of.get(groups, 0)
        if count == most:
            holds.add(groups)
        elif count == most + 1:
            helps.add(groups)
        node = node["below"] if count <= most else node["above"]
    return all(not price or groups in (helps if price > 0 else holds) for groups, price in of_splits.items())


def _told(choice: _StatedChoice, of_splits: Mapping[tuple[int, ...], int]) -> list[VerifierFinding]:
    """Contenders whose mark and prices do not tell whether they are chosen."""
    prices = choice.certificate["prices"]
    threshold, scale = prices["threshold"], prices["scale"]
    added = {
        groups: of_splits.get(groups, 0) + sum(prices["bounds"][place] for place in groups)
        for groups in choice.sorted
    }
    found, drawn = [], set()
    for place in choice.contends:
        row = choice.rows[place]
        over = row["mark"] * scale + added[choice.types[place]] - threshold
        if over == 0:
            drawn.add(row["reference"])
        elif (over > 0) != choice.is_chosen[place]:
            found.append(VerifierFinding("told", {"reference": row["reference"]}, row["reference"]))
    if len(prices["by_lot"]) != len(set(prices["by_lot"])):
        found.append(VerifierFinding("lot", {"reference": "2 ×"}, "prices.by_lot"))
    odd = sorted(drawn ^ set(prices["by_lot"]))
    return found + [VerifierFinding("lot", {"reference": each}, each) for each in odd]


# Format 6: seats of several offerings, given out by wishes
#
# The rules are read in another way than the one in which seats were given out. An offering whose groups nest takes
# people one by one, each time whoever helps its soft bounds most, of these the best; one whose groups overlap lets
# people fill its reserved places in their order, and then takes the best. An outcome holds when each offering chooses
# just its own from them and all who prefer it. That nobody does better in another such outcome is shown by turning
# away in rounds: whoever an offering does not choose from people who can get nothing dearer can never have it, since
# whom it takes from more people it takes from fewer (Gale and Shapley 1962; Hatfield and Milgrom 2005).

_WISHED = {"rank": int, "wishes": [str], "offering": _OrNull(str)}
_ALLOCATED = _Keys({**_OWN, **_WISHED})
_ALLOCATED_OF_RUBRIC = _Keys({**_OWN, **_WISHED, "phases": [_FOUND], "short": int})
_BOUND_OF_OFFERING = _Keys({**_LIMITS, "offering": str})
_ALLOCATION = _Keys(
    {
        **dict.fromkeys(("format", "version"), int),
        **dict.fromkeys(("rule", "seed", "inputs", "sha256"), str),
        **dict.fromkeys(("seats", "filled", "shortfall"), _Each(int)),
        "rules": _Keys({"bounds": [_BOUND_OF_OFFERING], "ties": [str], **_SEAL}),
        "counting": _Each(str),
        "rubric?": _RUBRIC,
        "rows": list,
        **_MOVES,
    }
)


def _of_allocation(certificate: Mapping[str, Any], _inputs: str | None) -> list[VerifierFinding]:
    """What does not hold in a certificate of several offerings."""
    found = list(_allocated_badly(certificate))
    if found:
        return found
    found = [
        *_unmarked_rows(certificate),
        *_seal_findings(certificate),
        *_allocated_order(certificate),
    ]
    if certificate["inputs"] != inputs_of(certificate["rows"]):
        found.append(VerifierFinding("inputs", {}, "inputs"))
    return [*found, *_CertifiedMarket(certificate).findings()]


def _allocated_badly(certificate: Mapping[str, Any]) -> Iterator[VerifierFinding]:
    """What cannot be read as an allocation at all, and bounds that its rule does not know."""
    shape = _ALLOCATED_OF_RUBRIC if "rubric" in certificate else _ALLOCATED
    misfit = _misfit(certificate, _ALLOCATION) or _misfit(certificate["rows"], [shape], "rows")
    if not misfit and certificate["version"] != VERSION:
        misfit = "version"
    misfit = misfit or _seal_stated_badly(certificate["rules"])
    ties = certificate["rules"]["ties"] if not misfit else None
    if not misfit and certificate.get("rubric", {}).get("ties", ties) != ties:
        misfit = "rules.ties"
    if misfit:
        yield VerifierFinding("malformed", {}, misfit)
        return
    seats, rules = certificate["seats"], certificate["rules"]
    if certificate["counting"].keys() != seats.keys():
        yield VerifierFinding("malformed", {}, "counting")
    for name in ("seats", "filled", "shortfall"):
        stated = certificate[name]
        if stated.keys() != seats.keys() or min(stated.values(), default=0) < 0:
            yield VerifierFinding("malformed", {}, name)
    faulty = [
        place for place, bound in enumerate(rules["bounds"], 1) if not _is_bound_of_offering(bound, seats)
    ]
    yield from (VerifierFinding("malformed", {}, f"rules.bounds.{place - 1}") for place in faulty)
    yield from _rows_allocated_badly(certificate, len(rules["ties"]))
    if faulty:
        return
    for offering, mine in _by_offering(certificate).items():
        is_over = _overlaps([bound["where"] for bound in mine])
        hard_floors = [bound for bound in mine if bound["hard"] and bound["at_least"] is not None]
        ceilings = [bound for bound in mine if is_over and bound["at_most"] is not None]
        if hard_floors or ceilings or certificate["counting"][offering] != ("one" if is_over else "each"):
            yield VerifierFinding("shape", {"offering": offering})


def _by_offering(certificate: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The bounds of each offering."""
    found: dict[str, list[Mapping[str, Any]]] = {offering: [] for offering in certificate["seats"]}
    for bound in certificate["rules"]["bounds"]:
        found[bound["offering"]].append(bound)
    return found


def _is_bound_of_offering(bound: Mapping[str, Any], seats: Mapping[str, int]) -> bool:
    limits = bound["at_least"], bound["at_most"]
    sound = all(limit is None or limit >= 0 for limit in limits) and limits != (None, None)
    return sound and bool(bound["where"]) and bound["offering"] in seats


def _rows_allocated_badly(certificate: Mapping[str, Any], ties: int) -> Iterator[VerifierFinding]:
    seats, rows = certificate["seats"], certificate["rows"]
    for place, row in enumerate(rows):
        is_sound = (
            len(row["tie"]) == ties
            and all(wish in seats for wish in row["wishes"])
            and len(set(row["wishes"])) == len(row["wishes"])
            and (row["offering"] is None or row["offering"] in seats)
            and row.get("by", RIGHT) in (RIGHT, HAND)
            and row.get("out", SHORT) in (KNOCKED_OUT, SHORT)
        )
        if not is_sound:
            yield VerifierFinding("malformed", {}, f"rows.{place}")
    for each in _repeated(row["reference"] for row in rows):
        yield VerifierFinding("twice", {"reference": each}, each)


def _overlaps(groups: Sequence[Mapping[str, str]]) -> bool:
    """Whether two groups may share somebody though neither stands in the other."""
    for one, other in combinations(groups, 2):
        shared = one.keys() & other.keys()
        if all(one[key] == other[key] for key in shared) and len(shared) < min(len(one), len(other)):
            return True
    return False


def _allocated_order(certificate: Mapping[str, Any]) -> Iterator[VerifierFinding]:
    """Rows that are not ranked by marks, ties and lots, those who may not be chosen last; outcomes that contradict
    themselves or the lists of those by right and by hand."""
    before: tuple[Any, ...] = ()
    moved = {each["reference"]: ("right", True) for each in certificate["right"]}
    moved |= {each["reference"]: ("hand", each["in"]) for each in certificate["hand"]}
    for rank, row in enumerate(certificate["rows"], 1):
        drawn = lot(certificate["seed"], row["reference"])
        key = "out" in row, -row["mark"], [-tie for tie in row["tie"]], drawn, row["reference"]
        if row["rank"] != rank or (before and key < before):
            yield VerifierFinding("order", {"rank": rank, "reference": row["reference"]})
        before = key
        has = row["offering"] is not None
        is_stated = row["outcome"] == ("chosen" if has else "refused")
        is_moved = moved.pop(row["reference"], None) == ((row["by"], has) if "by" in row else None)
        if not is_stated or not is_moved or (has and "out" in row and "by" not in row):
            yield VerifierFinding("contradicted", {"reference": row["reference"]})
        elif has and "by" not in row and row["offering"] not in row["wishes"]:
            yield VerifierFinding("unwished", {"reference": row["reference"], "offering": row["offering"]})
    yield from (VerifierFinding("contradicted", {"reference": reference}) for reference in moved)


class _CertifiedMarket:
    """People by their place among the rows (the better first), and what each offering holds."""

    def __init__(self, certificate: Mapping[str, Any]) -> None:
        self.certificate = certificate
        self.rows = certificate["rows"]
        self.contending = [n for n, row in enumerate(self.rows) if "by" not in row and "out" not in row]
        self.held: dict[str, list[int]] = {offering: [] for offering in certificate["seats"]}
        self.taken: dict[str, list[int]] = {offering: [] for offering in certificate["seats"]}
        for place, row in enumerate(self.rows):
            if row["offering"] is not None:
                (self.taken if "by" in row else self.held)[row["offering"]].append(place)
        self.meetings: dict[str, _Meeting] = {}
        bounds = _by_offering(certificate)
        self.choosers = {offering: self._chooser(offering, bounds[offering]) for offering in bounds}

    def _chooser(self, offering: str, bounds: Sequence[Mapping[str, Any]]) -> _PlainChooser:
        seats, taken = self.certificate["seats"][offering], self.taken[offering]
        if not bounds:
            return _PlainChooser(seats, taken)
        groups = [bound["where"] for bound in bounds]
        met = self.meetings.setdefault(json.dumps(groups, sort_keys=True), _Meeting(groups, self.rows))
        is_one = self.certificate["counting"][offering] == "one"
        return (_ReservingChooser if is_one else _NestedChooser)(seats, taken, bounds, met)

    def findings(self) -> Iterator[VerifierFinding]:
        """What does not hold of the outcome, offering by offering and then person by person."""
        yield from self._unstable()
        yield from self._not_best()
        for offering, chooser in self.choosers.items():
            own = self.held[offering]
            found = {"filled": len(own) + len(self.taken[offering]), "shortfall": chooser.missed(own)}
            for name, value in found.items():
                if (stated := self.certificate[name][offering]) != value:
                    values = {"offering": offering, "stated": stated, "found": value}
                    yield VerifierFinding(f"{name}_there", values)

    def _unstable(self) -> Iterator[VerifierFinding]:
        """Offerings that would not choose just their own from them and all who prefer it."""
        pool: dict[str, list[int]] = {offering: [] for offering in self.choosers}
        for place in self.contending:
            row = self.rows[place]
            for wish in row["wishes"]:
                pool[wish].append(place)
                if wish == row["offering"]:
                    break
        for offering, chooser in self.choosers.items():
            chosen = chooser.chosen(pool[offering])
            for place in sorted(chosen.symmetric_difference(self.held[offering])):
                values = {"offering": offering, "reference": self.rows[place]["reference"]}
                yield VerifierFinding("choice", values)

    def _not_best(self) -> Iterator[VerifierFinding]:
        """People who do not have the dearest offering that any stable outcome gives them."""
        best = self._dearest()
        for place in self.contending:
            row, found = self.rows[place], best.get(place)
            if found == row["offering"]:
                continue
            wishes = [*row["wishes"], None]
            dearer = wishes[: wishes.index(row["offering"])] if row["offering"] in wishes else wishes
            code, offering = ("better", found) if found in dearer else ("worse", row["offering"])
            yield VerifierFinding(code, {"reference": row["reference"], "offering": offering})

    def _dearest(self) -> dict[int, str]:
        """By person the dearest offering that has not turned them away, once none turns anybody away any more."""
        asked = dict.fromkeys(self.contending, 0)
        keeps: dict[str, set[int]] = {offering: set() for offering in self.choosers}
        asking: Iterable[int] = self.contending
        while asking:
            came: dict[str, list[int]] = defaultdict(list)
            for place in asking:
                wishes = self.rows[place]["wishes"]
                if asked[place] < len(wishes):
                    came[wishes[asked[place]]].append(place)
            turned: list[int] = []
            for offering, new in came.items():
                pool = sorted([*keeps[offering], *new])
                keeps[offering] = self.choosers[offering].chosen(pool)
                turned += [place for place in pool if place not in keeps[offering]]
            for place in turned:
                asked[place] += 1
            asking = turned
        return {place: offering for offering, kept in keeps.items() for place in kept}


class _Meeting:
    """Which groups count a row, for all offerings that name the same groups."""

    def __init__(self, groups: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]) -> None:
        self.groups, self.rows = groups, rows
        self.known: dict[int, tuple[int, ...]] = {}
        self.alike: dict[tuple[str | None, ...], tuple[int, ...]] = {}
        self.names = sorted({name for group in groups for name in group})

    def of(self, place: int) -> tuple[int, ...]:
        """The places of the groups that count the row at that place."""
        met = self.known.get(place)
        if met is None:
            attributes = self.rows[place]["attributes"]
            kind = tuple(map(attributes.get, self.names))
            if kind not in self.alike:
                items = attributes.items()
                self.alike[kind] = tuple(n for n, each in enumerate(self.groups) if each.items() <= items)
            met = self.known[place] = self.alike[kind]
        return met


class _PlainChooser:
    """An offering without bounds: the best, as many as there are seats. People are their places among the rows."""

    def __init__(self, seats: int, taken: Sequence[int]) -> None:
        self.left = max(0, seats - len(taken))

    def chosen(self, pool: Sequence[int]) -> set[int]:
        """Whom it chooses of people, the better first."""
        return set(pool[: self.left])

    def missed(self, _own: Sequence[int]) -> int:
        """How many people soft bounds miss with these."""
        return 0


class _NestedChooser(_PlainChooser):
    """An offering that counts a person in each bound that counts them."""

    def __init__(
        self, seats: int, taken: Sequence[int], bounds: Sequence[Mapping[str, Any]], met: _Meeting
    ) -> None:
        super().__init__(seats, taken)
        self.bounds, self.met = bounds, met
        self.begin = self._counted([0] * len(bounds), taken)

    def _counted(self, begin: Sequence[int], people: Sequence[int]) -> list[int]:
        counts = list(begin)
        for place in people:
            for n in self.met.of(place):
                counts[n] += 1
        return counts

    def chosen(self, pool: Sequence[int]) -> set[int]:
        queues: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place in reversed(pool):
            queues[self.met.of(place)].append(place)
        counts, found = list(self.begin), set[int]()
        ahead = [
            (more, queue[-1], met)
            for met, queue in queues.items()
            if (more := self._more_missed(met, counts)) is not None
        ]
        heapify(ahead)
        while ahead and len(found) < self.left:
            more, place, met = ahead[0]
            now = self._more_missed(met, counts)
            if now is None:
                heappop(ahead)
            elif now > more:
                # What one more misses only grows with those who are in: what was not looked at is no better.
                heapreplace(ahead, (now, place, met))
            else:
                found.add(queues[met].pop())
                for n in met:
                    counts[n] += 1
                if queues[met]:
                    heapreplace(ahead, (now, queues[met][-1], met))
                else:
                    heappop(ahead)
        return found

    def _more_missed(self, met: Sequence[int], counts: Sequence[int]) -> int | None:
        """How many people more are missed with one more of these bounds; None where a hard one has no room."""
        total = 0
        for n in met:
            bound = self.bounds[n]
            if bound["at_least"] is not None and counts[n] < bound["at_least"]:
                total -= 1
            if bound["at_most"] is not None and counts[n] >= bound["at_most"]:
                if bound["hard"]:
                    return None
                total += 1
        return total

    def missed(self, own: Sequence[int]) -> int:
        total = 0
        for bound, count in zip(self.bounds, self._counted(self.begin, own), strict=True):
            total += max(0, (bound["at_least"] or 0) - count)
            if not bound["hard"] and bound["at_most"] is not None:
                total += max(0, count - bound["at_most"])
        return total


class _ReservingChooser(_PlainChooser):
    """An offering of which a person fills one reserved place of those that they may fill."""

    def __init__(
        self, seats: int, taken: Sequence[int], bounds: Sequence[Mapping[str, Any]], met: _Meeting
    ) -> None:
        super().__init__(seats, taken)
        self.taken, self.met = taken, met
        self.places = [bound["at_least"] for bound in bounds]

    def chosen(self, pool: Sequence[int]) -> set[int]:
        found = self._filling(pool, self.left)[0]
        others = (place for place in pool if place not in found)
        return {*found, *islice(others, min(self.left, len(pool)) - len(found))}

    def missed(self, own: Sequence[int]) -> int:
        return sum(self.places) - self._filling(own, len(own))[1]

    def _filling(self, pool: Sequence[int], most: int) -> tuple[set[int], int]:
        """Who fills a place, of people in their order, and how many places are filled, those of the taken too."""
        fillers: list[set[int]] = [set() for _ in self.places]
        dead: set[int] = set()
        total = sum(self._fills(place, fillers, dead) for place in self.taken)
        found: set[int] = set()
        for place in pool:
            if len(found) >= most or len(dead) == len(fillers):
                break
            if self._fills(place, fillers, dead):
                found.add(place)
        return found, total + len(found)

    def _fills(self, person: int, fillers: Sequence[set[int]], dead: set[int]) -> bool:
        """Give somebody a place, others moving along a chain; what a vain search has seen leads nowhere for good."""
        reached = {bound: (person, -1) for bound in self.met.of(person) if bound not in dead}
        ahead = list(reached)
        for bound in ahead:
            if len(fillers[bound]) < self.places[bound]:
                while bound >= 0:
                    mover, before = reached[bound]
                    fillers[bound].add(mover)
                    if before >= 0:
                        fillers[before].discard(mover)
                    bound = before
                return True
            for other in fillers[bound]:
                for beyond in self.met.of(other):
                    if beyond not in reached and beyond not in dead:
                        reached[beyond] = other, bound
                        ahead.append(beyond)
        dead.update(reached)
        return False


# How the certificate of each rule of format 6 is verified.
_OF_RULE: Mapping[str, Callable[[Mapping[str, Any], str | None], list[VerifierFinding]]] = {
    RULE_OF_CHOICE: _of_choice,
    RULE_OF_OFFERINGS: _of_allocation,
}


# One candidate's line


def line_findings(line: Mapping[str, Any], root: str) -> list[VerifierFinding]:
    """What does not hold in a candidate's line: its path to the root that was published, and its own sum."""
    misfit = _misfit(line, _LINE)
    if misfit:
        return [VerifierFinding("malformed", {}, misfit)]
    if line["format"] != FORMAT_OF_CHOICE or line["version"] != VERSION:
        return [VerifierFinding("rule", {}, "format")]
    # The place and the size are part of what is hashed: a path alone does not tell every size from every other.
    said = {key: value for key, value in line.items() if key != "path"}
    try:
        path = [bytes.fromhex(each) for each in line["path"]]
        found = root_of(leaf_hash(canonical(said).encode()), line["index"], line["size"], path)
    except (UnicodeEncodeError, ValueError):
        return [VerifierFinding("path", {}, "path")]
    faults = (
        [] if found is not None and found.hex() == root.lower() else [VerifierFinding("path", {}, "path")]
    )
    return faults if _line_tells(line) else [*faults, VerifierFinding("line", {}, "prices")]


def _line_tells(line: Mapping[str, Any]) -> bool:
    """Whether mark, prices and threshold tell the outcome of a line; whoever is placed otherwise has no sum."""
    prices = line["prices"]
    if prices["scale"] < 1 or line["outcome"] not in (CHOSEN, WAITING, REFUSED):
        return False
    if any(
        line["attributes"].get(key) != value
        for each in prices["bounds"]
        for key, value in each["where"].items()
    ):
        return False
    if "by" in line or "out" in line or prices["threshold"] is None:
        return not prices["drawn"]
    total = line["mark"] * prices["scale"] + prices["split"] + sum(each["price"] for each in prices["bounds"])
    if total == prices["threshold"]:
        return bool(prices["drawn"])
    return not prices["drawn"] and (total > prices["threshold"]) == (line["outcome"] == CHOSEN)


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node of two (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which a path leads from a leaf (RFC 9162, 2.1.3.2); None where the path has not the length that the
    place and the size of the tree ask for."""
    if not 0 <= index < size or any(len(each) != 32 for each in path):
        return None
    place, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            found = node_hash(each, found)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = node_hash(found, each)
        place, last = place // 2, last // 2
    return found if last == 0 else None


# The command


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the file that the command line names, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a certificate")
    parser.add_argument(
        "--line", type=Path, metavar="LINE", help="one candidate's line, instead of a certificate"
    )
    parser.add_argument(
        "--expect", metavar="HASH", help="the digest, or with --line the root, that was published"
    )
    parser.add_argument("--language", choices=("fr", "en"), default="fr")
    given = parser.parse_args(arguments)
    if (given.file is None) == (given.line is None) or (given.line is not None and given.expect is None):
        parser.error("FILE, or --line LINE --expect ROOT")
    place = 0 if given.language == "fr" else 1
    try:
        content, fits = _read((given.file or given.line).read_bytes())
        found = _asked(content, fits, given)
    except OSError:
        return _say_unreadable(UnreadableCertificate("no_file"), place)
    except UnreadableCertificate as unreadable:
        return _say_unreadable(unreadable, place)
    _say([_sentence(each.code, each.values, each.where, place) for each in found[:_MOST_PRINTED]])
    if len(found) > _MOST_PRINTED:
        _say([f"… + {len(found) - _MOST_PRINTED}"])
    if not found:
        _say(
            [
                (
                    f"Valide : {content.get('sha256') or given.expect}",
                    f"Valid: {content.get('sha256') or given.expect}",
                )[place]
            ]
        )
    return INVALID if found else VALID


def _asked(content: Mapping[str, Any], fits: bool, given: argparse.Namespace) -> list[VerifierFinding]:
    if given.line is not None:
        return line_findings(content, given.expect)
    # What is published beside certificates is told by its name: a digest that does not fit would sound like a forgery.
    if "rows" not in content and "sha256" not in content:
        for key, code in (("path", "is_line"), ("root", "is_sheet")):
            if key in content:
                return [VerifierFinding(code)]
    found = _findings(content, fits)
    if given.expect is not None and content.get("sha256") != given.expect.lower():
        found = [VerifierFinding("expected", {}, "sha256"), *found]
    return found


def _sentence(code: str, values: Mapping[str, object], where: str | None, place: int) -> str:
    text = WORDS[code][place] % {key: _told_value(value) for key, value in values.items()}
    return f"{where}: {text}" if where else text


def _told_value(value: object) -> object:
    """A value as a sentence has it: sums of numbers that were read may be too long for Python to write."""
    return "…" if isinstance(value, int) and abs(value) > _LONGEST_TOLD else value


def _say_unreadable(why: UnreadableCertificate, place: int) -> int:
    _say([_sentence(why.code, why.values, None, place)])
    return UNREADABLE


def _say(sentences: Sequence[str]) -> None:
    """Print sentences; what a file put into them moves no cursor and breaks no line."""
    for each in sentences:
        plain = "".join(letter if letter.isprintable() else "�" for letter in each)
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(plain.encode(encoding, "replace").decode(encoding) + "\n")


if __name__ == "__main__":
    # Rows hold no circles: looking for some would take as long as the rest.
    gc.disable()
    raise SystemExit(main())
