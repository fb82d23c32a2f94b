"""What the receiver's own process holds: no model, and none of the libraries that run them."""

import re
import sys
import time
from pathlib import Path

import pytest

MOST = 200  # MB

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def indexed(receiver):
    """Wait until what was sent can be found."""
    deadline = time.monotonic() + 100
    while (stats := receiver.get("/api/v1/stats"))["index_state"] != "ready" or stats["index_pending"]:
        assert stats["index_state"] != "failed", stats
        assert time.monotonic() < deadline, stats
        time.sleep(0.1)


@pytest.mark.parametrize("model", ["static", "minilm"])
def test_after_a_search_the_receiver_itself_holds_no_model(serve, static_data_dir, tmp_path, model):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(static_data_dir / "models")
    receiver = serve(EMBEDDING_MODEL=model, SEARCH_RERANK_MS="5000").started()
    said = {"input.value": "the card was declined"}
    receiver.post("/api/v1/events", {"event_type": "tool_call", "properties": said})
    indexed(receiver)
    answer = receiver.get("/api/v1/search?q=payment+was+refused")
    assert len(answer["results"]) == 1
    assert answer["reranked"] == (1 if model == "static" else 0)
    process = Path(f"/proc/{receiver.process.pid}")
    assert "onnxruntime" not in (process / "maps").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    assert int(peak[1]) / 1024 < MOST
