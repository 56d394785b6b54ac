"""A name is found however it is written: in one, in two, with hyphens, apostrophes and tashkeel, in both scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.file.words import LONGEST, sought, words_of


def finds(text: str, names: tuple[str, ...], number: str = "MDIA-7K3QXP", email: str = "") -> bool:
    words = words_of(names, number, email).split()
    asked = sought(text)
    return bool(asked) and all(
        any(word.startswith(beginning) for word in words for beginning in beginnings) for beginnings in asked
    )


WRITTEN = [
    (("Ali", "El Amrani"), ["el amrani", "Elamrani", "el-amrani", "El’Amrani", "AMRANI", "amr", "ali el amrani", "elam",
                            "EL AMRANI Ali", "ali elamr"]),
    (("Ali", "Elamrani"), ["el amrani", "elamrani", "EL-AMRANI", "amrani", "el amr", "ali el amrani"]),
    (("Fatima Zahra", "Ait Taleb"), ["fatimazahra", "Fatima-Zahra", "zahra", "aittaleb", "taleb fatima", "ait taleb"]),
    (("Fatimazahra", "Aittaleb"), ["fatima zahra", "fatima-zahra ait taleb", "taleb"]),
    (("ʿAbd al-Karīm", "Bennani"), ["abd", "abd al karim", "abdalkarim", "‘Abd al‑Karim", "al-karim", "karim"]),
    (("M'hamed", "Saʿdi"), ["mhamed", "m’hamed", "m hamed", "sa", "sadi", "sa'di"]),
    (("", "", "عبد الله", "العَلَوِيّ"), ["عبدالله", "عبد الله", "الله", "العلوي", "علوي", "ٱلعلوى"]),
    (("", "", "عبدالله", "فاطمة"), ["عبد الله", "فاطمه", "فَاطِمَة", "فاطـمة"]),
    (("", "", "شيماء", "أسماء"), ["شيما", "شيماء", "اسما", "أسماء شيما"]),
    (("", "", "شيما", "بها الدين"), ["شيماء", "بهاء الدين", "بهاءالدين"]),
    (("Fatima Ezzahra", "Ettaoussi"), ["zahra", "taoussi", "fatima zahra", "ezzahra", "fatimazahra", "et taoussi"]),
    (("Ali", "Echcherif"), ["cherif", "ech-cherif"]),
    (("Ali", "Ait El Taleb"), ["ait taleb", "aittaleb", "ait el taleb", "aiteltaleb", "taleb"]),
    (("Ali", "Ait Taleb"), ["ait el taleb", "ait eltaleb", "ali ait taleb"]),
    (("Ali", "Amrani"), ["el amrani", "el-amrani", "ali el amrani"]),
    (("", "", "علي", "أيت الطالب"), ["ايت طالب", "آيت الطالب", "طالب"]),
    (("", "", "علي", "أيت طالب"), ["ايت الطالب"]),
    (("Ben", "Johnson"), ["ben johnson", "johnson ben", "benj"]),
    (("Œuvrard", "Strauß"), ["oeuvrard", "STRAUSS", "œuv"]),
]  # fmt: skip


@pytest.mark.parametrize(("names", "text"), [(names, text) for names, texts in WRITTEN for text in texts])
def test_a_name_is_found_however_it_is_written(names: tuple[str, ...], text: str) -> None:
    assert finds(text, names)


@pytest.mark.parametrize("text", ["amrani idrissi", "elamranix", "lamrani", "zali", "?", "-", "12"])
def test_what_a_file_does_not_say_does_not_find_it(text: str) -> None:
    assert not finds(text, ("Ali", "El Amrani"), email="nadia@exemple.ma")


@pytest.mark.parametrize(
    ("text", "name"), [("alami", "Amine"), ("essaid", "Said"), ("elias", "Iasmine"), ("el", "Ali")]
)
def test_what_only_begins_like_an_article_stays_whole_in_a_search(text: str, name: str) -> None:
    assert not finds(text, (name, "Tazi"))


@pytest.mark.parametrize("text", ["MDIA-7K3QXP", "mdia-7k3", "7k3qxp", "7K3", "mdia 7k3qxp", "MDIA7K3QXP"])
def test_a_number_is_found_with_and_without_its_prefix(text: str) -> None:
    assert finds(text, ("Ali", "El Amrani"))


@pytest.mark.parametrize(
    "text",
    [
        "ali.amr-98@exemple.ma",
        "ALI.AMR",
        "ali.amr-98@ex",
        "amr",
        "98",
        "ali amr",
        "ali.amr-98@exemple.ma ali",
    ],
)
def test_an_address_is_found_whole_and_by_its_parts(text: str) -> None:
    assert finds(text, ("Ali", "Tazi"), email="ali.amr-98@exemple.ma")


def test_words_are_short_and_each_is_there_once() -> None:
    words = words_of(("Ali Ali", "A" * 300), "MDIA-7K3QXP", "ali@exemple.ma").split()
    assert len(words) == len(set(words)) and all(0 < len(word) <= LONGEST for word in words)
    assert finds("A" * 300, ("Ali", "A" * 300))


LETTERS = st.text("abeilmnorz’'-أإابتةدىلمنيءُّéʿ", min_size=1, max_size=8)


@given(st.lists(LETTERS, min_size=1, max_size=3), st.data())
def test_any_name_is_found_joined_split_and_by_its_beginning(pieces: list[str], data: st.DataObject) -> None:
    """Whether the file joins what the search splits, or the other way round."""
    apart, joined = " ".join(pieces), "".join(pieces)
    if sought(joined):
        for kept, asked in ((apart, joined), (joined, apart), (apart, apart), (joined, joined)):
            assert finds(asked, ("", kept)), (kept, asked)
        cut = joined[: data.draw(st.integers(1, len(joined)))]
        assert not sought(cut) or finds(cut, ("", apart))


@given(st.text(max_size=200))
def test_any_text_is_a_search(text: str) -> None:
    assert all(
        beginning and len(beginning) <= LONGEST for beginnings in sought(text) for beginning in beginnings
    )
