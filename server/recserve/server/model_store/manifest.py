"""`manifest.json`: what a version says of itself."""

from pathlib import Path

from google.protobuf import json_format

from recserve.server.schema.checking import schema_faults
from recserve.v1 import model_pb2

FORMAT_VERSION = 1
"""The newest artefact layout that this server reads."""
MAX_MANIFEST_BYTES = 16 << 20
MAX_LENGTH = 10_000
"""Of a user's history and of a multi-valued feature: every request is padded to them."""


class InvalidVersion(Exception):
    """A version that must not be served; the message says why."""


def read_manifest(folder: Path) -> model_pb2.ModelVersion:
    """Read `manifest.json` of a version's folder.

    Raises:
        InvalidVersion: it is missing, damaged or too new.
    """
    path = folder / "manifest.json"
    manifest = model_pb2.ModelVersion()
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device might never end
            raise InvalidVersion("the manifest cannot be read: it is not a file")
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise InvalidVersion("the manifest is too large to be one")
        # Fields that a newer trainer added are no reason to refuse: format_version is.
        json_format.Parse(path.read_bytes(), manifest, ignore_unknown_fields=True)
    except FileNotFoundError as error:
        raise InvalidVersion("it has no manifest.json") from error
    except (OSError, json_format.ParseError, UnicodeDecodeError) as error:
        raise InvalidVersion(f"the manifest cannot be read: {error}") from error
    if not 1 <= manifest.layout.format_version <= FORMAT_VERSION:
        raise InvalidVersion(
            f"its format is {manifest.layout.format_version}; this server reads up to "
            f"{FORMAT_VERSION}: upgrade the server, or train with its own trainer"
        )
    for name in ("history_length", "multi_valued_length"):
        if not 0 <= getattr(manifest.layout, name) <= MAX_LENGTH:
            raise InvalidVersion(f"its layout.{name} is not between 0 and {MAX_LENGTH}")
    if faults := schema_faults(manifest.schema):
        raise InvalidVersion(f"the schema in its manifest is faulty: {'; '.join(faults)}")
    return manifest
