# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every version of every operator of ai.onnx that an opset from 7 on can mean, and what
operators meant in old files."""

import collections
import os
import re
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper
from onnx.backend.test.case.node import collect_testcases

import cases_algebra
import cases_control
import cases_elementwise
import cases_old
import cases_quantized
import cases_recurrent
import cases_resize
import cases_signal
import cases_structure
import cases_vision
import differential
import reemit
import test_official

# Cases for a version of an operator: more than one, lest it says too little.
ENOUGH = 2
MODULES = (cases_elementwise, cases_structure, cases_algebra, cases_vision, cases_resize,
           cases_signal, cases_quantized, cases_recurrent)

# Operators, or versions of them, without a case here, and why.
RANDOM = "random results are not defined by the model"
TEXT = "text is not supported"
SEQUENCES = "only tensors are supported"
EXCEPTIONS = {
    **dict.fromkeys(["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
                     "RandomUniformLike"], RANDOM),
    **dict.fromkeys(["RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit",
                     "TfIdfVectorizer"], TEXT),
    "ImageDecoder": "files of images are not supported",
    **dict.fromkeys(["ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement",
                     "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase",
                     "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence"], SEQUENCES),
    **dict.fromkeys(["DFT", "STFT"], "cases_transforms has both versions: onnxruntime's sums are f32"),
    "RoiAlign": "cases_regions has every version: onnxruntime's differs before opset 16",
    "MaxRoiPool": "cases_regions has cases; the versions differ in types only",
    "Constant": "there is nothing to compute: all other cases have some",
    ("Scan", 8): "requires version 9 of the operator or later",
}


def pairs():
    """The versions of operators that must have cases."""
    for name, schemas in sorted(reemit.versions().items()):
        for schema in schemas:
            if name not in EXCEPTIONS and (name, schema.since_version) not in EXCEPTIONS:
                yield name, schema, schemas[-1]


def written():
    """All cases of one node, those of ONNX first, by their operators."""
    found = collections.defaultdict(list)
    for case in test_official.cases_of(collect_testcases(None)):
        found[case.model.graph.node[0].op_type].append(case)
    # ONNX's own all have an attribute that the first version lacks.
    plain = differential.single("DepthToSpace", cases_old.around(2, 8, 3, None), blocksize=2)
    for case in [plain] + [case for module in MODULES for case in module.CASES]:
        if len(case.model.graph.node) == 1 and case.model.graph.node[0].domain == "":
            found[case.model.graph.node[0].op_type].append(case)
    return found


def control_cases(name, opset):
    """If, Loop and Scan with bodies that every opset can say."""
    node, graph, value = cases_control.node, cases_control.graph, cases_control.value
    if name == "If":
        chosen = node("If", "k", "y", then_branch=graph([node("Relu", "x", "a")], [], [value("a")]),
                      else_branch=graph([node("Neg", "x", "b")], [], [value("b")]))
        for flag in (True, False):
            yield cases_control.case(f"If {flag} as opset {opset}", [chosen],
                                     [("k", cases_control.B), ("x",)],
                                     [lambda n, flag=flag: np.array(flag), cases_control.rows],
                                     [("y",)], opset=opset)
    elif name == "Loop":
        body = cases_control.loop_body([node("Add", "s,s", "r"), node("Neg", "s", "t")], [("s",)],
                                       [("r",)], [("t",)])
        yield cases_control.case(f"Loop as opset {opset}", [node("Loop", "m,,x", "y,z", body=body)],
                                 [("m", cases_control.I), ("x",)],
                                 [lambda n: np.array(3, np.int64), cases_control.rows],
                                 [("y",), ("z",)], opset=opset)
    elif name == "Scan":
        row = {name: value(name, shape=[4]) for name in "sert"}
        body = graph([node("Add", "s,e", "r"), node("Neg", "r", "t")], [row["s"], row["e"]],
                     [row["r"], row["t"]])
        yield cases_control.case(
            f"Scan as opset {opset}", [node("Scan", "i,x", "y,z", body=body, num_scan_inputs=1)],
            [("i",), ("x",)], [lambda n: np.ones(4, np.float32), cases_control.rows],
            [("y",), ("z",)], opset=opset)


class Versions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sources = written()
        cls.cases = {}
        for name, schema, newest in pairs():
            key = (name, schema.since_version)
            cls.cases[key] = list(control_cases(name, max(schema.since_version, reemit.FIRST)))
            for case in sources[name]:
                if len(cls.cases[key]) >= ENOUGH:
                    break
                again = reemit.again(case, schema, newest)
                cls.cases[key] += [again] if again else []

    def test_all_have_cases(self):
        self.assertEqual([key for key, cases in self.cases.items() if not cases], [])
        self.assertGreater(len(self.cases), 490)

    def test_cases(self):
        cases = [case for cases in self.cases.values() for case in cases]
        problems = differential.check_all(cases, sizes=(5,))
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases)} cases:\n"
                         + "\n".join(problems))

    def test_old_meanings(self):
        problems = differential.check_all(cases_old.CASES, sizes=(1, 5, 8))
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases_old.CASES)} cases:\n"
                         + "\n".join(problems))


class Refusals(unittest.TestCase):
    """What older versions mean is refused where it is not lowered."""

    def refusal(self, model):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(model, path)
            with self.assertRaises(RuntimeError) as raised:
                differential.artifact.compile_file(path, os.path.join(folder, "m.so"))
        return str(raised.exception)

    def check(self, pattern, op, *inputs, opset, outputs=1, **attributes):
        made = differential.single(op, *inputs, opset=opset, outputs=outputs, **attributes)
        for value, array in zip(made.model.graph.input, inputs):
            value.CopyFrom(helper.make_tensor_value_info(
                value.name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape))
        for value in made.model.graph.output:
            value.CopyFrom(helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT,
                                                         [None] * inputs[0].ndim))
        made.model.ir_version = 8
        said = self.refusal(made.model)
        self.assertTrue(said.startswith("exit code 1"), said)
        self.assertRegex(said, re.compile(pattern, re.S))

    def test_old_versions(self):
        x, channel = np.zeros((2, 3, 4), np.float32), np.ones(3, np.float32)
        old = r"node '.*' \(ai\.onnx\.{}, version \d+\): requires version {} of the operator"
        self.check(old.format("Pad", 2), "Pad", x, opset=1, paddings=[0] * 6)
        self.check(old.format("Concat", 4), "Concat", x, x, opset=3)
        self.check(old.format("Reshape", 5), "Reshape", x, opset=4, shape=[6, 4, 1])
        self.check(old.format("Selu", 6), "Selu", x, opset=5)
        self.check(old.format("Upsample", 7), "Upsample", x[None], opset=6, width_scale=2.0,
                   height_scale=2.0)
        self.check("requires one output", "BatchNormalization", x, *[channel] * 4, opset=6)
        self.check("requires one output", "BatchNormalization", x, *[channel] * 4, opset=9,
                   outputs=5)

    def test_scan_on_batches(self):
        body = cases_control.graph(
            [cases_control.node("Add", "s,e", "r")],
            [cases_control.value("s", shape=[4]), cases_control.value("e", shape=[4])],
            [cases_control.value("r", shape=[4])])
        scan = helper.make_node("Scan", ["", "i", "x"], ["y"], body=body, num_scan_inputs=1)
        model = helper.make_model(cases_control.graph(
            [scan], [cases_control.value("i", shape=[2, 4]), cases_control.value("x", shape=[2, 3, 4])],
            [cases_control.value("y", shape=[2, 4])]), opset_imports=[helper.make_opsetid("", 8)],
            ir_version=8)
        self.assertIn(EXCEPTIONS["Scan", 8], self.refusal(model))


if __name__ == "__main__":
    unittest.main()
