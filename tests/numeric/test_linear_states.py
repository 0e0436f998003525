# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linear attention by its schedules, and with states that go in and out."""

import itertools
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs
from test_features import draw, head
from test_linear import MAPS
from test_padding import mask_of

linear, based = forms.load("linear"), forms.load("based")

SCHEDULES = ["chunked", "recurrent", "quadratic", None]
SHAPES = [(3, 3, 3, 5, 1), (4, 2, 2, 16, 20), (2, 1, 1, 9, 70)]


def count_of(name, width):
    return 1 + width + width * (width + 1) // 2 if name == "taylor2" else width


def model(shape, *, name="elu1", normaliser="sum", eps=0.0, causal=True, schedule=None,
          past=True, state=True, masked=False, more=""):
    """Features and attn.linear; the state goes in with `past` and out with `state`."""
    heads, key_heads, value_heads, width, value_width = shape
    count = count_of(name, width)
    q, k, v = head(heads, width), head(key_heads, width), head(value_heads, value_width)
    f, g = head(heads, count), head(key_heads, count)
    s, z = f"tensor<?x{key_heads}x{count}x{value_width}xf32>", f"tensor<?x{key_heads}x{count}xf32>"
    sums = normaliser == "sum"
    arguments = [f"%q: {q}", f"%k: {k}", f"%v: {v}"]
    arguments += ["%m: tensor<?x?xi8>"] * masked + [f"%s: {s}"] * past + [f"%z: {z}"] * (past and sums)
    results = [head(heads, value_width)] + [s] * state + [z] * (state and sums)
    attributes = ["causal"] * causal + [f"eps = {eps:.17e} : f64"] + [more] * bool(more)
    attributes += ["visible_map = affine_map<(b, h, i, j) -> (b, j)>"] * masked
    names = [f"%o#{i}" for i in range(len(results))] if len(results) > 1 else ["%o"]
    return f"""
func.func @main({", ".join(arguments)}) -> ({", ".join(results)}) {{
  %f = attn.features {name} %q : {q} -> {f}
  %g = attn.features {name} %k : {k} -> {g}
  %o{f":{len(results)}" * (len(results) > 1)} = attn.linear {normaliser} query(%f : {f}) key(%g : {g}) value(%v : {v})
      {"visible(%m : tensor<?x?xi8>)" * masked} {f"past(%s : {s})" * past}
      {f"past_sum(%z : {z})" * (past and sums)} {f"schedule({schedule})" * bool(schedule)}
      {{{", ".join(attributes)}}}
      -> {results[0]} {f"state {s}" * state} {f"sum {z}" * (state and sums)}
  return {", ".join(names)} : {", ".join(results)}
}}"""


def empty_state(shape, batch, name="elu1"):
    _, key_heads, _, width, value_width = shape
    count = count_of(name, width)
    return [np.zeros((batch, key_heads, count, value_width), np.float32),
            np.zeros((batch, key_heads, count), np.float32)]


def features_of(name):
    return (lambda x: based.features(x, 1.0)) if name == "taylor2" else MAPS[name]


class Schedules(unittest.TestCase):
    def test_all_agree_with_the_definition(self):
        kinds = [(SHAPES[0], "elu1", True), (SHAPES[1], "taylor2", False),
                 (SHAPES[2], "elu1", False), (SHAPES[1], "taylor2", True)]
        for (at, cpu), (shift, schedule) in itertools.product(
                enumerate(CPUS), enumerate(SCHEDULES)):
            if not host_runs(cpu):
                continue
            # Each schedule meets all kinds on some processor.
            for shape, name, masked in (kinds[(at + shift) % 4], kinds[(at + shift + 2) % 4]):
                with self.subTest(cpu=cpu, shape=shape, schedule=schedule, map=name, masked=masked):
                    binary = artifact.compile_text(
                        model(shape, name=name, eps=1e-3, schedule=schedule, masked=masked),
                        "--cpu", cpu)
                    for rows, before in [(1, 0), (1, 9), (7, 3), (64, 5), (65, 70), (130, 1)]:
                        self.check(binary, shape, name, rows, before, masked)

    def check(self, binary, shape, name, rows, before, masked):
        q, k, v = draw(shape, rows, rows)
        _, old_k, old_v = draw(shape, rows, before, seed=7)
        mask = mask_of([max(rows // 2, 1), rows], rows) if masked else None
        features = features_of(name)
        past = linear.state(old_k, old_v, features) if before else empty_state(shape, 2, name)
        past = [x.astype(np.float32) for x in past]
        result, *state = binary(q, k, v, *([mask] * masked), *past)
        where = f"{rows} rows after {before}"
        np.testing.assert_allclose(result, linear.reference(
            q, k, v, causal=True, eps=1e-3, features=features, visible=mask,
            past=(old_k, old_v)), atol=2e-4, rtol=2e-4, err_msg=where)
        new = linear.state(k, v, features, mask)
        for found, old, added in zip(state, past, new):
            np.testing.assert_allclose(found, old + added, atol=2e-4, rtol=2e-4, err_msg=where)

    def test_without_a_state(self):
        shape, name = (2, 1, 1, 9, 20), "elu1"
        for schedule, causal, masked in itertools.product(SCHEDULES, [False, True], [False, True]):
            if schedule == "recurrent" and not causal:
                continue
            with self.subTest(schedule=schedule, causal=causal, masked=masked):
                binary = artifact.compile_text(model(
                    shape, causal=causal, eps=1e-3, schedule=schedule, past=False, state=False,
                    masked=masked))
                sizes = [(1, 1), (66, 66), (130, 130)]
                if schedule != "recurrent":
                    sizes += [(70, 5), (5, 70), (131, 67), (4, 0)]
                for rows, keys in sizes:
                    heads = draw(shape, rows, keys)
                    mask = mask_of([keys // 2, keys], keys, left=True) if masked else None
                    np.testing.assert_allclose(
                        binary(*heads, *([mask] * masked))[0],
                        linear.reference(*heads, causal=causal, eps=1e-3, visible=mask)
                        if keys else np.zeros((2, 2, rows, 20)),
                        atol=1e-4, rtol=1e-4, err_msg=f"{rows} queries, {keys} keys")

    def test_rows_without_keys(self):
        shape = (2, 2, 2, 6, 5)
        for schedule, empty in itertools.product(SCHEDULES, ["zero", "nan", "mean"]):
            binary = artifact.compile_text(model(
                shape, eps=1e-3, schedule=schedule, past=False, state=False, masked=True,
                more={"zero": "", "nan": "nan_empty_rows", "mean": "mean_empty_rows"}[empty]))
            heads = draw(shape, 70, 70)
            mask = mask_of([0, 30], 70, left=True)
            with self.subTest(schedule=schedule, empty=empty):
                np.testing.assert_allclose(binary(*heads, mask)[0], linear.reference(
                    *heads, causal=True, eps=1e-3, visible=mask, empty=empty), atol=1e-4, rtol=1e-4)


class States(unittest.TestCase):
    def test_parts_of_any_length_give_the_whole(self):
        shape, rows = (4, 2, 2, 9, 20), 150
        q, k, v = draw(shape, rows, rows)
        for normaliser, name in itertools.product(["sum", "none"], ["elu1", "taylor2"]):
            binary = artifact.compile_text(model(shape, normaliser=normaliser, name=name))
            sums = 2 if normaliser == "sum" else 1
            whole, *last = binary(q, k, v, *empty_state(shape, 2, name)[:sums])
            for parts in ([1] * 10 + [140], [64, 64, 22], [63, 87], [3, 0, 100, 47]):
                state, results, at = empty_state(shape, 2, name)[:sums], [], 0
                for part in parts:
                    result, *state = binary(*(x[:, :, at:at + part] for x in (q, k, v)), *state)
                    results.append(result)
                    at += part
                with self.subTest(normaliser=normaliser, map=name, parts=parts):
                    scale = np.abs(whole).max()
                    np.testing.assert_allclose(np.concatenate(results, 2), whole,
                                               atol=1e-5 * scale, rtol=1e-4)
                    for found, wanted in zip(state, last):
                        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)

    def test_all_queries_see_the_past(self):
        # Without a causal mask, and where a causal one would leave rows without keys.
        shape = (2, 2, 2, 6, 5)
        for causal, schedule in itertools.product([False, True], ["chunked", "quadratic"]):
            binary = artifact.compile_text(model(shape, causal=causal, schedule=schedule, eps=1e-3))
            for rows, keys in [(5, 5), (70, 3), (3, 70), (5, 0), (0, 5)]:
                q, k, v = draw(shape, rows, keys)
                _, old_k, old_v = draw(shape, rows, 11, seed=3)
                past = [x.astype(np.float32) for x in linear.state(old_k, old_v)]
                with self.subTest(causal=causal, schedule=schedule, rows=rows, keys=keys):
                    result, *state = binary(q, k, v, *past)
                    np.testing.assert_allclose(result, linear.reference(
                        q, k, v, causal=causal, eps=1e-3, past=(old_k, old_v)),
                        atol=1e-4, rtol=1e-4)
                    for found, old, new in zip(state, past, linear.state(k, v)):
                        np.testing.assert_allclose(found, old + new, atol=1e-4, rtol=1e-4)

    def test_keys_that_no_query_sees_are_in_the_state(self):
        shape = (2, 2, 2, 6, 5)
        binary = artifact.compile_text(model(shape, past=False, more="top_left"))
        q, k, v = draw(shape, 3, 90)
        for found, wanted in zip(binary(q, k, v)[1:], linear.state(k, v)):
            np.testing.assert_allclose(found, wanted, atol=1e-4, rtol=1e-4)

    def test_sizes_are_checked(self):
        shape = (2, 2, 2, 6, 5)
        binary = artifact.compile_text(model(shape, masked=True))
        heads, past = draw(shape, 4, 4), empty_state(shape, 2)
        with self.assertRaisesRegex(artifact.RunError, "visible keys have other sizes"):
            binary(*heads, np.ones((2, 3), np.int8), *past)
        with self.assertRaisesRegex(artifact.RunError, "state has other sizes"):
            binary(*heads, np.ones((2, 4), np.int8), *empty_state(shape, 1))
        recurrent = artifact.compile_text(model(shape, schedule="recurrent", past=False, state=False))
        with self.assertRaisesRegex(artifact.RunError, "as many queries as keys"):
            recurrent(*draw(shape, 4, 5))


if __name__ == "__main__":
    unittest.main()
