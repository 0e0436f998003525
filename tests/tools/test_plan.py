# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Plans on the command line."""

import json
import os
import subprocess
import unittest

import numpy as np

from reports import ATTUNE, LAYERS, ReportTest


class Plan(ReportTest):
    def setUp(self):
        super().setUp()
        self.write("m.mlir", LAYERS)

    def compile(self, *options, out="m.so"):
        done = subprocess.run([ATTUNE, "compile", "m.mlir", "-o", out, *options], cwd=self.folder,
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(os.path.exists(self.path(out)), done.returncode == 0, done.stderr)
        return done.returncode, done.stderr

    def plan(self, *layers):
        self.write("plan.json", json.dumps({"version": 1, "layers": layers}, indent=1))

    def run_model(self, name):
        x = np.random.default_rng(0).standard_normal((1, 2, 9, 4)).astype(np.float32)
        np.save(self.path("x.npy"), x)
        subprocess.run([ATTUNE, "run", name, "-i", "x=x.npy", "-o", "y.npz"], cwd=self.folder,
                       check=True, capture_output=True)
        with np.load(self.path("y.npz")) as outputs:
            return outputs["y"]

    def test_means_what_the_short_way_means(self):
        self.plan({"layers": "0", "heads": 1, "form": "sliding_window", "parameters": {"window": 2}},
                  {"layers": 1, "form": "local", "parameters": {"block": 4, "back": 1}})
        code, messages = self.compile("--plan", "plan.json")
        self.assertEqual(code, 0, messages)
        self.assertIn("layer 0, heads 1-1: attn.attention -> sliding_window (approximate)", messages)
        code, short = self.compile("--attention", "sliding_window{window=2}@layers=0,heads=1",
                                   "--attention", "local{block=4,back=1}@layers=1,heads=all", out="s.so")
        self.assertEqual((code, short), (0, messages))
        self.compile(out="dense.so")
        result = self.run_model("m.so")
        np.testing.assert_array_equal(result, self.run_model("s.so"))
        self.assertGreater(np.abs(result - self.run_model("dense.so")).max(), 1e-3)

    def test_errors_say_where(self):
        self.write("plan.json", '{"version": 1, "layers": [\n {"form": "local", "layers": "0-x"}]}')
        code, messages = self.compile("--plan", "plan.json")
        self.assertEqual(code, 1)
        self.assertIn("error: plan.json:2:30: '0-x' is no range of layers", messages)
        self.plan({"form": "local", "layers": 2})
        code, messages = self.compile("--plan", "plan.json")
        self.assertEqual(code, 1)
        self.assertIn("error: plan.json:4:3: 'local at plan.json:4:3' names layer 2", messages)

    def test_excludes_the_short_way(self):
        self.plan()
        code, messages = self.compile("--plan", "plan.json", "--attention", "local")
        self.assertEqual(code, 2)
        self.assertIn("excludes", messages)

    def test_never_overwrites_the_plan(self):
        self.plan({"form": "local"})
        done = subprocess.run([ATTUNE, "compile", "m.mlir", "-o", "plan.json", "--plan", "plan.json"],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is the input 'plan.json'", done.stderr)
        with open(self.path("plan.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["version"], 1)

    def test_a_form_that_cannot_be_applied_fails(self):
        self.plan({"form": "linear"})
        code, messages = self.compile("--plan", "plan.json")
        self.assertEqual(code, 1)
        self.assertIn("error: m.mlir:9:8: form 'linear' sums over all keys", messages)
        self.assertIn("error: plan.json:4:3: form 'linear' cannot be applied to layer 1", messages)

    def test_allow_partial_leaves_the_layer_dense(self):
        self.plan({"form": "linear"})
        code, messages = self.compile("--plan", "plan.json", "--allow-partial")
        self.assertEqual(code, 0, messages)
        self.assertIn("layer 0: attn.attention -> linear", messages)
        self.assertIn("warning: m.mlir:9:8: layer 1 stays dense: form 'linear' sums", messages)
        self.compile("--attention", "linear@layers=0", out="s.so")
        np.testing.assert_array_equal(self.run_model("m.so"), self.run_model("s.so"))


if __name__ == "__main__":
    unittest.main()
