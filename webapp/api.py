"""`/api`: resources and field names after Twitch's Helix (envelope `{data, pagination}`, ids as strings, RFC 3339 times)."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import trio
from quart import Blueprint, Response, request

from webapp.directory import ChannelInfo, LiveDirectory, LiveStream
from webapp.inline import inline
from webapp.problems import ApiProblemError
from webapp.public_urls import PublicUrls

LOGIN = re.compile(r"[a-z0-9_]{3,25}")
DEFAULT_PAGE = 20
MAX_PAGE = 100


def api_routes(directory: LiveDirectory, urls: PublicUrls, version: str) -> Blueprint:
    """Build the routes below `/api`."""
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.get("/site")
    @inline
    def site() -> Response:
        return send(
            {
                "name": "weir",
                "version": version,
                "server_time": rfc3339(datetime.now(UTC)),
                "urls": urls.for_host(request.host),
                "features": {"chat": False},
                "limits": {"page": MAX_PAGE},
            }
        )

    @api.get("/streams")
    async def streams() -> Response:
        logins = [_login(text) for text in _repeated("user_login")]
        found = await directory.live_streams(logins=logins, limit=_page_size())
        return send({"data": [stream_fields(stream) for stream in found], "pagination": {}})

    @api.get("/channels/<login>")
    async def channel(login: str) -> Response:
        await trio.lowlevel.checkpoint()
        found = await directory.channel(login.lower()) if LOGIN.fullmatch(login.lower()) else None
        if found is None:
            raise ApiProblemError(404, f"There is no channel called {login[:25]}.")
        return send({"data": [channel_fields(found)]})

    return api


def send(value: object) -> Response:
    """Answer with JSON that nobody keeps."""
    return Response(msgspec.json.encode(value), content_type="application/json")


def stream_fields(stream: LiveStream) -> dict[str, Any]:
    """One live stream as Helix's `GET /streams` gives it; fields we cannot fill are left out."""
    fields = {
        "id": stream.id,
        "user_id": stream.user_id,
        "user_login": stream.user_login,
        "user_name": stream.user_name,
        "type": "live",
        "title": stream.title,
        "started_at": rfc3339(stream.started_at),
    }
    if stream.thumbnail_url is not None:
        fields["thumbnail_url"] = stream.thumbnail_url
    return fields


def channel_fields(channel: ChannelInfo) -> dict[str, Any]:
    """One channel: Helix's `GET /channels`, and what `GET /search/channels` says about its being live."""
    return {
        "broadcaster_id": channel.broadcaster_id,
        "broadcaster_login": channel.broadcaster_login,
        "broadcaster_name": channel.broadcaster_name,
        "title": channel.title,
        "is_live": channel.live is not None,
        "stream_id": channel.live.id if channel.live else None,
        "started_at": rfc3339(channel.live.started_at) if channel.live else None,
    }


def rfc3339(moment: datetime) -> str:
    """A time with its zone as UTC, to the millisecond: `2026-01-02T03:04:05.678Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _repeated(name: str) -> list[str]:
    values = request.args.getlist(name)
    if len(values) > MAX_PAGE:
        raise ApiProblemError(400, f"At most {MAX_PAGE} values of {name} are allowed.")
    return values


def _login(text: str) -> str:
    login = text.lower()
    if LOGIN.fullmatch(login) is None:
        raise ApiProblemError(400, "user_login must be 3 to 25 letters, digits or underscores.")
    return login


def _page_size() -> int:
    text = request.args.get("first", str(DEFAULT_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MAX_PAGE):
        raise ApiProblemError(400, f"first must be a whole number from 1 to {MAX_PAGE}.")
    return int(text)
