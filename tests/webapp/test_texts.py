"""Texts of people: what is kept as it is, and what would play tricks on readers."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.problems import ApiProblemError
from webapp.texts import MAX_MARKS, canonical_language, check_display_name, check_tags, check_text

HARMLESS = [
    "",
    "Speedrun <script>alert(1)</script>",
    "'; drop table users; --",
    "مرحبا بكم \u200f(1)",
    "שלום",
    "สวัสดีครับ น้ำ ปั้น",
    "Tiếng Việt",
    unicodedata.normalize("NFD", "Tiếng Việt"),
    "བསྒྲུབས",
    "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    "e" + "\u0301" * MAX_MARKS,
]
TRICKS = {
    "a\u0000b": "control",
    "a\nb": "control",
    "a\rb": "control",
    "a\u0085b": "control",
    "a\u2028b": "control",
    "a\ud800b": "control",
    "safe\u202etxt.exe": "direction",
    "\u2066isolated": "direction",
    "pop\u2069": "direction",
    "z" + "\u0301" * (MAX_MARKS + 1): "marks",
    "\u200b" * 20: "marks",
    "a" + "\u20dd\u200d" * 10: "marks",
}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert check_text("title", text) == text


@pytest.mark.parametrize("text", TRICKS)
def test_tricks_are_refused_and_the_field_is_named(text: str) -> None:
    with pytest.raises(ApiProblemError, match=f"title .*{TRICKS[text]}") as refused:
        check_text("title", text)
    assert refused.value.status == 400


def test_lines_are_for_texts_of_several_lines_only() -> None:
    assert check_text("panels.text", "# About\n\n\tcode", lines=True) == "# About\n\n\tcode"
    with pytest.raises(ApiProblemError, match="control"):
        check_text("panels.text", "a\r\nb", lines=True)


@given(st.text())
def test_a_text_is_kept_or_refused_and_never_changed(text: str) -> None:
    try:
        assert check_text("title", text) == text
    except ApiProblemError:
        return
    assert not {unicodedata.category(letter) for letter in text} & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("tags", [["two words"], ["no\u00a0break"], ["Retro", "retro"], ["a\u202eb"]])
def test_tags_that_are_none(tags: list[str]) -> None:
    with pytest.raises(ApiProblemError):
        check_tags(tags)


def test_tags_stay_as_they_are() -> None:
    assert check_tags(["Retro", "<b>", "日本語", "Straße"]) == ["Retro", "<b>", "日本語", "Straße"]


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("", ""),
        ("de", "de"),
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("gsw", "gsw"),
    ],
)
def test_languages_get_their_usual_case(given: str, canonical: str) -> None:
    assert canonical_language(given) == canonical


@pytest.mark.parametrize(
    "tag", ["e", "english", "de_DE", "de-", "-de", "de-DE-x", "d\u0435", "de\n", "<b>", "x-klingon", "de--DE"]
)
def test_languages_that_are_none(tag: str) -> None:
    with pytest.raises(ApiProblemError, match="language tag"):
        canonical_language(tag)


@pytest.mark.parametrize(
    "name",
    ["anna_1", "ANNA_1", "AnNa_1", "Änna_1", "Ａｎｎａ_1", "A\u0308nna_1", "Ánná_1"],  # noqa: RUF001 # that is tested
)
def test_a_login_written_differently(name: str) -> None:
    shown = check_display_name(name, "anna_1")
    assert shown == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "berta",
        "anna 1",
        "anna",
        "\u0430nna_1",  # Cyrillic
        "anna_1\u200b",
        "\u202eanna_1",
        "anna_1\n",
        "a" + "\u0301" * 5 + "nna_1",
        "<b>anna_1</b>",
        "anna_\u00b9",
        "\u24b6nna_1",
    ],
)
def test_names_that_are_another_login_or_none(name: str) -> None:
    with pytest.raises(ApiProblemError, match="anna_1"):
        check_display_name(name, "anna_1")


@given(st.text(max_size=50))
def test_no_name_but_a_form_of_the_login_is_shown(name: str) -> None:
    try:
        shown = check_display_name(name, "anna")
    except ApiProblemError:
        return
    folded = unicodedata.normalize("NFKD", shown).casefold()
    assert "".join(letter for letter in folded if unicodedata.category(letter) != "Mn") == "anna"
