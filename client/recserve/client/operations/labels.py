"""Labels of model versions, and their end."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from recserve.client.errors import NotFound
from recserve.client.model_version import ModelVersion
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.operations.models import model as find_model
from recserve.client.session import Session


def set_model_label(
    session: Session,
    version_or_label: int | str,
    label: str,
    *,
    model: str = "",
    timeout: float = 120.0,
) -> Operation[ModelVersion]:
    """Moves a label to a version: promotes it, or rolls back to it.

    Returns when the version is warm and has the label, which outlives a restart. No call fails
    meanwhile.

    Args:
        version_or_label: The version, by its number or by a label that it has, as "canary".
        label: "stable", "canary" or "shadow".
        model: The model it belongs to. Default: the one the server serves.
        timeout: Seconds, loading the version included. Where they are too few, the label moves
            all the same.

    Raises:
        FailedPrecondition: The version cannot be served, or the store cannot be written; the
            label stays where it is.
        NotFound: There is no such version, label or model.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.model_versions import model_version_from
    from recserve.v1 import model_pb2

    if not str(version_or_label).isdecimal():
        # Once, before the first attempt: a label may point elsewhere when one is repeated.
        found = yield from find_model(session, version_or_label, model=model, timeout=timeout)
        version_or_label = found.version
    request = model_pb2.SetModelLabelRequest(name=_name(model, version_or_label), label=label)
    response = yield from call(session, lambda stubs: stubs.models.SetModelLabel, request, timeout)
    return model_version_from(response)


def delete_model_version(
    session: Session, version: int, *, model: str = "", timeout: float = 30.0
) -> Operation[None]:
    """Deletes a version that has no label. Its number is never given again.

    Args:
        version: Its number.
        model: The model it belongs to. Default: the one the server serves.
        timeout: Seconds.

    Raises:
        FailedPrecondition: The version has a label, or is loaded to get one.
        NotFound: There is no such version or model.
        RecserveError: The call failed otherwise.
    """
    from recserve.v1 import model_pb2

    request = model_pb2.DeleteModelVersionRequest(name=_name(model, version))
    try:
        yield from call(session, lambda stubs: stubs.models.DeleteModelVersion, request, timeout)
    except NotFound as error:
        # An earlier attempt has deleted it, and its answer was lost: numbers never return.
        if error.attempts == 1 or error.reason != "VERSION_NOT_FOUND":
            raise


def _name(model: str, version_or_label: int | str) -> str:
    return f"models/{model or '-'}/versions/{version_or_label}"
