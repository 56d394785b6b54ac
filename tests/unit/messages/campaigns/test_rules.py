"""What one text says to each of many people, and how far its sending is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.messages.campaigns import rules as campaigns
from cohortmgr.messages.campaigns.rules import VARIABLES, CampaignText, Tally
from cohortmgr.messages.campaigns.states import CAMPAIGN_STATES, CampaignState

VALUES = {name: name.upper() for name in VARIABLES}
counts = st.integers(0, 50)


def test_what_has_begun_is_never_a_draft_again_and_what_is_called_off_never_leaves() -> None:
    def after(state: CampaignState) -> set[CampaignState]:
        found, waiting = set(), [state]
        while waiting:
            for then in CAMPAIGN_STATES.moves[waiting.pop()]:
                if then not in found:
                    found.add(then)
                    waiting.append(then)
        return found

    for state in campaigns.BEGUN:
        assert CampaignState.DRAFT not in after(state)
    assert not after(CampaignState.CANCELLED)
    assert CampaignState.SENDING not in CAMPAIGN_STATES.moves[CampaignState.DRAFT]
    assert CampaignState.SENDING not in CAMPAIGN_STATES.moves[CampaignState.PROPOSED]


def test_every_state_has_a_name_and_a_tag() -> None:
    assert set(CAMPAIGN_STATES.names) == set(campaigns.STATE_TAGS) == set(CampaignState)


@given(counts, counts, counts, counts, counts, counts)
def test_everybody_is_counted_once_and_a_hundred_is_said_at_the_end_alone(
    sent: int, returned: int, aside: int, dropped: int, left_out: int, waiting: int
) -> None:
    total = sent + returned + aside + dropped + left_out + waiting
    tally = Tally(total, sent, returned, aside, dropped, left_out)
    assert tally.waiting == waiting
    assert (tally.percentage == 100) == (waiting == 0)
    assert 0 <= tally.percentage <= 100


def test_a_text_is_filled_and_its_short_form_falls_back_on_the_subject() -> None:
    said = campaigns.filled_in(CampaignText("A {name}\n B", "{number} {{x}} {link}"), VALUES)
    assert said == CampaignText("A NAME B", "NUMBER {x} LINK", "A NAME B")
    assert campaigns.filled_in(CampaignText("A", "B", "{intake}"), VALUES).short == "INTAKE"


def test_what_a_value_holds_is_not_read_again() -> None:
    assert (
        campaigns.filled_in(CampaignText("{name}", "b"), VALUES | {"name": "{number}"}).subject == "{number}"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (CampaignText("{nom}", "b"), "subject_fr"),
        (CampaignText("a", "{name"), "body_fr"),
        (CampaignText("a", "b", "{ name }"), "short_fr"),
        (CampaignText("a\nb", "c"), "subject_fr"),
        (CampaignText("a"), "body_fr"),
        (CampaignText("", "b"), "subject_fr"),
        (CampaignText("", "", "b"), "subject_fr"),
        (CampaignText("a" * 201, "b"), "subject_fr"),
        (CampaignText("a", "b" * 20_001), "body_fr"),
        (CampaignText("a", "b", "c" * 481), "short_fr"),
    ],
)
def test_a_text_that_could_not_be_sent_is_told_at_its_field(text: CampaignText, where: str) -> None:
    assert [problem.where for problem in campaigns.text_problems({"fr": text})] == [where]


@given(st.builds(CampaignText, *[st.text(max_size=30)] * 3))
def test_whatever_is_written_is_judged_without_failing_and_filled_when_it_is_right(
    text: CampaignText,
) -> None:
    if not campaigns.text_problems({"fr": text}):
        campaigns.filled_in(text, VALUES)


def test_an_empty_language_is_no_mistake_and_is_missed_where_somebody_reads_it() -> None:
    texts = campaigns.from_json(campaigns.as_json({"fr": CampaignText("a", "b"), "ar": CampaignText()}))
    assert not campaigns.text_problems(texts)
    assert campaigns.languages_of(texts) == ["fr"]
    assert [p.where for p in campaigns.languages_missing(texts, ["en", "fr", "ar"])] == [
        "subject_ar",
        "subject_en",
    ]
    assert not campaigns.languages_missing(texts, ["fr"])


def test_a_name_is_asked_for_by_the_texts_that_use_it() -> None:
    assert campaigns.uses_name({"fr": CampaignText("a", "b", "{name}")})
    assert not campaigns.uses_name({"fr": CampaignText("a", "{number}")})
