"""Configuration: `weir.toml` and `WEIR_*` environment variables, parsed once at the edge into one frozen struct: one list of settings.

Below the edge nobody sees this struct: constructors take the few numbers they need.
"""

import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from common.errors import WeirError

ENVIRONMENT_PREFIX = "WEIR_"
NOT_CONFIGURATION = frozenset({"WEIR_CONFIG", "WEIR_STREAM_KEY"})
"""Variables of ours that are no configuration keys: where the file is, and the key `weir publish` uses."""

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class ConfigError(WeirError):
    """The configuration cannot be used; the text names the key and what is wrong with it."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting of weir. A field `rtmp_port` is the key `rtmp_port` in weir.toml and `WEIR_RTMP_PORT`."""

    host: Annotated[str, Meta(description="Address that every listener binds to; `0.0.0.0` for all.")] = (
        "127.0.0.1"
    )
    data_dir: Annotated[
        str,
        Meta(description="Folder for the embedded database and the live window on disk; made when missing."),
    ] = "./data"
    node: Annotated[
        str,
        Meta(min_length=1, max_length=100, description="Name of this process in the database; host name."),
    ] = msgspec.field(default_factory=socket.gethostname)

    rtmp_port: Annotated[Port, Meta(description="Where encoders publish; 0 picks a free port.")] = 1935
    rtmps_port: Annotated[
        Port | None,
        Meta(
            description="Where encoders publish with TLS, usually 443 or 1936; needs `tls_cert` and `tls_key`. Unset: nowhere."
        ),
    ] = None
    tls_cert: Annotated[
        str | None,
        Meta(
            description="PEM file with the certificate and its chain, such as certbot's `fullchain.pem`; read again when it changes."
        ),
    ] = None
    tls_key: Annotated[
        str | None, Meta(description="PEM file with the certificate's private key, without a password.")
    ] = None
    web_port: Annotated[Port, Meta(description="Pages and API; 0 picks a free port.")] = 8080
    hls_port: Annotated[Port, Meta(description="Playlists and media; 0 picks a free port.")] = 8081
    chat_port: Annotated[
        Port, Meta(description="Chat over WebSocket, JSON and Twitch's IRC; 0 picks a free port.")
    ] = 8082
    irc_port: Annotated[Port, Meta(description="Chat as IRC over TCP; 0 picks a free port.")] = 6667
    ircs_port: Annotated[
        Port | None,
        Meta(
            description="Chat as IRC with TLS, usually 6697; needs `tls_cert` and `tls_key`. Unset: nowhere."
        ),
    ] = None
    public_rtmp_url: Annotated[
        str | None,
        Meta(description="RTMP address encoders are told, without `/live`. Unset: from host and port."),
    ] = None
    public_web_url: Annotated[
        str | None, Meta(description="Address of the pages as browsers see it. Unset: from host and port.")
    ] = None
    public_hls_url: Annotated[
        str | None, Meta(description="Address of the media as browsers see it. Unset: from host and port.")
    ] = None
    public_chat_url: Annotated[
        str | None,
        Meta(
            description="Address of chat as browsers see it, `wss://…` without `/ws`. Unset: from host and port."
        ),
    ] = None
    trusted_proxies: Annotated[
        list[str],
        Meta(
            description="Addresses or networks whose X-Forwarded-For (HTTP) and PROXY headers (RTMP) are believed; comma separated."
        ),
    ] = []

    database_url: Annotated[
        str | None, Meta(description="PostgreSQL DSN. Unset: an embedded PostgreSQL below `data_dir`.")
    ] = None
    redis_url: Annotated[
        str | None, Meta(description="Redis or Valkey URL; needed by single roles. Unset: in-process.")
    ] = None

    registration: Annotated[
        Literal["open", "invite", "closed"],
        Meta(
            description="Who may make an account: everybody, people with an invitation (`weir user invite`), or nobody."
        ),
    ] = "open"

    smtp_host: Annotated[
        str | None,
        Meta(
            description="Server that takes e-mail; needs `smtp_from` and `public_web_url`. Unset: no e-mail is sent."
        ),
    ] = None
    smtp_port: Annotated[Port, Meta(description="Its port: usually 587 with starttls, 465 with tls.")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="How the connection to it is encrypted.")
    ] = "starttls"
    smtp_user: Annotated[str | None, Meta(description="Login there. Unset: none.")] = None
    smtp_password: Annotated[str | None, Meta(description="Password there.")] = None
    smtp_from: Annotated[str | None, Meta(description="Address that e-mail comes from.")] = None

    egress_allow: Annotated[
        list[str],
        Meta(
            description="Addresses or networks of your own that webhooks and the like may reach, without TLS, too;"
            " comma separated. Empty: the public internet only."
        ),
    ] = []
    egress_ports: Annotated[
        list[Port], Meta(description="Ports elsewhere that they may reach; comma separated.")
    ] = msgspec.field(default_factory=lambda: [443, 8443])

    stripe_secret_key: Annotated[
        str | None,
        Meta(
            description="Secret key of your Stripe account: subscriptions are sold; needs `stripe_webhook_secret` and"
            " `public_web_url`. Unset: they are given, without money."
        ),
    ] = None
    stripe_webhook_secret: Annotated[
        str | None, Meta(description="Signing secret of the webhook endpoint at Stripe, `whsec_…`.")
    ] = None
    stripe_api_url: Annotated[str, Meta(description="Where Stripe's API is; for tests.")] = (
        "https://api.stripe.com"
    )
    subscription_prices: Annotated[
        list[Annotated[int, Meta(ge=1, le=99_999_999)]],
        Meta(
            min_length=3,
            max_length=3,
            description="What a month costs at tier 1, 2 and 3, in the smallest unit of the currency; comma separated.",
        ),
    ] = msgspec.field(default_factory=lambda: [499, 999, 2499])
    subscription_currency: Annotated[
        str, Meta(pattern="^[a-z]{3}$", description="ISO 4217, in lower case.")
    ] = "usd"

    play_ticket_s: Annotated[
        float,
        Meta(
            ge=1,
            le=300,
            description="How long a ticket to a channel that is not for everybody lasts; its page renews it."
            " Who may no longer watch can do so for as long at most.",
        ),
    ] = 300.0
    play_cookie_domain: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")] | None,
        Meta(
            description="Domain that pages and media have in common, where media has a host name of its own: `example.org`"
            " for `live.example.org` and `media.example.org`. Unset: they have one host name.",
        ),
    ] = None

    test_streams: Annotated[
        int, Meta(ge=0, description="Test pictures that a process shows at once, each half a core; 0: none.")
    ] = 4
    test_stream_s: Annotated[
        Seconds, Meta(description="How long a test picture lasts that somebody starts from the pages.")
    ] = 600.0

    reconnect_grace_s: Annotated[
        Seconds, Meta(description="How long a broadcast waits for an encoder that dropped without good-bye.")
    ] = 15.0
    drain_s: Annotated[Seconds, Meta(description="How long open connections get after SIGTERM.")] = 10.0

    rtmp_idle_s: Annotated[Seconds, Meta(description="A publisher silent for this long is dropped.")] = 15.0
    rtmp_stall_s: Annotated[
        Seconds,
        Meta(
            description="A publisher that sends bytes but completes no audio or video for this long is dropped."
        ),
    ] = 60.0
    rtmp_handshake_s: Annotated[
        Seconds, Meta(description="Time from TCP connect to a publish request, in all.")
    ] = 10.0
    rtmp_max_connections: Annotated[Count, Meta(description="RTMP connections in all.")] = 2000
    rtmp_max_per_address: Annotated[Count, Meta(description="RTMP connections from one address.")] = 100
    rtmp_max_unauthenticated: Annotated[
        Count, Meta(description="RTMP connections that have not been admitted yet.")
    ] = 500
    rtmp_max_message_bytes: Annotated[
        int,
        Meta(
            ge=65_536,
            le=16_777_215,
            description="Largest frame; one connection may hold twice as much of unfinished ones.",
        ),
    ] = 8_388_608
    rtmp_max_chunk_streams: Annotated[
        int, Meta(ge=8, le=65_600, description="Chunk streams on one connection; encoders use two to five.")
    ] = 64
    rtmp_max_bitrate_bps: Annotated[
        int,
        Meta(
            ge=100_000, description="A publisher above it for 15 s is ended, with a sentence that says why."
        ),
    ] = 100_000_000
    rtmp_wrong_keys: Annotated[
        Count, Meta(description="Wrong stream keys from one address before it has to wait between tries.")
    ] = 10

    rtmp_tick_publishers: Annotated[
        Count,
        Meta(
            description="From this many publishers on, sockets are read every 20 ms instead of at every frame:"
            " a third less CPU."
        ),
    ] = 8

    hls_window_s: Annotated[
        float, Meta(ge=24, description="How far back viewers can seek in a live stream.")
    ] = 600.0
    hls_disk_bytes: Annotated[
        int, Meta(ge=0, description="Disk that the live windows of all streams may take together.")
    ] = 50_000_000_000
    hls_max_connections: Annotated[Count, Meta(description="Connections of viewers in all.")] = 15_000
    hls_max_per_address: Annotated[Count, Meta(description="Connections of viewers from one address.")] = (
        5_000
    )

    viewer_ttl_s: Annotated[
        float,
        Meta(
            ge=3,
            description="How long somebody counts as a viewer after the last sign of it; pages give one three times in it."
            " The same on all nodes.",
        ),
    ] = 45.0
    viewers_per_address: Annotated[
        Count,
        Meta(
            description="Viewers that count from one address, over all streams. Behind a proxy that is not in"
            " `trusted_proxies` all have one address."
        ),
    ] = 50
    viewer_history_days: Annotated[
        Count, Meta(description="How long the viewers of each minute are kept; peak and average stay.")
    ] = 90

    chat_history_days: Annotated[
        int,
        Meta(
            ge=0,
            le=80,
            description="How long what is said in chats is kept, for moderators' search and for who watches again; 0: not at all."
            " The same on all nodes.",
        ),
    ] = 30
    chat_history_lines: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Last messages of a room that a page gets when it joins, if it asks for as many.",
        ),
    ] = 50
    chat_max_connections: Annotated[Count, Meta(description="Chat connections in all.")] = 18_000
    chat_max_per_address: Annotated[Count, Meta(description="Chat connections from one address.")] = 200

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe lines that are written.")
    ] = "info"
    log_format: Annotated[
        Literal["console", "json"], Meta(description="Log lines for people or for machines, on stderr.")
    ] = "console"
    metrics_token: Annotated[
        str | None,
        Meta(description="Bearer token for /metrics from elsewhere than loopback. Unset: loopback only."),
    ] = None

    @property
    def data_path(self) -> Path:
        """`data_dir` as an absolute path; not made yet."""
        return Path(self.data_dir).expanduser().absolute()


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file (`path`, else `WEIR_CONFIG`, else `weir.toml` if it is there) and the environment, which wins.

    Raises:
        ConfigError: a key is unknown or its value is wrong, or a file that was named cannot be read.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["WEIR_CONFIG"]) if "WEIR_CONFIG" in environ else None)
    values = _read_file(named or Path("weir.toml"), must_exist=named is not None)
    try:
        msgspec.convert(values, Config)  # on its own, so that the message names the file's key
    except msgspec.ValidationError as error:
        raise ConfigError(f"{named or 'weir.toml'}: {error}") from None
    config = _convert(values | _from_environment(environ))
    _check_tls(config)
    _check_mail(config)
    _check_stripe(config)
    return config


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"there is no configuration file {path}") from None
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    hints = get_type_hints(Config)
    for variable, text in environ.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NOT_CONFIGURATION:
            continue
        key = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if key not in hints:
            raise ConfigError(
                f"unknown environment variable {variable}: docs/configuration.md lists all keys"
            )
        is_list = get_origin(hints[key]) is list
        value = [item.strip() for item in text.split(",") if item.strip()] if is_list else text
        try:
            values[key] = msgspec.convert(
                value, get_type_hints(Config, include_extras=True)[key], strict=False
            )
        except msgspec.ValidationError as error:
            raise ConfigError(f"{variable}={text!r}: {error}") from None
    return values


def _convert(values: dict[str, Any]) -> Config:
    try:
        return msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from None


def _check_tls(config: Config) -> None:
    ports = {"WEIR_RTMPS_PORT": config.rtmps_port, "WEIR_IRCS_PORT": config.ircs_port}
    setting = next((name for name, port in ports.items() if port is not None), None)
    for name, value, file in (
        ("WEIR_TLS_CERT", config.tls_cert, "the certificate with its chain"),
        ("WEIR_TLS_KEY", config.tls_key, "its private key"),
    ):
        if setting is not None and not value:
            raise ConfigError(f"{setting} needs {name}: name the PEM file with {file}, or unset {setting}")


def _check_mail(config: Config) -> None:
    if config.smtp_host is None:
        return
    if config.smtp_from is None or "@" not in config.smtp_from:
        raise ConfigError("WEIR_SMTP_HOST needs WEIR_SMTP_FROM: the address that e-mail comes from")
    if config.public_web_url is None:
        raise ConfigError(
            "WEIR_SMTP_HOST needs WEIR_PUBLIC_WEB_URL: links in e-mails must begin with an address of yours, "
            "not with one that a request names"
        )


def _check_stripe(config: Config) -> None:
    if config.stripe_secret_key is None:
        return
    if not config.stripe_webhook_secret:
        raise ConfigError(
            "WEIR_STRIPE_SECRET_KEY needs WEIR_STRIPE_WEBHOOK_SECRET: without it nobody hears that something was paid"
        )
    if config.public_web_url is None:
        raise ConfigError(
            "WEIR_STRIPE_SECRET_KEY needs WEIR_PUBLIC_WEB_URL: the address to which people come back when they have paid"
        )


def describe_config() -> str:
    """`docs/configuration.md`: one row a key, made from the struct above."""
    rows = []
    hints = get_type_hints(Config, include_extras=True)
    for field in msgspec.structs.fields(Config):
        default = "host name" if field.name == "node" else _show_default(field)
        about = _description(hints[field.name])
        rows.append(f"| `{field.name}` | `WEIR_{field.name.upper()}` | {default} | {about} |")
    return "\n".join(
        [
            "# Configuration",
            "",
            "Keys stand in `weir.toml` in the working directory (or the file that `WEIR_CONFIG` names) and in the",
            "environment; the environment wins. An unknown key is an error. This page is generated: `make docs`.",
            "",
            "| key | variable | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _show_default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        values: list[object] = field.default_factory()
        return f"`{','.join(map(str, values))}`" if values else "empty"
    return "unset" if field.default is None else f"`{field.default}`"


def _description(hint: Any) -> str:
    for meta in get_args(hint)[1:]:
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return ""
