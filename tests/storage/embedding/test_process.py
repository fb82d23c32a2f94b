"""The models of searches in a process of their own."""

import os
import signal
import time

import numpy as np
import pytest

from storage.embedding import static
from storage.embedding.model import prepare
from storage.embedding.process import ModelProcess
from storage.embedding.reranker import Reranker
from storage.errors import IndexUnavailable

TEXTS = ["refund the order", "a cat on the sofa", ""]


def ignore(_share, _doing):
    pass


@pytest.fixture
async def models(static_data_dir):
    models = ModelProcess(static_data_dir, 1)
    yield models
    await models.close()


@pytest.mark.parametrize("model", ["static", "minilm"])
def test_vectors_are_those_of_the_model_in_this_process(models, static_data_dir, model):
    own, other = prepare(model, static_data_dir, 1, ignore), models.prepare(model, ignore)
    assert (other.name, other.dimensions) == (own.name, own.dimensions)
    assert np.allclose(other.embed(TEXTS), own.embed(TEXTS), atol=1e-6)


def test_both_models_read_a_query(models, static_data_dir):
    table = models.prepare("static", ignore)
    minilm = Reranker.with_axes(models.prepare("minilm", ignore), static_data_dir)
    in_a_minute = time.monotonic() + 60
    (own,) = table.embed(["is it warm in Portugal?"])
    vector = minilm.query_vector("is it warm in Portugal?", own, in_a_minute)
    near, far = table.embed(["Weather forecast for Lisbon: sunny, 24 degrees.", "Is it in the cupboard?"])
    assert vector @ near > vector @ far
    assert len(minilm.score("warm", TEXTS, in_a_minute)) == len(TEXTS)


async def test_making_a_model_tells_its_steps(tmp_path):
    models, steps = ModelProcess(tmp_path, 1), []
    try:
        models.prepare("static", lambda share, doing: steps.append((share, doing)))
    finally:
        await models.close()
    assert steps[0] == (0.0, "checking the static table")
    assert steps[-1] == (1.0, "ready")
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)


async def test_a_stop_while_a_model_is_made_ends_the_process_and_the_next_one_makes_it(tmp_path):
    def stop(_share, doing):
        if doing == "writing the static table":
            raise KeyboardInterrupt

    models = ModelProcess(tmp_path, 1)
    try:
        with pytest.raises(KeyboardInterrupt):
            models.prepare("static", stop)
        assert models.prepare("static", ignore).embed(["a text"]).shape == (1, static.DIMENSIONS)
    finally:
        await models.close()


async def test_what_is_wrong_with_a_model_is_told_as_without_a_process(tmp_path):
    damaged = tmp_path / "models" / static.FOLDER
    damaged.mkdir(parents=True)
    models = ModelProcess(tmp_path, 1)
    try:
        with pytest.raises(OSError, match=rf"delete {damaged} and start again"):
            models.prepare("static", ignore)
        with pytest.raises(ValueError, match="did you mean minilm"):
            models.prepare("minilmm", ignore)
    finally:
        await models.close()


def test_a_process_that_was_killed_is_started_again_with_its_models(models):
    embedder = models.prepare("static", ignore)
    before = embedder.embed(TEXTS)
    os.kill(models._service._process._process.pid, signal.SIGKILL)
    with pytest.raises(IndexUnavailable, match="stopped by itself"):
        embedder.embed(TEXTS)
    assert np.array_equal(embedder.embed(TEXTS), before)
