# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Comparisons of models on the command line."""

import json
import os
import unittest

import numpy as np

from reports import LAYERS, ReportTest, attention, dense_attention, layer, signature, TYPE

WINDOW = "sliding_window{window=2}@layers=0"


def drift(own, reference):
    """Largest difference, relative length and cosine."""
    return (np.abs(own - reference).max(), np.linalg.norm(own - reference) / np.linalg.norm(reference),
            np.vdot(own, reference) / np.linalg.norm(own) / np.linalg.norm(reference))


class Base(ReportTest):
    def setUp(self):
        super().setUp()
        self.write("m.mlir", LAYERS)
        self.x = np.random.default_rng(0).standard_normal((1, 2, 9, 4)).astype(np.float32)
        np.savez(self.path("in.npz"), x=self.x)
        self.inputs = ("-i", "in.npz", "--repeat", "2", "--warmup", "0", "--threads", "1")

    def compile(self, name, *options, model="m.mlir"):
        self.succeeds("compile", model, "-o", name, *options)
        return name

    def compare(self, *arguments):
        result = json.loads(self.succeeds("compare", *arguments, *self.inputs, "--json"))
        self.assertEqual(result["compare"], 1)
        return result


class Compare(Base):
    def expected(self):
        """Drift of both layers, and of the output, for WINDOW."""
        x, (i, j) = self.x.astype(np.float64), np.ogrid[:9, :9]
        dense, window = layer(x, i >= 0 * j), layer(x, np.abs(i - j) < 2)
        return [drift(window, dense), drift(layer(window, j <= i), layer(dense, j <= i))]

    def assert_drift(self, row, expected):
        np.testing.assert_allclose([row[key] for key in ("max_abs", "relative_l2", "cosine")], expected,
                                   rtol=1e-4)

    def test_forms_beside_the_plain_model(self):
        result = self.compare("m.mlir", "--attention", WINDOW)
        self.assertEqual([row["layer"] for row in result["layers"]], [0, 1])
        for row, expected in zip(result["layers"], self.expected()):
            self.assert_drift(row, expected)
        (output,) = result["outputs"]
        self.assertEqual(output["name"], "y")
        self.assert_drift(output, self.expected()[1])
        self.assertLess(output["argmax_agreement"], 1)
        time = result["time"]
        self.assertEqual((time["runs"], time["threads"]), (2, 1))
        self.assertAlmostEqual(time["speedup"], time["reference_ms"] / time["candidate_ms"])
        self.assertGreater(result["memory"]["candidate_peak_bytes"], 3 * self.x.nbytes)

    def test_a_plan_means_the_same(self):
        self.write("plan.json", json.dumps({"version": 1, "layers": [
            {"layers": 0, "form": "sliding_window", "parameters": {"window": 2}}]}))
        short, plan = (self.compare("m.mlir", *how) for how in (("--attention", WINDOW), ("--plan", "plan.json")))
        self.assertEqual((short["layers"], short["outputs"]), (plan["layers"], plan["outputs"]))

    def test_a_model_is_as_far_as_nothing_from_itself(self):
        result = self.compare("m.mlir")
        for row in result["layers"] + result["outputs"]:
            self.assertEqual((row["max_abs"], row["relative_l2"], row["cosine"], row["argmax_agreement"]),
                             (0, 0, 1, 1))

    def test_binaries(self):
        self.compile("plain.so")
        self.compile("forms.so", "--attention", WINDOW)
        result = self.compare("forms.so", "plain.so")
        self.assertEqual(result["layers"], [])
        self.assert_drift(result["outputs"][0], self.expected()[1])
        self.assertEqual(result, {**self.compare("forms.so", "m.mlir"), "reference": "plain.so",
                                  "time": result["time"], "memory": result["memory"]})

    def test_binaries_with_layers(self):
        self.compile("forms.so", "--attention", WINDOW, "--tap-attention")
        self.compile("plain.so", "--tap-attention")
        for reference in ("plain.so", "m.mlir"):
            result = self.compare("forms.so", reference)
            self.assert_drift(result["layers"][0], self.expected()[0])
        self.compile("bare.so")
        result = self.compare("forms.so", "bare.so")
        self.assertEqual(result["only_candidate"], ["attention.0", "attention.1"])
        self.assertEqual(result["layers"], [])

    def test_layers_can_be_left_out(self):
        result = self.compare("m.mlir", "--attention", WINDOW, "--no-layers")
        self.assertEqual(result["layers"], [])
        self.assert_drift(result["outputs"][0], self.expected()[1])

    def test_an_output_may_have_the_name_of_a_layer(self):
        self.write("n.mlir", LAYERS.replace('"y"', '"attention.0"'))
        result = self.compare("n.mlir", "--attention", WINDOW)
        self.assertEqual([row["name"] for row in result["layers"]], ["attention.0'", "attention.1"])
        self.assert_drift(result["layers"][0], self.expected()[0])

    def test_prints_a_table(self):
        text = self.succeeds("compare", "m.mlir", "--attention", WINDOW, *self.inputs)
        lines = text.splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["layers", "attention.0", "attention.1", "outputs", "y", "median"])
        self.assertAlmostEqual(float(lines[1].split()[1]), self.expected()[0][0], places=3)
        self.assertRegex(lines[-1], r"^median of 2 runs, threads 1: [0-9.]+ ms, reference [0-9.]+ ms, "
                                    r"speedup [0-9.]+$")

    def test_makes_up_inputs(self):
        self.write("d.onnx", dense_attention(""))
        options = ("--attention", "sliding_window{window=2}", "--repeat", "1", "--json")
        fixed = json.loads(self.succeeds("compare", "d.onnx", "--dim", "seq=7", *options))
        self.assertGreater(fixed["layers"][0]["max_abs"], 1e-3)
        self.compile("d.so", model="d.onnx")
        again = json.loads(self.succeeds("compare", "d.so", "d.onnx", "--dim", "seq=7", "--json"))
        self.assertLess(again["outputs"][0]["max_abs"], 1e-5)
        self.fails(1, "--dim seq=N", "compare", "d.onnx")

    def test_limits(self):
        worst = self.expected()[1][0]
        base = ("compare", "m.mlir", "--attention", WINDOW, *self.inputs)
        self.succeeds(*base, "--fail-if", f"outputs.max_abs>{worst * 1.01}")
        self.fails(1, "attune: error: y has max_abs", *base, "--fail-if", f"outputs.max_abs>{worst * 0.99}")
        self.fails(1, "attention.0 has cosine", *base, "--fail-if", "layers.cosine<0.9999")
        self.fails(1, "has speedup", *base, "--fail-if", "speedup<1e9")
        self.succeeds(*base, "--fail-if", "speedup<1e-9,relative_l2>1e9")
        self.fails(1, "is about nothing", *base, "--no-layers", "--fail-if", "layers.max_abs>1")

    def test_results_without_numbers_break_limits(self):
        np.savez(self.path("in.npz"), x=np.where(np.arange(9)[:, None] == 8, np.inf, self.x).astype(np.float32))
        base = ("compare", "m.mlir", "--attention", WINDOW, *self.inputs)
        self.fails(1, "has max_abs inf", *base, "--fail-if", "max_abs>1e30")
        row = self.compare("m.mlir", "--attention", WINDOW)["layers"][0]
        self.assertIsNone(row["max_abs"])
        self.assertGreater(row["unmatched"], 0)

    def test_reports_hold_the_comparison(self):
        base = ("compare", "m.mlir", "--attention", WINDOW, *self.inputs)
        self.succeeds(*base, "--report", "r.json")
        report = json.loads(self.read("r.json"))
        self.assertEqual(report["model"], "m.mlir")
        self.assertEqual(report["layers"][0]["became"][0]["form"], "sliding_window")
        compared = report["comparison"]
        self.assert_drift(compared["layers"][0], self.expected()[0])
        cost = report["cost"]
        self.assertAlmostEqual(compared["time"]["predicted_speedup"],
                               cost["before"]["flops"] / cost["after"]["flops"])
        self.succeeds(*base, "--report", "r.html")
        page = self.page("r.html")
        for words in ("Predicted and measured", "Drift of layers", "Drift of outputs", "attention.0",
                      "sliding_window"):
            self.assertIn(words, page.text)

    def test_reports_of_binaries_have_no_layers(self):
        self.compile("plain.so")
        self.succeeds("compare", "plain.so", "plain.so", *self.inputs, "--report", "r.json")
        report = json.loads(self.read("r.json"))
        self.assertEqual(sorted(report), ["attune_report", "comparison", "model"])
        self.succeeds("compare", "plain.so", "plain.so", *self.inputs, "--report", "r.html")
        self.assertIn("Drift of outputs", self.page("r.html").text)

    def test_broken_limits_are_reported(self):
        self.fails(1, "max_abs", "compare", "m.mlir", "--attention", WINDOW, *self.inputs,
                   "--fail-if", "max_abs>0", "--report", "r.json")
        self.assertIn("comparison", json.loads(self.read("r.json")))


class Refused(Base):
    def refuse(self, code, expected, *arguments):
        before = sorted(os.listdir(self.folder))
        self.fails(code, expected, "compare", *arguments)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_command_lines(self):
        self.compile("plain.so")
        self.refuse(2, "candidate is required")
        self.refuse(2, "requires something to compare 'plain.so' with", "plain.so", *self.inputs)
        self.refuse(2, "'plain.so' is none", "plain.so", "m.mlir", "--attention", "local", *self.inputs)
        self.refuse(2, "excludes", "m.mlir", "--attention", "local", "--plan", "p.json", *self.inputs)
        self.refuse(2, "is none of max_abs", "m.mlir", *self.inputs, "--fail-if", "error>1")
        self.refuse(2, "ends with .json or .html", "m.mlir", *self.inputs, "--report", "r.txt")
        self.refuse(2, "is the input 'm.mlir'", "m.mlir", *self.inputs, "--report", self.link("m.mlir"))
        self.refuse(2, "and there are none", "plain.so", "plain.so", *self.inputs, "--dim", "seq=3")
        self.refuse(2, "and there are none", "m.mlir", *self.inputs, "--dim", "x[2]=3")
        self.refuse(2, "requires a model file to predict for", "plain.so", "m.mlir", *self.inputs,
                    "--report", "r.json", "--unknown-size", "9")
        self.refuse(2, "requires --attention or --plan", "m.mlir", *self.inputs, "--allow-partial")
        self.refuse(2, "is not NAME=N", "m.mlir", *self.inputs, "--dim", "seq")

    def link(self, name):
        os.symlink(name, self.path("link.html"))
        return "link.html"

    def test_models(self):
        self.refuse(1, "absent.mlir", "absent.mlir", *self.inputs, "--report", "r.json")
        self.refuse(1, "absent.so", "absent.so", "m.mlir", *self.inputs, "--report", "r.json")
        self.write("bad.mlir", "nonsense")
        self.refuse(1, "bad.mlir", "m.mlir", "bad.mlir", *self.inputs, "--report", "r.json")
        self.refuse(1, "sums over all keys", "m.mlir", "--attention", "linear", *self.inputs)
        self.refuse(1, "no artifact", "in.npz", "m.mlir", *self.inputs)

    def test_pairs_that_do_not_match(self):
        other = f"{signature('%x2', 'y')}{attention('a', 'x2')}\n  return %a : {TYPE}\n}}"
        self.write("input.mlir", other)
        self.refuse(1, "'input.mlir' has an input 'x2', which the other model lacks", "m.mlir", "input.mlir",
                    *self.inputs, "--report", "r.json")
        self.write("output.mlir", LAYERS.replace('"y"', '"z"'))
        self.refuse(1, "no output in common", "m.mlir", "output.mlir", *self.inputs, "--no-layers")
        self.write("short.mlir", f"{signature()}\n  return %x : {TYPE}\n}}")
        result = self.compare("m.mlir", "short.mlir")
        self.assertEqual(result["only_candidate"], ["attention.0", "attention.1"])
        self.write("shape.mlir", LAYERS.replace(f"return %b : {TYPE}", """%s = tensor.extract_slice
            %b[0, 0, 0, 0] [1, 2, 3, 4] [1, 1, 1, 1] : tensor<1x2x9x4xf32> to tensor<1x2x3x4xf32>
            return %s : tensor<1x2x3x4xf32>""").replace(f"({TYPE} {{attune.name = \"y\"",
                                                       "(tensor<1x2x3x4xf32> {attune.name = \"y\""))
        self.refuse(1, "y: f32 [1, 2, 9, 4] of 'm.mlir' requires the shape", "m.mlir", "shape.mlir",
                    *self.inputs)

    def test_inputs(self):
        np.savez(self.path("wrong.npz"), z=self.x)
        self.refuse(1, "missing: 'x'; unknown: 'z'", "m.mlir", "-i", "wrong.npz")
        np.savez(self.path("wrong.npz"), x=self.x.astype(np.float64))
        self.refuse(1, "requires type f32", "m.mlir", "-i", "wrong.npz")


if __name__ == "__main__":
    unittest.main()
