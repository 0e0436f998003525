# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Forms that are masks: against float64 NumPy, and in the limits where they equal others."""

import unittest

import numpy as np

import artifact
import forms
from test_mask_sets import reference

HEADS, WIDTH = 2, 8
LENGTHS = [(1, 1), (6, 6), (70, 70), (300, 300), (1, 300), (20, 90)]


def model(causal, heads=HEADS, length="?"):
    tensor = f"tensor<1x{heads}x{length}x{WIDTH}xf32>"
    return f"""
func.func @main(%q: {tensor}, %k: {tensor}, %v: {tensor}) -> {tensor} {{
  %o = attn.attention query(%q : {tensor}) key(%k : {tensor}) value(%v : {tensor})
      attributes {{{"causal, " if causal else ""}scale = 0.5 : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {tensor}
  return %o : {tensor}
}}"""


def write(form, parameters, heads=""):
    listed = ",".join(f"{name}={value}" for name, value in parameters.items())
    return f"{form}{{{listed}}}{heads}"


def compiled(causal, *specs, heads=HEADS):
    options = ("--attention", " ".join(specs)) if specs else ()
    return artifact.compile_text(model(causal, heads), *options)


def inputs(rows, keys, heads=HEADS, seed=0):
    random = np.random.default_rng(seed)
    return [random.standard_normal((1, heads, n, WIDTH)).astype(np.float32)
            for n in (rows, keys, keys)]


def close(got, wanted, message=""):
    np.testing.assert_allclose(got, wanted, atol=2e-5, rtol=0, err_msg=message)


class MaskedForms(unittest.TestCase):
    def test_every_case_of_the_references(self):
        for form in ("sliding_window", "longformer", "local", "streaming"):
            definition = forms.load(form)
            for parameters in definition.CASES:
                for causal in (True,) if form == "streaming" else (False, True):
                    binary = compiled(causal, write(form, parameters))
                    for rows, keys in LENGTHS:
                        i = np.arange(rows)[:, None] + keys - rows
                        seen = definition.visible(i, np.arange(keys)[None], keys, causal,
                                                  **parameters)
                        arrays = inputs(rows, keys)
                        close(binary(*arrays)[0], reference(*arrays, seen, 0.5),
                              f"{form} {parameters} causal={causal} {rows} x {keys}")

    def same(self, causal, left, right, length=60):
        arrays = inputs(length, length)
        close(compiled(causal, *left)(*arrays)[0], compiled(causal, *right)(*arrays)[0])

    def test_large_windows_are_dense(self):
        for causal in (False, True):
            for spec in ("sliding_window{window=60}", "longformer{window=59,global=0}",
                         "local{block=60}", "longformer{window=0,global=60}",
                         "sliding_window{window=1,sinks=60}",
                         "sliding_window{window=5000000000,dilation=1}",
                         "longformer{window=9007199254740992,global=0}"):
                self.same(causal, [spec], [])

    def test_streaming_heads_that_see_all_are_dense(self):
        for spec in ("streaming{recent=60,sink=0}", "streaming{recent=1,sink=60}",
                     "streaming{recent=30,sink=30}"):
            self.same(True, [spec], [])

    def test_streaming_heads_leave_the_others_as_they_are(self):
        arrays = inputs(90, 90, heads=4)
        got = compiled(True, "streaming{sink=3,recent=7}@heads=2-3", heads=4)(*arrays)[0]
        dense, streaming = (compiled(True, *spec, heads=4)(*arrays)[0]
                            for spec in ([], ["streaming{sink=3,recent=7}"]))
        close(got[:, :2], dense[:, :2])
        close(got[:, 2:], streaming[:, 2:])

    def test_windows_of_one_key_copy_the_values(self):
        for causal in (False, True):
            for spec in ("sliding_window{window=1}", "longformer{window=0,global=0}",
                         "local{block=1}"):
                arrays = inputs(50, 50)
                close(compiled(causal, spec)(*arrays)[0], arrays[2])
        arrays = inputs(50, 50)
        close(compiled(True, "streaming{sink=0,recent=1}")(*arrays)[0], arrays[2])

    def test_blocks_of_one_position_are_a_window(self):
        self.same(True, ["local{block=1,back=7}"], ["sliding_window{window=8}"])
        self.same(False, ["local{block=1,back=7,forward=7}"], ["longformer{window=7,global=0}"])

    def test_blocks_are_attention_on_their_own(self):
        arrays = inputs(64, 64)
        whole = compiled(False, "local{block=16}")(*arrays)[0]
        dense = compiled(False)
        for at in range(0, 64, 16):
            part = [np.ascontiguousarray(x[:, :, at:at + 16]) for x in arrays]
            close(whole[:, :, at:at + 16], dense(*part)[0])

    def test_global_rows_are_dense_ones(self):
        arrays = inputs(80, 80)
        got = compiled(False, "longformer{window=3,global=4}")(*arrays)[0]
        close(got[:, :, :4], compiled(False)(*arrays)[0][:, :, :4])

    def test_heads_take_their_own_forms(self):
        arrays = inputs(90, 90, heads=4)
        split = compiled(True, "sliding_window{window=9,sinks=2}@heads=1",
                         "local{block=8}@heads=3", heads=4)(*arrays)[0]
        dense, window, local = (compiled(True, *spec, heads=4)(*arrays)[0] for spec in (
            [], ["sliding_window{window=9,sinks=2}"], ["local{block=8}"]))
        for head, whole in enumerate((dense, window, dense, local)):
            close(split[:, head], whole[:, head], f"head {head}")


if __name__ == "__main__":
    unittest.main()
