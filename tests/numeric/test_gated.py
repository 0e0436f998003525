# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Gated attention with side weights, against a float64 reference."""

import os
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import artifact
import forms
from test_masked_forms import close, write

HEADS, WIDTH = 3, 4
COLUMNS = HEADS * WIDTH


def save_model(path, fused, random):
    """x [B,L,C] -> attention of its projections; returns what it computes without gates."""
    w = random.standard_normal((3, COLUMNS, COLUMNS)).astype(np.float32) / 3
    nodes, constants = [], [numpy_helper.from_array(np.array([0, 0, HEADS, WIDTH]), "split"),
                            numpy_helper.from_array(np.array([0, 0, COLUMNS]), "join"),
                            numpy_helper.from_array(np.float32(0.5), "scale")]
    if fused:
        constants.append(numpy_helper.from_array(np.concatenate(list(w), 1), "w"))
        nodes += [helper.make_node("MatMul", ["x", "w"], ["all"]),
                  helper.make_node("Split", ["all"], ["p0", "p1", "p2"], axis=2, num_outputs=3)]
    for i in range(3):
        if not fused:
            constants.append(numpy_helper.from_array(w[i], f"w{i}"))
            nodes.append(helper.make_node("MatMul", ["x", f"w{i}"], [f"p{i}"]))
        nodes += [helper.make_node("Reshape", [f"p{i}", "split"], [f"s{i}"]),
                  helper.make_node("Transpose", [f"s{i}"], [f"t{i}"],
                                   perm=[0, 2, 3, 1] if i == 1 else [0, 2, 1, 3])]
    nodes += [helper.make_node("MatMul", ["t0", "t1"], ["products"]),
              helper.make_node("Mul", ["products", "scale"], ["scores"]),
              helper.make_node("Softmax", ["scores"], ["weights"], axis=-1),
              helper.make_node("MatMul", ["weights", "t2"], ["heads"]),
              helper.make_node("Transpose", ["heads"], ["turned"], perm=[0, 2, 1, 3]),
              helper.make_node("Reshape", ["turned", "join"], ["y"])]
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", "l", COLUMNS])
            for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "gated", info[:1], info[1:], constants),
                              opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)

    def attention(x):
        q, k, v = (np.einsum("blc,cd->bld", x.astype(float), each)
                   .reshape(*x.shape[:2], HEADS, WIDTH).transpose(0, 2, 1, 3) for each in w)
        scores = 0.5 * q @ k.swapaxes(-1, -2)
        raised = np.exp(scores - scores.max(-1, keepdims=True))
        return raised / raised.sum(-1, keepdims=True) @ v

    return attention


class Gated(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model, self.file = (os.path.join(folder.name, name)
                                 for name in ("m.onnx", "gate.safetensors"))
        self.count = 0
        self.random = np.random.default_rng(1)

    def compiled(self, weights, **parameters):
        artifact.save_safetensors(self.file, {f"layers.0.{name}": array.astype(np.float32)
                                              for name, array in weights.items()})
        spec = write("gated", {"weights": self.file, **parameters})
        # A loaded artifact is found again by its path.
        self.count += 1
        binary = f"{self.model}.{self.count}.so"
        artifact.compile_file(self.model, binary, "--attention", spec)
        return artifact.Artifact(binary)

    def draw(self, parameters):
        shapes = forms.load("gated").shapes(HEADS, WIDTH, **parameters)
        return {name: self.random.standard_normal(shape).astype(np.float32)
                for name, shape in shapes.items()}

    def join(self, heads):
        return heads.transpose(0, 2, 1, 3).reshape(heads.shape[0], heads.shape[2], -1)

    def test_every_case_of_the_reference(self):
        definition = forms.load("gated")
        for fused in (False, True):
            attention = save_model(self.model, fused, self.random)
            for parameters in definition.CASES:
                weights = self.draw(parameters)
                binary = self.compiled(weights, **parameters)
                x = self.random.standard_normal((2, 11, COLUMNS)).astype(np.float32)
                wanted = attention(x) * definition.gates(x, weights, HEADS, **parameters)
                close(binary(x)[0], self.join(wanted), f"{parameters} fused={fused}")

    def test_open_and_closed_gates(self):
        attention = save_model(self.model, False, self.random)
        x = self.random.standard_normal((1, 9, COLUMNS)).astype(np.float32)
        dense = self.join(attention(x))
        for logit, wanted in ((40, dense), (-800, 0 * dense)):
            weights = {"attn_gate.weight": np.zeros((HEADS, WIDTH)),
                       "attn_gate.bias": np.full(HEADS, logit)}
            close(self.compiled(weights)(x)[0], wanted)

    def test_what_is_wrong_is_told(self):
        save_model(self.model, False, self.random)
        weights = self.draw({})
        for change, parameters, message in (
                ({"attn_gate.bias": np.zeros(5)}, {},
                 r"requires F32 \[3\] for 'layers.0.attn_gate.bias', but got F32 \[5\]"),
                ({}, {"kind": "mlp"}, "requires a tensor 'layers.0.attn_gate.0.weight'"),
                ({}, {"scale": 0}, "requires a finite, positive scale"),
                ({}, {"kind": "other"}, "one of linear, mlp, all, constant")):
            with self.assertRaisesRegex(RuntimeError, message):
                self.compiled(weights | change, **parameters)
        tensor = "tensor<1x2x5x4xf32>"
        with self.assertRaisesRegex(RuntimeError, "finds no tensor of batch x queries x 8"):
            artifact.compile_text(f"""
func.func @main(%q: {tensor}) -> {tensor} {{
  %o = attn.attention query(%q : {tensor}) key(%q : {tensor}) value(%q : {tensor})
      attributes {{scale = 1.0 : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {tensor}
  return %o : {tensor}
}}""", "--attention", write("gated", {"weights": self.file}))


if __name__ == "__main__":
    unittest.main()
