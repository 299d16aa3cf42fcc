"""docs/ll-hls-rules.md is what the table of rules says."""

from pathlib import Path

from bench.llhls_check.rule_page import render
from bench.llhls_check.rules import GROUPS, MODULES, ordered

PAGE = Path(__file__).parents[2] / "docs" / "ll-hls-rules.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "python -m bench.llhls_check.rule_page > docs/ll-hls-rules.md"
    )


def test_every_rule_is_told_in_two_paragraphs() -> None:
    for rule in ordered():
        assert rule.text.endswith("."), rule.id
        assert rule.how.endswith("."), rule.id
        assert rule.section, rule.id


def test_no_id_of_the_draft_is_missing() -> None:
    counts = {"A": 10, "B": 16, "C": 14, "D": 6, "E": 18, "F": 15, "G": 11, "H": 6}
    assert counts.keys() == GROUPS.keys()
    wanted = [f"{group}{number}" for group, count in counts.items() for number in range(1, count + 1)]
    assert [rule.id for rule in ordered()] == wanted
    assert len(MODULES) == 9
