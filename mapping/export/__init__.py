"""Events as the API shows them, out and back in: written as OTLP, and read from the JSON lines of an export."""
