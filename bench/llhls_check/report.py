"""Verdicts for people and for programs. Pure."""

import json
from collections import Counter
from collections.abc import Iterator

from bench.llhls_check.observation import Observation
from bench.llhls_check.rules import GROUPS, LEVELS
from bench.llhls_check.verdicts import Outcome, Verdict

_WIDTH = 112


def is_low_latency(seen: Observation) -> bool:
    """Whether any playlist has a tag of Low-Latency HLS."""
    names = ("EXT-X-PART", "EXT-X-PART-INF", "EXT-X-PRELOAD-HINT")
    return any(playlist.tags(name) for _, playlist in seen.playlists() for name in names)


def exit_code(seen: Observation, verdicts: list[Verdict]) -> int:
    """0: every rule that must be kept is kept; 1: one is not; 2: no Low-Latency HLS."""
    if not is_low_latency(seen):
        return 2
    return int(any(verdict.outcome is Outcome.FAIL for verdict in verdicts))


def render_text(seen: Observation, verdicts: list[Verdict]) -> str:
    """One line a rule, evidence below it, and a summary."""
    lines = [f"Low-Latency HLS check of {seen.url}", *_stream_lines(seen)]
    group = ""
    for verdict in verdicts:
        if verdict.rule.id[0] != group:
            group = verdict.rule.id[0]
            lines += ["", f"{group}  {GROUPS[group]}"]
        lines.append(_line(verdict))
        lines += [f"       - {one.where}: {one.what}" for one in verdict.findings]
        if verdict.count > len(verdict.findings):
            lines.append(f"       - and {verdict.count - len(verdict.findings)} more")
    return "\n".join([*lines, "", *_summary(seen, verdicts)]) + "\n"


def _line(verdict: Verdict) -> str:
    said = f"({verdict.reason}) " if verdict.reason else ""
    text = f"{verdict.rule.id:<4} {verdict.rule.level} {verdict.outcome.value:<8} {said}{verdict.rule.text}"
    return text if len(text) <= _WIDTH or verdict.findings else f"{text[: _WIDTH - 3].rstrip()}..."


def _stream_lines(seen: Observation) -> Iterator[str]:
    for one in seen.renditions:
        state = "ended" if one.last.ended else "live"
        target = f", PART-TARGET {one.last.part_target_s:g} s" if one.last.part_target_s else ", no parts"
        seconds = one.reloads[-1].exchange.done_at - one.reloads[0].exchange.done_at
        reloads = f"{len(one.reloads)} reloads in {seconds:.1f} s"
        yield f"  {one.name}: {state}, {reloads}, {len(one.loads)} downloads{target}"
    if seen.left_out:
        yield f"  not watched: {', '.join(seen.left_out)}"
    if seen.edge:
        yield f"  taken for an edge because of {seen.edge}"


def _summary(seen: Observation, verdicts: list[Verdict]) -> Iterator[str]:
    counts = Counter(verdict.outcome for verdict in verdicts)
    failed = [verdict.rule.id for verdict in verdicts if verdict.outcome is Outcome.FAIL]
    warned = [verdict.rule.id for verdict in verdicts if verdict.outcome is Outcome.WARNING]
    yield (
        f"{counts[Outcome.PASS]} rules kept, {len(failed)} broken, {len(warned)} warnings,"
        f" {counts[Outcome.NOT_APPLICABLE]} not applicable"
    )
    if failed:
        yield f"Broken, though they must be kept: {', '.join(failed)}. Players may stall or refuse this stream."
    if warned:
        yield f"Better otherwise: {', '.join(warned)}. Players cope, but latency or caching may suffer."
    if not is_low_latency(seen):
        yield "This is plain HLS: no playlist has a tag of Low-Latency HLS (EXT-X-PART-INF, EXT-X-PART)."
    elif not seen.live():
        yield "The stream has ended, so nothing that changes over time could be checked."
    elif not failed:
        yield "Every rule that must be kept, and could be checked, is kept."
    yield "M must, S should, R recommended; each rule is explained in docs/ll-hls-rules.md."


def render_json(seen: Observation, verdicts: list[Verdict]) -> str:
    """The same for programs."""
    return json.dumps(
        {
            "url": seen.url,
            "low_latency": is_low_latency(seen),
            "live": bool(seen.live()),
            "edge": seen.edge or None,
            "renditions": [
                {
                    "name": one.name,
                    "url": one.url,
                    "reloads": len(one.reloads),
                    "downloads": len(one.loads),
                    "part_target_s": one.last.part_target_s,
                }
                for one in seen.renditions
            ],
            "not_watched": seen.left_out,
            "exit_code": exit_code(seen, verdicts),
            "rules": [_as_json(verdict) for verdict in verdicts],
        },
        indent=1,
    )


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "id": verdict.rule.id,
        "level": LEVELS[verdict.rule.level],
        "section": verdict.rule.section,
        "outcome": verdict.outcome.value.lower(),
        "reason": verdict.reason or None,
        "findings": [{"where": one.where, "what": one.what} for one in verdict.findings],
        "findings_total": verdict.count,
    }
