"""Every metric of the server, by the names of the design. No label holds a user or item id.

The processes of a server write to memory-mapped files in one folder (prometheus_client's
multiprocess mode), and the supervisor's page adds them up, so `PROMETHEUS_MULTIPROC_DIR` must
be set before this module is imported.
"""

import os
from functools import partial
from typing import Any

from recserve.server import metric_files

MISSING = metric_files.reserve()  # before prometheus_client looks at its folder
"""Why the metrics of this process are not on the page; empty where they are."""

from prometheus_client import Counter, Gauge, Histogram, values  # noqa: E402

if metric_files.FOLDER in os.environ:
    # Asking the system for the process id, as is done by default before each update, costs more
    # than the update. Our processes are spawned, never forked, so it stays the same.
    multi_process: Any = values.MultiProcessValue
    values.ValueClass = multi_process(process_identifier=partial(int, os.getpid()))

SECONDS = (
    *(0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536, 262144)

STARTED = Counter(
    "grpc_server_started_total",
    "Calls begun.",
    ["grpc_service", "grpc_method"],
)
HANDLED = Counter(
    "grpc_server_handled_total",
    "Calls ended, by status code.",
    ["grpc_service", "grpc_method", "grpc_code"],
)
HANDLING_SECONDS = Histogram(
    "grpc_server_handling_seconds",
    "Time from a call's arrival to its answer.",
    ["grpc_service", "grpc_method"],
    buckets=SECONDS,
)
STAGE_SECONDS = Histogram(
    "recserve_stage_seconds",
    "Time of a stage: event_log (until durable), queue, inference (of a whole batch).",
    ["stage", "model_version"],
    buckets=SECONDS,
)
BATCH_ROWS = Histogram(
    "recserve_batch_rows",
    "Rows of a batch, padding left out: items ranked, over all its requests.",
    buckets=COUNTS,
)
BATCH_REQUESTS = Histogram("recserve_batch_requests", "Requests of a batch.", buckets=COUNTS)
ENGINE_QUEUE_REQUESTS = Gauge(
    "recserve_engine_queue_requests",
    "Requests that wait for the engine, after a batch was taken.",
    multiprocess_mode="livesum",
)
ENGINE_DROPPED = Counter(
    "recserve_engine_dropped_total",
    "Requests dropped before they were computed: cancelled by the caller, or expired.",
    ["reason"],
)
ENGINE_TRACES = Counter(
    "recserve_engine_traces_total",
    "Times that TensorFlow traced a function after the warm-up; more than 0 is a defect.",
)
SHED = Counter("recserve_shed_total", "Calls refused for lack of capacity.", ["reason"])
FALLBACKS = Counter("recserve_fallback_total", "Simpler answers given.", ["reason"])
SHADOW = Counter(
    "recserve_shadow_total",
    "Answers for which the shadow version was asked too: compared, failed, or skipped for lack of "
    "capacity.",
    ["model_version", "outcome"],
)
SHADOW_OVERLAP = Histogram(
    "recserve_shadow_overlap",
    "Share of items that an answer and the shadow version's have in common.",
    ["model_version"],
    buckets=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
)
ANSWERS = Counter(
    "recserve_answers_total",
    "Answers given, by the version that answered (0: none) and the label that led to it.",
    ["model_version", "label"],
)
RECOMMENDED_ITEMS = Counter(
    "recserve_recommended_items_total", "Items in the answers given.", ["model_version"]
)
ANSWERS_LOST = Counter(
    "recserve_answer_log_lost_total", "Answers left out of the answer log: too many waited."
)
EVENT_LOG_LAG_SECONDS = Gauge(
    "recserve_event_log_lag_seconds",
    "How old a committed event may be that this server's profiles do not have yet.",
    multiprocess_mode="livesum",
)
EVENTS = Counter("recserve_events_total", "Events stored.", ["event_type"])
ONLINE_EVENTS = Counter(
    "recserve_online_events_total",
    "Events that name the answer that led to them.",
    ["model_version", "event_type"],
)
