"""`weir doctor` says what is wrong with the Redis that is configured."""

import pytest

from tests.valkey_site import Valkey, running_valkey, valkey
from weir.doctor_redis import check_answer, examine_redis
from weir.findings import Level

__all__ = ["valkey"]


async def test_where_none_is_configured_there_is_nothing_to_say() -> None:
    assert await examine_redis(None) == []


def test_one_that_is_far_away_is_told_of() -> None:
    assert check_answer("Valkey 8.1.1", 0.001).level is Level.OK
    assert check_answer("Valkey 8.1.1", 0.2).level is Level.WARNING


async def test_an_address_that_is_none_is_a_problem() -> None:
    (finding,) = await examine_redis("http://127.0.0.1")
    assert finding.level is Level.PROBLEM
    assert "WEIR_REDIS_URL" in finding.text


@pytest.mark.real
async def test_one_that_answers_is_named(valkey: Valkey) -> None:
    (finding,) = await examine_redis(valkey.url)
    assert finding.text.startswith("Valkey 8.")


@pytest.mark.real
async def test_one_that_does_not_run_or_wants_another_password_is_a_problem(valkey: Valkey) -> None:
    valkey.stop()
    (away,) = await examine_redis(valkey.url)
    assert away.level is Level.PROBLEM
    assert "Start it" in away.advice
    with running_valkey("secret") as locked:
        (refused,) = await examine_redis(locked.url.replace("secret", "guess"))
    assert refused.level is Level.PROBLEM
    assert "password" in refused.text
    assert "guess" not in refused.text
