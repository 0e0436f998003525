# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Forms whose blocks are listed when a model is compiled, against float64 NumPy."""

import os
import tempfile
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs
from test_mask_sets import reference
from test_masked_forms import WIDTH, close, model, write

HEADS = 4


def compiled(causal, length, *specs, cpu="native"):
    options = ("--attention", " ".join(specs)) if specs else ()
    return artifact.compile_text(model(causal, HEADS, length), *options, "--cpu", cpu)


def inputs(length, seed=0):
    random = np.random.default_rng(seed)
    return random.standard_normal((3, 1, HEADS, length, WIDTH)).astype(np.float32)


def seen(blocks, block, length, causal):
    mask = np.repeat(np.repeat(blocks, block, -2), block, -1)[..., :length, :length]
    return mask & (np.tri(length, dtype=bool) if causal else True)


class BigBird(unittest.TestCase):
    def test_every_case_of_the_reference(self):
        definition = forms.load("bigbird")
        for parameters in definition.CASES:
            for causal in (False, True):
                for length in (1, 90, 200):
                    binary = compiled(causal, length, write("bigbird", parameters))
                    block = parameters["block"]
                    marks = definition.blocks(HEADS, -(-length // block), causal, **parameters)
                    arrays = inputs(length)
                    close(binary(*arrays)[0],
                          reference(*arrays, seen(marks, block, length, causal), 0.5),
                          f"{parameters} causal={causal} {length}")

    def test_processors(self):
        definition = forms.load("bigbird")
        marks = definition.blocks(HEADS, 10, block=16)
        arrays = inputs(150)
        for cpu in filter(host_runs, CPUS):
            close(compiled(False, 150, "bigbird{block=16}", cpu=cpu)(*arrays)[0],
                  reference(*arrays, seen(marks, 16, 150, False), 0.5), cpu)

    def test_limits_are_dense(self):
        arrays = inputs(60)
        for causal in (False, True):
            for spec in ("bigbird{block=8,window=16}", "bigbird{block=8,random=8}",
                         "bigbird{block=8,global=8}", "bigbird{block=60}"):
                close(compiled(causal, 60, spec)(*arrays)[0], compiled(causal, 60)(*arrays)[0],
                      spec)

    def test_global_rows_are_dense_ones(self):
        arrays = inputs(96)
        got, dense = (compiled(False, 96, *spec)(*arrays)[0]
                      for spec in (["bigbird{block=8}"], []))
        close(got[:, :, :8], dense[:, :, :8])
        close(got[:, :, -8:], dense[:, :, -8:])

    def test_layers_and_heads_draw_their_own(self):
        """Heads are counted within those that take the form."""
        tensor = f"tensor<1x{HEADS}x90x{WIDTH}xf32>"
        layers = "".join(f"""
  %{out} = attn.attention query(%{q} : {tensor}) key(%k : {tensor}) value(%v : {tensor})
      attributes {{scale = 0.5 : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {tensor}""" for out, q in (("a", "q"), ("b", "a")))
        text = (f"func.func @main(%q: {tensor}, %k: {tensor}, %v: {tensor}) -> {tensor} "
                f"{{{layers}\n  return %b : {tensor}\n}}")
        q, k, v = inputs(90)
        binary = artifact.compile_text(text, "--attention",
                                       "bigbird{block=8,random=2}@layers=1;heads=2-3")
        middle = reference(q, k, v, np.ones((90, 90), bool), 0.5)
        marks = np.ones((HEADS, 12, 12), bool)
        marks[2:] = forms.load("bigbird").blocks(2, 12, layer=1, random=2)
        close(binary(q, k, v)[0], reference(middle, k, v, seen(marks, 8, 90, False), 0.5))

    def test_rows_have_as_many_blocks_as_asked_for(self):
        marks = forms.load("bigbird").blocks(HEADS, 20)
        self.assertTrue((marks[:, 2:-2].sum(-1) == 3 + 2 + 3).all())
        self.assertTrue((marks[0] != marks[1]).any())


class BlockSparse(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "mask.safetensors")

    def spec(self, marks, block=8):
        artifact.save_safetensors(self.file, {"block_mask": marks.astype(np.int32)})
        return f"block_sparse{{mask={self.file},block={block}}}"

    def test_lists_from_a_file(self):
        arrays = inputs(90)
        for causal in (False, True):
            marks = np.random.default_rng(2).random((HEADS, 12, 12)) < 0.3
            close(compiled(causal, 90, self.spec(marks))(*arrays)[0],
                  reference(*arrays, seen(marks, 8, 90, causal), 0.5))

    def test_all_blocks_are_dense(self):
        arrays = inputs(90)
        marks = np.ones((HEADS, 12, 12))
        close(compiled(True, 90, self.spec(marks))(*arrays)[0], compiled(True, 90)(*arrays)[0])

    def test_as_bigbird(self):
        arrays = inputs(90)
        marks = forms.load("bigbird").blocks(HEADS, 12)
        close(compiled(False, 90, self.spec(marks))(*arrays)[0],
              compiled(False, 90, "bigbird{block=8}")(*arrays)[0])

    def test_what_is_wrong_is_told(self):
        for causal, length, spec, message in (
                (True, 90, "block_sparse{block=8}", "requires a safetensors file with the tensor "
                                                    "'block_mask' as 'mask'"),
                (True, 90, self.spec(np.ones((HEADS, 3, 3))),
                 r"requires I32 \[4, 12, 12\] for 'block_mask', but got I32 \[4, 3, 3\]"),
                (True, "?", "bigbird", "and as many queries as keys, of a known number"),
                (True, 90, "bigbird{block=0}", "'block'")):
            with self.assertRaisesRegex(RuntimeError, message):
                compiled(causal, length, spec)


if __name__ == "__main__":
    unittest.main()
