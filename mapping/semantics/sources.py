"""The source of a log record: CloudWatch's log group and stream, from the resource attributes that name them."""

from __future__ import annotations

from typing import Any

from mapping.ids import named
from mapping.semantics.attribute_roles import text_id

_PLACE = ("system", "log_group", "log_stream")

# The Collector's receiver, Firehose and Lambda forwarders, OpenTelemetry's own names (lists there).
_CLOUDWATCH = {
    "log_group": ("cloudwatch.log.group.name", "aws.log.group.names", "aws.log.group.name"),
    "log_stream": (
        "cloudwatch.log.stream",
        "cloudwatch.log.stream.name",
        "aws.log.stream.names",
        "aws.log.stream.name",
    ),
}


def source_of(resource: dict[str, Any]) -> dict[str, Any] | None:
    """Return the source in the form of JSON events, `{system, log_group, log_stream}`, or None without a log group.

    Of several groups or streams it names the first; all of them are in the resource.
    """
    source: dict[str, Any] = {}
    for part, keys in _CLOUDWATCH.items():
        for key in keys:
            value = resource.get(key)
            if isinstance(value, list):
                value = value[0] if value else None
            if (name := text_id(value)) is not None:
                source[part] = name
                break
    return {"system": "cloudwatch", **source} if source else None


def source_id(source: dict[str, Any]) -> str | None:
    """Return the event id derived from the source's own id of the record (`log_id`), or None without one.

    The id is the same whether the record arrives as a JSON event or through a Collector.
    """
    log_id = text_id(source.get("log_id"))
    return named("source", *(str(source.get(part) or "") for part in _PLACE), log_id) if log_id else None
