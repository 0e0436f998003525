# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Sizes that must be equal, but have names of their own in the file: each is compared with
the others before any memory is read."""

import os
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import parser

import differential
from cases_contrib import floats, integers

artifact = differential.artifact
HEADER = '<ir_version: 10, opset_import: ["" : 24, "com.microsoft" : 1]>\n'


def compiled(text):
    """The binary of a graph, and what ONNX Runtime makes of it."""
    model = parser.parse_model(HEADER + text)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.onnx")
        onnx.save(model, path)
        artifact.compile_file(path, path + ".so")
        return artifact.Artifact(path + ".so"), onnxruntime.InferenceSession(model.SerializeToString())


class FreeSizes(unittest.TestCase):
    def check(self, text, shapes, bad):
        """Numbers are right for `shapes` (or arrays); of `bad` each entry is an input, a dimension
        of it, the size that is wrong there and what the message says."""
        binary, session = compiled(text)
        arrays = [floats(*shape, seed=i) if isinstance(shape, tuple) else shape for i, shape in enumerate(shapes)]
        wanted = session.run(None, {value.name: array for value, array in zip(session.get_inputs(), arrays)})
        for got, right in zip(binary(*arrays), wanted):
            np.testing.assert_allclose(got, right, 1e-4, 1e-5)
        for position, dim, size, message in bad:
            with self.subTest(input=position, dim=dim, size=size):
                shape = list(arrays[position].shape)
                shape[dim] = size
                changed = np.resize(arrays[position], shape)
                with self.assertRaisesRegex(artifact.RunError, message):
                    binary(*arrays[:position], changed, *arrays[position + 1:])

    def test_heads(self):
        """Of rank 4, with a past."""
        past, heads = "sizes of the past and of new rows", "a multiple of the others"
        self.check("""
            g (float[a,b,c,4] q, float[d,e,f,w] k, float[g,h,i,4] v, float[j,l,m,u] pk, float[o,p,r,4] pv) =>
                (float[A,B,C,4] y, float[D,E,F,G] qk, float[H,I,J,4] qv) { y, qk, qv = Attention(q, k, v, , pk, pv) }""",
                   [(2, 4, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), (2, 2, 6, 4), (2, 2, 6, 4)], [
                       (0, 0, 3, "batch sizes"), (0, 0, 1, "batch sizes"), (1, 0, 1, "batch sizes"),
                       (2, 0, 1, "batch sizes"), (2, 0, 4, "batch sizes"), (1, 1, 3, heads), (2, 1, 3, heads),
                       (1, 1, 8, heads), (1, 1, 0, heads), (0, 1, 3, heads), (1, 2, 4, "lengths of keys and values"),
                       (2, 2, 4, "lengths of keys and values"), (1, 3, 5, "widths of heads"),
                       (3, 0, 1, past), (3, 0, 3, past), (3, 1, 1, past), (3, 3, 5, past), (4, 0, 1, past),
                       (4, 1, 4, past), (3, 2, 5, "lengths of past_key and past_value"),
                       (4, 2, 5, "lengths of past_key and past_value")])

    def test_rows(self):
        """Of rank 3; in f64 scores are tensors."""
        for kind in ("float", "double"):
            dtype = np.float32 if kind == "float" else np.float64
            shapes = [(2, 3, 16), (2, 5, 8), (2, 5, 8), (2, 2, 6, 4), (2, 2, 6, 4)]
            arrays = [floats(*shape, seed=i).astype(dtype) for i, shape in enumerate(shapes)]
            self.check("""
                g (F[a,b,16] q, F[c,d,8] k, F[e,f,8] v, F[g,2,h,4] pk, F[i,2,j,4] pv) =>
                    (F[A,B,16] y, F[C,2,D,4] qk, F[E,2,G,4] qv) { y, qk, qv = Attention <q_num_heads = 4, kv_num_heads = 2> (q, k, v, , pk, pv) }""".replace("F[", kind + "["),
                       arrays, [
                           (0, 0, 3, "batch sizes"), (1, 0, 1, "batch sizes"), (2, 0, 1, "batch sizes"),
                           (1, 1, 4, "lengths of keys and values"), (2, 1, 4, "lengths of keys and values"),
                           (3, 0, 1, "sizes of the past"), (4, 0, 3, "sizes of the past"),
                           (4, 2, 5, "lengths of past_key and past_value")])

    def test_multi_head_attention(self):
        self.check("""
            g (float[a,b,8] q, float[c,d,8] k, float[e,f,8] v, float[g,2,h,4] pk, float[i,2,j,4] pv) =>
                (float[A,B,8] y, float[C,2,D,4] qk, float[E,2,F,4] qv) { y, qk, qv = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, , , , pk, pv) }""",
                   [(2, 3, 8), (2, 5, 8), (2, 5, 8), (2, 2, 6, 4), (2, 2, 6, 4)], [
                       (0, 0, 3, "batch sizes"), (1, 0, 1, "batch sizes"), (2, 0, 1, "batch sizes"),
                       (2, 1, 4, "lengths of keys and values"), (3, 0, 1, "sizes of the past"),
                       (4, 0, 1, "sizes of the past"), (3, 2, 5, "lengths of past_key and past_value")])

    def test_packed_attention(self):
        self.check("""
            g (float[a,b,6] x, float[6,24] w, float[24] bias, float[2,c,2,d,4] past) => (float[A,B,8] y, float[2,C,2,D,4] all)
            { y, all = com.microsoft.Attention <num_heads = 2> (x, w, bias, , past) }""",
                   [(2, 3, 6), (6, 24), (24,), (2, 2, 2, 5, 4)],
                   [(3, 1, 1, "sizes of the past"), (3, 1, 3, "sizes of the past")])

    def test_embeddings(self):
        """The counts of the mask have the batch's name behind the node."""
        ids, kinds, mask = integers(2, 3, high=9), integers(2, 3, high=2), integers(2, 3, high=2)
        self.check("""
            g (int32[a,b] ids, int32[c,d] kinds, float[9,8] words, float[7,8] places, float[2,8] table, float[8] s,
               float[8] t, int32[e,f] mask, int32[h,i] where) => (float[A,B,8] y, int32[C] count) {
               y, count = com.microsoft.EmbedLayerNormalization <mask_index_type = 1>
                   (ids, kinds, words, places, table, s, t, mask, where) }""",
                   [ids, kinds, (9, 8), (7, 8), (2, 8), (8,), (8,), mask, integers(2, 3, high=7)],
                   [(position, dim, size, message)
                    for position, message in ((1, "sizes of segment_ids and of input_ids must be equal"),
                                              (7, "sizes of mask and of input_ids must be equal"),
                                              (8, "sizes of position_ids and of input_ids must be equal"))
                    for dim, size in ((0, 1), (0, 3), (1, 1), (1, 4))])


if __name__ == "__main__":
    unittest.main()
