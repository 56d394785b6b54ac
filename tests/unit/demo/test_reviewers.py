"""The model of reviewers: repeatable, within the scale, following merit, and unequal in severity."""

from statistics import correlation, fmean

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.demo.reviewers import score, scores, temper, true_merit

FILES = [f"F{number:03}" for number in range(200)]
PEOPLE = [f"R{number:02}" for number in range(12)]
MERITS = {
    file: true_merit({"semesters": [10 + number % 8, 12], "languages": ["B2", "C1"]}, file, 2025)
    for number, file in enumerate(FILES)
}


@given(
    st.text(max_size=4),
    st.text(max_size=4),
    st.integers(0, 99),
    st.floats(0, 1),
    st.sampled_from([(0, 20), (1, 5)]),
)
def test_a_score_is_repeatable_and_within_the_scale(
    reviewer: str, file: str, seed: int, merit: float, scale: tuple[int, int]
) -> None:
    low, high = scale
    given_score = score(reviewer, file, "project", seed, merit=merit, low=low, high=high)
    assert low <= given_score <= high
    assert given_score == score(reviewer, file, "project", seed, merit=merit, low=low, high=high)


def test_scores_follow_merit() -> None:
    for person in PEOPLE:
        given_scores = [score(person, file, "level", 2025, merit=MERITS[file]) for file in FILES]
        assert correlation([MERITS[file] for file in FILES], given_scores) > 0.5


def test_some_are_severe_and_some_lenient() -> None:
    means = {p: fmean(score(p, f, "level", 2025, merit=MERITS[f]) for f in FILES) for p in PEOPLE}
    assert max(means.values()) - min(means.values()) > 3
    severities = [temper(person, 2025).severity for person in PEOPLE]
    assert correlation(severities, list(means.values())) > 0.7


def test_a_reading_has_a_score_for_each_criterion_and_the_seed_is_fixed() -> None:
    bounds = {"level": (0, 20), "project": (1, 5)}
    reading = scores("R01", "F001", bounds, 2025, merit=0.6)
    assert set(reading) == set(bounds)
    assert reading != scores("R02", "F001", bounds, 2026, merit=0.6)


def test_merit_of_an_empty_file_and_of_the_best() -> None:
    assert (
        0
        <= true_merit({}, "F", 1)
        < true_merit(
            {"semesters": ["18,00".replace(",", ".")] * 6, "languages": ["C2"], "motivation": "oui " * 60},
            "F",
            1,
        )
    )
