"""Configuration: `weir.toml` and `WEIR_*` environment variables, parsed once at the edge into one frozen struct.

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
    web_port: Annotated[Port, Meta(description="Pages and API; 0 picks a free port.")] = 8080
    hls_port: Annotated[Port, Meta(description="Playlists and media; 0 picks a free port.")] = 8081
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
    trusted_proxies: Annotated[
        list[str],
        Meta(description="Addresses or networks whose X-Forwarded-For is believed; comma separated."),
    ] = []

    database_url: Annotated[
        str | None, Meta(description="PostgreSQL DSN. Unset: an embedded PostgreSQL below `data_dir`.")
    ] = None
    redis_url: Annotated[
        str | None, Meta(description="Redis or Valkey URL; needed by single roles. Unset: in-process.")
    ] = None

    reconnect_grace_s: Annotated[
        Seconds, Meta(description="How long a broadcast waits for an encoder that dropped without good-bye.")
    ] = 15.0
    drain_s: Annotated[Seconds, Meta(description="How long open connections get after SIGTERM.")] = 10.0

    rtmp_idle_s: Annotated[Seconds, Meta(description="A publisher silent for this long is dropped.")] = 15.0
    rtmp_handshake_s: Annotated[
        Seconds, Meta(description="Time from TCP connect to a publish request, in all.")
    ] = 10.0
    rtmp_max_connections: Annotated[Count, Meta(description="RTMP connections in all.")] = 2000
    rtmp_max_per_address: Annotated[Count, Meta(description="RTMP connections from one address.")] = 100
    rtmp_max_unauthenticated: Annotated[
        Count, Meta(description="RTMP connections that have not been admitted yet.")
    ] = 500

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
    return _convert(values | _from_environment(environ))


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
        return "empty"
    return "unset" if field.default is None else f"`{field.default}`"


def _description(hint: Any) -> str:
    for meta in get_args(hint)[1:]:
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return ""
