# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The form fft_rpe against its quadratic definition in float64."""

import json
import itertools
import os
import struct
import tempfile
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs

fft_rpe, performer = forms.load("fft_rpe"), forms.load("performer")

# Heads of queries, keys and values, their length, widths of keys and values. A
# block has 64 queries, the first part of a causal sequence a 32nd of its rows.
SHAPES = [(3, 3, 3, 45, 5, 3), (4, 2, 1, 70, 8, 20), (2, 1, 2, 130, 6, 9)]
M = 12


def head(count, length, width):
    return f"tensor<?x{count}x{length}x{width}xf32>"


def literal(values):
    return f"dense<{json.dumps(np.asarray(values, float).tolist())}>".replace(
        "-Infinity", "0xFF800000")


def toeplitz(bias, length):
    """bias[h, j - i + L - 1] for all i and j."""
    i, j = np.ogrid[:length, :length]
    return np.asarray(bias)[:, j - i + length - 1]


def dense(shape, causal, bias=None, padding=None):
    """Attention over `shape` with a constant L x L bias, and a mask of keys: bytes or numbers."""
    heads, key_heads, value_heads, length, width, value_width = shape
    q, k, v, o = (head(*sizes) for sizes in [
        (heads, length, width), (key_heads, length, width), (value_heads, length, value_width),
        (heads, length, value_width)])
    arguments, captures, maps, region, steps = "", [], [], "%s: f32", []
    last, constant = "%s", ""
    if bias is not None:
        type_ = f"tensor<{len(bias)}x{length}x{length}xf32>"
        constant = f"%t = arith.constant {literal(toeplitz(bias, length))} : {type_}"
        captures.append(("%t", type_))
        maps.append("affine_map<(b, h, i, j) -> (%s, i, j)>" % ("h" if len(bias) > 1 else "0"))
        region += ", %x: f32"
        steps.append(f"%a = arith.addf {last}, %x : f32")
        last = "%a"
    if padding:
        type_ = f"tensor<?x{length}x{padding}>"
        arguments = f", %p: {type_}"
        captures.append(("%p", type_))
        maps.append("affine_map<(b, h, i, j) -> (b, j)>")
        region += f", %y: {padding}"
        steps += [f"%c = arith.addf {last}, %y : f32"] if padding == "f32" else [
            "%none = arith.constant 0 : i8", "%hidden = arith.constant 0xFF800000 : f32",
            "%seen = arith.cmpi ne, %y, %none : i8",
            f"%c = arith.select %seen, {last}, %hidden : f32"]
        last = "%c"
    listed = ""
    if captures:
        listed = "captures(%s : %s)" % tuple(", ".join(part) for part in zip(*captures))
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}{arguments}) -> {o} {{
  {constant}
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v}) {listed}
      attributes {{{"causal, " * causal}scale = {width ** -0.5:.17e} : f64, capture_maps = [{", ".join(maps)}]}} {{
    ^bb0({region}):
      {chr(10).join(steps)}
      attn.yield {last} : f32
  }} -> {o}
  return %o : {o}
}}"""


def draw(shape, batch=2, seed=0, length=None):
    heads, key_heads, value_heads, positions, width, value_width = shape
    length = length or positions
    random = np.random.default_rng(seed)
    return [random.standard_normal(sizes).astype(np.float32) for sizes in [
        (batch, heads, length, width), (batch, key_heads, length, width),
        (batch, value_heads, length, value_width)]]


def lag_bias(heads, length, seed=0):
    return np.random.default_rng(seed).standard_normal((heads, 2 * length - 1)).astype(np.float32)


def expected(q, k, v, m=M, seed=0, **arguments):
    width = q.shape[-1]
    return fft_rpe.reference(q, k, v, performer.projection(m, width, seed), scale=width ** -0.5,
                             **arguments)


def spec(**parameters):
    listed = ",".join(f"{name}={value}" for name, value in {"m": M, **parameters}.items())
    return ("--attention", f"fft_rpe{{{listed}}}")


def close(got, wanted, message=""):
    np.testing.assert_allclose(got, wanted, atol=2e-5, rtol=2e-5, err_msg=message)


class AgainstReference(unittest.TestCase):
    def test_every_processor(self):
        for cpu, shape, causal in itertools.product(CPUS, SHAPES, [False, True]):
            if not host_runs(cpu):
                continue
            bias = lag_bias(shape[0] if causal else 1, shape[3])
            for by in ("fft", "blocks"):
                with self.subTest(cpu=cpu, shape=shape, causal=causal, by=by):
                    binary = artifact.compile_text(
                        dense(shape, causal, bias), *spec(by=by), "--cpu", cpu)
                    heads = draw(shape)
                    close(binary(*heads)[0], expected(*heads, bias=bias, causal=causal))

    def test_all_cases_of_the_reference(self):
        shape = (2, 2, 2, 40, 8, 6)
        heads, bias = draw(shape), lag_bias(2, 40)
        for case in fft_rpe.CASES:
            normalize = str(case["normalize"]).lower()
            for by in ("fft", "blocks"):
                with self.subTest(by=by, **case):
                    binary = artifact.compile_text(
                        dense(shape, case["causal"], bias), *spec(by=by, normalize=normalize))
                    close(binary(*heads)[0], expected(*heads, bias=bias, **case))
            with self.subTest("no bias", **case):
                binary = artifact.compile_text(
                    dense((2, 2, 2, "?", 8, 6), case["causal"]), *spec(normalize=normalize))
                for length in (1, 17, 130):
                    some = draw(shape, length=length)
                    close(binary(*some)[0], expected(*some, **case))

    def test_many_lengths(self):
        # Transforms of any length; blocks with a short last one.
        for length in (1, 2, 3, 31, 64, 65, 100, 129):
            shape, bias = (1, 1, 1, length, 4, 5), lag_bias(1, length)
            heads = draw(shape)
            for causal, by in itertools.product([False, True], ["fft", "blocks"]):
                with self.subTest(length=length, causal=causal, by=by):
                    binary = artifact.compile_text(dense(shape, causal, bias), *spec(by=by))
                    close(binary(*heads)[0], expected(*heads, bias=bias, causal=causal))

    def test_hidden_keys(self):
        for causal, biased in itertools.product([False, True], [False, True]):
            shape = (2, 1, 2, 50, 4, 3)
            heads, bias = draw(shape, batch=3), lag_bias(2, 50) if biased else None
            seen = np.ones((3, 50), np.int8)
            seen[0, 30:], seen[1, :20], seen[2] = 0, 0, 0
            with np.errstate(divide="ignore"):
                wanted = expected(*heads, bias=bias, causal=causal, key_bias=np.log(seen))
            for kind, mask in [("i8", seen), ("f32", np.where(seen, 0, -np.inf))]:
                with self.subTest(causal=causal, biased=biased, kind=kind):
                    binary = artifact.compile_text(dense(shape, causal, bias, kind), *spec())
                    close(binary(*heads, mask)[0], wanted)

    def test_hidden_keys_with_transforms(self):
        shape, bias = (2, 2, 2, 50, 4, 3), lag_bias(2, 50)
        heads = draw(shape)
        added = np.where(np.arange(50) < [[50], [33]], 0, -1e4)
        binary = artifact.compile_text(dense(shape, False, bias, "f32"), *spec(by="fft"))
        close(binary(*heads, added)[0], expected(*heads, bias=bias, key_bias=added))

    def test_long_causal_rows_see_few_keys(self):
        """The first rows are as exact as the others: they are a problem of their own."""
        shape = (1, 1, 1, 3000, 4, 2)
        bias = 0.1 * lag_bias(1, 3000)
        heads = draw(shape, batch=1)
        wanted = expected(*heads, m=2, bias=bias, causal=True)
        with Weights(bias=bias) as file:
            text = dense((1, 1, 1, 3000, 4, 2), True)
            binary = artifact.compile_text(
                text, "--attention", f"fft_rpe{{m=2,by=fft,bias={file}}}")
            close(binary(*heads)[0], wanted)


class Weights:
    """A safetensors file of f32 tensors, while it is entered."""

    def __init__(self, **tensors):
        self.tensors = tensors

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "w.safetensors")
        artifact.save_safetensors(path, self.tensors)
        return path

    def __exit__(self, *_):
        self.folder.cleanup()


class SideWeights(unittest.TestCase):
    shape = (2, 2, 2, 40, 4, 3)

    def test_learned_bias_and_projection(self):
        bias, w = lag_bias(2, 40), np.random.default_rng(1).standard_normal((M, 4))
        heads = draw(self.shape)
        for causal, by in itertools.product([False, True], ["fft", "blocks"]):
            with self.subTest(causal=causal, by=by), Weights(bias=bias, projection=w) as file:
                binary = artifact.compile_text(
                    dense(self.shape, causal), *spec(by=by, bias=file, projection=file))
                wanted = fft_rpe.reference(*heads, np.float32(w), bias, scale=0.5, causal=causal)
                close(binary(*heads)[0], wanted)

    def test_what_does_not_fit_is_an_error(self):
        cases = [(dict(bias=lag_bias(2, 39)), "bias", "requires F32 \\[2, 79\\] for 'bias'"),
                 (dict(projection=np.ones((M, 5))), "projection", "requires F32 \\[12, 4\\]"),
                 (dict(bias=np.full((2, 79), np.nan)), "bias", "a bias without NaN")]
        for tensors, name, message in cases:
            with self.subTest(message), Weights(**tensors) as file:
                with self.assertRaisesRegex(RuntimeError, message):
                    artifact.compile_text(dense(self.shape, False), *spec(**{name: file}))
        with Weights(bias=lag_bias(2, 40)) as file:
            with self.assertRaisesRegex(RuntimeError, "takes no 'bias' beside that of the model"):
                artifact.compile_text(dense(self.shape, False, lag_bias(2, 40)), *spec(bias=file))


if __name__ == "__main__":
    unittest.main()
