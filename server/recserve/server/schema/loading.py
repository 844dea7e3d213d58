"""Reads schemas from TOML, from JSON and from messages, and refuses faulty ones."""

import tomllib
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from recserve.server.errors import InvalidSchema
from recserve.server.schema.checking import schema_faults
from recserve.server.schema.declared import DeclaredSchema
from recserve.v1 import schema_pb2


def load_schema(path: Path | str) -> DeclaredSchema:
    """Reads `schema.toml`, a `recserve.v1.Schema` written as TOML.

    Raises:
        InvalidSchema: The file is missing, is not TOML, has an unknown key or breaks a rule
            of the schema. The message names the file and the place.
    """
    try:
        tree = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSchema(f"schema {path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSchema(f"schema {path}: not valid TOML: {error}") from error
    return declare(_parse(tree, f"schema {path}"), origin=f"schema {path}")


def schema_from_json(text: str, *, origin: str = "schema") -> DeclaredSchema:
    """Reads a schema in protobuf JSON, as `DeclaredSchema.to_json` writes it.

    Raises:
        InvalidSchema: It is not such JSON, or breaks a rule of the schema.
    """
    message = schema_pb2.Schema()
    try:
        json_format.Parse(text, message)
    except json_format.ParseError as error:
        raise InvalidSchema(f"{origin}: {error}") from error
    return declare(message, origin=origin)


def declare(message: schema_pb2.Schema, *, origin: str = "schema") -> DeclaredSchema:
    """Checks a schema message.

    Args:
        message: The schema, such as that of a version's manifest.
        origin: Where it comes from; the error begins with it.

    Raises:
        InvalidSchema: It breaks a rule; every fault is named.
    """
    faults = schema_faults(message)
    if faults:
        raise InvalidSchema(f"{origin}: " + "; ".join(faults))
    return DeclaredSchema(message)


def _parse(tree: dict[str, Any], origin: str) -> schema_pb2.Schema:
    try:
        return json_format.ParseDict(tree, schema_pb2.Schema())
    except (json_format.ParseError, TypeError, ValueError) as error:
        raise InvalidSchema(f"{origin}: {error}") from error
