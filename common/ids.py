"""Identifiers: UUIDv7 for streams, sessions, messages and videos; logins, which are also the names of pages. Pure."""

import re
import uuid

from common.errors import WeirError

RANDOM_BITS = 74
"""Random bits in a UUIDv7: everything but the time, the version and the variant."""

LOGIN_MIN_LENGTH = 3
LOGIN_MAX_LENGTH = 25

_PATHS_AND_OFFICES = """
about abuse account activate admin administrator api app apps assets auth blog browse careers categories
category channel channels chat clip clips cms collections contact copyright creator creators csp
dashboard debug default directory docs download downloads drops embed emotes error errors events eventsub
everyone explore faq favicon feed feedback follow followers following follows forgot friends global
graphql guest guidelines healthz help here hls home host hosting images impressum inbox index ingest
internal inventory irc jobs jwks languages legal live livez login logout mail manifest media message
messages metrics mod moderation moderator moderators mods more notifications nobody null oauth oauth2
offline official oidc onboarding openapi operator overlay owner partner partners password payments player
playlist playlists popout postmaster press privacy products profile public push raid readyz recordings
recover redirect redis register reports reset robots root rss rtmp rtmps rules schedule scripts search
security sendmail session sessions settings setup share signin signout signup site sitemap staff static
stats status store stream streams studio styles sub subs subscribe subscriptions sudo support system tag
tags team teams terms tmi token tokens tos trending turbo undefined unsubscribe upload uploads user users
validate vapid verify version video videos vod vods watch webhook webhooks webmaster weir welcome well_known
widget widgets worker wss www
"""
RESERVED_LOGINS = frozenset(_PATHS_AND_OFFICES.split())
"""Logins nobody can have: paths of ours now or likely later (a channel's page is `/LOGIN`), and names that would let
somebody pose as the site. Too many here cost nothing; one too few costs a page."""

_LOGIN = re.compile(rf"[a-z0-9_]{{{LOGIN_MIN_LENGTH},{LOGIN_MAX_LENGTH}}}")


class InvalidLoginError(WeirError, ValueError):
    """Nobody can have this login; the text says why."""


def check_login(login: str) -> str:
    """Give `login` back when somebody can have it, in lower case; raise `InvalidLoginError` otherwise."""
    lowered = login.lower()
    if not LOGIN_MIN_LENGTH <= len(login) <= LOGIN_MAX_LENGTH:
        raise InvalidLoginError(
            f"a login has {LOGIN_MIN_LENGTH} to {LOGIN_MAX_LENGTH} characters; {login[:50]!r} has {len(login)}"
        )
    if not _LOGIN.fullmatch(lowered):
        wrong = next(character for character in lowered if not _LOGIN.fullmatch(character * LOGIN_MIN_LENGTH))
        raise InvalidLoginError(f"a login has only letters a-z, digits and _; {login!r} has {wrong!r}")
    if lowered in RESERVED_LOGINS:
        raise InvalidLoginError(f"the login {lowered!r} is reserved for the site itself; choose another")
    return lowered


def uuid7(now_ms: int, random: int) -> uuid.UUID:
    """Make a UUIDv7 (RFC 9562 §5.7): sorts by time, never repeats.

    Args:
        now_ms: Unix time in milliseconds, 48 bits of it.
        random: `RANDOM_BITS` random bits, from `secrets.randbits` or a test.
    """
    time_bits = (now_ms & ((1 << 48) - 1)) << 80
    rand_a = (random >> 62 & 0xFFF) << 64
    rand_b = random & ((1 << 62) - 1)
    return uuid.UUID(int=time_bits | 0x7 << 76 | rand_a | 0b10 << 62 | rand_b)


def uuid7_at(now_ns: int, random: int) -> uuid.UUID:
    """Make a UUIDv7 whose order holds within a millisecond, too (RFC 9562 §6.2, method 3).

    Args:
        now_ns: Unix time in nanoseconds; of it counts what 244 ns change.
        random: of its `RANDOM_BITS` random bits the lower 62.
    """
    now_ms, rest_ns = divmod(now_ns, 1_000_000)
    fraction = (rest_ns << 12) // 1_000_000
    return uuid7(now_ms, fraction << 62 | random & ((1 << 62) - 1))


def uuid7_ms(value: uuid.UUID) -> int:
    """Give the Unix time in milliseconds inside a UUIDv7."""
    return value.int >> 80
