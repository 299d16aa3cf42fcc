"""Issues appear after they held for a while, disappear after they were gone for a while, and never flap."""

from weir.issue_tracker import CLEAR_S, MAX_TOLD, IssueBegan, IssueEnded, IssueTracker
from weir.stream_issues import Issue, Rule

RULE = Rule("slow", "warning", "Slow", lambda _: None, after_s=5.0)
AT_ONCE = Rule("gone", "error", "Gone", lambda _: None, after_s=0.0)


def issue(rule: Rule = RULE, text: str = "slow") -> tuple[Rule, Issue]:
    return rule, Issue(rule.type, rule.severity, rule.reason, text)


def test_it_is_told_after_it_held_for_its_time_and_only_once() -> None:
    tracker = IssueTracker()
    assert [len(tracker.update([issue(text=f"at {now}")], float(now))) for now in range(9)] == [0] * 5 + [
        1
    ] + [0] * 3
    assert [one.description for one in tracker.current] == ["at 5"]


def test_what_comes_and_goes_is_never_told() -> None:
    tracker = IssueTracker()
    for now in range(100):
        assert tracker.update([issue()] if now % 4 else [], float(now)) == []


def test_some_are_told_at_once() -> None:
    assert IssueTracker().update([issue(AT_ONCE)], 0.0) == [IssueBegan(issue(AT_ONCE)[1])]


def test_it_is_over_when_it_was_gone_for_a_while_and_not_before() -> None:
    tracker = IssueTracker()
    tracker.update([issue(AT_ONCE)], 0.0)
    assert tracker.update([], CLEAR_S - 1) == []
    tracker.update([issue(AT_ONCE)], CLEAR_S - 0.5)
    assert tracker.update([], CLEAR_S + 1) == []
    assert tracker.update([], 2 * CLEAR_S) == [IssueEnded("gone")]
    assert tracker.current == ()


def test_it_can_come_back() -> None:
    tracker = IssueTracker()
    tracker.update([issue(AT_ONCE)], 0.0)
    tracker.update([], CLEAR_S)
    assert tracker.update([issue(AT_ONCE)], CLEAR_S + 1) == [IssueBegan(issue(AT_ONCE)[1])]


def test_the_end_of_the_broadcast_ends_what_was_told() -> None:
    tracker = IssueTracker()
    tracker.update([issue(AT_ONCE), issue()], 0.0)
    assert tracker.end() == [IssueEnded("gone")]
    assert tracker.end() == []


def test_an_encoder_that_provokes_issues_for_ever_is_bounded() -> None:
    tracker = IssueTracker()
    told, now = 0, 0.0
    for _ in range(MAX_TOLD + 50):
        told += len(tracker.update([issue(AT_ONCE)], now))
        tracker.update([], now + CLEAR_S)
        now += CLEAR_S + 1
    assert told == MAX_TOLD
