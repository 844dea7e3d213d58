"""Receipts of erasures, from messages."""

from collections.abc import Iterable

from recserve.client.erasure_receipt import ErasureReceipt
from recserve.client.wire.model_versions import training_mode_from
from recserve.client.wire.timestamps import moment_or_none
from recserve.v1 import catalog_pb2


def receipt_from(message: catalog_pb2.DeleteUserResponse) -> ErasureReceipt:
    """The receipt that a message holds."""
    return ErasureReceipt(
        receipt_id=message.receipt_id,
        deleted_event_count=message.deleted_event_count,
        model_versions=_numbers(message.model_versions),
        training_runs=_numbers(message.training_runs),
        retraining_mode=training_mode_from(message.retraining_mode),
        complete_time=moment_or_none(
            message.complete_time, present=message.HasField("complete_time")
        ),
    )


def _numbers(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(name.rpartition("/")[2]) for name in names)
