# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators of com.microsoft: numbers, what is refused, what is checked as it runs."""

import os
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper

import cases_contrib
import cases_contrib_attention
import differential
from cases_contrib import contrib, floats, integers

artifact = differential.artifact


class Numbers(unittest.TestCase):
    def check(self, cases):
        problems = differential.check_all(cases, sizes=(1, 7, 9))
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases)} cases:\n"
                         + "\n".join(problems))

    def test_elementwise_and_norms(self):
        self.check(cases_contrib.GELUS + cases_contrib.SUMS + cases_contrib.NORMS)

    def test_embeddings(self):
        self.check(cases_contrib.EMBEDDINGS + cases_contrib.ROTARIES)

    def test_products(self):
        self.check(cases_contrib.PRODUCTS + cases_contrib.PACKED)

    def test_attention(self):
        self.check(cases_contrib_attention.ATTENTIONS)

    def test_multi_head_attention(self):
        self.check(cases_contrib_attention.MULTIS)

    def test_group_query_attention(self):
        self.check(cases_contrib_attention.GROUPS)

    def test_padded_prompts(self):
        """Rows of padding are nobody's: only the others are compared."""
        lengths = lambda n: [n - 1, max(n - 4, 0)]
        cases = [cases_contrib_attention.group(lengths, lambda n: n, past=past, present=False)
                 for past in (None, 20)]
        # The old rows of the buffer do not count, so both have one reference.
        cases[1].expected = lambda *arrays: cases[0].expected(*arrays[:3], *arrays[5:])
        for case in cases:
            binary = differential.compile_cases([case])
            for n in (1, 7, 9):
                got, wanted = binary(*case.fed(n))[0], case.wanted(n)[0]
                for row, last in enumerate(lengths(n)):
                    np.testing.assert_allclose(got[row, :last + 1], wanted[row, :last + 1], 1e-4, 2e-5)


def model_of(op, operands, outputs=("y",), **attributes):
    """A model of one node, its outputs of any size."""
    names = cases_contrib.named(operands)
    node = helper.make_node(op, names, outputs, name="it", domain="com.microsoft", **attributes)
    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
              for name, value in zip(names, operands) if name]
    rank = 3 if op == "EmbedLayerNormalization" else min(3, operands[0].ndim)
    results = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None] * rank)
               for name in outputs if name]
    return helper.make_model(helper.make_graph([node], "case", inputs, results),
                             opset_imports=cases_contrib.OPSETS, ir_version=10)


INPUT, WEIGHTS, BIAS = floats(2, 3, 6), floats(6, 24), floats(24)
ROWS, PAST = floats(2, 3, 8), floats(2, 2, 5, 4)
GROUP = (floats(2, 3, 64), floats(2, 3, 32), floats(2, 3, 32))
BUFFER = floats(2, 2, 9, 16)
LENGTHS, TOTAL = np.array([2, 2], np.int32), np.array(3, np.int32)


def attention(*more, **attributes):
    return model_of("Attention", (INPUT, WEIGHTS, BIAS, *more), **{"num_heads": 2, **attributes})


def multi(*operands, **attributes):
    return model_of("MultiHeadAttention", operands, **{"num_heads": 2, **attributes})


def group(*more, **attributes):
    heads = {"num_heads": 4, "kv_num_heads": 2}
    return model_of("GroupQueryAttention", (*GROUP, None, None, LENGTHS, TOTAL, *more),
                    **{**heads, **attributes})


def skip(*operands, outputs=("y",), **attributes):
    return model_of("SkipLayerNormalization", operands, outputs, **attributes)


def rotary(data, where, pairs=2, **attributes):
    return model_of("RotaryEmbedding", (data, where, floats(9, pairs), floats(9, pairs)), **attributes)


NOTHING = (None,) * 4
# What the message must name, and a model.
REFUSED = [
    ("num_heads", attention(num_heads=0)),
    ("num_heads", attention(num_heads=-2)),
    ("num_heads", attention(num_heads=3)),
    ("do_rotary", attention(do_rotary=1)),
    ("past_present_share_buffer", attention(past_present_share_buffer=1)),
    ("past_sequence_length", attention(None, None, None, LENGTHS[:1])),
    ("qkv_hidden_sizes", attention(qkv_hidden_sizes=[8, 16])),
    ("qkv_hidden_sizes", attention(qkv_hidden_sizes=[8, 6, 10])),
    ("", attention(qkv_hidden_sizes=[8, 8, 10])),
    ("mask_index", attention(integers(2, 1, 8, 8))),
    ("", attention(integers(7))),
    ("", attention(integers(2, 4))),
    ("", attention(integers(2, 4, 3))),
    ("requires rank 4", attention(None, None, floats(3, 3))),
    ("", attention(None, None, floats(1, 3, 3, 3))),
    ("requires rank 5", attention(None, floats(2, 2, 5, 4))),
    ("", attention(None, floats(2, 2, 3, 5, 4))),
    ("unknown_attribute", attention(unknown_attribute=1)),
    ("", model_of("Attention", (INPUT, floats(5, 24)), num_heads=2)),
    ("", model_of("Attention", (INPUT, floats(6, 25)), num_heads=2)),
    ("", model_of("Attention", (floats(3, 6), WEIGHTS), num_heads=2)),
    ("3 heads", multi(ROWS, ROWS, ROWS, num_heads=3)),
    ("past_sequence_length", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST, PAST, LENGTHS[:1])),
    ("cache_indirection", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST, PAST, None, integers(2, 1, 8))),
    ("past_value", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST)),
    ("unidirectional", multi(ROWS, floats(2, 5, 8), floats(2, 5, 8), unidirectional=1)),
    ("", multi(ROWS, ROWS)),
    ("", multi(ROWS, None, ROWS)),
    ("", multi(floats(2, 3, 2, 3, 4), ROWS, ROWS)),
    ("", multi(floats(2, 3, 2, 2, 4))),
    ("", multi(ROWS, floats(2, 5, 6), floats(2, 5, 8))),
    ("", multi(ROWS, floats(2, 5, 8), floats(2, 4, 8))),
    ("", multi(ROWS, ROWS, ROWS, floats(23))),
    ("qk", multi(ROWS, ROWS, ROWS, outputs=("y", "", "", "qk"))),
    ("kv_num_heads", group(kv_num_heads=3)),
    ("kv_num_heads", group(kv_num_heads=0)),
    ("num_heads", group(num_heads=5)),
    ("causal", group(causal=2)),
    ("local_window_size", group(local_window_size=0)),
    ("local_window_size", group(local_window_size=2, causal=0)),
    ("smooth_softmax", group(smooth_softmax=3)),
    ("qk_output", group(qk_output=1)),
    ("sliding_window_cache", group(sliding_window_cache=1, local_window_size=3)),
    ("kv_cache_bit_width", group(kv_cache_bit_width=8)),
    ("k_quant_type", group(k_quant_type="PER_TENSOR")),
    ("v_quant_type", group(v_quant_type="PER_CHANNEL")),
    ("cos_cache", group(do_rotary=1)),
    ("sin_cache", group(floats(9, 8), do_rotary=1)),
    ("head_sink", group(*NOTHING, floats(3))),
    ("k_scale", group(*NOTHING, None, floats(1))),
    ("q_norm_weight", group(*NOTHING, *NOTHING[:3], floats(16), floats(16))),
    ("query_seqlens", group(*NOTHING, *NOTHING, None, LENGTHS)),
    ("past_value", model_of("GroupQueryAttention", (*GROUP, BUFFER, None, LENGTHS, TOTAL), num_heads=4,
                            kv_num_heads=2)),
    ("value", model_of("GroupQueryAttention", (*GROUP[:2], None, None, None, LENGTHS, TOTAL), num_heads=4,
                       kv_num_heads=2)),
    ("", skip(ROWS, ROWS, floats(7))),
    ("", skip(ROWS, floats(2, 3, 7), floats(8))),
    ("", skip(floats(8), floats(8), floats(8))),
    ("is_packed_batching", rotary(floats(2, 3, 8), integers(2, 3, dtype=np.int64), is_packed_batching=1)),
    ("scale", rotary(floats(2, 3, 8), integers(2, 3, dtype=np.int64), scale=2.0)),
    ("num_heads", rotary(floats(2, 3, 8), integers(2, 3, dtype=np.int64), rotary_embedding_dim=4)),
    ("", rotary(floats(2, 3, 9), integers(2, 3, dtype=np.int64))),
    ("", rotary(floats(2, 3, 8), integers(2, 4, dtype=np.int64))),
    ("", rotary(floats(2, 3, 8), integers(2, dtype=np.int64))),
    ("", model_of("FastGelu", (ROWS, floats(7)))),
    ("", model_of("BiasGelu", (ROWS, floats(3, 8)))),
    ("", model_of("BiasAdd", (ROWS, floats(8), floats(2, 4, 8)))),
    ("", model_of("FusedMatMul", (floats(3, 4), floats(3, 4)))),
    ("transBatchA", model_of("FusedMatMul", (floats(3), floats(3, 3)), transBatchA=1)),
    ("", model_of("EmbedLayerNormalization", (integers(2, 3), None, floats(9, 8), floats(9, 7), None,
                                              floats(8), floats(8)))),
    ("segment", model_of("EmbedLayerNormalization", (integers(2, 3), integers(2, 3), floats(9, 8),
                                                     floats(9, 8), None, floats(8), floats(8)))),
    ("", model_of("QAttention", (ROWS,))),
]


class Refusals(unittest.TestCase):
    def test_each_names_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            for word, model in REFUSED:
                node = model.graph.node[0]
                with self.subTest(op=node.op_type, word=word, node=str(node.attribute)[:200]):
                    onnx.save(model, path)
                    with self.assertRaises(RuntimeError) as caught:
                        artifact.compile_file(path, os.path.join(folder, "m.so"))
                    message = str(caught.exception)
                    self.assertTrue(message.startswith("exit code 1:"), message)
                    self.assertIn("node 'it' (", message)
                    self.assertIn(word, message)

    def test_other_versions(self):
        model = attention()
        model.opset_import[1].version = 2
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(model, path)
            with self.assertRaisesRegex(RuntimeError, "exit code 1:.*com.microsoft"):
                artifact.compile_file(path, os.path.join(folder, "m.so"))


class RunTimeChecks(unittest.TestCase):
    def check(self, case, good, bad):
        """The numbers are right for inputs that are good; others end the run."""
        binary = differential.compile_cases([case])
        case.inputs = good
        self.assertEqual(differential.compare(binary, [case], 0), [])
        for inputs in bad:
            with self.subTest(str(inputs[-3:])[:300]), self.assertRaises(artifact.RunError):
                binary(*inputs)

    def changed(self, inputs, position, *values):
        """Inputs with an element of one changed, a list for each value."""
        for value in values:
            array = inputs[position].copy()
            array.flat[-1] = value
            yield [*inputs[:position], array, *inputs[position + 1:]]

    def test_word_and_position_ids(self):
        tables = floats(9, 8), floats(4, 8), floats(2, 8)
        inputs = [integers(2, 3, high=9), integers(2, 3, high=2), *tables, floats(8), floats(8),
                  integers(2, 3, high=4)]
        ids, kinds, *rest, places = inputs
        case = contrib("EmbedLayerNormalization", ids, kinds, *rest, None, places, mask_index_type=0)
        self.check(case, inputs, [*self.changed(inputs, 0, 9, -1, -2**31),
                                  *self.changed(inputs, 1, 2, -1), *self.changed(inputs, 7, 4, -1)])

    def test_rows_beyond_the_table_of_positions(self):
        rows = lambda n: integers(1, n, high=9)
        case = contrib("EmbedLayerNormalization", rows, None, floats(9, 8), floats(6, 8), None, floats(8),
                       floats(8), mask_index_type=0)
        binary = differential.compile_cases([case])
        self.assertEqual(differential.compare(binary, [case], 6), [])
        with self.assertRaises(artifact.RunError):
            binary(*case.fed(7))

    def test_rotary_positions(self):
        tables = floats(9, 4), floats(9, 4)
        inputs = [floats(2, 3, 16), integers(2, 3, high=9, dtype=np.int64), *tables]
        self.check(contrib("RotaryEmbedding", *inputs), inputs,
                   self.changed(inputs, 1, 9, -1, 2**62, -2**63))
        inputs[1] = np.array([6])
        self.check(contrib("RotaryEmbedding", *inputs), inputs,
                   self.changed(inputs, 1, 7, -1, 2**63 - 1))

    def test_lengths_of_buffers(self):
        inputs = [floats(2, 1, 64), floats(2, 1, 32), floats(2, 1, 32), floats(2, 2, 7, 16),
                  floats(2, 2, 7, 16), np.array([6, 6], np.int32), np.array(7, np.int32),
                  floats(20, 8), floats(20, 8)]
        case = contrib("GroupQueryAttention", *inputs, num_heads=4, kv_num_heads=2, do_rotary=1,
                       outputs=("y", "key", "value"))
        self.check(case, inputs, [*self.changed(inputs, 5, 7, -1, -2**31, 2**31 - 1),
                                  *self.changed(inputs, 6, -1, -2**31)])

    def test_positions_of_buffers(self):
        inputs = [floats(2, 1, 64), floats(2, 1, 32), floats(2, 1, 32), floats(2, 2, 7, 16),
                  floats(2, 2, 7, 16), np.array([6, 6], np.int32), np.array(7, np.int32),
                  floats(20, 8), floats(20, 8), np.array([[6], [3]])]
        case = contrib("GroupQueryAttention", *inputs, num_heads=4, kv_num_heads=2, do_rotary=1,
                       outputs=("y", "key", "value"))
        self.check(case, inputs, self.changed(inputs, 9, 20, -1, 2**62))

    def test_first_run_without_a_buffer(self):
        inputs = [floats(2, 3, 64), floats(2, 3, 32), floats(2, 3, 32), LENGTHS, TOTAL]
        query, key, value, lengths, total = inputs
        case = contrib("GroupQueryAttention", query, key, value, None, None, lengths, total, num_heads=4,
                       kv_num_heads=2)
        self.check(case, inputs, self.changed(inputs, 4, 2, 4, -3))


if __name__ == "__main__":
    unittest.main()
