"""Requests of metrics and profiles are counted and no more, in either encoding."""

import contextlib

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceRequest

from mapping.errors import Code, Problem
from mapping.otlp.not_stored import METRICS, PROFILES

KINDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
METRIC = st.tuples(st.sampled_from(KINDS), st.integers(0, 3))
# Of each resource its scopes, of each scope its metrics, of each metric its kind and how many points it has.
RESOURCES = st.lists(st.lists(st.lists(METRIC, max_size=3), max_size=3), max_size=3)


@given(RESOURCES)
def test_every_point_of_every_kind_of_metric_counts(resources):
    request = ExportMetricsServiceRequest()
    for scopes in resources:
        resource_metrics = request.resource_metrics.add()
        for metrics in scopes:
            scope_metrics = resource_metrics.scope_metrics.add()
            for kind, count in metrics:
                metric = scope_metrics.metrics.add(name=kind)
                for _ in range(count):
                    getattr(metric, kind).data_points.add(time_unix_nano=1)
    count = sum(count for scopes in resources for metrics in scopes for _, count in metrics)
    assert METRICS.in_protobuf(request.SerializeToString()) == count
    assert METRICS.in_json(MessageToJson(request).encode()) == count


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=3))
def test_every_profile_counts(resources):
    request = ExportProfilesServiceRequest()
    for scopes in resources:
        resource_profiles = request.resource_profiles.add()
        for count in scopes:
            scope_profiles = resource_profiles.scope_profiles.add()
            for _ in range(count):
                scope_profiles.profiles.add(profile_id=b"1" * 16)
    assert PROFILES.in_protobuf(request.SerializeToString()) == sum(map(sum, resources))
    assert PROFILES.in_json(MessageToJson(request).encode()) == sum(map(sum, resources))


@pytest.mark.parametrize("signal", [METRICS, PROFILES], ids=["metrics", "profiles"])
@given(body=st.binary(max_size=50))
def test_no_other_bytes_are_a_fault_of_ours(signal, body):
    for count in (signal.in_protobuf, signal.in_json):
        with contextlib.suppress(Problem):
            assert count(body) >= 0


def test_a_request_of_more_metrics_than_any_real_one_has_is_not_counted_one_by_one():
    metrics = b"\x12\x00" * 3_000_000
    scope = b"\x12" + _varint(len(metrics)) + metrics
    request = b"\x0a" + _varint(len(scope)) + scope
    with pytest.raises(Problem) as raised:
        METRICS.in_protobuf(request)
    assert raised.value.code is Code.RESOURCE_EXHAUSTED


def _varint(value):
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
