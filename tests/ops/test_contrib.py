# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators of com.microsoft: numbers, what is refused, what is checked as it runs."""

import os
import tempfile
import unittest

import numpy as np
import onnx

import cases_contrib
import cases_contrib_attention
import cases_contrib_refused
import differential
from cases_contrib import contrib, floats, integers
from cases_contrib_refused import LENGTHS, TOTAL

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


class Refusals(unittest.TestCase):
    def test_each_names_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            for word, model in cases_contrib_refused.REFUSED:
                node = model.graph.node[0]
                with self.subTest(op=node.op_type, word=word, node=str(node.attribute)[:200]):
                    onnx.save(model, path)
                    with self.assertRaises(RuntimeError) as caught:
                        artifact.compile_file(path, os.path.join(folder, "m.so"))
                    message = str(caught.exception)
                    self.assertTrue(message.startswith("exit code 1:"), message)
                    self.assertIn("node 'it' (", message)
                    self.assertTrue(word)
                    self.assertIn(word, message)

    def test_other_versions(self):
        model = cases_contrib_refused.attention()
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
