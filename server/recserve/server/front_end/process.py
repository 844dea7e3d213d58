"""The main program of the front end: `python -m recserve.server.front_end.process FD SETTINGS`.

Threads: `main` runs the event loop (servicers, profiles, engine links); `log-writer` commits
events; `log-tail` notices other writers, of whom `log-listener` hears from PostgreSQL;
`answer-writer` keeps the answer log; `retention` compacts old events; `reader-N` read profiles;
`filter-N` make filters' masks; `catalogue-N` and `erasing` change the catalogue and erase users;
`joining` makes visitors users; `follow` reads for those who tail the log; `native-calls` takes
calls over from the native transport; OpenTelemetry's own sends spans, where there are traces;
`control` listens to the supervisor, and ends the process with it.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recserve.server import garbage, logs, metrics
from recserve.server.control import ChildControl, Message
from recserve.server.engine.admission import Admission
from recserve.server.errors import ConfigurationError, RecserveServerError
from recserve.server.event_log import SCHEMA_META
from recserve.server.front_end.calls.limit import CALLS_AT_WORK, CallLimit
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.front_end import SERVICES, FrontEnd
from recserve.server.front_end.options import FrontEndOptions
from recserve.server.front_end.storage import Storage
from recserve.server.front_end.transports.choice import choose, native_lacks
from recserve.server.front_end.transports.contract import Transport
from recserve.server.front_end.transports.making import make_transport
from recserve.server.model_store import InvalidVersion, ModelStore, open_store
from recserve.server.schema import DeclaredSchema, load_schema, schema_from_json
from recserve.server.settings import Settings
from recserve.server.success_gap import SuccessGap
from recserve.server.supervision import SupervisorLine
from recserve.server.tracing import Tracing, start_tracing
from recserve.server.training.report import TrainingReport
from recserve.server.training.schedule import Schedule
from recserve.v1 import schema_pb2

READING_SECONDS = 5.0
"""Between two readings of the engines' answers."""
SWITCH_SECONDS = 0.0005
"""How long a thread may have to wait for the interpreter. By default it is ten times as long, and
the thread that refuses calls, or has committed events, would wait behind the event loop."""


def main() -> int:
    """Serve until told to stop. Exit status 2: the settings cannot work, do not try again."""
    settings = Settings.model_validate_json(sys.argv[2])
    logs.configure(process="front-end", level=settings.log_level, log_format=settings.log_format)
    if metrics.MISSING:
        logs.get("metrics").error(metrics.MISSING)
    sys.setswitchinterval(SWITCH_SECONDS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides when we end
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return asyncio.run(_serve(settings, int(sys.argv[1])))


async def _serve(settings: Settings, control_descriptor: int) -> int:
    loop = asyncio.get_running_loop()
    messages: asyncio.Queue[Message] = asyncio.Queue()

    def on_message(message: Message) -> None:
        if not loop.is_closed():  # else we are ending already
            loop.call_soon_threadsafe(messages.put_nowait, message)

    control = ChildControl(control_descriptor, on_message)
    control.start()
    try:
        with Storage.open(settings.events) as storage:
            await _run(settings, storage, control, messages)
    except ConfigurationError as error:
        control.send(fatal=error.message)
        return 2
    except RecserveServerError as error:
        control.send(failed=error.message)
        return 1
    except Exception as error:
        logs.get("front-end").exception("front end failed")
        control.send(failed=f"{type(error).__name__}: {error}")
        return 1
    return 0


async def _run(
    settings: Settings,
    storage: Storage,
    control: ChildControl,
    messages: "asyncio.Queue[Message]",
) -> None:
    store = open_store(settings)
    schema = _schema(settings, storage, store)
    if not schema.current.event_types:
        logs.get("schema").info("no schema is known: every well-formed event type is accepted")
    supervisor = SupervisorLine(control.send)
    tracing = start_tracing(settings.traces)
    front_end = FrontEnd(
        model=settings.model,
        storage=storage,
        store=store,
        schema=schema,
        supervision=supervisor,
        admission=lambda: Admission(
            max_waiting=settings.max_waiting_requests,
            max_wait_seconds=settings.max_wait_seconds,
            max_batch=settings.max_batch_requests,
        ),
        options=FrontEndOptions.of(settings),
        schedule=Schedule.of(settings),
        on_successes=_tell_successes(control) if _judges_successes(settings) else None,
        run_tracer=tracing.runs,
    )
    front_end.keeper.on_released = lambda socket: control.send(released=socket)
    await front_end.open()
    try:
        transport = _transport(settings, front_end, tracing)
        garbage.settle()
        control.send(listening=await transport.start(settings.listen))
        telling = asyncio.create_task(_tell_readings(front_end, control))
        grace = await _follow(front_end, supervisor, messages)
        telling.cancel()
        front_end.drain()
        await transport.stop(grace)
    finally:
        await front_end.close()
        await asyncio.to_thread(tracing.close)


async def _follow(
    front_end: FrontEnd, supervisor: SupervisorLine, messages: "asyncio.Queue[Message]"
) -> float:
    """Do what the supervisor says; return the grace in seconds when it says to stop."""
    while True:
        message = await messages.get()
        if "versions" in message:
            await front_end.keeper.follow(message["versions"])
        if "training" in message:
            report = message["training"]
            front_end.runs.follow(None if report is None else TrainingReport(**report))
        if "answer" in message:
            supervisor.answered(message)
        if "drain" in message:
            return float(message["drain"])


async def _tell_readings(front_end: FrontEnd, control: ChildControl) -> None:
    """Tell the supervisor what was seen of the engines' answers, if anything was."""
    while True:
        await asyncio.sleep(READING_SECONDS)
        front_end.measure_lag()
        if readings := front_end.take_readings():
            control.send(readings={str(number): asdict(each) for number, each in readings.items()})


def _judges_successes(settings: Settings) -> bool:
    """Whether a canary may be rolled back for what comes of its answers, and they are logged."""
    is_on = settings.rollback_minutes and settings.rollback_success_drop
    return bool(is_on and settings.answer_log_share)


def _tell_successes(control: ChildControl) -> Callable[[int, SuccessGap], None]:
    return lambda version, gap: control.send(successes={"version": version, "gap": asdict(gap)})


def _transport(settings: Settings, front_end: FrontEnd, tracing: Tracing) -> Transport:
    tls = _tls(settings)
    choice = choose(settings.transport, tls=tls is not None, native_lacks=native_lacks())
    logs.get("transport").info(
        "the transport is chosen", transport=choice.transport, reason=choice.reason
    )

    def add_servicers(server: Any) -> None:
        front_end.add_servicers(server)
        if settings.reflection:
            from grpc_reflection.v1alpha import reflection

            reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)

    limit = CallLimit(settings.max_waiting_requests + CALLS_AT_WORK)
    return make_transport(choice, add_servicers, limit, tls, tracing.calls)


def _tls(settings: Settings) -> tuple[bytes, bytes] | None:
    if settings.tls_key is None or settings.tls_certificate is None:
        return None
    return _read(settings.tls_key), _read(settings.tls_certificate)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error


def _schema(settings: Settings, storage: Storage, store: ModelStore) -> CurrentSchema:
    """The operator's schema, or else the newest version's, the imported one's, an open one."""
    if settings.schema_file is not None:
        return CurrentSchema(load_schema(settings.schema_file), fixed=True)
    for number in store.versions():
        try:
            return CurrentSchema(DeclaredSchema(store.manifest(number).schema), fixed=False)
        except InvalidVersion:
            continue  # the supervisor reports it
    imported = storage.log.meta(SCHEMA_META)
    if imported is not None:
        return CurrentSchema(schema_from_json(imported), fixed=False)
    return CurrentSchema(DeclaredSchema(schema_pb2.Schema()), fixed=False)


if __name__ == "__main__":
    raise SystemExit(main())
