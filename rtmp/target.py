"""What a publisher's URL means: app and stream key, for every way in which encoders take it apart.

People type `rtmp://HOST/live` with a key, or `rtmp://HOST/live/KEY` as one field; clients cut that differently.
"""


def split_target(app: str, tc_url: str, name: str) -> tuple[str, str]:
    """Return `(app, key)` from connect's `app` and `tcUrl` and publish's stream name; the key is '' when there is none.

    Query strings are dropped: they carry vhosts, user names, or OBS's `?clientConfigId=…`. When the name has no key, the
    app's last component is it: OBS with an empty Stream Key field sends app `live/KEY` (SRS issue 3018), and
    `live?user=…/KEY` when there is a query before it.
    """
    path, _, query = (app or _path_of(tc_url)).partition("?")
    components = [part for part in path.split("/") if part and part != "_definst_"]
    key = name.partition("?")[0].strip("/")
    if not key and len(components) > 1:
        key = components.pop()
    elif not key and "/" in query:
        key = query.rpartition("/")[2].partition("?")[0]
    return "/".join(components), key


def _path_of(tc_url: str) -> str:
    """`live/x` of `rtmp://host:1935/live/x`, for clients that leave `app` out. Neko puts a quote before the URL."""
    _, scheme, rest = tc_url.strip("\"' ").partition("://")
    return rest.partition("/")[2] if scheme else ""
