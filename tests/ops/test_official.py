# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What tests/conformance, where all inputs come at run time, leaves out of ONNX's cases:
inputs that must be known when a model is compiled, and why others are refused."""

import os
import re
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

import differential

# Positions of the inputs that must be known when a model is compiled.
CONSTANT = {"Dropout": (1, 2), "CenterCropPad": (1,), "HannWindow": (0,), "HammingWindow": (0,),
            "BlackmanWindow": (0,), "MelWeightMatrix": (0, 1, 2, 3, 4),
            "MaxUnpool": (2,), "Col2Im": (1, 2), "AffineGrid": (1,)}

# What is refused, by patterns of the cases' names, and what the message says.
REFUSED = {
    r"test_(cast|castlike)_.*STRING.*": r"tensors of strings are not supported",
    r"test_(equal_string|identity_sequence|identity_opt).*": r"not supported|only tensors",
    r"test_training_dropout(_default)?(_mask)?": r"requires training_mode to be",
    r"test_bernoulli.*": r"random results are not defined",
    r"test_image_decoder.*": r"files of images are not supported",
    r"test_tfidf.*": r"text is not supported",
}


def reason(name):
    return next((text for pattern, text in REFUSED.items() if re.fullmatch(pattern, name)), None)


def arrays_of(values):
    return [value if isinstance(value, np.ndarray) else numpy_helper.to_array(value)
            if isinstance(value, TensorProto) else np.asarray(value) for value in values]


def is_tensor(value):
    return isinstance(value, (np.ndarray, np.generic, TensorProto, int, float))


def single_nodes(tests):
    """Those of one node of ai.onnx."""
    return [test for test in tests if len(test.model.graph.node) == 1
            and test.model.graph.node[0].domain == ""]


def cases_of(tests):
    """Cases of one node on tensors that are not refused."""
    cases = []
    for test in single_nodes(tests):
        if reason(test.name) or not all(is_tensor(value) for values in test.data_sets[0]
                                        for value in values):
            continue
        node = test.model.graph.node[0]
        inputs, outputs = (arrays_of(values) for values in test.data_sets[0])
        names = [value.name for value in test.model.graph.input]
        constant = [names.index(name) for position, name in enumerate(node.input)
                    if name and position in CONSTANT.get(node.op_type, ())]
        cases.append(differential.Case(f"{test.name} ({node.op_type})", test.model, inputs, constant,
                                       outputs, (max(test.rtol, 1e-4), max(test.atol, 1e-5))))
    return cases


class Official(unittest.TestCase):
    def test_constant_inputs(self):
        cases = [case for case in cases_of(collect_testcases(None))
                 if case.model.graph.node[0].op_type in CONSTANT]
        problems = differential.check_all(cases, sizes=(1,))
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases)} cases:\n"
                         + "\n".join(problems))
        self.assertGreater(len(cases), 30)

    def test_refusals_say_why(self):
        tests = [test for test in single_nodes(collect_testcases(None)) if reason(test.name)]
        wrong = [found for test in tests for found in self.unlike(test)]
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertGreater(len(tests), 25)

    @staticmethod
    def unlike(test):
        """What is said, if it is not the reason of the case's name."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(test.model, path)
            try:
                differential.artifact.compile_file(path, os.path.join(folder, "m.so"))
            except RuntimeError as error:
                said = str(error)
                fits = said.startswith("exit code 1") and re.search(reason(test.name), said)
                return [] if fits else [f"{test.name}: {said}"]
            return [f"{test.name} compiles"]


if __name__ == "__main__":
    unittest.main()
