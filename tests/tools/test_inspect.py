# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`attune inspect` on ONNX files, and that `attune compile` refuses the same nodes."""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnx.parser
from onnx import TensorProto, helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATTUNE = os.path.join(ROOT, "build", "bin", "attune")
sys.path.insert(0, os.path.join(ROOT, "tests", "conformance"))
import cases as official  # noqa: E402
import run  # noqa: E402

# Inputs of these that the cases have at run time must be constants.
CONSTANT_ONLY = {"AffineGrid", "Col2Im", "MelWeightMatrix"}
PAGE = os.path.join(ROOT, "docs", "operators.md")
HEADER = """<ir_version: 10, producer_name: "tests", producer_version: "7",
             opset_import: ["" : 21, "local" : 1, "ai.onnx.ml" : 3]>\n"""

SUPPORTED = """
g (float[N,4] x, bool c) => (float[N,4] y) <float[4,4] w = {%s}> {
  m = MatMul(x, w)  n = Add(m, m)  o = Add(n, x)  v = MeanVarianceNormalization<axes=[0, 1]>(o)
  f = local.twice(v)
  y = If(c) <then_branch = t () => (float[N,4] p) { p = Neg(f) },
             else_branch = e () => (float[N,4] q) { q = Identity(f) }>
}
<domain: "local", opset_import: ["" : 21]> twice (u) => (v) { v = Add(u, u) }
""" % ", ".join(["1"] * 16)

# What is wrong by the operator's name, an attribute and a type: in the graph, in a branch, in a
# loop within it, in a function's body, and behind what another node refused.
REFUSED = """
g (float[N,4] x, bool c, int64 n, string[2] s) => (float[N,4] y, float[N,4] z, float[N,4] p, float[N,4] r, float[N,4] t) {
  [scaler] b = ai.onnx.ml.Scaler(x)
  [behind] d = Neg(b)
  [dropout] e = RandomUniformLike(d)
  [text] h = StringConcat(s, s)
  [precision] t = LayerNormalization<stash_type=16>(x, bw)
  [call] y = local.f(x)
  [again] r = local.f(y)
  [bernoulli] p = Bernoulli(x)
  [branch] z = If(c) <then_branch = g1 () => (float[N,4] z1) {
      [inner] i = ai.onnx.ml.Scaler(x)
      [loop] z1 = Loop(n, , x) <body = g2 (int64 k, bool u, float[N,4] w) => (bool v, float[N,4] w2) {
        [deepest] w1 = Multinomial(w)
        [type] w3 = LayerNormalization<stash_type=16>(w, bw)
        v = Identity(u)
        w2 = Neg(w3) }> },
    else_branch = g3 () => (float[N,4] z2) { z2 = Neg(x) }>
}
<domain: "local", opset_import: ["" : 21, "ai.onnx.ml" : 3]> f (u) => (v) {
  [unary] a = Neg(u)
  [within] v = ai.onnx.ml.Normalizer(a) }
<domain: "local", opset_import: ["" : 21]> unused (u) => (v) { [never] v = Bernoulli(u) }
"""
NAMES = {"scaler", "dropout", "text", "precision", "within", "bernoulli", "inner", "deepest", "type"}


def parse(text):
    text = text.replace("{\n  [scaler]", "<float[4] bw = {1, 1, 1, 1}> {\n  [scaler]")
    return onnx.parser.parse_model(HEADER + text)


def call(*command, **options):
    """Exit code, output and messages."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)
    return done.returncode, done.stdout, done.stderr


class InspectTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "m.onnx")

    def inspect(self, model, code, *options, **others):
        """What is printed."""
        onnx.save(model, self.path)
        got, text, messages = call(ATTUNE, "inspect", self.path, *options, **others)
        self.assertEqual((got, messages), (code, ""))
        return text

    def table(self, model, code):
        report = json.loads(self.inspect(model, code, "--json"))
        self.assertEqual(report["supported"], code == 0)
        return report, {(row["domain"], row["operator"]): row for row in report["operators"]}


class Supported(InspectTest):
    def test_text(self):
        text = self.inspect(parse(SUPPORTED), 0)
        for line in ("IR version 10", "producer   tests 7", "  ai.onnx 21", "  x: f32 [N, 4]",
                     "  c: i1 []", "  y: f32 [N, 4]",
                     "weights    1 tensors, 16 parameters, 64 bytes", "operators, 9 nodes",
                     "all of it is supported"):
            self.assertIn(line + "\n", text)
        self.assertRegex(text, r"\n +3  ai\.onnx\.Add +14  lowered\n")
        self.assertRegex(text, r"\n +1  ai\.onnx\.MeanVarianceNormalization +13  by its function body\n")
        self.assertRegex(text, r"\n +1  local\.twice +1  local function\n")

    def test_json(self):
        report, rows = self.table(parse(SUPPORTED), 0)
        self.assertEqual(set(report), {
            "inspect", "supported", "ir_version", "producer", "producer_version", "opsets", "inputs",
            "outputs", "weights", "operators", "problems"})
        self.assertEqual(report["inspect"], 1)
        self.assertEqual(report["opsets"], {"ai.onnx": 21, "local": 1, "ai.onnx.ml": 3})
        self.assertEqual(report["inputs"], [{"name": "x", "dtype": "f32", "shape": ["N", 4]},
                                            {"name": "c", "dtype": "i1", "shape": []}])
        self.assertEqual(report["weights"], {"tensors": 1, "parameters": 16, "bytes": 64})
        self.assertEqual(report["problems"], [])
        self.assertEqual(report["operators"][0], {
            "domain": "ai.onnx", "operator": "Add", "version": 14, "count": 3, "support": "lowered",
            "refused": []})
        self.assertEqual(rows["ai.onnx", "MeanVarianceNormalization"]["support"],
                         "by its function body")
        self.assertEqual(rows["local", "twice"]["support"], "local function")

    def test_large_weights_stay_where_they_are(self):
        size = 1 << 30
        weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[size],
                             data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "w.bin"), ("length", str(4 * size))):
            weight.external_data.add(key=key, value=value)
        with open(os.path.join(self.folder, "w.bin"), "wb") as file:
            file.truncate(4 * size)
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size]) for name in "xy"]
        graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", values[:1],
                                  values[1:], [weight])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        text = self.inspect(model, 0, preexec_fn=limit)
        self.assertIn(f"{size} parameters, {4 * size} bytes", text)


class Refused(InspectTest):
    def test_everything_at_once(self):
        report, rows = self.table(parse(REFUSED), 1)
        refused = {node["node"]: (node["function"], node["reason"]) for row in rows.values()
                   for node in row["refused"]}
        self.assertEqual(set(refused), NAMES)
        self.assertEqual(refused["within"], ("local.f", "this operator has no lowering yet"))
        self.assertEqual(refused["deepest"][0], "")
        self.assertRegex(refused["type"][1], "requires stash_type = 1")
        self.assertRegex(refused["bernoulli"][1], "its function body has .*: random results")
        self.assertEqual(rows["ai.onnx.ml", "Scaler"]["support"], "refused")
        self.assertEqual(rows["ai.onnx.ml", "Scaler"]["count"], 2)
        self.assertEqual(rows["local", "f"]["support"], "local function")
        self.assertEqual(rows["ai.onnx", "Neg"]["support"], "lowered")
        self.assertEqual(report["problems"], ["input 's': tensors of strings are not supported"])

    def test_text_names_the_nodes(self):
        text = self.inspect(parse(REFUSED), 1)
        self.assertIn("  node 'within' (ai.onnx.ml.Normalizer) in function local.f: this operator "
                      "has no lowering yet\n", text)
        self.assertRegex(text, r"\n +2  ai\.onnx\.ml\.Scaler +1  refused\n")
        self.assertNotIn("all of it is supported", text)

    def test_some_of_an_operator(self):
        text = self.inspect(parse("""g (float[N] x) => (float[N] y, float[M] z) <int64[2] p = {1, 1}> {
            [good] y = Abs(x)  [bad] z = Pad<mode="mirror">(x, p)  }"""), 1)
        self.assertRegex(text, r"ai\.onnx\.Pad +21  refused\n")
        text = self.inspect(parse("""g (float[N] x) => (float[L] y, float[M] z) <int64[2] p = {1, 1}> {
            [good] y = Pad(x, p)  [bad] z = Pad<mode="mirror">(x, p)  }"""), 1)
        self.assertRegex(text, r"ai\.onnx\.Pad +21  refused, 1 of them\n")

    def test_compile_says_the_same(self):
        onnx.save(parse(REFUSED), self.path)
        code, _, messages = call(ATTUNE, "compile", self.path, "-o", self.path + ".so",
                                 "--error-limit", "0")
        self.assertEqual(code, 1)
        named = {re.sub(r"__\d+$", "", name) for name in re.findall(r"node '([^']*)'", messages)}
        # The node of a body is named there, not the one that it stands for.
        self.assertEqual({name for name in NAMES if name in named}, NAMES - {"bernoulli"})
        self.assertIn("RandomUniformLike", messages)
        self.assertIn("input 's': tensors of strings are not supported", messages)
        self.assertFalse(os.path.exists(self.path + ".so"))

    def test_invalid_files_are_refused_as_by_compile(self):
        model = parse("g (float[N] x) => (float[N] y) { y = Neg(x) }")
        model.graph.node[0].op_type = "Nag"
        for content in (model.SerializeToString(), b"no model", b""):
            with open(self.path, "wb") as file:
                file.write(content)
            code, text, messages = call(ATTUNE, "inspect", self.path)
            self.assertEqual((code, text), (1, ""))
            _, _, others = call(ATTUNE, "compile", self.path, "-o", self.path + ".so")
            self.assertTrue(messages)
            self.assertIn(messages, others)


class Operators(unittest.TestCase):
    def test_page_is_up_to_date(self):
        code, text, messages = call(ATTUNE, "inspect", "--operators")
        self.assertEqual((code, messages), (0, ""))
        with open(PAGE, encoding="utf-8") as file:
            self.assertEqual(file.read(), text, "run: build/bin/attune inspect --operators > docs/operators.md")

    def test_no_file_beside_it(self):
        code, text, messages = call(ATTUNE, "inspect", PAGE, "--operators")
        self.assertEqual((code, text), (2, ""))
        self.assertIn("file excludes --operators", messages)

    def test_every_schema_is_on_it(self):
        report = json.loads(call(ATTUNE, "inspect", "--operators", "--json")[1])
        rows = {(row["domain"], row["operator"]): row for row in report["operators"]}
        for schema in onnx.defs.get_all_schemas():
            if not schema.deprecated:
                row = rows[schema.domain or "ai.onnx", schema.name]
                self.assertEqual(row["versions"][-1], schema.since_version)
                self.assertIn(row["support"], ("lowered", "by its function body", "refused"))
                self.assertEqual(row["support"] == "refused", bool(row["reason"]))
        self.assertEqual(rows["ai.onnx", "And"]["types"], ["i1"])
        # ONNX has a body of it, but that is refused as well.
        self.assertEqual(rows["ai.onnx", "Bernoulli"]["support"], "refused")
        self.assertEqual(rows["ai.onnx", "Softmax"]["versions"], [1, 11, 13])
        self.assertEqual(rows["ai.onnx", "Softmax"]["types"], ["f32", "f16", "f64", "bf16"])

    def test_what_is_supported_passes_cases_of_onnx(self):
        """Where the package has cases of an operator, one of them passes at least."""
        report = json.loads(call(ATTUNE, "inspect", "--operators", "--json")[1])
        passing, cases = run.passing(), {}
        with np.errstate(all="ignore"):
            everything = official.node_cases()
        for case in everything:
            operator = case.operator.removesuffix(" (body)")
            cases.setdefault(operator, []).append(run.identity(case) in passing)
        rows = {(row["domain"] + "." if row["domain"] != "ai.onnx" else "") + row["operator"]: row
                for row in report["operators"]}
        unproved = [name for name, passes in cases.items()
                    if rows[name]["support"] != "refused" and not any(passes)]
        self.assertEqual([name for name in unproved if name not in CONSTANT_ONLY], [])
        proved = [name for name, passes in cases.items()
                  if rows[name]["support"] == "refused" and any(passes)]
        self.assertEqual(proved, [])


if __name__ == "__main__":
    unittest.main()
