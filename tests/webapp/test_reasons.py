"""Every reason that a refusal of the API may carry has a sentence in German; in English the server's own is shown."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SENTENCES = ROOT / "webapp" / "frontend" / "src" / "i18n" / "problems.de.ts"
PLACES = {"ApiProblemError": None, "Refused": 0, "SubscriptionRefusedError": 1}
"""At which place the reason is in what raises or gives a refusal; `None`: it is named. `Refused` of `play_access` has it third."""
BEGINNINGS = {"bad_clear_user", "bad_delete_message", "bad_warn", "bad_watch"}
"""Of reasons that `common.moderation.shield` puts together."""
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_FROM_A_TABLE = re.compile(r"(bad|usage)_[a-z_]+")


def reasons_in(tree: ast.AST) -> Iterator[str]:
    """Find reasons in a module; what is put together of parts is given with `*` for what is not known."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if _FROM_A_TABLE.fullmatch(text):
                yield text
            case ast.Call(func=ast.Name(id=name)) if name in PLACES:
                yield from filter(None, map(pattern_of, reason_of(node, PLACES[name])))


def reason_of(call: ast.Call, place: int | None) -> list[ast.expr]:
    """Find what is given as the reason."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if place is None or not call.args:
        return named
    begins_with_status = isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, int)
    return named + call.args[2:3] if begins_with_status else named + call.args[place : place + 1]


def pattern_of(value: ast.expr) -> str:
    """Write an expression as a pattern; '' where nothing of it is known."""
    match value:
        case ast.Constant(value=str(text)) if _CODE.fullmatch(text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
        case _:
            return ""


def all_reasons() -> list[str]:
    """Of the packages whose refusals reach the API."""
    files = [*(ROOT / "webapp").glob("*.py"), *(ROOT / "common").glob("*.py")]
    found = {reason for file in files for reason in reasons_in(ast.parse(file.read_text(encoding="utf-8")))}
    return sorted(found - BEGINNINGS - {"*_*"})


def known() -> tuple[set[str], set[str]]:
    """The reasons, and the ends of reasons, for which there are sentences."""
    text = SENTENCES.read_text(encoding="utf-8")
    reasons, _, ends = text.partition("ENDS")
    key = re.compile(r"^  (\w+): ", re.MULTILINE)
    return set(key.findall(reasons)), set(key.findall(ends))


@pytest.mark.parametrize("reason", all_reasons())
def test_a_reason_has_its_sentence(reason: str) -> None:
    reasons, ends = known()
    is_known = reason in reasons or any(reason.endswith(end) for end in ends)
    assert is_known, f"say in {SENTENCES.name} what {reason!r} means"


def test_the_reasons_are_found() -> None:
    assert {"wrong_password", "no_payments", "follow", "already_banned", "yourself", "bad_unmod_mod"} <= set(
        all_reasons()
    )
