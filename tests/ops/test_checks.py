# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Values that index memory, and sizes that values give, are checked before anything is
read or written."""

import os
import re
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

import differential
from cases_elementwise import F32, floats
from differential import single


def indices(*values):
    """Indices of the right size where the shape is found, the given ones where it runs."""
    return lambda n: np.array(values, np.int64) * (n > 6)


class Checks(unittest.TestCase):
    def check(self, case, message):
        binary = differential.compile_cases([case])
        self.assertEqual(differential.compare(binary, [case], 5), [])
        with self.assertRaisesRegex(differential.artifact.RunError, message):
            binary(*case.fed(7))


class RunTimeChecks(Checks):
    def test_indices_in_range(self):
        data, wrong = floats(4, 5), "an index is out of range"
        for bad in (4, -5, 2**62):
            self.check(single("Gather", data, indices(1, bad)), wrong)
            self.check(single("GatherElements", floats(4, 2), indices([1, bad])), wrong)
            self.check(single("GatherND", data, indices([1], [bad])), wrong)
            self.check(single("GatherND", data, indices([bad, 1])), wrong)
            self.check(single("ArrayFeatureExtractor", floats(2, 4), indices([1, bad]), domain="ai.onnx.ml"), wrong)
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


def _rename_columns(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "columns"
    return model


def then(first, second):
    """One list where shapes are found, another where it runs."""
    return lambda n: np.array(second if n > 6 else first, np.int64)


class RunTimeSizes(Checks):
    """Sizes that are read from tensors are checked before memory is touched."""

    def test_counts(self):
        x, wrong = floats(3, 4), "numbers of elements"
        self.check(single("Reshape", x, then([4, 3], [5, 3])), wrong)
        self.check(single("Reshape", x, then([4, -1], [5, -1])), wrong)
        self.check(single("Squeeze", floats(1, 1, 3), then([0], [2])), wrong)

    def test_products_that_overflow(self):
        """Equal to the number of elements modulo 2^64 is not equal."""
        wrong, x = "cannot have that many elements", lambda n: np.ones(4 * (7 - n), F32)
        self.check(single("Reshape", x, then([2, -1], [2**32, 2**32])), wrong)
        self.check(single("Reshape", floats(4), then([2, 2], [20, (2**62 + 1) // 5])), wrong)

    def test_ranks_that_axes_do_not_give(self):
        """Beside a loop, too, whose types inference has to try."""
        model = parser.parse_model("""<ir_version: 10, opset_import: ["" : 21]>
            g (float[3,4,5] x, int64[2] axes, int64 m) => (float[A,B] y, int64 z) {
              y = ReduceSum <keepdims = 0> (x, axes)
              z = Loop <body = b (int64 i, bool c, int64 s) => (bool d, int64 r) {
                d = Identity(c) r = Add(s, i) }> (m, , m)
            }""")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(model, path)
            with self.assertRaisesRegex(RuntimeError, "exit code 1.*'y' is declared otherwise"):
                differential.artifact.compile_file(path, path + ".so")

    def test_scalars(self):
        case = single("TopK", floats(3), then([1], [1]), outputs=2)
        case.declared = lambda: _rename(differential.Case.declared(case))
        binary = differential.compile_cases([case])
        self.assertEqual(differential.compare(binary, [case], 5), [])
        for count in (0, 2):
            with self.assertRaisesRegex(differential.artifact.RunError, "elements of a scalar and 1"):
                binary(np.ones(3, F32), np.ones(count, np.int64))

    def test_negative_sizes(self):
        wrong = "a size must not be negative"
        self.check(single("Reshape", floats(3, 4), then([4, 3], [-4, -3])), wrong)
        self.check(single("ConstantOfShape", then([4, 3], [-2, -3])), wrong)
        self.check(single("Tile", floats(3), then([2], [-1])), wrong)
        self.check(single("OneHot", np.array([0, 1, 2]), then(4, -1), F32([0, 1])), wrong)
        self.check(single("Pad", floats(3), then([1, 1], [-2, -2])), wrong)
        self.check(single("Split", floats(3), then([1, 2], [-1, 4]), outputs=2), wrong)
        self.check(single("TopK", floats(3), then([1], [-1]), outputs=2), wrong)

    def test_sizes_beyond_memory(self):
        wrong = "memory|impossible shape"
        for sizes in ([2**40, 2**40], [2**62, 4], [2**31, 2**31], [2**45, 1]):
            self.check(single("ConstantOfShape", then([4, 3], sizes)), wrong)

    def test_axes(self):
        x, wrong = floats(3, 4, 5), "axes must be dimensions"
        for axes in ([0, 0], [0, 3], [-4, 1], [1, -2]):
            self.check(single("ReduceSum", x, then([0, 1], axes)), wrong)
            self.check(single("Slice", x, then([0, 0], [0, 0]), then([1, 1], [1, 1]), then([0, 1], axes)), wrong)
            self.check(single("Unsqueeze", floats(3), then([0, 1], axes)), wrong)

    def test_steps(self):
        self.check(single("Slice", floats(5), then([0], [0]), then([5], [5]), then([0], [0]), then([1], [0])),
                   "a step must not be 0")
        self.check(single("Range", then(0, 0), then(5, 5), then(1, 0)), "the delta must not be 0")
        self.check(single("Range", then(0, -2**62), then(5, 2**62 + 2**61), then(1, 2**61)), "do not make a range")
        self.check(single("Range", then(0, 0), then(5, -2**63), then(1, -1)), "not enough memory")
        delta = lambda n: F32(0 if n > 6 else 1)
        self.check(single("Range", F32(0), F32(5), delta), "do not make a range")

    def test_windows_over_nothing(self):
        wrong, x = "requires sizes above 0", lambda n: np.ones((1, 2, 7 - n, 4), F32)
        self.check(single("ConvTranspose", x, floats(2, 3, 3, 3), constant=(1,)), wrong)

    def test_blocks_of_an_image(self):
        x, image, wrong = floats(1, 12, 6), then([3, 4], [3, 4]), "numbers of elements"
        def fold(image, block):
            return single("Col2Im", x, image, block, opset=18)
        self.check(fold(image, then([2, 2], [2, 3])), "cannot have that many elements|numbers of elements")
        self.check(fold(then([3, 4], [4, 4]), then([2, 2], [2, 2])), wrong)
        self.check(fold(image, then([2, 2], [0, 2])), "requires sizes above 0")
        self.check(fold(image, then([2, 2], [-2, -2])), "a size must not be negative")
        self.check(fold(image, then([2, 2], [2**32, 2**32])), "cannot have that many elements|numbers of elements")
        self.check(fold(then([3, 4], [-3, 4]), then([2, 2], [2, 2])), "a size must not be negative")

    def test_scales_of_tones(self):
        def mel(bins=8, length=64, rate=8000, low=20, high=4000):
            wanted = [(8, bins), (64, length), (8000, rate), (20.0, low), (4000.0, high)]
            inputs = [lambda n, pair=pair: np.array(pair[n > 6], F32 if isinstance(pair[0], float) else np.int64)
                      for pair in wanted]
            return single("MelWeightMatrix", *inputs)
        order = "requires edges from 0 to half the sample rate"
        for case, wrong in ((mel(bins=0), "positive numbers"), (mel(bins=-5), "positive numbers"),
                            (mel(length=2**40), "at most 2.20 bins"), (mel(bins=2**19, length=2**19), "at most 2.24"),
                            (mel(low=-1), order), (mel(low=5000), order), (mel(high=4001), order),
                            (mel(high=np.nan), order), (mel(rate=0), order)):
            self.check(case, wrong)

    def test_transforms(self):
        x, some = floats(2, 8, 1), "requires sizes above 0"
        self.check(single("DFT", x, then(8, -1)), "a size must not be negative")
        self.check(single("DFT", x, then(8, 0)), some)
        for axis in (2, -1, -4, 2**62):
            self.check(single("DFT", floats(8, 8, 1), None, then(1, axis)), "the axis must be a dimension other")
        self.check(single("STFT", x, then(2, 0), None, then(4, 4)), some)
        self.check(single("STFT", x, then(2, 2), None, then(4, 9)), "must not be shorter than a frame")
        self.check(single("STFT", x, then(2, 2), floats(4), then(4, 5)), "lengths of the window and of frames")

    def test_regions(self):
        images, wrong = floats(2, 1, 5, 5), "a batch index is out of range"
        box = np.array([[0, 0, 3, 3], [1, 1, 4, 4]], F32)
        for bad in (2, -1, 2**62):
            self.check(single("RoiAlign", images, box, indices(1, bad)), wrong)
        for bad in (2, -1, np.nan, np.inf):
            rois = lambda n, bad=bad: np.concatenate([[[1], [bad if n > 6 else 0]], box], 1).astype(F32)
            case = single("MaxRoiPool", images, rois, pooled_shape=(1, 1),
                          expected=lambda x, rois: [np.stack([x[1, :, :4, :4], x[0, :, 1:, 1:]]).max((2, 3), keepdims=True)])
            self.check(case, wrong)
        for far in (1e9, np.nan, np.inf):
            rois = lambda n, far=far: box * F32([1, 1, 1, far if n > 6 else 1])
            self.check(single("RoiAlign", images, rois, np.array([0, 1])), "too large or not a number")

    def test_square_matrices(self):
        case = single("Det", floats(-1, -1))
        case.declared = lambda: _rename_columns(differential.Case.declared(case))
        binary = differential.compile_cases([case])
        binary(np.ones((3, 3), F32))
        with self.assertRaisesRegex(differential.artifact.RunError, "numbers of rows and columns"):
            binary(np.ones((3, 4), F32))

    def test_others(self):
        self.check(single("AffineGrid", floats(1, 2, 3), then([1, 1, 2, 3], [1, 1, -2, 3]), opset=20), "must not be negative")
        self.check(single("AffineGrid", floats(1, 2, 3), then([1, 1, 2, 3], [2, 1, 2, 3]), opset=20), "numbers of images")
        def unpooled(x, places, shape):
            return [np.array([[[x[0, 0, 0], 0, x[0, 0, 1], 0, 0]]], F32)]
        self.check(single("MaxUnpool", floats(1, 1, 2), np.array([[[0, 2]]]), then([1, 1, 5], [1, 1, 3]),
                          kernel_shape=[2], strides=[2], expected=unpooled), "must not be smaller")
        self.check(single("Expand", floats(3, 1), then([3, 4], [2, 4])), "must be 1 or that of the shape")
        self.check(single("TopK", floats(3), then([1], [4]), outputs=2), "k must not exceed")
        self.check(single("Split", floats(3), then([1, 2], [1, 1]), outputs=2), "sizes of the parts")
        self.check(single("Compress", floats(3), lambda n: np.ones(n - 3, bool)),
                   "must not be longer than the axis")
        self.check(single("Pad", lambda n: np.ones(7 - n, F32), then([1, 1], [1, 1]), mode="edge"),
                   "can be padded with a constant only")


class Refusals(unittest.TestCase):
    def test_precision_of_ranges(self):
        half = single("Range", *(np.float16(value) for value in (0, 5, 1)), opset=27, stash_type=11)
        with self.assertRaisesRegex(RuntimeError, "exit code 1.*Range.*stash_type = 1"):
            differential.compile_cases([half])

    def test_coordinates_of_regions(self):
        box, image = np.array([[0, 0, 3, 3]], F32), np.array([0])
        for mode in ("half_pixels", "align_corners", ""):
            case = single("RoiAlign", floats(1, 1, 5, 5), box, image, opset=22, coordinate_transformation_mode=mode,
                          expected=[np.zeros((1, 1, 1, 1), F32)])
            with self.assertRaisesRegex(RuntimeError, "exit code 1.*requires a coordinate_transformation_mode of "
                                        "half_pixel or output_half_pixel"):
                differential.compile_cases([case])

    def test_training(self):
        names = ["R", "T", "X", "G", "V", "H"]
        inputs = [onnx.helper.make_tensor_value_info(
            name, onnx.TensorProto.INT64 if name == "T" else onnx.TensorProto.FLOAT,
            [] if name in "RT" else [2]) for name in names]
        outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2])
                   for name in ("a", "b", "c")]
        node = onnx.helper.make_node("Adam", names, ["a", "b", "c"], domain="ai.onnx.preview.training")
        model = onnx.helper.make_model(
            onnx.helper.make_graph([node], "step", inputs, outputs), ir_version=10, opset_imports=[
                onnx.helper.make_opsetid("", 20),
                onnx.helper.make_opsetid("ai.onnx.preview.training", 1)])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(model, path)
            with self.assertRaisesRegex(RuntimeError, r"exit code 1.*Adam.*training is not supported"):
                differential.artifact.compile_file(path, path + ".so")

    def test_every_node_at_fault_is_named(self):
        """Those that only use what was refused are not."""
        pad = lambda *values, name: helper.make_node("Pad", [values[0], "pads"], [values[1]], name=name, mode="mirror")
        nodes = [pad("x", "a", name="first"), pad("a", "b", name="follows"), pad("x", "c", name="second")]
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xbc"]
        graph = helper.make_graph(nodes, "g", values[:1], values[1:], [numpy_helper.from_array(np.array([1, 1]), "pads")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
        self.assertEqual(self.named(model), ["first", "second"])
        self.assertEqual(self.named(model, "--error-limit", "1"), ["first"])

    def named(self, model, *options):
        """The nodes that the messages name."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(model, path)
            with self.assertRaisesRegex(RuntimeError, "exit code 1") as caught:
                differential.artifact.compile_file(path, path + ".so", *options)
        return re.findall(r"node '(\w+)'", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
