"""Pages of lists that are ordered by number, newest first (AIP-158)."""

import base64
from typing import Protocol

from recserve.server.front_end.requests.checks import Checks

DEFAULT_PAGE = 100
MAX_PAGE = 1000


class PageRequest(Protocol):
    """A request of a List method."""

    page_size: int
    page_token: str


def check_page(request: PageRequest) -> tuple[int, int | None]:
    """Read which page is wanted.

    Returns:
        Most entries, and the number below which the page begins; None for the first page.

    Raises:
        InvalidRequest: the size or the token is bad.
    """
    checks = Checks()
    size = request.page_size
    checks.require(0 <= size <= MAX_PAGE, "page_size", f"must be between 0 and {MAX_PAGE}")
    before = _before(request.page_token)
    known = not request.page_token or before is not None
    checks.require(known, "page_token", "must be the next_page_token of an earlier response")
    checks.raise_if_any()
    return size or DEFAULT_PAGE, before


def page_token(last: int) -> str:
    """The token of the page after an entry."""
    return base64.urlsafe_b64encode(str(last).encode()).decode()


def _before(token: str) -> int | None:
    try:
        text = base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii")
    except ValueError:
        return None
    return int(text) if text.isdecimal() and len(text) < 19 else None
