"""A proposed schema as TOML with comments."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format

from recserve.trainer.inspection.inspect import Inspection

HEADER = """\
# What this dataset is about: the event types, the features, and where they come from.
# It is the protobuf message recserve.v1.Schema written as TOML; an unknown key is an error.
"""

RATED = """\
# Every event of a type counts as positive. To count low values as negative, add for example
#   positive_at_least = 4.0
"""

HALVED = """\
# Values from positive_at_least on count as positive, about half; set it as you mean it.
"""

LABELLED = """\
# The value is a 0/1 label: events below 0.5 are negative.
"""

SECTIONS = {
    "event_types": """\
# What users do with items. weight (default 1) says how much such an event counts; polarity
# is POLARITY_POSITIVE (default), POLARITY_NEGATIVE or POLARITY_IMPRESSION. Models refer to
# the types by their order, so add new ones at the end.
""",
    "user_features": "# What is known of a user.\n",
    "item_features": "# What is known of an item.\n",
    "context_features": "# What is known of the moment; callers send it with each call.\n",
    "candidate_features": """\
# What only the caller knows of a (user, item) pair; callers send it with the candidates, in
# this order.
""",
    "source": "# Which files and columns hold what, where the names are not the usual ones.\n",
}


def render(inspection: Inspection) -> str:
    """The schema as TOML; `schema_file.parse` reads it back to the same message."""
    content = json_format.MessageToDict(inspection.schema, preserving_proto_field_name=True)
    parts = [HEADER]
    for section, comment in SECTIONS.items():
        if section not in content:
            continue
        if section == "event_types":
            comment += _told_of_values(inspection)
        parts.append(comment + _tables(section, content[section]))
    return "\n".join(parts)


def _told_of_values(inspection: Inspection) -> str:
    if inspection.label:
        return LABELLED
    if not inspection.rated:
        return ""
    halved = any(event.HasField("positive_at_least") for event in inspection.schema.event_types)
    return HALVED if halved else RATED


def _tables(section: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"[{section}]\n{_pairs(value)}"
    return "\n".join(f"[[{section}]]\n{_pairs(entry)}" for entry in value)


def _pairs(entry: dict[str, Any]) -> str:
    # Strings and numbers of JSON are strings and numbers of TOML.
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items()
    )
