"""Langfuse's SDK as it is, with the receiver's address for Langfuse's: a generation, scored from within and after."""

import os

from langfuse import Langfuse

langfuse = Langfuse(public_key="pk-lf-none", secret_key="none", base_url=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
with langfuse.start_as_current_observation(name="answer", as_type="generation", model="stand-in"):
    langfuse.score_current_span(name="accuracy", value=0.9, comment="as expected")
    langfuse.score_current_trace(name="verdict", value="pass", data_type="CATEGORICAL")
    trace_id = langfuse.get_current_trace_id()
langfuse.create_score(trace_id=trace_id, name="thumb", value=True, data_type="BOOLEAN")
langfuse.flush()
langfuse.shutdown()
print(trace_id)
