# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX files with linear attention: asked for, or spelled in nodes."""

import os
import subprocess
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import artifact
import forms

linear = forms.load("linear")
HEADS, WIDTH = 2, 8


def write(path, nodes, constants):
    """A file with q, k, v of [b, s, HEADS, WIDTH] and the result o."""
    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", "s", HEADS, WIDTH])
    graph = helper.make_graph(
        nodes, "g", [value(name) for name in "qkv"], [value("o")],
        [numpy_helper.from_array(np.asarray(x), name) for name, x in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def heads_first():
    return [helper.make_node("Transpose", [x], [x + "h"], perm=[0, 2, 1, 3]) for x in "qkv"]


def heads_back(name):
    return [helper.make_node("Transpose", [name], ["o"], perm=[0, 2, 1, 3])]


def softmax_nodes(out="oh", masked=False):
    node = helper.make_node
    nodes = [node("Transpose", ["kh"], ["kt"], perm=[0, 1, 3, 2]),
             node("MatMul", ["qh", "kt"], ["product"]),
             node("Div", ["product", "root"], ["scores"])]
    if masked:
        nodes.append(node("Add", ["scores", "bias"], ["masked"]))
    return nodes + [node("Softmax", ["masked" if masked else "scores"], ["weights"], axis=-1),
                    node("MatMul", ["weights", "vh"], [out])]


def linear_nodes():
    node = helper.make_node
    nodes = []
    for x in "qk":
        nodes += [node("Elu", [x + "h"], [x + "e"]), node("Add", [x + "e", "one"], [x + "f"])]
    return nodes + [
        node("Transpose", ["kf"], ["kt"], perm=[0, 1, 3, 2]),
        node("MatMul", ["kt", "vh"], ["state"]), node("MatMul", ["qf", "state"], ["sum"]),
        node("ReduceSum", ["kf", "two"], ["z"]),
        node("Transpose", ["z"], ["zt"], perm=[0, 1, 3, 2]), node("MatMul", ["qf", "zt"], ["d"]),
        node("Add", ["d", "eps"], ["de"]), node("Div", ["sum", "de"], ["oh"])]


CONSTANTS = dict(one=np.float32(1), eps=np.float32(1e-3), two=np.array([2]),
                 last=np.array([-1]), before=np.array([-2]), position=np.array(2),
                 single=np.array([1]), squares=np.array([WIDTH**2]), root2=np.float32(np.sqrt(2)),
                 fourth_root=np.float32(WIDTH**0.25),
                 root=np.float32(np.sqrt(WIDTH)), bias=np.arange(HEADS, dtype=np.float32).reshape(HEADS, 1, 1))


def elu_features():
    node = helper.make_node
    return [made for x in "qk" for made in (
        node("Elu", [x + "h"], [x + "e"]), node("Add", [x + "e", "one"], [x + "f"]))]


def taylor_features():
    """1, x / D^(1/4) and all products over sqrt(2 D), as PyTorch code spells them."""
    node, nodes = helper.make_node, [
        helper.make_node("Shape", ["qh"], ["size"], end=3),
        helper.make_node("Concat", ["size", "single"], ["shape_of_ones"], axis=0),
        helper.make_node("Expand", ["one", "shape_of_ones"], ["ones"]),
        helper.make_node("Concat", ["size", "squares"], ["shape_of_squares"], axis=0)]
    for x in "qk":
        nodes += [
            node("Unsqueeze", [x + "h", "last"], [x + "a"]),
            node("Unsqueeze", [x + "h", "before"], [x + "b"]),
            node("Mul", [x + "a", x + "b"], [x + "c"]),
            node("Reshape", [x + "c", "shape_of_squares"], [x + "r"]),
            node("Div", [x + "r", "root2"], [x + "s"]), node("Div", [x + "s", "root"], [x + "p"]),
            node("Div", [x + "h", "fourth_root"], [x + "l"]),
            node("Concat", ["ones", x + "l", x + "p"], [x + "f"], axis=-1)]
    return nodes


def masked_nodes():
    """The lower triangle of the products of features, over its sums."""
    node = helper.make_node
    return [node("Transpose", ["kf"], ["kt"], perm=[0, 1, 3, 2]), node("MatMul", ["qf", "kt"], ["a"]),
            node("Trilu", ["a"], ["w"], upper=0), node("MatMul", ["w", "vh"], ["n"]),
            node("ReduceSum", ["w", "last"], ["d"]), node("Add", ["d", "eps"], ["de"]),
            node("Div", ["n", "de"], ["oh"])]


def running_nodes():
    """Running sums of the outer products, which are D x D for each position."""
    node = helper.make_node
    return [node("Einsum", ["kf", "vh"], ["kv"], equation="bhld,bhle->bhlde"),
            node("CumSum", ["kv", "position"], ["s"]),
            node("Einsum", ["qf", "s"], ["n"], equation="bhld,bhlde->bhle"),
            node("CumSum", ["kf", "position"], ["z"]), node("Mul", ["qf", "z"], ["m"]),
            node("ReduceSum", ["m", "last"], ["d"]), node("Add", ["d", "eps"], ["de"]),
            node("Div", ["n", "de"], ["oh"])]


def draw(rows):
    random = np.random.default_rng(rows)
    return [random.standard_normal((2, rows, HEADS, WIDTH)).astype(np.float32) for _ in "qkv"]


def expected(heads, **arguments):
    q, k, v = (x.swapaxes(1, 2) for x in heads)
    return linear.reference(q, k, v, **arguments).swapaxes(1, 2)


class Compiled:
    """What compiling a graph printed, and the artifact if there is one."""

    def __init__(self, nodes, *options, emit=None):
        used = {name for node in nodes for name in node.input}
        with tempfile.TemporaryDirectory() as folder:
            source, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.out")
            write(source, nodes, {name: x for name, x in CONSTANTS.items() if name in used})
            if emit:
                options += ("--emit", emit)
            done = subprocess.run([artifact.ATTUNE, "compile", source, "-o", out, *options],
                                  capture_output=True, text=True)
            self.code, self.messages = done.returncode, done.stderr
            self.left = sorted(set(os.listdir(folder)) - {"m.onnx"})
            if self.code != 0:
                return
            if emit:
                with open(out) as file:
                    self.text = file.read()
            else:
                self.run = artifact.Artifact(out)


class DenseFile(unittest.TestCase):
    def test_stays_dense_by_default(self):
        heads = draw(9)
        (result,) = Compiled(heads_first() + softmax_nodes() + heads_back("oh")).run(*heads)
        self.assertGreater(np.abs(result - expected(heads)).max(), 1e-2)

    def test_attention_option_puts_the_form_in(self):
        nodes = heads_first() + softmax_nodes() + heads_back("oh")
        compiled = Compiled(nodes, "--attention", "linear{eps=0.5}")
        self.assertEqual(compiled.messages.count("remark"), 1)
        self.assertIn("layer 0: attn.attention -> linear (approximate)", compiled.messages)
        for rows in (1, 9, 130):
            heads = draw(rows)
            (result,) = compiled.run(*heads)
            np.testing.assert_allclose(result, expected(heads, eps=0.5), atol=1e-5)

    def test_layers_are_chosen_one_by_one(self):
        second = [helper.make_node("Add", ["oh", "qh"], ["qh2"])] + [
            helper.make_node(n.op_type, [{"qh": "qh2"}.get(x, x + "2" if x in (
                "product", "scores", "weights") else x) for x in n.input],
                [x + "2" for x in n.output], **{a.name: helper.get_attribute_value(a)
                                                for a in n.attribute})
            for n in softmax_nodes()[1:]]
        nodes = heads_first() + softmax_nodes() + second + heads_back("oh2")
        texts = [Compiled(nodes, *options, emit="raise").text.count("attn.attention query")
                 for options in [(), ("--attention", "linear@layers=1")]]
        self.assertEqual(texts, [2, 2])
        one = Compiled(nodes, "--attention", "linear@layers=1", emit="forms").text
        both = Compiled(nodes, "--attention", "linear@layers=1", "--attention",
                        "linear{eps=2}@layers=0", emit="forms").text
        self.assertEqual((one.count("attn.attention query"), one.count("attn.linear sum")), (1, 1))
        self.assertEqual((both.count("attn.attention query"), both.count("attn.linear sum")), (0, 2))

    def test_errors_end_with_the_right_code(self):
        plain = heads_first() + softmax_nodes() + heads_back("oh")
        masked = heads_first() + softmax_nodes(masked=True) + heads_back("oh")
        cases = [(plain, "linear{eps", 2, "not enclosed"), (plain, "lin", 2, "the forms are based, "),
                 (plain, "linear@heads=99", 1, "names head 99"),
                 (plain, "linear@layers=1", 1, "names layer 1"),
                 (plain, "linear{x=1}", 1, "has no parameter 'x'; it has eps"),
                 (masked, "linear", 1, "what is added to its scores is not known")]
        for nodes, spec, code, message in cases:
            with self.subTest(spec=spec):
                compiled = Compiled(nodes, "--attention", spec)
                self.assertEqual(compiled.code, code)
                self.assertIn(message, compiled.messages)
                self.assertEqual(compiled.left, [])


class SpelledFile(unittest.TestCase):
    def test_is_raised_and_right(self):
        nodes = heads_first() + linear_nodes() + heads_back("oh")
        text = Compiled(nodes, emit="raise").text
        self.assertEqual(text.count("attn.linear_transformer"), 1)
        self.assertNotIn("linalg.generic", text)
        compiled = Compiled(nodes)
        for rows in (1, 5, 129):
            heads = draw(rows)
            (result,) = compiled.run(*heads)
            np.testing.assert_allclose(result, expected(heads, eps=1e-3), atol=1e-5)

    def test_causal_spellings_are_raised_and_right(self):
        for features, rest, operation in [
                (elu_features, masked_nodes, "attn.linear_transformer"),
                (elu_features, running_nodes, "attn.linear_transformer"),
                (taylor_features, masked_nodes, "attn.linear sum")]:
            nodes = heads_first() + features() + rest() + heads_back("oh")
            with self.subTest(features=features.__name__, nodes=rest.__name__):
                text = Compiled(nodes, emit="raise").text
                self.assertEqual(text.count(operation), 1)
                self.assertIn("causal", text)
                self.assertNotIn("linalg.generic", text)
                compiled = Compiled(nodes)
                for rows in (1, 5, 130):
                    heads = draw(rows)
                    (result,) = compiled.run(*heads)
                    if features is elu_features:
                        wanted = expected(heads, causal=True, eps=1e-3)
                    else:
                        q, k, v = (x.swapaxes(1, 2) for x in heads)
                        weights = np.tril(1 + (s := q @ k.swapaxes(-1, -2) / np.sqrt(WIDTH)) + s * s / 2)
                        wanted = (weights @ v / (weights.sum(-1, keepdims=True) + 1e-3)).swapaxes(1, 2)
                    np.testing.assert_allclose(result, wanted, atol=1e-4)

    def test_elu_alone_has_a_lowering(self):
        nodes = [helper.make_node("Elu", ["q"], ["a"], alpha=0.5),
                 helper.make_node("Add", ["a", "k"], ["b"]), helper.make_node("Add", ["b", "v"], ["o"])]
        q, k, v = draw(3)
        (result,) = Compiled(nodes).run(q, k, v)
        np.testing.assert_allclose(result, np.where(q > 0, q, 0.5 * np.expm1(q)) + k + v, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
