"""What every event of the JSON protocol begins with. Pure."""

import msgspec


class InChannel(msgspec.Struct, frozen=True, kw_only=True):
    """What every event begins with."""

    broadcaster_user_id: str
    broadcaster_user_login: str
