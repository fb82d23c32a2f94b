"""OTLP requests to events. `protobuf` and `json` decode; `spans` and `logs` map what either gives.

Both decoders give objects with the fields of opentelemetry-proto under the proto's own names, so that the mapping is
written once. What differs between them (ids as bytes or hex, attribute values) is asked of the decoder's `Wire`.
"""
