"""The Python SDK of recserve.

    from recserve.client import Client

    with Client("localhost:50051") as client:
        answer = client.recommend("user-42", num_results=10)
        client.feedback("user-42", answer[0].item_id, "click", recommendation=answer)
        version = client.train(mode="warm-start").result()

`Client` blocks, `AsyncClient` is for asyncio; both have the same methods and give the
same frozen values. Errors are drawn as a tree in `recserve.client.errors`.

Every name is imported when it is first used, so that importing this package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recserve.client.address import DEFAULT_ADDRESS
    from recserve.client.async_client import AsyncClient
    from recserve.client.async_training_run import AsyncTrainingRun
    from recserve.client.catalogue import Item, UpsertReceipt, User
    from recserve.client.clock import Clock
    from recserve.client.erasure_receipt import ErasureReceipt
    from recserve.client.errors import (
        Aborted,
        AlreadyExists,
        BufferFull,
        Cancelled,
        ClientClosed,
        DataLoss,
        DeadlineExceeded,
        FailedPrecondition,
        Internal,
        InvalidArgument,
        MissingDependency,
        MixedAnswers,
        NotFound,
        OutOfRange,
        PermissionDenied,
        RecserveError,
        ResourceExhausted,
        TrainingCancelled,
        TrainingFailed,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        UnknownFailure,
        Violation,
    )
    from recserve.client.event import Event, FeatureValue, FeedbackReceipt, LoggedEvent
    from recserve.client.feedback_sender import FeedbackSender, SenderCounts
    from recserve.client.join_receipt import JoinReceipt
    from recserve.client.model_version import (
        HoldoutKind,
        Lineage,
        Metric,
        ModelVersion,
        ModelVersionState,
        Promotion,
        TrainingMode,
    )
    from recserve.client.recommendation import (
        Answer,
        DiversityBasis,
        Fallback,
        Reason,
        Recommendation,
        Shortfall,
        Timing,
    )
    from recserve.client.server_status import Health, ServerStatus
    from recserve.client.settings import RetryPolicy, Settings
    from recserve.client.sync_client import Client
    from recserve.client.training_run import TrainingRun
    from recserve.client.training_run_status import (
        TrainingLogEntry,
        TrainingProgress,
        TrainingRunState,
        TrainingRunStatus,
    )
    from recserve.client.version_comparison import (
        Estimate,
        OffPolicyEstimate,
        OffPolicyMethod,
        VersionComparison,
        VersionStanding,
    )

__all__ = [
    "DEFAULT_ADDRESS",
    "Aborted",
    "AlreadyExists",
    "Answer",
    "AsyncClient",
    "AsyncTrainingRun",
    "BufferFull",
    "Cancelled",
    "Client",
    "ClientClosed",
    "Clock",
    "DataLoss",
    "DeadlineExceeded",
    "DiversityBasis",
    "ErasureReceipt",
    "Estimate",
    "Event",
    "FailedPrecondition",
    "Fallback",
    "FeatureValue",
    "FeedbackReceipt",
    "FeedbackSender",
    "Health",
    "HoldoutKind",
    "Internal",
    "InvalidArgument",
    "Item",
    "JoinReceipt",
    "Lineage",
    "LoggedEvent",
    "Metric",
    "MissingDependency",
    "MixedAnswers",
    "ModelVersion",
    "ModelVersionState",
    "NotFound",
    "OffPolicyEstimate",
    "OffPolicyMethod",
    "OutOfRange",
    "PermissionDenied",
    "Promotion",
    "Reason",
    "Recommendation",
    "RecserveError",
    "ResourceExhausted",
    "RetryPolicy",
    "SenderCounts",
    "ServerStatus",
    "Settings",
    "Shortfall",
    "Timing",
    "TrainingCancelled",
    "TrainingFailed",
    "TrainingLogEntry",
    "TrainingMode",
    "TrainingProgress",
    "TrainingRun",
    "TrainingRunState",
    "TrainingRunStatus",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnknownFailure",
    "UpsertReceipt",
    "User",
    "VersionComparison",
    "VersionStanding",
    "Violation",
]

_NAMES_OF_MODULES = {
    "address": ("DEFAULT_ADDRESS",),
    "async_client": ("AsyncClient",),
    "async_training_run": ("AsyncTrainingRun",),
    "catalogue": (
        "Item",
        "UpsertReceipt",
        "User",
    ),
    "clock": ("Clock",),
    "erasure_receipt": ("ErasureReceipt",),
    "join_receipt": ("JoinReceipt",),
    "errors": (
        "Aborted",
        "AlreadyExists",
        "BufferFull",
        "Cancelled",
        "ClientClosed",
        "DataLoss",
        "DeadlineExceeded",
        "FailedPrecondition",
        "Internal",
        "InvalidArgument",
        "MissingDependency",
        "MixedAnswers",
        "NotFound",
        "OutOfRange",
        "PermissionDenied",
        "RecserveError",
        "ResourceExhausted",
        "TrainingCancelled",
        "TrainingFailed",
        "Unauthenticated",
        "Unavailable",
        "Unimplemented",
        "UnknownFailure",
        "Violation",
    ),
    "event": (
        "Event",
        "FeatureValue",
        "FeedbackReceipt",
        "LoggedEvent",
    ),
    "feedback_sender": (
        "FeedbackSender",
        "SenderCounts",
    ),
    "model_version": (
        "HoldoutKind",
        "Lineage",
        "Metric",
        "ModelVersion",
        "ModelVersionState",
        "Promotion",
        "TrainingMode",
    ),
    "recommendation": (
        "Answer",
        "DiversityBasis",
        "Fallback",
        "Reason",
        "Recommendation",
        "Shortfall",
        "Timing",
    ),
    "server_status": (
        "Health",
        "ServerStatus",
    ),
    "settings": (
        "RetryPolicy",
        "Settings",
    ),
    "sync_client": ("Client",),
    "training_run": ("TrainingRun",),
    "training_run_status": (
        "TrainingLogEntry",
        "TrainingProgress",
        "TrainingRunState",
        "TrainingRunStatus",
    ),
    "version_comparison": (
        "Estimate",
        "OffPolicyEstimate",
        "OffPolicyMethod",
        "VersionComparison",
        "VersionStanding",
    ),
}
_MODULES = {name: module for module, names in _NAMES_OF_MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return __all__
