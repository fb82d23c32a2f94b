"""all-MiniLM-L6-v2 as an ONNX graph: its weights, wired with onnxruntime's fused operators.

BERT with 6 layers: embeddings, then per layer attention, a skip connection, a feed-forward block, a skip connection.
An exported graph has a dozen operators for each of these, and relies on the runtime to recognise them. Written with
fused operators from the start, it needs neither torch nor an exporter.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors import safe_open

from storage.embedding.minilm import DIMENSIONS

LAYERS, HEADS = 6, 12
OUTPUT = "token_embeddings"

_EPSILON = 1e-12  # of every layer normalisation, from the model's config.json
_FUSED = "com.microsoft"  # domain of onnxruntime's own operators
OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime that fastembed takes


def build(weights: Path) -> onnx.ModelProto:
    """Return the graph from `input_ids` and `attention_mask` (int64, batch x tokens) to one vector per token.

    `weights` is the model's own model.safetensors. The output, `token_embeddings`, is float32, batch x tokens x 384;
    pooling is left to fastembed.
    """
    with safe_open(weights, "numpy") as tensors:
        return _Graph(tensors.get_tensor).model()


class _Graph:
    """Collects nodes and initialisers. `tensor` gives a weight by its name in the file."""

    def __init__(self, tensor: Callable[[str], NDArray[np.float32]]) -> None:
        self._tensor = tensor
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        """Return the whole model."""
        ids, mask = self._int32("input_ids"), self._int32("attention_mask")
        hidden = self._embeddings(ids)
        for number in range(LAYERS):
            hidden = self._layer(f"encoder.layer.{number}.", hidden, mask)
        self._nodes.append(helper.make_node("Identity", [hidden], [OUTPUT]))
        shape = ["batch", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info(name, onnx.TensorProto.INT64, shape)
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, [*shape, DIMENSIONS])],
            self._initializers,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _int32(self, name: str) -> str:
        """Return an input as 32-bit integers, which the fused operators take; tokenizers return 64-bit ones."""
        return self._node("Cast", [name], f"{name}.int32", to=onnx.TensorProto.INT32)

    def _embeddings(self, ids: str) -> str:
        prefix = "embeddings."
        # A text is always one segment, so the vector of segment 0 goes into every position's.
        position = self._tensor(f"{prefix}position_embeddings.weight")
        segment = self._tensor(f"{prefix}token_type_embeddings.weight")[0]
        words = self._weight(f"{prefix}word_embeddings.weight")
        positions = self._constant(f"{prefix}position_and_segment", position + segment)
        inputs = [ids, "", words, positions, "", *self._norm(f"{prefix}LayerNorm")]
        outputs = (f"{prefix}output", f"{prefix}mask_index")
        return self._node("EmbedLayerNormalization", inputs, *outputs, domain=_FUSED, epsilon=_EPSILON)

    def _layer(self, prefix: str, hidden: str, mask: str) -> str:
        attended = self._attention(f"{prefix}attention.", hidden, mask)
        wide = self._node(
            "MatMul", [attended, self._transposed(f"{prefix}intermediate.dense.weight")], f"{prefix}intermediate"
        )
        bias = self._weight(f"{prefix}intermediate.dense.bias")
        active = self._node("BiasGelu", [wide, bias], f"{prefix}gelu", domain=_FUSED)
        return self._project_and_add(f"{prefix}output.", active, attended)

    def _attention(self, prefix: str, hidden: str, mask: str) -> str:
        parts = [f"{prefix}self.{part}" for part in ("query", "key", "value")]
        weights = np.concatenate([self._tensor(f"{part}.weight").T for part in parts], axis=1)
        biases = np.concatenate([self._tensor(f"{part}.bias") for part in parts])
        inputs = [
            hidden,
            self._constant(f"{prefix}qkv.weight", weights),
            self._constant(f"{prefix}qkv.bias", biases),
            mask,
        ]
        context = self._node("Attention", inputs, f"{prefix}context", domain=_FUSED, num_heads=HEADS)
        return self._project_and_add(f"{prefix}output.", context, hidden)

    def _project_and_add(self, prefix: str, inner: str, skipped: str) -> str:
        projected = self._node("MatMul", [inner, self._transposed(f"{prefix}dense.weight")], f"{prefix}projected")
        inputs = [projected, skipped, *self._norm(f"{prefix}LayerNorm"), self._weight(f"{prefix}dense.bias")]
        return self._node("SkipLayerNormalization", inputs, f"{prefix}sum", domain=_FUSED, epsilon=_EPSILON)

    def _norm(self, prefix: str) -> list[str]:
        return [self._weight(f"{prefix}.weight"), self._weight(f"{prefix}.bias")]

    def _weight(self, name: str) -> str:
        return self._constant(name, self._tensor(name))

    def _transposed(self, name: str) -> str:
        """Turn a dense layer's weights round: they are kept as output x input, and MatMul wants input x output."""
        return self._constant(name, self._tensor(name).T)

    def _constant(self, name: str, values: NDArray[np.float32]) -> str:
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, list(outputs), name=outputs[0], **attributes))
        return outputs[0]
