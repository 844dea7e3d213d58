"""Training runs."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Mapping, Sequence
from datetime import datetime

from recserve.client.event_id import new_event_id
from recserve.client.model_version import Promotion, TrainingMode
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session
from recserve.client.training_run_status import TrainingRunStatus


def train(
    session: Session,
    *,
    mode: TrainingMode | str = "full",
    dataset_path: str | None = None,
    start_time: datetime | float | None = None,
    end_time: datetime | float | None = None,
    base_version: int | None = None,
    hyper_parameters: Mapping[str, float | int | Sequence[int]] | None = None,
    promotion: Promotion | str = "if-better",
    model: str = "",
    request_id: str | None = None,
    timeout: float | None = None,
) -> Operation[TrainingRunStatus]:
    """Starts a training run, and returns a handle of it at once.

        version = client.train(mode="warm-start").result()

    Args:
        mode: "full" starts from random weights, "warm-start" from an earlier version's.
        dataset_path: A dataset that the server can read. Default: its own event log.
        start_time: Event time to learn from, of the event log: a datetime with a time zone, or
            seconds since the Unix epoch. Default: the first.
        end_time: Event time before which to learn, of the event log. Default: after the last.
        base_version: The version that a warm start begins from. Default: the stable one, else
            the newest.
        hyper_parameters: Values by name, such as `{"hidden_layers": (64, 32)}`. Default: the
            defaults; for a warm start, the base version's.
        promotion: Whether the version becomes stable: "if-better" than the stable one and
            popularity on the same holdout, "always", "never", or "canary".
        model: The model. Default: the one the server serves.
        request_id: Idempotency key, at most 128 bytes. Default: a new one, so that retries of
            this call start one run.
        timeout: Seconds until the run is accepted. Default: `Settings.read_timeout`.

    Raises:
        Aborted: Another run of the model is at work.
        InvalidArgument: The server refuses the request; `violations` says why.
        RecserveError: The call failed otherwise.
        TypeError, ValueError: An argument cannot be sent.
    """
    from recserve.client.wire.training_runs import status_from, train_request

    request = train_request(
        mode=mode,
        dataset_path=dataset_path,
        start_time=start_time,
        end_time=end_time,
        base_version=base_version,
        hyper_parameters=hyper_parameters or {},
        promotion=promotion,
        model=model,
        request_id=request_id or new_event_id(),
    )
    seconds = session.settings.read_timeout if timeout is None else timeout
    response = yield from call(session, lambda stubs: stubs.recommender.Train, request, seconds)
    return status_from(response)


def training_run(
    session: Session, name_or_number: int | str, *, timeout: float | None = None
) -> Operation[TrainingRunStatus]:
    """Returns a handle of a training run.

    Args:
        name_or_number: Its number, or its resource name.
        timeout: Seconds. Default: `Settings.read_timeout`.

    Raises:
        NotFound: There is no such run.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.training_runs import status_from
    from recserve.v1 import training_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    request = training_pb2.GetTrainingRunRequest(name=_name(name_or_number))
    response = yield from call(
        session, lambda stubs: stubs.training.GetTrainingRun, request, seconds
    )
    return status_from(response)


def training_runs(
    session: Session, *, model: str = "", limit: int | None = None, timeout: float | None = None
) -> Operation[list[TrainingRunStatus]]:
    """Lists the training runs, newest first.

    Args:
        model: The model. Default: the one the server serves.
        limit: Most runs to return. Default: all.
        timeout: Seconds for each page. Default: `Settings.read_timeout`.

    Raises:
        NotFound: There is no such model.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.training_runs import status_from
    from recserve.v1 import training_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    runs: list[TrainingRunStatus] = []
    token = ""
    while limit is None or len(runs) < limit:
        request = training_pb2.ListTrainingRunsRequest(model=model, page_token=token)
        response = yield from call(
            session, lambda stubs: stubs.training.ListTrainingRuns, request, seconds
        )
        runs += map(status_from, response.training_runs)
        token = response.next_page_token
        if not token:
            break
    return runs[:limit]


def cancel_training_run(
    session: Session, name: str, timeout: float | None = None
) -> Operation[TrainingRunStatus]:
    """Ends a run, and returns it as it ended."""
    from recserve.client.wire.training_runs import status_from
    from recserve.v1 import training_pb2

    request = training_pb2.CancelTrainingRunRequest(name=name)
    seconds = max(session.settings.read_timeout, 30.0) if timeout is None else timeout
    response = yield from call(
        session, lambda stubs: stubs.training.CancelTrainingRun, request, seconds
    )
    return status_from(response)


def _name(name_or_number: int | str) -> str:
    text = str(name_or_number)
    return f"models/-/trainingRuns/{text}" if text.isdecimal() else text
