# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Values that index memory are checked before anything is read or written, and what has
no lowering is refused by name."""

import unittest

import numpy as np

import differential
from cases_elementwise import F32, floats
from differential import single


def indices(*values):
    """Indices of the right size where the shape is found, the given ones where it runs."""
    return lambda n: np.array(values, np.int64) * (n > 6)


class RunTimeChecks(unittest.TestCase):
    def check(self, case, message):
        binary = differential.compile_cases([case])
        self.assertEqual(differential.compare(binary, [case], 5), [])
        with self.assertRaisesRegex(differential.artifact.RunError, message):
            binary(*case.fed(7))

    def test_indices_in_range(self):
        data, wrong = floats(4, 5), "an index is out of range"
        for bad in (4, -5, 2**62):
            self.check(single("Gather", data, indices(1, bad)), wrong)
            self.check(single("GatherElements", floats(4, 2), indices([1, bad])), wrong)
            self.check(single("GatherND", data, indices([1], [bad])), wrong)
            self.check(single("GatherND", data, indices([bad, 1])), wrong)
            self.check(single("ScatterElements", data, indices([1, bad]), floats(1, 2),
                              reduction="add"), wrong)
            self.check(single("ScatterND", data, indices([1, 2], [bad, 0]), floats(2),
                              reduction="add"), wrong)

    def test_last_index_of_each_dimension(self):
        """The limit of one dimension is not that of another."""
        self.check(single("GatherND", floats(4, 9), indices([4, 1])), "an index is out of range")
        self.check(single("GatherND", floats(4, 9), indices([1, 9])), "an index is out of range")

    def test_write_indices_in_range(self):
        wrong = "a write index is out of range"
        for bad in (3, -1, 2**62):
            self.check(single("TensorScatter", floats(2, 5, 4), floats(2, 3, 4), indices(0, bad)),
                       wrong)

    def test_sequence_lengths(self):
        for bad in (4, -1):
            lengths = lambda n, bad=bad: np.array([1, 3 if n < 7 else bad], np.int32)
            case = single("RNN", floats(3, 2, 4), floats(1, 5, 4), floats(1, 5, 5), None, lengths,
                          hidden_size=5, expected=lambda *x: [])
            case.wanted = lambda n: [np.zeros((3, 1, 2, 5), F32)]
            binary = differential.compile_cases([case])
            binary(*case.fed(5))
            with self.assertRaisesRegex(differential.artifact.RunError, "a sequence is longer"):
                binary(*case.fed(7))

    def test_labels_in_range(self):
        for bad in (5, -1):
            self.check(single("SoftmaxCrossEntropyLoss", floats(2, 5), indices(0, bad), opset=13,
                              ignore_index=-2), "a label is out of range")

    def test_rotary_positions(self):
        ids = lambda n: np.full((1, 3), 0 if n < 7 else 16, np.int64)
        self.check(single("RotaryEmbedding", floats(1, 2, 3, 8), floats(16, 4), floats(16, 4), ids),
                   "an index is out of range")

    def test_broadcast_sizes(self):
        case = single("Add", floats(-1), floats(-1, seed=2))
        case.declared = lambda: _rename(differential.Case.declared(case))
        binary = differential.compile_cases([case])
        binary(np.ones(3, F32), np.ones(3, F32))
        with self.assertRaisesRegex(differential.artifact.RunError, "must be equal"):
            binary(np.ones(3, F32), np.ones(4, F32))


def _rename(model):
    """Gives the second input a dimension of its own name."""
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_param = "other"
    return model


class Refusals(unittest.TestCase):
    def test_sizes_that_depend_on_values(self):
        case = single("NonZero", floats(3, 4))
        with self.assertRaisesRegex(RuntimeError, r"NonZero.*depends on the values"):
            differential.compile_cases([case])

    def test_shapes_from_outside(self):
        case = single("Reshape", floats(3, 4), np.array([4, 3]))
        with self.assertRaisesRegex(RuntimeError, r"Reshape.*computed from sizes"):
            differential.compile_cases([case])


if __name__ == "__main__":
    unittest.main()
