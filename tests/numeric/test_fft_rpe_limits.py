# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What fft_rpe must be equal to, and what its error does."""

import unittest

import numpy as np

import artifact
import forms
from test_fft_rpe import M, Weights, close, dense, draw, lag_bias, spec

performer = forms.load("performer")
SHAPE = (2, 2, 2, 50, 8, 5)
WAYS = ("fft", "blocks")


def compiled(causal=False, bias=None, shape=SHAPE, **parameters):
    return artifact.compile_text(dense(shape, causal, bias), *spec(**parameters))


def softmax(q, k, v, bias):
    length = q.shape[2]
    i, j = np.ogrid[:length, :length]
    s = q.astype(float) @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5 + bias[:, j - i + length - 1]
    weights = np.exp(s - s.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


class ExactnessLimits(unittest.TestCase):
    def test_constant_bias_is_linear_attention(self):
        """Taps that are all one: the features alone, as `performer` has them."""
        heads = draw(SHAPE)
        for causal in (False, True):
            plain = performer.reference(*heads, m=M, eps=0, causal=causal)
            close(compiled(causal)(*heads)[0], plain)
            for by in WAYS:
                constant = np.full((2, 99), 3.0)
                close(compiled(causal, constant, by=by)(*heads)[0], plain)

    def test_a_constant_that_is_added_changes_nothing(self):
        heads, bias = draw(SHAPE), lag_bias(2, 50)
        for by in WAYS:
            close(compiled(False, bias, by=by)(*heads)[0],
                  compiled(False, bias + np.float32(8), by=by)(*heads)[0])

    def test_shifted_sequences_give_shifted_rows(self):
        """With a window that the shift does not cut, results move with the sequence."""
        heads = draw(SHAPE, batch=1)
        bias = np.where(np.abs(np.arange(99) - 49) <= 4, lag_bias(2, 50), -np.inf)
        moved = [np.roll(x, 7, axis=2) for x in heads]
        for by in WAYS:
            binary = compiled(False, bias, by=by)
            close(binary(*moved)[0][:, :, 11:46], binary(*heads)[0][:, :, 4:39])

    def test_linear_causal_bias_is_a_decayed_recurrence(self):
        q, k, v = heads = draw(SHAPE, batch=1)
        rate = 0.3
        bias = np.broadcast_to(-rate * np.abs(np.arange(99) - 49.0), (2, 99))
        w = performer.projection(M, 8)
        fq = performer.features(q.astype(float), w, 8 ** -0.5, 0)
        fk = performer.features(k.astype(float), w, 8 ** -0.5, 0, keys=True)
        state, rows = np.zeros((2, M, 6)), []
        for t in range(50):
            ones = np.concatenate([v[0, :, t], np.ones((2, 1))], -1)
            state = np.exp(-rate) * state + fk[0, :, t, :, None] * ones[:, None]
            row = (fq[0, :, t, None] @ state)[:, 0]
            rows.append(row[:, :-1] / row[:, -1:])
        for by in WAYS:
            close(compiled(True, bias, by=by)(*heads)[0][0], np.stack(rows, 1))

    def test_values_of_one_give_one(self):
        q, k, v = draw(SHAPE)
        for causal in (False, True):
            for by in WAYS:
                close(compiled(causal, lag_bias(2, 50), by=by)(q, k, np.ones_like(v))[0], 1)

    def test_one_position_gives_its_value(self):
        shape = (2, 2, 2, 1, 8, 5)
        q, k, v = draw(shape)
        for by in WAYS:
            close(compiled(True, lag_bias(2, 1), shape, by=by)(q, k, v)[0], v)

    def test_later_keys_do_not_reach_earlier_rows(self):
        """But for the common factor of features, which cancels up to rounding."""
        q, k, v = draw(SHAPE)
        for by in WAYS:
            binary = compiled(True, lag_bias(2, 50), by=by)
            base = binary(q, k, v)[0]
            later = v.copy()
            later[:, :, 30:] += 1
            close(binary(q, k, later)[0][:, :, :30], base[:, :, :30])

    def test_more_features_come_closer_to_softmax(self):
        q, k, v = draw(SHAPE)
        q, k, bias = q / 2, k / 2, lag_bias(2, 50)

        def error(m):
            return np.mean([np.abs(compiled(False, bias, m=m, seed=seed)(q, k, v)[0]
                                   - softmax(q, k, v, bias)).mean() for seed in range(3)])
        # The error is proportional to 1 / sqrt(m): a quarter.
        self.assertLess(error(1024), error(64) / 2.5)

    def test_normalised_features_stay_bounded(self):
        """The variance of results does not grow with queries and keys, which is the claim."""
        q, k, v = draw(SHAPE)
        spread = {}
        for size in (1, 8):
            for normalize in ("true", "false"):
                results = [compiled(False, lag_bias(2, 50), normalize=normalize, seed=seed)(
                    q * np.float32(size), k * np.float32(size), v)[0] for seed in range(4)]
                self.assertTrue(np.isfinite(results).all())
                spread[size, normalize] = np.std(results, axis=0).mean()
        self.assertLess(spread[8, "true"], 1.01 * spread[1, "true"])
        self.assertGreater(spread[8, "false"], 2 * spread[1, "false"])

    def test_ways_agree(self):
        heads, bias = draw(SHAPE), lag_bias(2, 50)
        for causal in (False, True):
            results = [compiled(causal, bias, by=by)(*heads)[0] for by in (*WAYS, "auto")]
            close(results[0], results[1])
            np.testing.assert_array_equal(results[1], results[2])


class Memory(unittest.TestCase):
    def used(self, length, by):
        """The most bytes of a run, with the learned bias of a file."""
        shape = (1, 1, 1, length, 4, 4)
        with Weights(bias=0.1 * lag_bias(1, length)) as file:
            binary = artifact.compile_text(
                dense(shape, False), "--attention", f"fft_rpe{{m=4,by={by},bias={file}}}")
        binary(*draw(shape, batch=1))
        return binary.last.most

    def test_memory_is_linear(self):
        """Four times the length takes about four times the memory, not 16 times."""
        for by, lengths in (("fft", (4096, 16384)), ("blocks", (2048, 8192))):
            few, many = (self.used(length, by) for length in lengths)
            self.assertLess(many, 5 * few, by)


if __name__ == "__main__":
    unittest.main()
