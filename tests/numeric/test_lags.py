# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Toeplitz products and long convolutions against float64 NumPy."""

import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs

# Around register tiles and vectors; transforms of lengths 2 * 3^a * 5^b, of odd
# ones, and (2800) of parts that the near caches hold.
LENGTHS = [1, 2, 3, 5, 8, 13, 31, 64, 81, 100, 200]


def toeplitz(taps, x, causal=False):
    """y[b,h,i,c] = sum_j taps[h, j-i+L-1] x[b,h,j,c], j <= i if causal; float64."""
    taps, x = np.asarray(taps, np.float64), np.asarray(x, np.float64)
    i, j = np.ogrid[:x.shape[2], :x.shape[2]]
    place = np.minimum(j - i + x.shape[2] - 1, taps.shape[1] - 1)
    matrix = np.where(causal & (j > i), 0, taps[:, place])
    return matrix @ x


def long_conv(taps, x, skip=None):
    """y[b,i,c] = sum over s <= i of taps[c,s] x[b,i-s,c] + skip[c] x[b,i,c]; float64."""
    taps, x = np.asarray(taps, np.float64), np.asarray(x, np.float64)
    y = np.zeros_like(x)
    for s in range(min(taps.shape[1], x.shape[1])):
        y[:, s:] += taps[:, s] * x[:, :x.shape[1] - s]
    return y if skip is None else y + np.asarray(skip, np.float64) * x


def toeplitz_model(batch, heads, length, columns, rows, causal, method):
    tensor = f"tensor<{batch}x{heads}x{length}x{columns}xf32>"
    lags = "?" if length == "?" else length if causal else 2 * length - 1
    taps = f"tensor<{rows}x{lags}xf32>"
    flags = f"{{{'causal, ' * causal}method = {METHODS[method]} : i32}}"
    return f"""
func.func @main(%t: {taps}, %x: {tensor}) -> {tensor} {{
  %y = attn.toeplitz %x taps(%t : {taps}) {flags} : {tensor}
  return %y : {tensor}
}}"""


def conv_model(batch, length, channels, count, skip, method):
    tensor = f"tensor<{batch}x{length}x{channels}xf32>"
    taps, weights = f"tensor<{channels}x{count}xf32>", f"tensor<{channels}xf32>"
    return f"""
func.func @main(%h: {taps}, %x: {tensor}{f", %d: {weights}" * skip}) -> {tensor} {{
  %y = attn.long_conv %x taps(%h : {taps}) {f"skip(%d : {weights})" * skip}
      {{method = {METHODS[method]} : i32}} : {tensor}
  return %y : {tensor}
}}"""


METHODS = dict(automatic=0, direct=1, fourier=2)


def draw(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def close(got, wanted, message=""):
    """Relative to the largest element, as errors of transforms are."""
    scale = max(np.abs(wanted).max(initial=0), 1e-30)
    np.testing.assert_allclose(got / scale, wanted / scale, atol=2e-6, rtol=0, err_msg=message)


class Toeplitz(unittest.TestCase):
    def check(self, batch, heads, length, columns, rows, causal, method, *options):
        name = f"{batch}x{heads}x{length}x{columns}, {rows} rows, causal={causal}, {method}"
        random = np.random.default_rng(length)
        binary = artifact.compile_text(
            toeplitz_model("?", heads, length, columns, rows, causal, method), *options)
        taps = draw(random, rows, length if causal else 2 * length - 1)
        x = draw(random, batch, heads, length, columns)
        close(binary(taps, x)[0], toeplitz(taps, x, causal), name)

    def test_transforms_of_many_lengths(self):
        for length in LENGTHS:
            for causal in (False, True):
                self.check(2, 3, length, 7, 3, causal, "fourier")

    def test_every_processor(self):
        for cpu in CPUS:
            if not host_runs(cpu):
                continue
            for method in ("direct", "fourier"):
                for columns in (1, 33, 70):
                    self.check(2, 2, 45, columns, 2, True, method, "--cpu", cpu)
                    self.check(2, 2, 45, columns, 1, False, method, "--cpu", cpu)

    def test_more_heads_than_lanes(self):
        self.check(1, 19, 20, 3, 19, False, "fourier")

    def test_long_ones(self):
        for length in (2800, 5000):
            self.check(1, 1, length, 3, 1, False, "fourier")
            self.check(1, 1, length, 3, 1, True, "automatic")

    def test_lengths_of_run_time(self):
        random = np.random.default_rng(0)
        for causal in (False, True):
            binary = artifact.compile_text(
                toeplitz_model("?", 2, "?", 9, 2, causal, "automatic"))
            for length in LENGTHS:
                taps = draw(random, 2, length if causal else 2 * length - 1)
                x = draw(random, 3, 2, length, 9)
                close(binary(taps, x)[0], toeplitz(taps, x, causal), f"length {length}")

    def test_taps_that_do_not_fit_end_the_run(self):
        for causal in (False, True):
            binary = artifact.compile_text(
                toeplitz_model("?", 2, "?", 9, 2, causal, "automatic"))
            for count in (7, 8, 9, 10, 14, 16):
                with self.assertRaisesRegex(artifact.RunError, "number of taps does not fit"):
                    binary(np.zeros((2, count + causal)), np.zeros((1, 2, 20, 9)))
            binary(np.zeros((2, 0)), np.zeros((1, 2, 0, 9)))

    def test_constant_taps_sum_the_rows(self):
        binary = artifact.compile_text(toeplitz_model(1, 1, 50, 4, 1, False, "fourier"))
        x = draw(np.random.default_rng(1), 1, 1, 50, 4)
        close(binary(np.ones((1, 99)), x)[0], np.broadcast_to(x.sum(2, keepdims=True), x.shape))

    def test_memory_is_linear(self):
        """Eight times the length takes eight times the memory, not 64 times."""
        used = []
        for length in (2048, 16384):
            binary = artifact.compile_text(
                toeplitz_model(1, 1, length, 2, 1, False, "fourier"))
            binary(np.zeros((1, 2 * length - 1)), np.zeros((1, 1, length, 2)))
            used.append(binary.last.most)
        self.assertLess(used[1], 9 * used[0])


class LongConv(unittest.TestCase):
    def check(self, batch, length, channels, count, skip, method, *options):
        random = np.random.default_rng(length + count)
        binary = artifact.compile_text(
            conv_model("?", length, channels, count, skip, method), *options)
        arrays = [draw(random, channels, count), draw(random, batch, length, channels)]
        arrays += [draw(random, channels)] * skip
        close(binary(*arrays)[0], long_conv(*arrays),
              f"{batch}x{length}x{channels}, {count} taps, skip={skip}, {method}")

    def test_shapes_of_both_methods(self):
        for method in ("direct", "fourier"):
            for length, count in [(1, 1), (7, 3), (40, 40), (33, 50), (100, 64), (243, 200)]:
                self.check(3, length, 21, count, length % 2 == 1, method)

    def test_every_processor(self):
        for cpu in CPUS:
            if host_runs(cpu):
                for method in ("direct", "fourier"):
                    self.check(2, 37, 35, 30, True, method, "--cpu", cpu)

    def test_lengths_of_run_time(self):
        random = np.random.default_rng(2)
        binary = artifact.compile_text(conv_model("?", "?", 10, "?", True, "automatic"))
        for length, count in [(1, 1), (5, 9), (9, 5), (77, 77)]:
            arrays = [draw(random, 10, count), draw(random, 2, length, 10), draw(random, 10)]
            close(binary(*arrays)[0], long_conv(*arrays), f"{length}, {count} taps")

    def test_no_taps_end_the_run(self):
        binary = artifact.compile_text(conv_model("?", "?", 10, "?", True, "automatic"))
        with self.assertRaisesRegex(artifact.RunError, "requires a tap or more"):
            binary(np.zeros((10, 0)), np.zeros((1, 4, 10)), np.zeros(10))

    def test_one_tap_is_the_identity(self):
        for method in ("direct", "fourier"):
            binary = artifact.compile_text(conv_model(2, 30, 5, 30, False, method))
            taps, x = np.zeros((5, 30)), draw(np.random.default_rng(3), 2, 30, 5)
            taps[:, 0] = 1
            close(binary(taps, x)[0], x)

    def test_the_future_changes_nothing(self):
        binary = artifact.compile_text(conv_model(1, 60, 3, 60, False, "fourier"))
        random = np.random.default_rng(4)
        taps, x = draw(random, 3, 60), draw(random, 1, 60, 3)
        other = x.copy()
        other[:, 30:] += 5
        np.testing.assert_allclose(binary(taps, other)[0][:, :30], binary(taps, x)[0][:, :30],
                                   atol=1e-4)

    def test_recurrence_is_a_convolution(self):
        """A state that decays is the convolution with its impulse response."""
        decay, x = np.array([0.5, -0.8, 0.95]), draw(np.random.default_rng(5), 1, 80, 3)
        taps = decay[:, None] ** np.arange(80)
        state, wanted = np.zeros(3), []
        for row in x[0].astype(np.float64):
            state = decay * state + row
            wanted.append(state)
        binary = artifact.compile_text(conv_model(1, 80, 3, 80, False, "fourier"))
        close(binary(taps, x)[0][0], np.array(wanted))


if __name__ == "__main__":
    unittest.main()
