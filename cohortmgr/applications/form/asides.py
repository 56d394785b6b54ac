"""What a form asks about an answer beside its field: an address that looks mistyped, a name in the other script. Pure.

Each is asked until the person answers, and once answered no more of the same text (answers/settled.py). The answer is
saved as it was typed and may be kept; the question keeps nobody from sending.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.slips import (
    ASKED,
    KEPT,
    TAKEN,
    TypedQuestion,
    TypedQuestionButton,
    asked_before,
    is_new,
    keeping,
    likely_address,
    question_on,
    settled,
)
from cohortmgr.applications.answers import settled as settled_texts
from cohortmgr.applications.answers.scripts import (
    LATIN_NAMES,
    exchanged,
    in_both_writings,
    wrong_script,
)
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind

Sent = MultiDict[str, Any]
# The button that exchanges the names of the two writings.
EXCHANGE = "exchange-names"
EXCHANGE_BUTTON = TypedQuestionButton(EXCHANGE, "1", Problem(N_("Échanger les noms des deux écritures")))
_ARABIC_HERE = N_("« %(value)s » est en lettres arabes, et ce nom est attendu en lettres latines.")
_LATIN_HERE = N_("« %(value)s » est en lettres latines, et ce nom est attendu en lettres arabes.")


_LATIN_NEXT = N_("Vos noms en arabe sont gardés ; écrivez-les maintenant en lettres latines.")
_ARABIC_NEXT = N_("Vos noms en lettres latines sont gardés ; écrivez-les maintenant en lettres arabes.")


def to_write_next(form: Form, moved: Collection[str], answers: Mapping[str, Any]) -> Problem | None:
    """What is said after an exchange that left the names of one writing empty: where those went that were typed, and
    what is still to be written. None if it left none."""
    left = {form.question(key).target for key in moved if not answers.get(key)}
    if not left:
        return None
    return Problem(_LATIN_NEXT if left & LATIN_NAMES else _ARABIC_NEXT)


def settled_answers(
    form: Form, sent: Sent, answers: Mapping[str, Any], movable: Collection[str]
) -> tuple[Sent, tuple[str, ...]]:
    """What was sent, with what the button of a question says; and the questions whose names were exchanged."""
    given = settled(sent)
    if given.pop(EXCHANGE, None) is None:
        return _with_kept(form, form.questions, given, answers), ()
    moved = exchanged(form, _names(form, given, answers), movable)
    for key, text in moved.items():
        given[key] = text
        given.pop(f"{ASKED}{key}", None)
    return _with_kept(form, form.questions, given, answers), tuple(moved)


def asides_of(
    form: Form,
    questions: Iterable[Question],
    sent: Sent,
    answers: Mapping[str, Any],
    movable: Collection[str],
) -> dict[str, TypedQuestion]:
    """What is asked about the answers to these questions, by the name of the field. `answers` are those of the other
    pages, `movable` the questions whose answers may be changed here."""
    asked = tuple(questions)
    found = {name: aside for name in _addresses(asked, sent) if (aside := question_on(sent, name))}
    return found | _of_names(form, asked, sent, answers, movable)


def may_ask(
    form: Form, questions: Iterable[Question], answers: Mapping[str, Any], proved: Mapping[str, Any]
) -> bool:
    """Whether there is a text about which something may be asked: a draft that has just begun has none."""
    named = in_both_writings(form)
    read = (QuestionKind.EMAIL, QuestionKind.GROUP)
    typed = any(each.kind in read or each.key in named for each in questions if answers.get(each.key))
    return typed or any(likely_address(str(text)) is not None for text in proved.values())


def as_saved(
    form: Form, questions: Iterable[Question], answers: Mapping[str, Any], proved: Mapping[str, Any]
) -> Sent:
    """What a page would send that shows these answers, with the texts that are asked about no more: those that the
    person was asked about and kept, and those that a code proved."""
    asked = tuple(questions)
    flat: Sent = MultiDict(_flat(asked, {**proved, **answers}))
    return _with_kept(form, asked, flat, answers, proved)


def kept_now(form: Form, questions: Iterable[Question], sent: Sent) -> dict[str, str]:
    """The texts that the person was asked about and sent again as they are, by the name of their field."""
    told, named = kept_here(form, questions, sent), {each.key: each for each in form.questions}
    same = {name: text for name, text in told.items() if not is_new(sent, name)}
    return {
        name: text
        for name, text in same.items()
        if (_strange(named[name], text) if name in in_both_writings(form) else likely_address(text))
    }


def kept_here(form: Form, questions: Iterable[Question], sent: Sent) -> dict[str, str]:
    """The texts about which the person was asked already, by the name of their field."""
    names = _asked_about(form, questions, sent)
    return {name: text for name in names if (text := asked_before(sent, name)) is not None}


def is_ours(name: str) -> bool:
    """Whether a field is the page's own, and no answer."""
    return name in (EXCHANGE, "csrf_token") or name.startswith((TAKEN, KEPT, ASKED))


def without_new(problems: Iterable[Problem], asides: Collection[str], sent: Sent) -> list[Problem]:
    """The problems without those of a text that is asked about for the first time: `gmail,com` is no address, and
    which one was meant is plain."""
    return [each for each in problems if each.where not in asides or not is_new(sent, each.where or "")]


def _with_kept(
    form: Form,
    questions: Iterable[Question],
    sent: Sent,
    answers: Mapping[str, Any],
    proved: Mapping[str, Any] | None = None,
) -> Sent:
    """What was sent, with the texts that the answers remember as kept: a page of before that does not know it."""
    for name in _asked_about(form, questions, sent):
        text = sent[name].strip()
        proven = (proved or {}).get(name) == text and likely_address(text) is not None
        if proven or settled_texts.kept(answers, {name: text}):
            sent[f"{ASKED}{name}"] = text
    return sent


def _asked_about(form: Form, questions: Iterable[Question], sent: Sent) -> list[str]:
    """The names of the fields, of those that were sent, about whose text something may be asked."""
    asked, named = tuple(questions), in_both_writings(form)
    names = (each.key for each in asked if each.key in named)
    return [*_addresses(asked, sent), *(name for name in names if name in sent)]


def _of_names(
    form: Form, asked: Iterable[Question], sent: Sent, answers: Mapping[str, Any], movable: Collection[str]
) -> dict[str, TypedQuestion]:
    named = in_both_writings(form)
    wrong = [
        each
        for each in asked
        if each.key in named and _strange(each, sent.get(each.key, "")) and is_new(sent, each.key)
    ]
    if not wrong:
        return {}
    found = {each.key: TypedQuestion(_said(each, sent[each.key]), ()) for each in wrong}
    can_move = set(exchanged(form, _names(form, sent, answers), movable)) & set(found)
    exchange = (EXCHANGE_BUTTON,) if can_move else ()
    # The buttons stand once, below the last of the names: they settle all of them.
    last = wrong[-1].key
    found[last] = replace(found[last], buttons=(*exchange, *keeping(last, sent[last])))
    return found


def _said(question: Question, text: str) -> Problem:
    what = _ARABIC_HERE if question.target in LATIN_NAMES else _LATIN_HERE
    return Problem(what, {"value": text[:60]})


def _strange(question: Question, text: str) -> bool:
    return wrong_script(question, text) is not None


def _names(form: Form, sent: Sent, answers: Mapping[str, Any]) -> dict[str, str]:
    """The names as they stand: what was sent, else what was saved before."""
    keys = in_both_writings(form)
    return {key: str(sent.get(key, answers.get(key)) or "").strip() for key in keys}


def _addresses(questions: Iterable[Question], sent: Sent) -> Iterator[str]:
    """The names of the fields that ask for an e-mail address, those in the rows of groups among them."""
    for question in questions:
        if question.kind is QuestionKind.EMAIL and question.key in sent:
            yield question.key
        inside = [each.key for each in question.fields if each.kind is QuestionKind.EMAIL]
        for name in sorted(sent) if inside else ():
            key, _, part = name.rpartition("-")
            if part in inside and key.rpartition("-")[0] == question.key:
                yield name


def _flat(questions: Iterable[Question], shown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for question in questions:
        answer = shown.get(question.key)
        if isinstance(answer, str):
            yield question.key, answer
        for place, row in enumerate(answer if isinstance(answer, list) and question.fields else ()):
            for part, text in row.items():
                if isinstance(text, str):
                    yield f"{question.key}-{place}-{part}", text
