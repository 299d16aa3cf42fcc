"""The table a bench prints."""

import platform

import pytest

from bench.report import describe_machine, print_report, render_table


def test_table_is_aligned_and_numbers_stand_to_the_right() -> None:
    rows = [("small", 31234.5, 0.481), ("large", 987.25, None)]
    assert render_table(["what", "requests/s", "of nginx"], rows) == (
        "| what  | requests/s | of nginx |\n"
        "|-------|-----------:|---------:|\n"
        "| small |     31 234 |     0.48 |\n"
        "| large |      987.2 |        - |"
    )


def test_table_without_rows_is_its_head() -> None:
    assert render_table(["a", "bcde"], []) == "| a   | bcde |\n|-----|------|"


def test_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a cell for each column"):
        render_table(["a", "b"], [("1",)])


def test_report_names_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    print_report("Origin", ["what", "n"], [("x", 1200)], notes=["wrk was used"])
    out = capsys.readouterr().out
    assert f"Python {platform.python_version()}" in out
    assert describe_machine() in out
    assert "| x    | 1 200 |" in out
    assert out.endswith("wrk was used\n")
