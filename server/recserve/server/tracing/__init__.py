"""Traces for OpenTelemetry, off unless asked for. Importing this imports nothing of it."""

from recserve.server.tracing.contract import CallTracer, RunTracer
from recserve.server.tracing.stages import is_traced, note_stage
from recserve.server.tracing.starting import Tracing, start_tracing, wants_traces

__all__ = [
    "CallTracer",
    "RunTracer",
    "Tracing",
    "is_traced",
    "note_stage",
    "start_tracing",
    "wants_traces",
]
