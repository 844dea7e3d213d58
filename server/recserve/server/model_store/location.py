"""Where a model store is: a folder, or the URL of an object store."""

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit


class StoreUrl(str):
    """The URL of a store that is no folder of this machine, such as `s3://bucket/models`."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """What kind of store it is."""
        return self.partition("://")[0]

    @property
    def folder_name(self) -> str:
        """A name for what is kept of it here: readable, and another one for every URL."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", self).strip("-")[:60]
        return f"{readable}-{hashlib.sha256(self.encode()).hexdigest()[:8]}"


def parse_location(text: str) -> Path | StoreUrl:
    """Tell a folder from a URL; `file:///…` is a folder too.

    Raises:
        ValueError: it is a URL that cannot be used; the message says why.
    """
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme):
        raise ValueError(f"{text!r} is no URL of a model store, such as s3://bucket/models")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            "the URL of a model store is a place and nothing else: give credentials in the "
            "environment, as the store's own tools take them"
        )
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise ValueError(f"{text!r} is no folder of this machine; write file:///folder")
        return Path(unquote(parts.path))
    if not parts.netloc:
        raise ValueError(f"{text!r} names no bucket; write {parts.scheme}://bucket/models")
    return StoreUrl(text.rstrip("/"))
