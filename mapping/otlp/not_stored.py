"""Signals that are not stored: metrics and profiles. Of their requests it is only counted what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from google.protobuf.message import DecodeError

from mapping.errors import invalid
from mapping.json.decoding import decode
from mapping.otlp.part_count import Part, check_objects, check_parts, part


class NotStored(NamedTuple):
    """Each function returns how many items a body holds. It raises Problem where it is no such request."""

    in_protobuf: Callable[[bytes], int]
    in_json: Callable[[bytes], int]


def _counts_protobuf(request: Part, name: str) -> Callable[[bytes], int]:
    def count(body: bytes) -> int:
        check_parts(request, body)
        try:
            return _leaves(request, body)
        except DecodeError as error:
            raise invalid(f"body: expected a protobuf {name}; it does not decode ({error})") from None

    return count


def _leaves(read: Part, body: bytes) -> int:
    message = read.message.FromString(body)
    return sum(
        len(values) if inner is None else sum(_leaves(inner, value) for value in values)
        for values, inner in ((getattr(message, field), inner) for field, inner in read.fields)
    )


class _Message(msgspec.Struct, rename="camel", gc=False):
    """A message whose unknown fields are skipped."""


class _Points(_Message):
    data_points: list[msgspec.Raw] | None = None


class _Metric(_Message):
    gauge: _Points | None = None
    sum: _Points | None = None
    histogram: _Points | None = None
    exponential_histogram: _Points | None = None
    summary: _Points | None = None


class _ScopeMetrics(_Message):
    metrics: list[_Metric] | None = None


class _ResourceMetrics(_Message):
    scope_metrics: list[_ScopeMetrics] | None = None


class _ExportMetricsServiceRequest(_Message):
    resource_metrics: list[_ResourceMetrics] | None = None


class _ScopeProfiles(_Message):
    profiles: list[msgspec.Raw] | None = None


class _ResourceProfiles(_Message):
    scope_profiles: list[_ScopeProfiles] | None = None


class _ExportProfilesServiceRequest(_Message):
    resource_profiles: list[_ResourceProfiles] | None = None


def _counts_json(request: type[_Message], name: str) -> Callable[[bytes], int]:
    decoder = msgspec.json.Decoder(request)

    def count(body: bytes) -> int:
        check_objects(body)
        return _items(decode(decoder, body, f"a JSON {name}"))

    return count


def _items(value: Any) -> int:
    """Return how many undecoded items there are under a message."""
    if isinstance(value, msgspec.Raw):
        return 1
    if isinstance(value, list):
        return sum(map(_items, value))
    return 0 if value is None else sum(_items(getattr(value, field)) for field in value.__struct_fields__)


_METRICS, _PROFILES = "ExportMetricsServiceRequest", "ExportProfilesServiceRequest"
# The numbers of the fields, as opentelemetry-proto gives them: gauge, sum, histogram, exponential histogram, summary.
_POINTS: dict[int, Any] = {number: {1: {}} for number in (5, 7, 9, 10, 11)}

METRICS = NotStored(
    _counts_protobuf(part({1: {2: {2: _POINTS}}}, "Metrics"), _METRICS),
    _counts_json(_ExportMetricsServiceRequest, _METRICS),
)
PROFILES = NotStored(
    _counts_protobuf(part({1: {2: {2: {}}}}, "Profiles"), _PROFILES),
    _counts_json(_ExportProfilesServiceRequest, _PROFILES),
)
