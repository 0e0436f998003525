# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX files with biases of relative positions, and with the form spelled in nodes."""

import os
import subprocess
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import artifact
import forms
from test_fft_rpe import close

fft_rpe, performer = forms.load("fft_rpe"), forms.load("performer")
node = helper.make_node
HEADS, WIDTH, LENGTH, BUCKETS, FARTHEST = 2, 8, 40, 8, 20


def build(nodes, constants, length=LENGTH, mask=False):
    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", HEADS, length, WIDTH])
    inputs = [value(name) for name in "qkv"]
    if mask:
        inputs.append(helper.make_tensor_value_info("mask", TensorProto.INT64, ["b", length]))
    used = {name for one in nodes for name in one.input}
    initializers = [numpy_helper.from_array(np.asarray(x), name)
                    for name, x in constants.items() if name in used]
    graph = helper.make_graph(nodes, "g", inputs, [value("o")], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def compiled(model, *options, emit=None):
    """The artifact, or the text of a stage, and what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.out")
        onnx.save(model, source)
        if emit:
            options += ("--emit", emit)
        done = subprocess.run([artifact.ATTUNE, "compile", source, "-o", out, *options],
                              capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr
        if not emit:
            return artifact.Artifact(out), done.stderr
        with open(out) as file:
            return file.read(), done.stderr


def softmax_nodes(bias):
    return [node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]), node("MatMul", ["q", "kt"], ["s"]),
            node("Add", ["s", bias], ["t"]), node("Softmax", ["t"], ["p"], axis=-1),
            node("MatMul", ["p", "v"], ["o"])]


def bucket_nodes():
    """T5's bias of an encoder: distances in buckets, whose biases a table has."""
    return [node("Shape", ["q"], ["sizes"]), node("Gather", ["sizes", "two"], ["rows"]),
            node("Squeeze", ["rows"], ["row"]), node("Range", ["zero", "row", "one"], ["at"]),
            node("Unsqueeze", ["at", "first"], ["j"]), node("Unsqueeze", ["at", "second"], ["i"]),
            node("Sub", ["j", "i"], ["lag"]), node("Greater", ["lag", "zero"], ["later"]),
            node("Cast", ["later"], ["side"], to=TensorProto.INT64),
            node("Mul", ["side", "half"], ["base"]), node("Abs", ["lag"], ["far"]),
            node("Less", ["far", "quarter"], ["near"]),
            node("Cast", ["far"], ["number"], to=TensorProto.FLOAT),
            node("Div", ["number", "few"], ["ratio"]), node("Log", ["ratio"], ["log"]),
            node("Div", ["log", "most"], ["part"]), node("Mul", ["part", "few"], ["steps"]),
            node("Cast", ["steps"], ["whole"], to=TensorProto.INT64),
            node("Add", ["whole", "quarter"], ["late"]), node("Min", ["late", "last"], ["capped"]),
            node("Where", ["near", "far", "capped"], ["own"]), node("Add", ["base", "own"], ["bucket"]),
            node("Gather", ["table", "bucket"], ["found"]),
            node("Transpose", ["found"], ["moved"], perm=[2, 0, 1]),
            node("Unsqueeze", ["moved", "first"], ["bias"])]


def buckets(lag):
    half, quarter = BUCKETS // 2, BUCKETS // 4
    far = np.abs(lag)
    with np.errstate(divide="ignore"):
        late = quarter + np.float32(np.log(far / quarter) / np.log(FARTHEST / quarter) * quarter)
    capped = np.minimum(np.maximum(late, 0).astype(int), half - 1)
    return np.where(lag > 0, half, 0) + np.where(far < quarter, far, capped)


TABLE = np.random.default_rng(5).standard_normal((BUCKETS, HEADS)).astype(np.float32)
CONSTANTS = dict(
    table=TABLE, zero=np.int64(0), one=np.int64(1), two=np.array([2]), first=np.array([0]),
    second=np.array([1]), axes=np.array([1, 2]), half=np.int64(BUCKETS // 2),
    quarter=np.int64(BUCKETS // 4), few=np.float32(BUCKETS // 4), last=np.int64(BUCKETS // 2 - 1),
    most=np.float32(np.log(FARTHEST / (BUCKETS // 4))), whole_one=np.float32(1),
    lowest=np.finfo(np.float32).min, end=np.array([-1]))


def draw(batch=2):
    random = np.random.default_rng(0)
    return [random.standard_normal((batch, HEADS, LENGTH, WIDTH)).astype(np.float32) / 2
            for _ in "qkv"]


class Buckets(unittest.TestCase):
    bias = TABLE[buckets(np.arange(1 - LENGTH, LENGTH))].T

    def expected(self, heads, **arguments):
        return fft_rpe.reference(*heads, performer.projection(256, WIDTH), self.bias, **arguments)

    def test_bias_is_recovered(self):
        model, heads = build(bucket_nodes() + softmax_nodes("bias"), CONSTANTS), draw()
        for by in ("fft", "blocks"):
            binary, _ = compiled(model, "--attention", f"fft_rpe{{by={by}}}")
            close(binary(*heads)[0], self.expected(heads))

    def test_mask_of_keys_that_is_added_to_it(self):
        nodes = bucket_nodes() + [
            node("Unsqueeze", ["mask", "axes"], ["wide"]),
            node("Cast", ["wide"], ["seen"], to=TensorProto.FLOAT),
            node("Sub", ["whole_one", "seen"], ["unseen"]), node("Mul", ["unseen", "lowest"], ["hidden"]),
            node("Add", ["bias", "hidden"], ["both"])] + softmax_nodes("both")
        mask = (np.arange(LENGTH) < [[LENGTH], [25]]).astype(np.int64)
        for by in ("fft", "blocks"):
            binary, _ = compiled(build(nodes, CONSTANTS, mask=True), "--attention",
                                 f"fft_rpe{{by={by}}}")
            heads = draw()
            with np.errstate(divide="ignore"):
                wanted = self.expected(heads, key_bias=np.log(mask))
            close(binary(*heads, mask)[0], wanted)

    def test_length_of_run_time_is_fixed_by_the_user(self):
        model = build(bucket_nodes() + softmax_nodes("bias"), CONSTANTS, length="seq")
        binary, messages = compiled(model, "--attention", "fft_rpe")
        self.assertIsNone(binary)
        self.assertIn("fix it with '--dim'", messages)
        binary, _ = compiled(model, "--attention", "fft_rpe", "--dim", f"seq={LENGTH}")
        heads = draw()
        close(binary(*heads)[0], self.expected(heads))


def spelled(taps, causal=False, late=False):
    """Features and taps as factors of weights, in nodes."""
    nodes = []
    for x in "qk":
        nodes += [node("MatMul", [x, "w"], [x + "w"]), node("Mul", [x, x], [x + "2"]),
                  node("ReduceSum", [x + "2", "end"], [x + "s"]),
                  node("Mul", [x + "s", "part"], [x + "h"]), node("Sub", [x + "w", x + "h"], [x + "e"]),
                  node("Exp", [x + "e"], [x + "f"])]
    nodes += [node("Transpose", ["kf"], ["kt"], perm=[0, 1, 3, 2]),
              node("MatMul", ["qf", "kt"], ["products"]), node("Mul", ["products", "taps"], ["a"]),
              node("ReduceSum", ["a", "end"], ["z"])]
    nodes += [node("MatMul", ["a", "v"], ["n"]), node("Div", ["n", "z"], ["o"])] if late else [
        node("Div", ["a", "z"], ["p"]), node("MatMul", ["p", "v"], ["o"])]
    return build(nodes, dict(w=performer.projection(16, WIDTH).T.astype(np.float32), taps=taps,
                             part=np.float32(0.5), end=np.array([-1])))


class SpelledFile(unittest.TestCase):
    def test_is_raised_and_right(self):
        lag = np.arange(LENGTH) - np.arange(LENGTH)[:, None]
        bias = np.random.default_rng(2).standard_normal((HEADS, 2 * LENGTH - 1)).astype(np.float32)
        for causal in (False, True):
            taps = np.exp(bias[:, lag + LENGTH - 1]) * (lag <= 0 if causal else 1)
            model = spelled(taps.astype(np.float32), late=causal)
            text, _ = compiled(model, emit="raise")
            self.assertEqual(text.count("attn.fft_rpe"), 1)
            self.assertEqual("causal" in text, causal)
            heads = draw()
            binary, _ = compiled(model)
            close(binary(*heads)[0], fft_rpe.reference(
                *heads, performer.projection(16, WIDTH), bias, causal=causal))


if __name__ == "__main__":
    unittest.main()
