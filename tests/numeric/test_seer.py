# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention over blocks that a gate chooses, against float64 NumPy."""

import json
import os
import tempfile
import unittest

import numpy as np

import artifact
import forms
from test_masked_forms import close, write
from test_select import draw, processors

seer = forms.load("seer")
HEADS, KEY_HEADS, WIDTH, SCALE = 4, 2, 8, 0.4
LENGTHS = [(1, 1), (6, 6), (70, 70), (130, 130), (1, 90), (20, 90), (90, 20)]
# No decision may be this near to another one.
MARGIN = 1e-6


def model(causal, mask="", captures="", maps="", extra="", score="%s", key_heads=KEY_HEADS,
          angles=0):
    """Attention of q [1,4,?,8] over k and v [1,key_heads,?,8], with rotary positions of that
    many angles, if any; `extra` are arguments of the function."""
    q, k = (f"tensor<1x{heads}x?x{WIDTH}xf32>" for heads in (HEADS, key_heads))
    table = f"tensor<?x{angles}xf32>"
    turned = "" if not angles else "".join(f"""
  %t{x} = attn.rotary %{x} angles(%cos, %sin : {table})
      {{angle_map = affine_map<(b, h, i) -> (i)>}} : {kind}""" for x, kind in (("q", q), ("k", k)))
    if angles:
        extra += f", %cos: {table}, %sin: {table}"
    name = "t" if angles else ""
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {k}{extra}) -> {q} {{{turned}
  %o = attn.attention query(%{name}q : {q}) key(%{name}k : {k}) value(%v : {k}) {captures}
      attributes {{{"causal, " if causal else ""}scale = {SCALE} : f64, capture_maps = [{maps}]{mask}}} {{
    ^bb0(%s: f32{", %x: f32" if captures else ""}):
      %y = arith.addf %s, {"%x" if captures else "%s"} : f32
      attn.yield {score} : f32
  }} -> {q}
  return %o : {q}
}}"""


def inputs(rows, keys, seed=0, key_heads=KEY_HEADS):
    return (draw(seed, 1, HEADS, rows, WIDTH), draw(seed + 1, 1, key_heads, keys, WIDTH),
            draw(seed + 2, 1, key_heads, keys, WIDTH))


class Checked(unittest.TestCase):
    def wanted(self, arrays, causal, pooled=None, scale=SCALE, bias=0, seen=True, **parameters):
        q, k, v = (x[0].astype(float) for x in arrays)
        if pooled is None:
            pooled = [seer.pool(x, parameters.get("block", 64)) for x in (q, k)]
        visible, margin = seer.visible(pooled, q.shape[1], k.shape[1], scale, causal, **parameters)
        self.assertGreater(margin, MARGIN, "choose other numbers")
        hidden = np.where(visible & seen, 0, -np.inf) + bias
        k, v = (np.repeat(x, len(q) // len(k), 0) for x in (k, v))
        scores = SCALE * q @ k.swapaxes(-1, -2) + hidden
        most = scores.max(-1, keepdims=True)
        weights = np.exp(scores - np.where(np.isfinite(most), most, 0))
        total = weights.sum(-1, keepdims=True)
        return weights @ v / np.where(total > 0, total, 1)


class Seer(Checked):
    def test_every_case_of_the_reference(self):
        for parameters in seer.CASES:
            for causal in (False, True):
                binary = artifact.compile_text(model(causal), "--attention",
                                               write("seer", parameters).replace("True", "true")
                                               .replace("False", "false"))
                for rows, keys in LENGTHS:
                    arrays = inputs(rows, keys, seed=3)
                    close(binary(*arrays)[0][0], self.wanted(arrays, causal, **parameters),
                          f"{parameters} causal={causal} {rows} x {keys}")

    def test_every_processor(self):
        for cpu in processors():
            binary = artifact.compile_text(model(True), "--attention", "seer{block=4,ratio=0.3}",
                                           "--cpu", cpu)
            for rows, keys in LENGTHS:
                arrays = inputs(rows, keys)
                close(binary(*arrays)[0][0], self.wanted(arrays, True, block=4, ratio=0.3))

    def test_masks_and_biases_stay(self):
        text = model(True, mask=", mask = [affine_set<(i, j) : (i - j - 3 >= 0)>]",
                     captures="captures(%bias : tensor<?xf32>)",
                     extra=", %bias: tensor<?xf32>",
                     maps="affine_map<(b, h, i, j) -> (j)>", score="%y")
        binary = artifact.compile_text(text, "--attention", "seer{block=4,threshold=0.1}")
        arrays, bias = inputs(60, 60), draw(9, 60)
        i, j = np.ogrid[:60, :60]
        wanted = self.wanted(arrays, True, bias=bias.astype(float), seen=i - j >= 3, block=4,
                             threshold=0.1)
        close(binary(*arrays, bias)[0][0], wanted)

    def test_selecting_everything_is_dense(self):
        for causal in (False, True):
            dense = artifact.compile_text(model(causal))
            for spec in ("seer{block=4,ratio=1}", "seer{block=4,threshold=-1}",
                         "seer{block=4,last_dense=1000}", "seer{block=1000}",
                         "seer{block=1,ratio=1,last_dense=0,own_block=false}"):
                binary = artifact.compile_text(model(causal), "--attention", spec)
                for rows, keys in [(70, 70), (20, 90)]:
                    arrays = inputs(rows, keys)
                    close(binary(*arrays)[0], dense(*arrays)[0], f"{spec} causal={causal}")

    def test_own_blocks_alone_are_local_attention(self):
        own = artifact.compile_text(model(True), "--attention",
                                    "seer{block=8,threshold=2,last_dense=0}")
        local = artifact.compile_text(model(True), "--attention", "local{block=8}")
        arrays = inputs(77, 77)
        close(own(*arrays)[0], local(*arrays)[0])

    def test_more_blocks_come_nearer_to_dense(self):
        q, k, v = inputs(64, 64)
        dense = artifact.compile_text(model(True))
        last = None
        for ratio in (0.1, 0.4, 0.8, 1):
            binary = artifact.compile_text(model(True), "--attention",
                                           f"seer{{block=4,ratio={ratio},last_dense=0}}")
            error = np.abs(binary(q, k, v)[0] - dense(q, k, v)[0]).mean()
            self.assertTrue(last is None or error < last, f"{ratio}: {error}, {last}")
            last = error
        self.assertLess(last, 1e-6)


class LearnedGate(Checked):
    """With weights from a file."""

    def check(self, tensors, spec, angles=0, lengths=LENGTHS, **gate):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "gate.safetensors")
            artifact.save_safetensors(path, tensors)
            binary = artifact.compile_text(model(True, angles=angles), "--attention",
                                           f"seer{{block=4,threshold=0.1,gate={path},{spec}}}")
        rows = dict(block=4, threshold=0.1)
        for count, keys in lengths:
            arrays = inputs(count, keys, seed=5)
            table = np.arange(keys)[:, None] * 0.7**np.arange(max(angles, 1))
            turn = (lambda x, at: rotate(x, table[at])) if angles else None
            q, k, v = (x[0].astype(float) for x in arrays)
            pooled = seer.learned(q, k, 4, turn=turn, **gate)
            if angles:
                arrays = [np.float32(rotate(x[0].astype(float), table))[None]
                          for x in arrays[:2]] + [arrays[2]]
            wanted = self.wanted(arrays, True, pooled, pooled[0].shape[-1]**-0.5, **rows)
            given = inputs(count, keys, seed=5)
            more = [np.float32(np.cos(table)), np.float32(np.sin(table))] if angles else []
            close(binary(*given, *more)[0][0], wanted, f"{spec} {count} x {keys}")

    def test_weights_of_keys(self):
        keys = draw(11, HEADS, 3 * WIDTH, WIDTH)
        self.check({"attn_gate.mask_linear_k.weight": keys}, "rotary=false",
                   key_weights=keys, key_pools=("max", "min", "avg"))

    def test_weights_of_queries_and_keys(self):
        keys, queries = draw(12, KEY_HEADS, 2 * WIDTH, 5), draw(13, HEADS, 2 * WIDTH, 5)
        self.check({"layers.0.attn_gate.mask_linear_k.weight": keys,
                    "layers.0.attn_gate.mask_linear_q.weight": queries,
                    "attn_gate.mask_linear_q.weight": queries[:1]},
                   "rotary=false,query_weights=true,gate_width=5,query_pools=max_avg,"
                   "key_pools=min_avg", key_weights=keys, query_weights=queries,
                   query_pools=("max", "avg"), key_pools=("min", "avg"))

    def test_rotary_positions_of_blocks(self):
        keys = draw(14, HEADS, WIDTH, WIDTH)
        self.check({"attn_gate.mask_linear_k.weight": keys}, "key_pools=avg", angles=WIDTH // 2,
                   lengths=[(1, 1), (6, 6), (70, 70), (131, 131)], key_weights=keys)

    def test_shapes_are_checked(self):
        with self.assertRaisesRegex(RuntimeError, r"exit code 1: .*requires F32 \[4, 24, 8\] for "
                                    r"'attn_gate.mask_linear_k.weight', but got F32 \[2, 24, 8\]"):
            self.check({"attn_gate.mask_linear_k.weight": draw(0, 2, 24, 8)}, "rotary=false")


def rotate(x, angles):
    """x [H,L,D] with its halves turned by angles [L,D/2]."""
    half = x.shape[-1] // 2
    left, right, cos, sin = x[..., :half], x[..., half:], np.cos(angles), np.sin(angles)
    return np.concatenate([left * cos - right * sin, right * cos + left * sin], -1)


if __name__ == "__main__":
    unittest.main()
