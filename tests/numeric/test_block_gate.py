# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Block gates, from the positions to the lists of blocks, against float64 NumPy."""

import itertools
import unittest

import numpy as np

import artifact
from test_select import block_list, draw, function, pool, processors, select

# No probability may be this close to another decision: theirs are right to some 2e-7.
MARGIN = 1e-6


def blocks_of(rows, columns, block, offset):
    """Which blocks of keys are not behind, and which are beside, blocks of queries."""
    u, v = np.arange(rows)[:, None], np.arange(columns)[None]
    shown = v * block < (u + 1) * block + offset
    return shown, shown & ((v + 1) * block > u * block + offset)


def gate(q, k, scale, shown):
    """q [B,Hq,U,G], k [B,Hk,V,G]: probabilities over the shown blocks, 0 for the others."""
    k = np.repeat(k.astype(float), q.shape[1] // k.shape[1], 1)
    scores = np.where(shown, scale * q.astype(float) @ k.swapaxes(-1, -2), -np.inf)
    most = scores.max(-1, keepdims=True)
    weights = np.where(shown, np.exp(scores - np.where(np.isfinite(most), most, 0)), 0)
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total > 0, total, 1)


def reference(q, k, *, block, scale, threshold=None, ratio=None, last_dense=0,
              own_block=False, causal=False, offset=0):
    """The mask, and how near the nearest decision is."""
    rows, columns = q.shape[2], k.shape[2]
    before, own = blocks_of(rows, columns, block, offset)
    shown = before if causal else np.ones_like(before)
    p = gate(q, k, scale, shown)
    if threshold is not None:
        mask, margin = p > threshold, np.abs(p - threshold).min()
    else:
        factor = 1 - np.sqrt(1 - ratio) if causal else ratio
        mask = select(p, max(1, int(factor * columns)))
        most = np.where(mask, np.inf, p).max(-1, where=~mask, initial=-np.inf)
        least = np.where(mask, p, np.inf).min(-1)
        open_rows = (most > 0) & np.isfinite(least)
        margin = (least - most)[open_rows].min(initial=np.inf)
    mask = mask | (np.arange(rows)[:, None] >= rows - last_dense) | (own & own_block)
    return mask & shown, margin


def attributes(block, scale, threshold=None, ratio=None, last_dense=0, own_block=False,
               causal=False):
    rule = f"threshold = {threshold:e}" if threshold is not None else f"ratio = {ratio:e}"
    return (f"{{block = {block} : i64, scale = {scale:e} : f64, {rule} : f64, "
            f"last_dense = {last_dense} : i64" + ", own_block" * own_block
            + ", causal" * causal + "}")


def model(heads, key_heads, width, shifted=False, **rules):
    q, k = (f"tensor<?x{n}x?x{width}xf32>" for n in (heads, key_heads))
    mask = f"tensor<?x{heads}x?x?xi1>"
    head = """
  %zero = arith.constant 0 : index
  %i = tensor.extract %n[%zero] : tensor<1xi64>
  %offset = arith.index_cast %i : i64 to index
""" if shifted else ""
    return function({"q": q, "k": k} | ({"n": "tensor<1xi64>"} if shifted else {}),
                    f"{head}%m = attn.block_gate query(%q : {q}) key(%k : {k}) "
                    f"{'offset %offset' if shifted else ''} {attributes(**rules)} -> {mask}",
                    {"m": mask})


RULES = [dict(threshold=0.03), dict(threshold=0.03, causal=True), dict(ratio=0.3),
         dict(ratio=0.3, causal=True), dict(threshold=0.2, causal=True, own_block=True),
         dict(ratio=0.1, causal=True, last_dense=2, own_block=True),
         dict(threshold=0.9, last_dense=50)]


class BlockGate(unittest.TestCase):
    def check(self, binary, q, k, offset=None, **rules):
        wanted, margin = reference(q, k, offset=offset or 0, **rules)
        self.assertGreater(margin, MARGIN, "choose other numbers")
        got = binary(q, k, *([] if offset is None else [[offset]]))[0]
        np.testing.assert_array_equal(got, wanted, f"{rules} {q.shape} {k.shape} {offset}")

    def test_matches_reference_on_every_processor(self):
        for cpu, rules in itertools.product(processors(), RULES):
            rules = dict(block=4, scale=0.4, **rules)
            binary = artifact.compile_text(model(4, 2, 9, **rules), "--cpu", cpu)
            for batch, blocks in [(1, 1), (2, 5), (1, 17), (2, 33)]:
                self.check(binary, draw(blocks, batch, 4, blocks, 9),
                           draw(99 + blocks, batch, 2, blocks, 9), **rules)

    def test_queries_behind_keys(self):
        for rules in (dict(threshold=0.05, causal=True, own_block=True),
                      dict(ratio=0.2, causal=True, last_dense=1)):
            rules = dict(block=4, scale=0.4, **rules)
            binary = artifact.compile_text(model(2, 1, 8, shifted=True, **rules))
            for rows, columns, offset in [(1, 9, 32), (3, 8, 21), (5, 2, -12), (4, 4, 0)]:
                self.check(binary, draw(rows, 1, 2, rows, 8), draw(columns, 1, 1, columns, 8),
                           offset, **rules)

    def test_low_thresholds_and_whole_ratios_show_everything(self):
        for rules in (dict(threshold=-1.0), dict(ratio=1.0)):
            binary = artifact.compile_text(model(2, 2, 8, block=4, scale=1, causal=True, **rules))
            q, k = draw(0, 1, 2, 11, 8), draw(1, 1, 2, 11, 8)
            np.testing.assert_array_equal(
                binary(q, k)[0], np.broadcast_to(np.tri(11, dtype=bool), (1, 2, 11, 11)))

    def test_higher_thresholds_show_less(self):
        q, k = draw(0, 1, 2, 30, 8), draw(1, 1, 2, 30, 8)
        last = None
        for threshold in (0.0, 0.01, 0.05, 0.3):
            got = artifact.compile_text(
                model(2, 2, 8, block=4, scale=0.4, threshold=threshold))(q, k)[0]
            self.assertTrue(last is None or (got <= last).all() and got.sum() < last.sum())
            last = got

    def test_own_blocks_leave_no_query_without_keys(self):
        rules = dict(block=4, scale=1, threshold=2.0, causal=True, own_block=True)
        q, k = draw(0, 1, 2, 9, 8), draw(1, 1, 2, 9, 8)
        got = artifact.compile_text(model(2, 2, 8, **rules))(q, k)[0]
        np.testing.assert_array_equal(got, np.broadcast_to(np.eye(9, dtype=bool), got.shape))


class FromPositions(unittest.TestCase):
    """Pooling, the gate and the lists, as attention takes them."""

    def model(self, heads, key_heads, width, **rules):
        q, k = (f"tensor<?x{n}x?x{width}xf32>" for n in (heads, key_heads))
        mask, block = f"tensor<?x{heads}x?x?xi1>", f"{{block = {rules['block']} : i64}}"
        counts, lists = f"tensor<?x{heads}x?xi32>", f"tensor<?x{heads}x?x?xi32>"
        return function({"q": q, "k": k}, f"""
  %pq = attn.pool ["avg"] %q {block} : {q} -> {q}
  %pk = attn.pool ["avg"] %k {block} : {k} -> {k}
  %m = attn.block_gate query(%pq : {q}) key(%pk : {k}) {attributes(**rules)} -> {mask}
  %c, %b = attn.block_list %m : {mask} -> {counts}, {lists}""",
                        {"c": counts, "b": lists})

    def test_lists(self):
        rules = dict(block=8, scale=1.5, ratio=0.3, causal=True, own_block=True, last_dense=1)
        binary = artifact.compile_text(self.model(4, 2, 16, **rules))
        for batch, length in [(1, 1), (2, 60), (1, 200)]:
            q, k = draw(length, batch, 4, length, 16), draw(length + 1, batch, 2, length, 16)
            mask, margin = reference(pool(q, 8, ["avg"]), pool(k, 8, ["avg"]), **rules)
            self.assertGreater(margin, MARGIN)
            for got, wanted in zip(binary(q, k), block_list(mask, mask.shape[-1])):
                np.testing.assert_array_equal(got, wanted)

    def test_blocks_of_one_position_gate_by_attention_itself(self):
        rules = dict(block=1, scale=0.25, threshold=0.06, causal=True)
        binary = artifact.compile_text(self.model(2, 2, 16, **rules))
        q, k = draw(0, 1, 2, 40, 16), draw(1, 1, 2, 40, 16)
        weights = gate(q, k, 0.25, np.tri(40, dtype=bool))
        self.assertGreater(np.abs(weights - 0.06).min(), MARGIN)
        for got, wanted in zip(binary(q, k), block_list(weights > 0.06, 40)):
            np.testing.assert_array_equal(got, wanted)


if __name__ == "__main__":
    unittest.main()
