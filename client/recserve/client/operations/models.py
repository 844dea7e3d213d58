"""Model versions."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from recserve.client.model_version import ModelVersion
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session


def models(
    session: Session, *, model: str = "", timeout: float | None = None
) -> Operation[list[ModelVersion]]:
    """Lists the versions in the server's store, newest first.

    Args:
        model: The model. Default: the one the server serves.
        timeout: Seconds for each page. Default: `Settings.read_timeout`.

    Raises:
        NotFound: There is no such model.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.model_versions import model_version_from
    from recserve.v1 import model_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    request = model_pb2.ListModelVersionsRequest(model=model)
    versions: list[ModelVersion] = []
    while True:
        response = yield from call(
            session, lambda stubs: stubs.models.ListModelVersions, request, seconds
        )
        versions += map(model_version_from, response.model_versions)
        if not response.next_page_token:
            return versions
        request = model_pb2.ListModelVersionsRequest(
            model=model, page_token=response.next_page_token
        )


def model(
    session: Session,
    version_or_label: int | str,
    *,
    model: str = "",
    timeout: float | None = None,
) -> Operation[ModelVersion]:
    """Returns one version.

    Args:
        version_or_label: Its number, or a label such as "stable".
        model: The model it belongs to. Default: the one the server serves.
        timeout: Seconds. Default: `Settings.read_timeout`.

    Raises:
        NotFound: There is no such version, label or model.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.model_versions import model_version_from
    from recserve.v1 import model_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    request = model_pb2.GetModelVersionRequest(
        name=f"models/{model or '-'}/versions/{version_or_label}"
    )
    response = yield from call(
        session, lambda stubs: stubs.models.GetModelVersion, request, seconds
    )
    return model_version_from(response)
