import json

import numpy as np
import pytest
from safetensors.numpy import load

from storage.embedding import minilm, static
from tests.storage.embedding import distillation


@pytest.fixture(scope="module")
def tokenizer():
    return json.loads(minilm.tokenizer())


@pytest.fixture(scope="module")
def packed():
    return load(static.packed())


def test_the_table_that_comes_with_the_program_is_the_one_that_is_distilled(tokenizer, packed):
    """Of rows here and there; the mean of all, which is taken from each, cancels in their differences."""
    vocabulary = tokenizer["model"]["vocab"]
    every = distillation.used(tokenizer)
    places = range(0, len(every), 211)
    tokens = [every[place] for place in places]
    weights = distillation.weights(every, vocabulary)[places, np.newaxis]
    comes = packed["rows"][tokens] * packed["scales"][tokens] / weights
    distilled = distillation.vectors(minilm.weights_file(), tokens, vocabulary) @ packed["axes"]
    ours, theirs = np.diff(comes, axis=0), np.diff(distilled, axis=0)
    cosines = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosines.min() > 0.98  # processors add bytes in different ways
    assert np.allclose(np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1), rtol=0.1)


def test_a_row_is_in_bytes_as_large_as_they_get_and_what_means_nothing_has_none(tokenizer, packed):
    used = np.zeros(len(packed["rows"]), bool)
    used[distillation.used(tokenizer)] = True
    assert (np.abs(packed["rows"]).max(axis=1) == np.where(used, 127, 0)).all()
    assert not used[tokenizer["model"]["vocab"]["[CLS]"]]
    assert not used[tokenizer["model"]["vocab"]["."]]


def test_the_axes_are_those_of_largest_variance_each_to_its_fourth_root():
    rows = np.random.default_rng(1).normal(size=(5000, 384)) * np.linspace(3, 0.1, 384)
    across = distillation.axes(rows.astype(np.float32))
    variances = ((rows - rows.mean(axis=0)) @ across).var(axis=0)
    assert across.shape == (384, static.DIMENSIONS)
    assert (np.diff(variances) < 0).all()
    assert variances[0] == pytest.approx(rows.var(axis=0).max() ** 0.5, rel=0.1)


def test_common_words_weigh_less_than_rare_ones_and_characters_a_tenth(tokenizer):
    vocabulary = tokenizer["model"]["vocab"]
    every = distillation.used(tokenizer)
    weights = dict(zip(every, distillation.weights(every, vocabulary), strict=True))
    assert 0 < weights[vocabulary["the"]] < 0.1 < weights[vocabulary["flight"]] < weights[vocabulary["ledger"]] < 1
    assert weights[vocabulary["q"]] == 0.1
