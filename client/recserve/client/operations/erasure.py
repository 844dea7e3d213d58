"""The erasure of a user."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from recserve.client.erasure_receipt import ErasureReceipt
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session


def delete_user(
    session: Session, user_id: str, *, timeout: float = 60.0
) -> Operation[ErasureReceipt]:
    """Erases a user: features, events and answers; an unknown user gives a receipt too.

    When it returns, nothing of the user is left in the database, no answer of that server goes by
    the user, and the receipt says which versions learned from what was there. It may be repeated
    after an error: the server goes on where it was, and the receipt has the same id.

    Args:
        user_id: The user's id.
        timeout: Seconds, retries included. A long read of the database, or a large file, needs
            many; where they are too few, the server goes on all the same.

    Raises:
        Unavailable: With the reason READERS_LEFT: the rows are gone, but somebody reads the
            database as it was before; repeat the call later.
        RecserveError: The call failed otherwise.
        TypeError: The id is not a string.
    """
    from recserve.client.wire.erasures import receipt_from
    from recserve.client.wire.identifiers import one_id
    from recserve.v1 import catalog_pb2

    request = catalog_pb2.DeleteUserRequest(user_id=one_id("user_id", user_id))
    return receipt_from(
        (yield from call(session, lambda stubs: stubs.catalogue.DeleteUser, request, timeout))
    )
