"""The settings of a server: typed, checked, from the command line or a TOML file."""

import ipaddress
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from recserve.server.engine.device import Device
from recserve.server.model_store.location import StoreUrl, parse_location

StoreLocation = Annotated[
    Path | StoreUrl,
    PlainValidator(lambda value: parse_location(str(value))),
    PlainSerializer(str, return_type=str),
]
MODEL_NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"


class SettingsError(ValueError):
    """Settings that cannot be used; the message names the setting and what to do."""


class Settings(BaseModel):
    """Everything `recserve-server serve` can be told. Frozen; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    store: StoreLocation = Path("models")
    """Folder or URL of the model store."""
    store_cache: Path = Path("model-cache")
    """Folder that holds what is needed of a store that is a URL."""
    store_cache_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 50)] = 40 << 30
    """Most bytes of versions in it."""
    store_look_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """How often a store that is a URL is looked at."""
    max_version_bytes: Annotated[int, Field(ge=1, le=1 << 50)] = 20 << 30
    """Most bytes of a version; a larger one is refused."""
    max_version_files: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Most files of a version."""
    max_version_items: Annotated[int, Field(ge=1, le=1_000_000_000)] = 10_000_000
    """Most items of a version."""
    model: Annotated[str, Field(pattern=MODEL_NAME_PATTERN)] = "default"
    """Name of the model to serve."""
    events: str = "sqlite:///recserve.db"
    """URL of the event log and catalogue."""
    schema_file: Annotated[Path | None, Field(alias="schema")] = None
    """Schema of events and features; default: the version's, or the imported dataset's."""
    listen: str = "127.0.0.1:50051"
    """Address of the gRPC port; port 0 lets the system pick one."""
    metrics: str = "127.0.0.1:9464"
    """Address of the metrics page; port 0 lets the system pick one."""
    transport: Literal["auto", "grpcio", "native"] = "auto"
    """The gRPC implementation; auto: native where it is installed and no TLS is asked for."""
    insecure: bool = False
    """Allow plaintext beyond loopback."""
    tls_certificate: Path | None = None
    """PEM file of the server's certificate chain."""
    tls_key: Path | None = None
    """PEM file of the server's private key."""
    reflection: bool = True
    """Answer gRPC server reflection."""
    canary_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of users whom the canary version answers while there is one."""
    canary_hours: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Time after which a canary becomes stable by itself, if it is better; 0: only by hand."""
    rollback_minutes: Annotated[float, Field(ge=0, le=1_000_000)] = 60.0
    """How long a new stable version is watched, and rolled back if it is broken; 0: not at all."""
    rollback_error_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of requests that a watched version's engine may fail to answer; 0: any."""
    rollback_latency_factor: Annotated[float, Field(ge=0, le=100_000)] = 10.0
    """How many times slower than the version before it may be, at the 99th percentile; 0: any."""
    rollback_success_drop: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share by which a canary's success rate may be below the stable version's; 0: any."""
    shadow_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of answers that are compared with the shadow version's while there is one."""
    max_batch_requests: Annotated[int, Field(ge=1, le=1024)] = 64
    """Most requests that the engine computes at once."""
    engine_threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Threads of the engine's arithmetic; 0: one for every two CPUs."""
    device: Device = "auto"
    """What the engine computes on; auto: the GPU if there is one."""
    spare_engine: bool = True
    """Keep an engine process ready for the next version, or for this one after a crash."""
    keep_versions: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How many of the newest versions stay in the store without a label; 0: all."""
    promotion_margin: Annotated[float, Field(ge=-1, le=10)] = 0.0
    """How much more than the stable version a new one needs to be promoted, as a share of that."""
    baseline_margin: Annotated[float, Field(ge=-1, le=10)] = 0.0
    """How much more than popularity, and any other baseline, it needs."""
    train_every_events: Annotated[int, Field(ge=0, le=1_000_000_000_000)] = 0
    """New events after which the server trains by itself; 0: never for that."""
    train_every_hours: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Hours after which the server trains by itself, if there are new events; 0: never for that."""
    train_on_drift: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Distance of new events from those learned from at which it trains; 0: never for that."""
    train_mode: Literal["auto", "full", "warm-start"] = "auto"
    """How it trains by itself; auto: a warm start where there is a stable version."""
    train_promotion: Literal["if-better", "always", "never", "canary"] = "if-better"
    """What it does with versions that it trained by itself."""
    max_waiting_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    """Most requests that may wait for the engine; more are refused at once."""
    max_wait_seconds: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """Longest predicted wait for the engine; requests that would wait longer are refused."""
    max_waiting_events: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Most events that may wait for the disk; more are refused at once."""
    answer_log_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of answers that are logged, for comparing versions."""
    answer_log_days: Annotated[float, Field(ge=0, le=36_500)] = 30.0
    """How long logged answers are kept, in days; 0: for ever."""
    event_days: Annotated[float, Field(ge=0, le=36_500)] = 0.0
    """Age at which events are compacted to what a user has seen, in days; 0: never."""
    cached_profiles: Annotated[int, Field(ge=1)] = 100_000
    """Most user profiles kept in memory."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How long calls in flight may take to finish when the server stops."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    log_format: Literal["auto", "json", "text"] = "auto"
    """JSON lines, or text for people; auto: text on a terminal."""
    traces: bool | None = None
    """Send OpenTelemetry traces; None: if OpenTelemetry's environment variables ask for them."""

    @field_validator("listen", "metrics")
    @classmethod
    def _address(cls, value: str) -> str:
        split_address(value)
        return value

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together: give both or neither")
        if self.tls_certificate is None and not self.insecure and not is_loopback(self.listen):
            raise ValueError(
                f"refusing to listen on {self.listen} without TLS: anyone who can reach it could "
                "read and write. Give --tls-certificate and --tls-key, or listen on 127.0.0.1, or "
                "say --insecure if the network is trusted"
            )
        return self

    @property
    def model_folder(self) -> Path:
        """The folder that holds the versions of the model, or what is kept of them here."""
        if isinstance(self.store, StoreUrl):
            return self.store_cache / self.store.folder_name / self.model
        return self.store / self.model


def load_settings(config: Path | None, overrides: dict[str, Any]) -> Settings:
    """Merge a TOML file and the command line, which wins.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of range.
    """
    values: dict[str, Any] = {}
    if config is not None:
        try:
            values = tomllib.loads(config.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"cannot read the configuration {config}: {error}") from error
    values.update(overrides)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_describe(problem) for problem in error.errors())) from error


def split_address(address: str) -> tuple[str, int]:
    """Split "HOST:PORT" or "[IPv6]:PORT".

    Raises:
        ValueError: it is neither.
    """
    host, separator, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is not HOST:PORT, such as 127.0.0.1:50051")
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    host, _ = split_address(address)
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(ip.partition("%")[0]).is_loopback for ip in found)


def _describe(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        fields = Settings.model_fields.items()
        known = ", ".join(sorted(field.alias or name for name, field in fields))
        return f"unknown setting {where!r}; there are: {known}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
