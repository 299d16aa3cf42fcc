"""bench.chat: its command line, its sums, and one short round with a real server and a real load."""

from pathlib import Path

import pytest

from bench import chat
from bench.chat import arguments, main, remarks, row
from bench.chat_crowd import add_up, delay_ms
from bench.chat_load import Measured, waited_s
from bench.chat_rounds import FLOOD_SENDERS, SCENARIOS, Failure, Result
from bench.chat_servers import HOW_TO_GET, NAMES

PEERS = Path(chat.__file__).with_name("chat_peers")


def result(name: str, deliveries: int, server_cpu_s: float, **measured: float) -> Result:
    seen = Measured(seconds=2.0, deliveries=deliveries, delays={"10": 90, "200": 10})
    for field, value in measured.items():
        setattr(seen, field, value)
    return Result(name, SCENARIOS["steady"], seen, server_cpu_s, 0.0, 5_000.0)


def test_delays_are_counted_in_tenths_of_milliseconds() -> None:
    assert delay_ms({"10": 90, "200": 10}, 0.5) == pytest.approx(1.1)
    assert delay_ms({"10": 90, "200": 10}, 0.99) == pytest.approx(20.1)
    assert delay_ms({}, 0.5) is None


def test_what_several_processes_saw_is_added_and_the_busiest_counts() -> None:
    both = add_up([Measured(2.0, deliveries=3, cpu_s=1.0, delays={"1": 3}), Measured(2.0, 4, 5, 0.5)])
    assert (both.deliveries, both.sent, both.cpu_s, both.delays) == (8, 4, 1.0, {"1": 3})


def test_a_row_says_how_many_times_weir_is() -> None:
    weir, peer = result("weir", 8_000, 0.08), result("ws", 4_000, 0.08)
    assert row(weir, weir)[3:8] == [4_000.0, None, 10.0, None, pytest.approx(1.1)]
    assert row(peer, weir)[3:7] == [2_000.0, 2.0, 20.0, 0.5]
    assert row(Failure("ws", "broken"), weir)[0] == "ws: FAILED, broken"


def test_a_load_that_was_the_bottleneck_says_so() -> None:
    assert remarks(result("weir", 1, 1.0)) == []
    [said] = remarks(result("weir", 1, 1.0, cpu_s=1.9))
    assert "at the end of its core" in said
    assert "waited for its core 50%" in remarks(result("weir", 1, 1.0, waited_s=1.0))[0]


def test_senders_stay_within_the_rules() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.rate <= scenario.senders * 100 / 30
        assert scenario.senders <= FLOOD_SENDERS


def test_the_command_line_names_its_modes(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments([]).mode == ["steady", "flood", "memory"]
    assert arguments(["huge", "--peer", "none"]).peer == []
    with pytest.raises(SystemExit):
        arguments(["fast"])
    assert "there is no mode 'fast'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        arguments(["--help"])
    told = capsys.readouterr().out
    assert all(f"    {mode} " in told for mode in (*SCENARIOS, "reconnect", "parts"))


def test_every_peer_has_a_script_and_a_way_to_get_it() -> None:
    assert set(HOW_TO_GET) == set(NAMES)
    assert "resolved" not in (PEERS / "package-lock.json").read_text(encoding="utf-8")
    for peer in HOW_TO_GET:
        assert (PEERS / f"{peer}.mjs").exists() or (PEERS / f"{peer}_room.py").exists()


def test_a_process_knows_how_long_it_waited() -> None:
    assert waited_s() >= 0
    assert waited_s(2**22 + 1) == 0


@pytest.mark.real
def test_a_short_round_in_json_and_irc(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments(["steady", "irc", "inside", "--members", "20", "--seconds", "1", "--peer", "none"])
    monkeypatch.setattr(chat, "arguments", lambda: given)
    monkeypatch.setattr(chat, "pin_generator", lambda: None)
    main()
    printed = capsys.readouterr().out
    rows = [line.split("|") for line in printed.splitlines() if line.startswith("| weir")]
    assert [cells[2].strip() for cells in rows] == ["20", "20", "20"], printed
    assert all(float(cells[4].replace(" ", "")) > 100 for cells in rows), printed
    assert all(cells[10].strip() == "0" for cells in rows), "nobody was cut"


@pytest.mark.real
def test_a_crowd_comes_back(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(["reconnect", "--members", "30", "--seconds", "1", "--peer", "none"])
    monkeypatch.setattr(chat, "arguments", lambda: given)
    monkeypatch.setattr(chat, "pin_generator", lambda: None)
    monkeypatch.setattr(chat, "RETURN_S", 1.0)
    main()
    [cells] = [
        line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("|      30")
    ]
    assert [cell.strip() for cell in cells[1:5:2]] == ["30", "30"]
    assert cells[4].strip() == "100.0"
