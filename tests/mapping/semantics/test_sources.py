import pytest

from mapping.json.events import EventRequest, Options, map_event
from mapping.semantics.sources import source_id, source_of


@pytest.mark.parametrize(
    ("resource", "source"),
    [
        (
            {"cloudwatch.log.group.name": "g", "cloudwatch.log.stream": "s"},
            {"system": "cloudwatch", "log_group": "g", "log_stream": "s"},
        ),
        ({"aws.log.group.names": "g"}, {"system": "cloudwatch", "log_group": "g"}),
        (
            {"aws.log.group.names": ["g", "h"], "aws.log.stream.names": ["s"]},
            {"system": "cloudwatch", "log_group": "g", "log_stream": "s"},
        ),
        ({"aws.log.group.names": []}, None),
        ({"aws.log.group.names": [], "aws.log.group.name": "g"}, {"system": "cloudwatch", "log_group": "g"}),
        ({"cloudwatch.log.group.name": "", "service.name": "shop"}, None),
        ({"cloudwatch.log.group.name": {"a": 1}}, None),
        ({}, None),
    ],
)
def test_cloudwatch_s_group_and_stream_are_the_source(resource, source):
    assert source_of(resource) == source


def test_a_line_of_cloudwatch_is_the_same_event_through_a_collector_and_as_a_json_event():
    source = {"system": "cloudwatch", "log_group": "g", "log_stream": "s", "log_id": "1"}
    request = EventRequest(timestamp="2026-01-07T19:00:00Z", source=source)
    assert map_event(request, Options(), "new").id == source_id(source)
    assert source_id({**source, "log_id": "2"}) != source_id(source)
    assert source_id({"system": "cloudwatch"}) is None
