"""Resource names of models and versions, and the checks of them."""

import re

from recserve.server.errors import InvalidRequest, NotFound, Violation

ANY_MODEL = "-"
"""In a resource name: the model that the server serves (AIP-159)."""

_VERSION_NAME = re.compile(r"models/(-|[a-z][a-z0-9_-]{0,62})/versions/([a-z]+|[1-9][0-9]{0,17})")


def check_model(name: str, served: str) -> None:
    """Raise NotFound unless the name is empty or that of the served model."""
    if name not in ("", ANY_MODEL, served):
        raise NotFound(
            f"this server serves the model {served!r}",
            reason="MODEL_NOT_FOUND",
            metadata={"model": name},
        )


def parse_version_name(name: str) -> tuple[str, str]:
    """Split "models/{model}/versions/{version or label}".

    Raises:
        InvalidRequest: it is not such a name.
    """
    match = _VERSION_NAME.fullmatch(name)
    if match is None:
        what = "must be models/{model}/versions/{version}, such as models/default/versions/3"
        raise InvalidRequest([Violation("name", what)])
    return match[1], match[2]
