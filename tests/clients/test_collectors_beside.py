"""The examples of a Collector beside the agent: in a Lambda function, and by OpenTelemetry's operator in Kubernetes."""

import importlib
import importlib.util
import subprocess
import urllib.parse
from pathlib import Path

import httpx
import jsonschema
import pytest
import yaml
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.clients.collecting import ROOT, Collector
from tests.clients.conftest import Receiver, needs
from tests.ports import free_ports

LAMBDA, OPERATOR = ROOT / "examples" / "otel-collector-lambda.yaml", ROOT / "examples" / "kubernetes-operator"
COLLECTOR, INSTRUMENTATION, AGENT = (
    document
    for name in ("collector.yaml", "agent.yaml")
    for document in yaml.safe_load_all((OPERATOR / name).read_text())
)
INVOCATION = "8f14e45f-ceea-467a-9575-28cf2cd4bd50"
FUNCTION = {"faas.name": "travel-agent", "faas.version": "$LATEST", "cloud.platform": "aws_lambda"}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    """One for both examples."""
    receiver = Receiver(tmp_path_factory.mktemp("receiver"))
    receiver.start("0123")
    yield receiver
    receiver.stop()


@pytest.fixture
def collect(otelcol, receiver, tmp_path, eventually):
    """Return a function that starts a Collector with a configuration, on ports of its own."""
    started = []

    def start(configuration, extensions="[health_check]"):
        written = tmp_path / "collector.yaml"
        written.write_text(yaml.safe_dump(configuration))
        environment = {"VECTADB_ENDPOINT": receiver.url, "VECTADB_API_KEY": receiver.key}
        collector = Collector(otelcol, [written], tmp_path, free_ports(3), environment)
        collector.set("receivers::otlp::protocols::grpc::endpoint", collector.grpc)
        collector.set("receivers::otlp::protocols::http::endpoint", collector.http)
        collector.set("service::extensions", extensions)
        started.append(collector)
        return collector

    yield start
    for collector in started:
        collector.stop()


def send_call(collector, session, resource):
    """Send an invocation of a function that calls a model, through the SDK."""
    provider = TracerProvider(resource=Resource(resource), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"http://{collector.http}/v1/traces")))
    tracer = provider.get_tracer("travel")
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "amazon.nova-lite-v1:0", "session.id": session}
    call |= {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 4}
    with tracer.start_as_current_span("handler", kind=trace.SpanKind.SERVER, attributes={"faas.trigger": "http"}):
        tracer.start_span("chat amazon.nova-lite-v1:0", attributes=call).end()
    provider.shutdown()


def send_lines(collector, *lines):
    """Send what a function printed as the layer's receiver of Lambda's Telemetry API does."""

    def attributes(**values):
        return [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in values.items()]

    records = [
        {
            "timeUnixNano": "1794441600000000000",
            "observedTimeUnixNano": str(1794441600000000000 + place),
            "severityNumber": 9,
            "severityText": "Info",
            "body": {"stringValue": line},
            "attributes": attributes(type="function", faas__invocation_id=INVOCATION),
        }
        for place, line in enumerate(lines)
    ]
    resource = {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in FUNCTION.items()]}
    scope = {"name": "github.com/open-telemetry/opentelemetry-lambda/collector/receiver/telemetryapi"}
    groups = [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": records}]}]
    assert httpx.post(f"http://{collector.http}/v1/logs", json={"resourceLogs": groups}).status_code == 200


def calls_of(receiver, eventually, session):
    def told():
        calls = receiver.get("/api/v1/calls", session=session)["calls"]
        return [(call["name"], call["input_tokens"], call["output_tokens"]) for call in calls]

    eventually(told, expected=[("amazon.nova-lite-v1:0", 11, 4)])


def test_a_function_s_spans_and_lines_arrive(collect, receiver, eventually):
    configuration = yaml.safe_load(LAMBDA.read_text())
    # What is of the layer alone: no Collector elsewhere has them.
    del configuration["receivers"]["telemetryapi"], configuration["processors"]
    for pipeline in configuration["service"]["pipelines"].values():
        assert pipeline.pop("processors") == ["decouple"]
        pipeline["receivers"] = ["otlp"]
    collector = collect(configuration)
    collector.start(eventually)
    before = receiver.stored()
    send_call(collector, "lambda-1", FUNCTION | {"service.name": "travel-agent"})
    send_lines(collector, "searching flights to Faro", "no seat in row 7")
    eventually(receiver.stored, expected=before + 4)
    calls_of(receiver, eventually, "lambda-1")
    spans = [event for event in receiver.events(session_id="lambda-1") if event["span_id"]]
    assert [span["resource"] | FUNCTION == span["resource"] for span in spans] == [True, True]
    lines = receiver.events(session_id=INVOCATION)
    assert {line["properties"]["body"] for line in lines} == {"searching flights to Faro", "no seat in row 7"}
    assert len({line["trace_id"] for line in lines}) == 1


def test_the_operator_s_collector_keeps_what_comes_until_it_is_stored(collect, receiver, tmp_path, eventually):
    configuration = COLLECTOR["spec"]["config"]
    service = urllib.parse.urlsplit(configuration["exporters"]["otlp_http"]["endpoint"])
    manifests = yaml.safe_load_all((ROOT / "deploy/kubernetes/receiver.yaml").read_text())
    (ports,) = [
        one["spec"]["ports"]
        for one in manifests
        if one["kind"] == "Service" and one["metadata"]["name"] == service.hostname
    ]
    assert service.port in [port["port"] for port in ports]
    collector = collect(configuration, extensions="[file_storage, health_check]")
    collector.set("exporters::otlp_http::endpoint", receiver.url)
    for key in ("directory", "compaction::directory"):
        collector.set(f"extensions::file_storage::{key}", tmp_path)
    collector.start(eventually)
    send_call(collector, "kubernetes-1", {"service.name": "travel-agent"})
    calls_of(receiver, eventually, "kubernetes-1")


def strict(schema):
    """Return a schema of the operator's that takes no field which it does not describe, as `kubectl apply` does not."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and not is_open:
        made["additionalProperties"] = False
    return made


@pytest.fixture(scope="module")
def check():
    """Check an object by the operator's schemas, or by Kubernetes' own."""
    script = ROOT / "tests/packaging/operator_crds.sh"
    folder = subprocess.run([script, "--path"], capture_output=True, text=True, check=False).stdout.strip()
    needs(folder and Path(folder).exists(), "the operator's schemas", f"run {script.relative_to(ROOT)}, which needs Go")
    schemas = {}
    for name in ("opentelemetrycollectors", "instrumentations"):
        text = (Path(folder) / f"opentelemetry.io_{name}.yaml").read_text()
        definition = yaml.load(text, Loader=yaml.CSafeLoader)  # 400 KB, for which the one in Python takes seconds
        for version in definition["spec"]["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {"metadata": {"type": "object"}}
            schemas[f"opentelemetry.io/{version['name']}", definition["spec"]["names"]["kind"]] = schema

    def checked(each):
        schema = schemas.get((each["apiVersion"], each["kind"]))
        if schema is not None:
            jsonschema.validate(each, schema)
            return
        kubernetes_validate = importlib.util.find_spec("kubernetes_validate")
        needs(kubernetes_validate, "kubernetes-validate", "run tests/install.sh")
        importlib.import_module("kubernetes_validate").validate(each, "1.31", strict=True)

    return checked


@pytest.mark.parametrize("each", [COLLECTOR, INSTRUMENTATION, AGENT], ids=lambda each: each["kind"])
def test_the_operator_and_kubernetes_take_the_manifests(each, check):
    check(each)


@pytest.mark.parametrize(
    ("each", "field"), [(COLLECTOR, "modes"), (INSTRUMENTATION, "pythons")], ids=["Collector", "Instrumentation"]
)
def test_a_field_that_the_operator_does_not_know_is_found(each, field, check):
    with pytest.raises(jsonschema.ValidationError, match=field):
        check(each | {"spec": each["spec"] | {field: {}}})


def test_the_agent_is_instrumented_and_sends_to_the_collector():
    annotations = AGENT["spec"]["template"]["metadata"]["annotations"]
    assert annotations["instrumentation.opentelemetry.io/inject-python"] == INSTRUMENTATION["metadata"]["name"]
    sent_to = urllib.parse.urlsplit(INSTRUMENTATION["spec"]["exporter"]["endpoint"])
    assert sent_to.hostname == f"{COLLECTOR['metadata']['name']}-collector.telemetry"
    taken = COLLECTOR["spec"]["config"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert taken.endswith(f":{sent_to.port}")
