import shutil
import socket
import threading

import numpy as np
import pytest
from published import CHECKSUMS, FILE
from published import TEXTS as PUBLISHED_TEXTS

from storage.embedding import minilm
from storage.embedding.model import prepare

TEXTS = [
    "The payment was declined by the bank",
    "refund_order {order_id: 4711} failed: ConnectionError, the upstream did not answer in 30 s",
    "naïve café, 東京, 🙂",
    "",
]


def ignore(_part, _doing):
    pass


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def embedder(data_dir):
    return prepare("minilm", data_dir, 1, ignore)


def test_vectors_are_those_of_the_published_weights(embedder):
    vectors = np.load(FILE).astype(np.float32)
    cosines = (embedder.embed(PUBLISHED_TEXTS) * vectors).sum(axis=1)
    for text, cosine in zip(PUBLISHED_TEXTS, cosines, strict=True):
        assert cosine > (0.999 if " " in text else 0.996), text


def test_the_tokenizer_is_the_published_one():
    assert minilm.CHECKSUMS["tokenizer.json"] == CHECKSUMS["tokenizer.json"]
    assert minilm.installed_files().keys() == minilm.CHECKSUMS.keys()


def test_related_texts_are_near_and_unrelated_ones_are_not(embedder):
    declined, rejected, cat = embedder.embed(
        ["The payment was declined by the bank", "The customer's card got rejected", "A cat sleeps on the sofa"]
    )
    assert declined @ rejected > 0.42
    assert abs(declined @ cat) < 0.1


def test_a_vector_depends_on_its_text_alone(embedder):
    """Not on what it is batched with, nor on where it stands."""
    texts = [*TEXTS, *(f"{'step ' * length}{length}" for length in range(20))]
    together = embedder.embed(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.allclose(embedder.embed([text])[0], vector, atol=1e-5)


def test_a_text_counts_up_to_its_256th_token(embedder):
    """Two of them are the markers of start and end."""
    cut, longer, shorter = embedder.embed(["word " * 254, "word " * 254 + "cat", "word " * 253 + "cat"])
    assert np.allclose(cut, longer, atol=1e-5)
    assert not np.allclose(cut, shorter, atol=1e-3)


def test_vectors_are_float32_rows_of_unit_length(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert embedder.embed([]).shape == (0, 384)


def test_threads_may_embed_at_once(embedder):
    expected = embedder.embed(TEXTS)
    vectors = {}
    threads = [
        threading.Thread(target=lambda number=number: vectors.update({number: embedder.embed(TEXTS)}))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors) == 4
    assert all(np.allclose(each, expected, atol=1e-5) for each in vectors.values())


def test_the_second_start_takes_what_the_first_one_built(embedder, data_dir, monkeypatch):
    monkeypatch.setattr(minilm, "installed_files", lambda: pytest.fail("built again"))
    again = prepare("minilm", data_dir, 0, ignore)
    assert again.name == embedder.name
    assert np.allclose(again.embed(TEXTS), embedder.embed(TEXTS), atol=1e-5)


def test_progress_rises_from_nothing_to_ready_and_the_network_is_not_touched(tmp_path, monkeypatch):
    def refuse(*_arguments, **_named):
        pytest.fail("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    steps = []
    prepare("minilm", tmp_path, 1, lambda part, doing: steps.append((part, doing))).embed(["a text"])
    parts = [part for part, _ in steps]
    assert parts == sorted(parts)
    assert (parts[0], steps[-1]) == (0.0, (1.0, "ready"))
    assert all(doing for _, doing in steps)


def test_a_build_that_stops_half_way_does_not_count(tmp_path):
    def stop_at_writing(_part, doing):
        if doing.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare("minilm", tmp_path, 1, stop_at_writing)
    assert list((tmp_path / "models").iterdir()) == []
    assert prepare("minilm", tmp_path, 1, ignore).embed(["a text"]).shape == (1, 384)


def test_of_two_builds_at_once_the_first_one_stays(tmp_path):
    others = []

    def overtaken(_part, doing):
        if doing.startswith("writing"):
            others.append(prepare("minilm", tmp_path, 1, ignore))

    late = prepare("minilm", tmp_path, 1, overtaken)
    assert np.allclose(late.embed(TEXTS), others[0].embed(TEXTS), atol=1e-5)
    assert [folder.name for folder in (tmp_path / "models").iterdir()] == [minilm.FOLDER]


def test_a_damaged_folder_is_named_with_what_to_do(data_dir, embedder, tmp_path):
    damaged = tmp_path / "models" / minilm.FOLDER
    shutil.copytree(data_dir / "models" / minilm.FOLDER, damaged)
    whole = (damaged / "model.onnx").read_bytes()
    (damaged / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match=rf"delete {damaged} and start again"):
        prepare("minilm", tmp_path, 1, ignore)
