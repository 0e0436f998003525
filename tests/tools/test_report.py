# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reports of compilations."""

import json
import os
import unittest

import numpy as np
import onnx

from reports import LAYERS, TYPE, ReportTest, dense_attention, signature

PLAN = {"version": 1, "layers": [
    {"layers": 0, "heads": 1, "form": "sliding_window", "parameters": {"window": 3}},
    {"layers": 1, "form": "linear", "parameters": {"eps": 0.5}}]}


class Report(ReportTest):
    def setUp(self):
        super().setUp()
        self.write("m.mlir", LAYERS)
        self.write("plan.json", json.dumps(PLAN))

    def report(self, *options, model="m.mlir"):
        self.succeeds("compile", model, "-o", "m.so", "--report", "r.json", *options)
        report = json.loads(self.read("r.json"))
        self.assertEqual(report["attune_report"], 1)
        self.assertEqual(report["model"], model)
        return report

    def test_tells_what_was_found(self):
        report = self.report()
        self.assertEqual([layer["layer"] for layer in report["layers"]], [0, 1])
        first, second = report["layers"]
        self.assertEqual(first["query"], [1, 2, 9, 4])
        self.assertEqual((first["scale"], first["causal"], first["mask"]), (0.5, False, []))
        self.assertEqual(second["mask"], ["(d0, d1) : (d0 - d1 >= 0)"])
        self.assertEqual((first["became"], second["became"]), ([], []))
        self.assertEqual(first["node"], "m.mlir:4:8")
        (found,) = report["recognised"]
        self.assertEqual(found["operation"], "attn.attention")
        self.assertEqual(found["nodes"], [first["node"], second["node"]])
        self.assertEqual(report["cost"]["before"], report["cost"]["after"])
        # For each of two heads two products of 9 x 9 x 4.
        self.assertEqual(first["cost"]["flops"], 2 * 2 * 2 * 9 * 9 * 4)
        self.assertEqual(report["cost"]["before"]["flops"],
                         first["cost"]["flops"] + second["cost"]["flops"])

    def test_tells_what_became_of_it(self):
        report = self.report("--plan", "plan.json", "--allow-partial")
        (window,) = report["layers"][0]["became"]
        self.assertEqual(window["form"], "sliding_window")
        self.assertEqual(window["heads"], [1, 1])
        self.assertEqual(window["parameters"], {"window": "3"})
        self.assertFalse(window["exact"])
        self.assertGreater(window["cost"]["flops"], 0)
        (refused,) = report["layers"][1]["became"]
        self.assertIn("sums over all keys", refused["why_not"])
        self.assertNotIn("cost", refused)
        self.assertLess(report["cost"]["after"]["flops"], report["cost"]["before"]["flops"])
        # One head of the two is as it was.
        first = report["layers"][0]
        self.assertAlmostEqual(first["cost_after"]["flops"],
                               first["cost"]["flops"] / 2 + window["cost"]["flops"])

    def test_tells_exact_from_approximate(self):
        report = self.report("--attention", "sliding_window{window=9}@layers=1")
        self.assertTrue(report["layers"][1]["became"][0]["exact"])

    def test_draws_masks(self):
        report = self.report("--attention", "sliding_window{window=3}@layers=1")
        i, j = np.ogrid[:9, :9]
        for picture, visible in ((report["layers"][0]["picture"], i >= 0 * j),
                                 (report["layers"][1]["picture"], j <= i),
                                 (report["layers"][1]["became"][0]["picture"], (j <= i) & (i - j < 3))):
            self.assertEqual((picture["queries"], picture["keys"]), (9, 9))
            self.assertEqual(picture["rows"], ["".join("f" if seen else "0" for seen in row)
                                               for row in np.broadcast_to(visible, (9, 9))])

    def test_draws_lists_of_blocks(self):
        lists = {
            "constant lists": """%c = arith.constant dense<[[[1, 2, 1]]]> : tensor<1x1x3xi32>
              %list = arith.constant dense<[[[[0, 1], [0, 1], [2, 0]]]]> : tensor<1x1x3x2xi32>""",
            "constant masks": """%m = arith.constant dense<[[[[true, false, false], [true, true, true],
              [false, false, true]]]]> : tensor<1x1x3x3xi1>
              %c, %list = attn.block_list %m : tensor<1x1x3x3xi1> -> tensor<1x1x3xi32>, tensor<1x1x3x2xi32>""",
            "masks of the run": """%c, %list = attn.block_list %seen
              : tensor<1x1x3x3xi1> -> tensor<1x1x3xi32>, tensor<1x1x3x2xi32>"""}
        i, j = np.ogrid[:9, :9]
        shown = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]])[i // 3, j // 3]
        rows = ["".join("f" if seen else "0" for seen in row) for row in shown]
        for name, text in lists.items():
            with self.subTest(name):
                argument = ', %seen: tensor<1x1x3x3xi1> {attune.name = "seen", attune.dims = ["", "", "", ""]})'
                self.write("b.mlir", LAYERS.replace("})\n    ->", "}" + argument + "\n    ->", 1)
                           .replace("%a = attn.attention", text + "\n  %a = attn.attention")
                           .replace(f"value(%x : {TYPE})", f"value(%x : {TYPE}) blocks(%c, %list : "
                                    "tensor<1x1x3xi32>, tensor<1x1x3x2xi32>)")
                           .replace("{scale", "{query_block = 3 : i64, key_block = 3 : i64, scale", 1))
                layer = self.report(model="b.mlir")["layers"][0]
                constant = "constant" in name
                self.assertEqual(layer["blocks"], {"queries": 3, "keys": 3, "constant": constant})
                self.assertEqual(layer["picture"] and layer["picture"]["rows"], rows if constant else None)
        self.succeeds("compile", "b.mlir", "-o", "m.so", "--report", "r.html")
        self.assertIn("3 queries by 3 keys, chosen when it runs", self.page("r.html").text)

    def test_counts_memory(self):
        model = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["" : 21]>
            g (float[4,2] x) => (float[4,3] y) <float[2,3] w = {1, 2, 3, 4, 5, 6}> {
              h = MatMul(x, w)
              y = Softmax<axis=0>(h)
            }""")
        self.write("w.onnx", model)
        memory = self.report(model="w.onnx")["memory"]
        # As they are packed.
        self.assertIn(f"weights   {memory['weights']} bytes\n", self.succeeds("inspect", "m.so"))
        self.assertGreaterEqual(memory["weights"], 24)
        self.assertGreaterEqual(memory["workspace"], 48)
        self.write("d.onnx", dense_attention(""))
        self.assertIsNone(self.report(model="d.onnx")["memory"]["workspace"])

    def test_unknown_sizes_are_chosen(self):
        self.write("d.onnx", dense_attention(""))
        small, large = (self.report("--unknown-size", size, model="d.onnx") for size in ("64", "128"))
        self.assertEqual((small["size_for_unknown"], large["size_for_unknown"]), (64, 128))
        self.assertEqual(large["layers"][0]["query"], [1, 2, None, 8])
        self.assertEqual(large["layers"][0]["picture"]["keys"], 128)
        self.assertAlmostEqual(large["cost"]["before"]["flops"] / small["cost"]["before"]["flops"], 4)

    def test_says_what_was_not_recognised(self):
        self.write("d.onnx", dense_attention("some/"))
        report = self.report(model="d.onnx")
        (other,) = report["not_raised"]
        self.assertEqual(other["node"], "some/Softmax")
        self.assertTrue(other["reason"])

    def test_pages_are_whole(self):
        self.succeeds("compile", "m.mlir", "-o", "m.so", "--plan", "plan.json", "--allow-partial",
                      "--report", "r.html")
        page = self.page("r.html")
        for words in ("What became of attention", "m.mlir", "sliding_window window=3 on heads 1–1: approximate",
                      "not applied, stays dense", "sums over all keys", "Recognised in the file"):
            self.assertIn(words, page.text)
        self.assertEqual(page.count("section"), 2)
        # Both masks of the file, and the window.
        self.assertEqual(page.count("figure"), 3)
        policy = page.count("meta", **{"http-equiv": "Content-Security-Policy"})
        self.assertEqual(policy, 1)

    def test_what_a_file_says_of_itself_is_not_told(self):
        plain = self.report()
        for told in ("attune.forms = [{layer = 0 : i64}]",
                     'attune.polynomial = {functions = [3], degree = "7"}'):
            self.write("told.mlir", f"module attributes {{{told}}} {{{LAYERS}}}")
            report = self.report("--tap-attention", model="told.mlir")
            self.assertEqual([layer["became"] for layer in report["layers"]],
                             [layer["became"] for layer in plain["layers"]])
            self.assertNotIn("polynomial", json.loads(self.succeeds("inspect", "m.so", "--json")))

    def test_names_do_no_harm(self):
        evil = "<script>alert('1')</script>\"&amp;\x01\u202e\n"
        self.write("d<b>.onnx", dense_attention(evil))
        self.succeeds("compile", "d<b>.onnx", "-o", "m.so", "--report", "r.html")
        text = self.read("r.html").decode("utf-8")
        self.assertNotIn("<script", text)
        self.assertNotIn("\x01", text)
        page = self.page("r.html")
        self.assertIn("d<b>.onnx", page.text)
        self.assertIn("alert('1')</script>\"&amp;", page.text)
        report = self.report(model="d<b>.onnx")
        self.assertEqual(report["not_raised"][0]["node"], evil + "Softmax")

    def test_the_binary_is_the_same(self):
        self.report()
        with_report = self.read("m.so")
        self.succeeds("compile", "m.mlir", "-o", "m.so")
        self.assertEqual(self.read("m.so"), with_report)

    def test_ir_has_reports_too(self):
        report = self.report("--emit", "forms", "--attention", "local{block=2}@layers=0")
        self.assertEqual(report["layers"][0]["became"][0]["form"], "local")
        self.assertIn(b"attn.attention", self.read("m.so"))


MAXIMUM = f"""{signature()}
  %r = math.exp %x : {TYPE}
  %m = arith.maximumf %r, %x : {TYPE}
  return %m : {TYPE}
}}"""


class Refused(ReportTest):
    def setUp(self):
        super().setUp()
        self.write("m.mlir", LAYERS)
        self.write("m.json", "model")

    def refuse(self, code, expected, *arguments, kept=()):
        before = sorted(os.listdir(self.folder))
        contents = [self.read(name) for name in kept]
        self.fails(code, expected, "compile", *arguments)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertEqual([self.read(name) for name in kept], contents)

    def test_names(self):
        base = ("m.mlir", "-o", "out.so")
        self.refuse(2, "ends with .json or .html, but got 'r.txt'", *base, "--report", "r.txt")
        self.refuse(2, "other than the output's", "m.mlir", "-o", "r.json", "--report", "r.json")
        self.refuse(2, "other than the output's", "m.mlir", "-o", "r.json", "--report",
                    "scratch/../r.json")
        self.refuse(2, "but --emit is 'raise'", *base, "--emit", "raise", "--report", "r.json")
        self.refuse(2, "--unknown-size requires --report", *base, "--unknown-size", "8")

    def test_options_that_would_do_nothing(self):
        base = ("m.mlir", "-o", "out.so")
        self.refuse(2, "--allow-partial: requires --attention or --plan", *base, "--allow-partial")
        self.refuse(2, "--margin requires --calibrate", *base, "--polynomial", "g.json", "--margin",
                    "1")
        for stage in ("import", "raise"):
            early = (*base, "--emit", stage)
            self.refuse(2, f"--emit is '{stage}'", *early, "--tap-attention")
            self.refuse(2, f"--emit is '{stage}'", *early, "--polynomial", "g.json")

    def test_calibration_leaves_reports_alone(self):
        self.write("r.json", "old")
        self.write("max.mlir", MAXIMUM)
        np.savez(self.path("x.npz"), x=np.ones((1, 2, 9, 4), np.float32))
        arguments = ("max.mlir", "-o", "out.so", "--polynomial", "g.json", "--calibrate", "x.npz")
        self.refuse(2, "ends with .json or .html", *arguments, "--report", "r.txt")
        code, _, messages = self.call("compile", *arguments, "--report", "r.json")
        self.assertEqual(code, 1, messages)
        self.assertEqual(self.read("r.json"), b"old")

    def test_inputs(self):
        os.symlink("m.mlir", self.path("link.json"))
        self.refuse(1, "is the input 'm.mlir'", "m.mlir", "-o", "out.so", "--report", "link.json",
                    kept=["m.mlir"])
        self.write("plan.json", '{"version": 1, "layers": []}')
        self.refuse(1, "is the input 'plan.json'", "m.mlir", "-o", "out.so", "--plan", "plan.json",
                    "--report", "./plan.json", kept=["plan.json"])

    def test_places(self):
        self.refuse(1, "No such file", "m.mlir", "-o", "out.so", "--report", "absent/r.html")
        os.mkdir(self.path("d.html"))
        self.refuse(1, "a directory", "m.mlir", "-o", "out.so", "--report", "d.html")
        self.refuse(1, "No such file", "m.mlir", "-o", "absent/out.so", "--report", "r.html")

    def test_failed_compilations_leave_the_old_report(self):
        self.write("r.json", "old")
        self.refuse(1, "sums over all keys", "m.mlir", "-o", "out.so", "--attention", "linear",
                    "--report", "r.json", kept=["r.json"])

    def test_bugs_leave_no_report(self):
        before = set(os.listdir(self.folder))
        self.fails(3, "bug of attune", "compile", "m.mlir", "-o", "out.so", "--report", "r.json",
                   "--fault", "schedule:crash")
        self.assertEqual(set(os.listdir(self.folder)) - before, {"out.so.bug.mlir"})


if __name__ == "__main__":
    unittest.main()
