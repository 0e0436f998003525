# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""If, Loop and Scan: official cases, and models with them against ONNX Runtime; the
memory that loops take."""

import os
import re
import tempfile
import unittest

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

import differential
from cases_control import (F, I, case, constant_if_cases, counted, decoder_case, if_cases, loop_body,
                           loop_cases, node, rows, scan_cases, trips)
from differential import Case
from test_official import arrays_of

OFFICIAL = r"test_(if|loop|scan)\d*.*|test_range_.*_expanded"
REFUSED = {r"test_scan_sum": r"requires version 9 of the operator",
           r"test_(if|loop)(13|16)?_?(seq|opt).*|test_loop1[36]_seq.*": r"sequence|optional"}


class Control(unittest.TestCase):
    def check(self, cases, sizes=(1, 7, 8, 9)):
        problems = differential.check_all(cases, sizes)
        self.assertEqual(problems, [], "\n".join(problems))

    def test_branches(self):
        self.check(if_cases())

    def test_constant_conditions(self):
        self.check(constant_if_cases())

    def test_loops(self):
        self.check(loop_cases())

    def test_scans(self):
        self.check(scan_cases())

    def test_merged_decoders(self):
        self.check([decoder_case(flag) for flag in (True, False)])


class Memory(unittest.TestCase):
    def test_state_that_grows_takes_no_more_than_itself(self):
        """A thousand trips, each of which adds a row."""
        made = counted("growing", [node("Slice", "x,from,to,from", "f"),
                                   node("Concat", "s,f", "r", axis=0)], trip=1000,
                       constants={"from": np.array([0], np.int64), "to": np.array([1], np.int64)})
        binary = differential.compile_cases([made])
        found = binary(trips(1000), rows(7))[0]
        np.testing.assert_array_equal(found, np.concatenate([rows(7)] + [rows(7)[:1]] * 1000))
        self.assertLess(binary.last.most, 4 * found.nbytes)

    def test_many_trips_of_little_work_ask_for_memory_once(self):
        made = counted("many", [node("Mul", "s,half", "t"), node("Add", "t,half", "r")],
                       trip=100000, constants={"half": np.array(0.5, np.float32)})
        binary = differential.compile_cases([made])
        found = binary(trips(100000), rows(8))[0]
        np.testing.assert_allclose(found, np.ones((8, 4)), rtol=1e-5)
        self.assertLessEqual(len(binary.last.scratch), 1)

    def test_an_endless_loop_can_be_stopped(self):
        body = loop_body([node("Add", "s,s", "r")], [("s",)], [("r",)])
        made = case("endless", [node("Loop", ",,x", "y", body=body)], [("x",)], [rows], [("y",)])
        made.expected = lambda x: [x]
        binary = differential.compile_cases([made])
        asked = []
        binary.stopped = lambda _: asked.append(1) or len(asked) > 500
        with self.assertRaises(differential.artifact.RunError):
            binary(rows(7))
        self.assertEqual(len(asked), 501)


class Raised(unittest.TestCase):
    def test_attention_in_a_body(self):
        with tempfile.TemporaryDirectory() as folder:
            path, result = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.mlir")
            shape = [1, 2, "n", 8]
            nodes = [node("Transpose", "s", "t", perm=[0, 1, 3, 2]), node("MatMul", "s,t", "p"),
                     node("Mul", "p,scale", "q"), node("Softmax", "q", "w", axis=-1),
                     node("MatMul", "w,s", "r")]
            body = loop_body(nodes, [("s",)], [("r",)])
            made = case("attention", [node("Loop", "m,,x", "y", body=body)],
                        [("m", I, []), ("x", F, shape)], [], [("y", F, shape)],
                        {"scale": np.array(0.25, np.float32)})
            onnx.save(made.model, path)
            differential.artifact.compile_file(path, result, "--emit", "raise")
            with open(result) as file:
                self.assertRegex(file.read(), r"func private @body(.|\n)*attn\.attention")


class Official(unittest.TestCase):
    @staticmethod
    def tests():
        return [test for test in collect_testcases(None) if re.fullmatch(OFFICIAL, test.name)
                and all(n.op_type in ("If", "Loop", "Scan") or "range" in test.name
                        for n in test.model.graph.node)]

    @staticmethod
    def reason(name):
        return next((said for pattern, said in REFUSED.items() if re.fullmatch(pattern, name)), None)

    def test_cases(self):
        cases = []
        for test in self.tests():
            if not self.reason(test.name):
                inputs, outputs = (arrays_of(values) for values in test.data_sets[0])
                cases.append(Case(test.name, test.model, inputs, (), outputs))
        self.assertGreater(len(cases), 5)
        problems = differential.check_all(cases, sizes=(1,))
        self.assertEqual(problems, [], "\n".join(problems))

    def test_refusals_say_why(self):
        from test_official import Official as Others
        import test_official
        tests = [test for test in self.tests() if self.reason(test.name)]
        self.assertGreater(len(tests), 3)
        kept, test_official.REFUSED = test_official.REFUSED, REFUSED
        try:
            wrong = [found for test in tests for found in Others.unlike(test)]
        finally:
            test_official.REFUSED = kept
        self.assertEqual(wrong, [], "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
