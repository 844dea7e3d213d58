"""Whether there are traces, and their start and end."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recserve.server import logs
from recserve.server.errors import ConfigurationError
from recserve.server.tracing.contract import CallTracer, RunTracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTER = "OTEL_TRACES_EXPORTER"
_MISSING = "traces need the extra [otel]: pip install 'recserve[server,otel]'"


@dataclass(frozen=True, slots=True)
class Tracing:
    """What makes the spans of this process; None: nothing does."""

    calls: CallTracer | None = None
    runs: RunTracer | None = None
    provider: "TracerProvider | None" = None

    @classmethod
    def by(cls, provider: "TracerProvider") -> "Tracing":
        """Make spans with a provider of OpenTelemetry's."""
        from recserve.server.tracing.call_spans import CallSpans
        from recserve.server.tracing.run_spans import RunSpans

        tracer = provider.get_tracer("recserve.server")
        return cls(CallSpans(tracer), RunSpans(tracer), provider)

    def close(self) -> None:
        """Send what waits to be sent."""
        if self.provider is not None:
            self.provider.shutdown()


def wants_traces(setting: bool | None, environment: Mapping[str, str]) -> bool:
    """Whether there are to be traces.

    Args:
        setting: What the operator says; None: as OpenTelemetry's variables say.
        environment: The variables.
    """
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if setting is not None:
        return setting
    exporter = environment.get(_EXPORTER, "")
    if exporter:
        return exporter == "otlp"
    return any(environment.get(name) for name in _ENDPOINTS)


def start_tracing(setting: bool | None) -> Tracing:
    """Begin to send spans by OTLP over gRPC, where OpenTelemetry's variables say, if asked to.

    Args:
        setting: As for `wants_traces`.

    Raises:
        ConfigurationError: the setting asks for traces, and the packages are missing. If only
            the environment asks, that is logged.
    """
    if not wants_traces(setting, os.environ):
        return Tracing()
    try:
        from recserve.server.tracing.exporting import exporting_provider
    except ImportError as error:
        if setting:
            raise ConfigurationError(_MISSING) from error
        logs.get("traces").warning(_MISSING)
        return Tracing()
    logs.get("traces").info("calls are traced")
    return Tracing.by(exporting_provider())
