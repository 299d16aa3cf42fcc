"""Secrets and passwords."""

import re

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from common.credentials import HashingBusyError, hash_password, new_stream_key, secret_sha256, verify_password


def test_a_stream_key_has_only_characters_no_encoder_changes() -> None:
    keys = {new_stream_key().text for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch("live_[a-z0-9]{50}", key) for key in keys)


def test_a_secret_is_stored_as_its_hash_and_told_apart_by_its_end() -> None:
    secret = new_stream_key()
    assert secret.sha256 == secret_sha256(secret.text)
    assert secret.text.endswith(secret.last4)
    assert len(secret.last4) == 4


def test_a_secret_stays_out_of_reprs() -> None:
    secret = new_stream_key()
    assert secret.text not in repr(secret)


@given(st.text(st.characters()))
def test_whatever_an_encoder_sends_as_key_can_be_hashed(text: str) -> None:
    assert len(secret_sha256(text)) == 32


async def test_a_password_is_verified_by_its_argon2id_hash() -> None:
    stored = await hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert "correct horse" not in stored
    assert await verify_password("correct horse", stored)
    assert not await verify_password("wrong horse", stored)


async def test_an_account_without_password_lets_nobody_in() -> None:
    assert not await verify_password("", None)


async def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not await verify_password("anything", "$argon2id$broken")


async def test_a_crowd_that_wants_passwords_hashed_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.credentials.MAX_WAITING", 1)
    monkeypatch.setattr("common.credentials._HASHING_THREADS", trio.CapacityLimiter(1))
    refused = 0
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(hash_password, "correct horse")
        await trio.testing.wait_all_tasks_blocked()
        for attempt in (
            hash_password("correct horse"),
            verify_password("x", None),
            verify_password("x", "y"),
        ):
            try:
                await attempt
            except HashingBusyError:
                refused += 1
    assert refused == 3
