"""What a seeded site consists of, without a database."""

from datetime import UTC, datetime

from common.ids import check_login
from weir.seed_plan import SeedPlan, SeedSize, batches

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def plan(seed: int = 1, users: int = 20_000) -> SeedPlan:
    size = SeedSize(users, users // 10, users // 100, follows_per_user=2)
    return SeedPlan(size, seed=seed, now=NOW, categories=50)


def test_everybody_has_a_login_of_their_own_that_is_allowed() -> None:
    logins = [user.login for user in plan(users=60_000).users()]
    assert len(set(logins)) == 60_000
    assert [check_login(login) for login in logins] == logins


def test_the_same_number_makes_the_same_site_and_another_one_another() -> None:
    def everything(seed: int) -> list[object]:
        made = plan(seed)
        return [list(made.users()), list(made.follows()), list(made.broadcasts())]

    assert everything(1) == everything(1)
    assert all(one != other for one, other in zip(everything(1), everything(2), strict=True))


def test_nobody_follows_themselves_and_popular_channels_have_most_followers() -> None:
    made = list(plan().follows())
    assert len(made) == 40_000
    assert all(user != channel and 0 <= user < 20_000 and 0 <= channel < 2_000 for user, channel, _ in made)
    assert sum(channel < 200 for _, channel, _ in made) > len(made) / 3


def test_as_many_broadcasts_are_live_as_was_asked_for_one_a_channel() -> None:
    made = list(plan().broadcasts())
    live = [broadcast.channel for broadcast in made if broadcast.ended_at is None]
    assert len(live) == len(set(live)) == 200
    assert len({broadcast.id for broadcast in made}) == len(made)


def test_a_site_of_one_user_is_possible() -> None:
    size = SeedSize(users=1, channels=1, live=1, follows_per_user=5)
    made = SeedPlan(size, seed=1, now=NOW, categories=0)
    assert len(list(made.users())) == len([one for one in made.broadcasts() if one.ended_at is None]) == 1
    assert list(made.follows()) == []


def test_batches_are_full_up_to_the_last() -> None:
    assert list(batches(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches(iter(()), 2)) == []
