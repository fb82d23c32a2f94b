import shutil
import threading

import numpy as np
import pytest

from storage.embedding import static
from storage.embedding.model import prepare


def ignore(_part, _doing):
    pass


@pytest.fixture(scope="module")
def embedder(static_data_dir):
    return prepare("static", static_data_dir, 0, ignore)


@pytest.mark.parametrize(
    ("text", "related", "unrelated"),
    [
        ("the payment was declined by the bank", "customer's credit card got rejected", "a cat sleeps on the sofa"),
        ("book a flight to Lisbon", "find airline tickets for Portugal", "restart the database server"),
        ("ConnectionResetError while reading", "the network connection was lost", "summarise the meeting notes"),
        ("search_flights", "look for a plane", "delete the file"),
        ("the user cannot log in", "wrong password, authentication failed", "weather forecast: rain in Oslo"),
    ],
)
def test_related_texts_are_nearer_than_unrelated_ones(embedder, text, related, unrelated):
    vector, near, far = embedder.embed([text, related, unrelated])
    assert vector @ near > vector @ far + 0.15


def test_what_is_written_in_camel_case_is_read_as_words(embedder):
    written, spoken, other = embedder.embed(["ToolCallRepairError", "tool call repair error", "Toolcallrepairerror"])
    assert written @ spoken > 0.999
    assert other @ spoken < 0.9


def test_rare_words_weigh_more_than_common_ones(embedder):
    both, rare, common = embedder.embed(["the refund of the", "refund", "the of the"])
    assert both @ rare > 0.99 > both @ common


def test_vectors_are_float32_rows_of_unit_length_and_nothing_is_zeros(embedder):
    vectors = embedder.embed(["a flight", "", "東京 🙂", "flight " * 3000])
    assert vectors.shape == (4, embedder.dimensions) == (4, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1], atol=1e-6)
    assert embedder.embed([]).shape == (0, 256)


def test_a_vector_depends_on_its_text_alone(embedder):
    texts = [f"{'step ' * length}{length} of the plan" for length in range(100)]
    for text, vector in zip(texts, embedder.embed(texts), strict=True):
        assert np.allclose(embedder.embed([text])[0], vector, atol=1e-6)


def test_of_a_long_text_the_beginning_and_the_end_are_read(embedder):
    def of(first, middle, last):
        return embedder.embed([f"{first:.<2500}{middle:.<2500}{last:.>2500}"])[0]

    plain = of("flight", "", "refund")  # punctuation does not count
    assert np.allclose(plain, of("flight", "database", "refund"))
    assert plain @ of("database", "", "refund") < 0.9
    assert plain @ of("flight", "", "database") < 0.9


def test_a_text_is_read_to_its_end_however_many_tokens_it_has(embedder):
    """fastembed stops at 512, which a text in Chinese has within its first characters."""
    assert not np.allclose(*embedder.embed(["東" * 1500, "東" * 1490 + "refund"]), atol=1e-3)


def test_threads_may_embed_at_once(embedder):
    texts = [f"order {number} was refunded" for number in range(200)]
    expected = embedder.embed(texts)
    vectors = []
    threads = [threading.Thread(target=lambda: vectors.append(embedder.embed(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors) == 4
    assert all(np.allclose(each, expected, atol=1e-6) for each in vectors)


def test_the_second_start_takes_what_the_first_one_wrote(static_data_dir, embedder, monkeypatch):
    monkeypatch.setattr(static, "packed", lambda: pytest.fail("written again"))
    assert prepare("static", static_data_dir, 0, ignore).name == embedder.name == static.FOLDER


def test_progress_rises_from_nothing_to_ready(tmp_path):
    steps = []
    prepare("static", tmp_path, 0, lambda part, doing: steps.append((part, doing)))
    parts = [part for part, _ in steps]
    assert parts == sorted(parts)
    assert (parts[0], steps[-1]) == (0.0, (1.0, "ready"))
    assert steps[0][1] == "checking the static table"


def test_a_build_that_stops_half_way_does_not_count(tmp_path):
    def stop(_part, doing):
        if doing == "writing the static table":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare("static", tmp_path, 0, stop)
    assert list((tmp_path / "models").iterdir()) == []
    assert prepare("static", tmp_path, 0, ignore).embed(["a text"]).shape == (1, 256)


def test_a_table_that_is_not_the_expected_one_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "static_table.safetensors"
    other.write_bytes(b"something else")
    monkeypatch.setattr(static, "PACKED", other)
    with pytest.raises(OSError, match=r"expected SHA-256 a48b2636.*, got f41f3fa6.*; install the receiver .* anew"):
        prepare("static", tmp_path, 0, ignore)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_damaged_folder_is_named_with_what_to_do(static_data_dir, tmp_path):
    damaged = tmp_path / "models" / static.FOLDER
    shutil.copytree(static_data_dir / "models" / static.FOLDER, damaged)
    whole = (damaged / static.TABLE).read_bytes()
    (damaged / static.TABLE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match=rf"delete {damaged} and start again"):
        prepare("static", tmp_path, 0, ignore)
