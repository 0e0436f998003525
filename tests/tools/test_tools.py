# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command line: run, bench, inspect, and models as programs."""

import json
import os
import subprocess
import tempfile
import unittest

import ml_dtypes
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATTUNE = os.path.join(ROOT, "build", "bin", "attune")

SCALE = """
#id = affine_map<(n, k) -> (n, k)>
func.func @main(%x: tensor<?x4xf32> {attune.name = "x", attune.dims = ["n", ""]},
                %i: tensor<?x4xi64> {attune.name = "i", attune.dims = ["n", ""]})
    -> (tensor<?x4xf32> {attune.name = "y", attune.dims = ["n", ""]}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %i : tensor<?x4xf32>, tensor<?x4xi64>) outs(%e : tensor<?x4xf32>) {
    ^bb0(%p: f32, %q: i64, %o: f32):
      %1 = arith.sitofp %q : i64 to f32
      %2 = arith.addf %p, %1 : f32
      linalg.yield %2 : f32 } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}"""

CONSTANT = """
func.func @main() -> (tensor<2xf32> {attune.name = "c", attune.dims = [""]}) {
  %v = arith.constant 1.5 : f32
  %e = tensor.empty() : tensor<2xf32>
  %f = linalg.fill ins(%v : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %f : tensor<2xf32>
}"""

COPIES = """
func.func @main({}) -> ({}) {{
  return {} : {}
}}"""


def call(*command):
    """Exit code, output and messages."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.binary = cls.compile(SCALE, "scale.so")
        cls.x = np.arange(12, dtype=np.float32).reshape(3, 4)
        cls.i = np.arange(12).reshape(3, 4)
        np.savez(cls.path("in.npz"), x=cls.x, i=cls.i)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def compile(cls, text, name, *options):
        source = cls.path(name + ".mlir")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        code, _, messages = call(ATTUNE, "compile", source, "-o", cls.path(name), *options)
        assert code == 0, messages
        return cls.path(name)

    def succeeds(self, *command):
        code, output, messages = call(*command)
        self.assertEqual((code, messages), (0, ""))
        return output

    def fails(self, code, text, *command):
        got, _, messages = call(*command)
        self.assertEqual(got, code, messages)
        self.assertIn(text, messages)


class Run(Tools):
    def test_writes_outputs(self):
        out = self.path("out.npz")
        text = self.succeeds(ATTUNE, "run", self.binary, "-i", self.path("in.npz"), "-o", out,
                             "--threads", "2", "--repeat", "3")
        self.assertEqual(text, "y: f32 [3, 4]\n")
        with np.load(out) as results:
            self.assertEqual(results.files, ["y"])
            np.testing.assert_array_equal(results["y"], self.x + self.i)

    def test_sums_up_outputs(self):
        np.savez_compressed(self.path("packed.npz"), i=self.i, x=self.x)
        text = self.succeeds(ATTUNE, "run", self.binary, "-i", self.path("packed.npz"))
        self.assertEqual(text, "y: f32 [3, 4], min 0, mean 11, max 22\n")

    def test_takes_single_arrays(self):
        np.save(self.path("x.npy"), self.x)
        np.save(self.path("i.npy"), self.i)
        text = self.succeeds(ATTUNE, "run", self.binary, "-i", "x=" + self.path("x.npy"),
                             "-i", "i=" + self.path("i.npy"))
        self.assertIn("max 22", text)

    def test_models_without_inputs(self):
        binary = self.compile(CONSTANT, "constant.so")
        np.savez(self.path("empty.npz"))
        for inputs in ([], ["-i", self.path("empty.npz")]):
            text = self.succeeds(ATTUNE, "run", binary, *inputs)
            self.assertEqual(text, "c: f32 [2], min 1.5, mean 1.5, max 1.5\n")
        self.fails(1, "requires no inputs; unknown: 'x', 'i'", ATTUNE, "run", binary,
                   "-i", self.path("in.npz"))

    def test_every_type_travels(self):
        types = dict(f32=np.float32, f64=np.float64, f16=np.float16, bf16=ml_dtypes.bfloat16,
                     i8=np.int8, i16=np.int16, i32=np.int32, i64=np.int64, i1=np.bool_)
        tensors = [f"tensor<3x{name}>" for name in types]
        binary = self.compile(COPIES.format(
            ", ".join(f'%{name}: tensor<3x{name}> {{attune.name = "{name}", attune.dims = [""]}}'
                      for name in types),
            ", ".join(f'tensor<3x{name}> {{attune.name = "{name}", attune.dims = [""]}}'
                      for name in types),
            ", ".join("%" + name for name in types), ", ".join(tensors)), "types.so")
        arrays = {name: np.array([1, 0, 1]).astype(dtype) for name, dtype in types.items()}
        np.savez(self.path("types.npz"), **arrays)
        out = self.path("types-out.npz")
        self.succeeds(ATTUNE, "run", binary, "-i", self.path("types.npz"), "-o", out)
        with np.load(out) as results:
            for name, dtype in types.items():
                got = results[name]
                got = got.view(dtype) if name == "bf16" else got
                self.assertEqual(got.dtype, np.dtype(dtype))
                np.testing.assert_array_equal(got, arrays[name])

    def test_inputs_at_fault_exit_with_1(self):
        np.savez(self.path("wrong.npz"), x=self.x, z=self.x)
        self.fails(1, "requires the inputs 'x', 'i'; missing: 'i'; unknown: 'z'",
                   ATTUNE, "run", self.binary, "-i", self.path("wrong.npz"))
        np.savez(self.path("wrong.npz"), x=self.x, i=self.i[:2])
        self.fails(1, "'n' to be 3 as in 'x', but got 2",
                   ATTUNE, "run", self.binary, "-i", self.path("wrong.npz"))
        np.savez(self.path("wrong.npz"), x=self.x.astype(">f4"), i=self.i)
        self.fails(1, "little-endian", ATTUNE, "run", self.binary, "-i", self.path("wrong.npz"))
        np.savez(self.path("wrong.npz"), x=np.asfortranarray(self.x), i=self.i)
        self.fails(1, "Fortran order", ATTUNE, "run", self.binary, "-i", self.path("wrong.npz"))
        self.fails(1, "none.npz", ATTUNE, "run", self.binary, "-i", self.path("none.npz"))
        self.fails(1, "no artifact", ATTUNE, "run", self.path("in.npz"))

    def test_failed_runs_write_nothing(self):
        before = sorted(os.listdir(self.folder.name))
        self.fails(1, "missing", ATTUNE, "run", self.binary, "-o", self.path("failed.npz"))
        self.fails(1, "failed to write", ATTUNE, "run", self.binary, "-i", self.path("in.npz"),
                   "-o", self.path("no/folder.npz"))
        self.assertEqual(sorted(os.listdir(self.folder.name)), before)

    def test_wrong_command_lines_exit_with_2(self):
        self.fails(2, "neither FILE.npz nor NAME=FILE.npy", ATTUNE, "run", self.binary, "-i", "x")
        self.fails(2, "--threads", ATTUNE, "run", self.binary, "--threads", "-1")
        self.fails(2, "--repeat", ATTUNE, "run", self.binary, "--repeat", "0")
        self.fails(2, "model is required", ATTUNE, "run")

    def test_results_are_bitwise_equal(self):
        saved = []
        for number in range(4):
            out = self.path(f"equal{number}.npz")
            self.succeeds(ATTUNE, "run", self.binary, "-i", self.path("in.npz"), "-o", out,
                          "--threads", "2")
            with open(out, "rb") as file:
                saved.append(file.read())
        self.assertEqual(len(set(saved)), 1)


class Bench(Tools):
    def test_measures_each_number_of_threads(self):
        text = self.succeeds(ATTUNE, "bench", self.binary, "--dim", "n=5", "--threads", "1,2",
                             "--repeat", "7", "--warmup", "1")
        lines = text.splitlines()
        self.assertEqual(len(lines), 2)
        for threads, line in enumerate(lines, 1):
            self.assertRegex(line, rf"^threads {threads}: min [0-9.]+ ms, median [0-9.]+ ms, "
                                   r"p90 [0-9.]+ ms of 7 runs$")

    def test_prints_json(self):
        report = json.loads(self.succeeds(ATTUNE, "bench", self.binary, "-i", self.path("in.npz"),
                                          "--threads", "2", "--json"))
        self.assertEqual(report["model"], self.binary)
        (result,) = report["results"]
        self.assertEqual((result["threads"], result["runs"]), (2, 20))
        self.assertLessEqual(result["min_ms"], result["median_ms"])
        self.assertLessEqual(result["median_ms"], result["p90_ms"])

    def test_sizes_are_asked_for(self):
        self.fails(1, "--dim n=N", ATTUNE, "bench", self.binary)
        self.fails(1, "no input has a size 'm'", ATTUNE, "bench", self.binary, "--dim", "n=1,m=2")
        self.fails(1, "given twice", ATTUNE, "bench", self.binary, "--dim", "n=1,n=2")
        self.fails(2, "is not NAME=N", ATTUNE, "bench", self.binary, "--dim", "n")
        self.fails(2, "excludes", ATTUNE, "bench", self.binary, "--dim", "n=1", "-i",
                   self.path("in.npz"))


class Inspect(Tools):
    def test_describes_binaries(self):
        text = self.succeeds(ATTUNE, "inspect", self.binary)
        for line in ("runs here yes", "  x: f32 [n, 4]", "  i: i64 [n, 4]", "  y: f32 [n, 4]",
                     "  n: 1 or more", "weights   0 bytes"):
            self.assertIn(line + "\n", text)
        manifest = json.loads(self.succeeds(ATTUNE, "inspect", self.binary, "--json"))
        self.assertEqual(manifest["attune"], 1)

    def test_refuses_what_is_none(self):
        self.fails(1, "no artifact", ATTUNE, "inspect", self.path("in.npz"))
        self.fails(1, "cannot be opened", ATTUNE, "inspect", self.path("none.onnx"))
        self.fails(1, "failed to open", ATTUNE, "inspect", self.path("none.so"))

    def test_forms_are_those_of_the_documentation(self):
        with open(os.path.join(ROOT, "docs", "forms.md"), encoding="utf-8") as file:
            text = file.read()
        written = text.split("--markdown` -->\n")[1].split("<!-- end")[0]
        self.assertEqual(call(ATTUNE, "forms", "--markdown"), (0, written, ""))
        self.assertIn("sliding_window: ", call(ATTUNE, "forms")[1])


class Programs(Tools):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls.compile(SCALE, "scale", "--emit", "exe")

    def test_run_by_themselves(self):
        out = self.path("program.npz")
        text = self.succeeds(self.program, "-i", self.path("in.npz"), "-o", out)
        self.assertEqual(text, "y: f32 [3, 4]\n")
        with np.load(out) as results:
            np.testing.assert_array_equal(results["y"], self.x + self.i)
        self.assertIn("max 22", self.succeeds(self.program, "-i", self.path("in.npz")))

    def test_describe_and_measure_themselves(self):
        self.assertIn("  x: f32 [n, 4]\n", self.succeeds(self.program, "--inspect"))
        self.assertIn("threads 1: min",
                      self.succeeds(self.program, "--bench", "--dim", "n=2", "--threads", "1"))
        self.assertIn("--bench", self.succeeds(self.program, "--help"))

    def test_fail_as_the_tool_does(self):
        self.fails(1, "missing: 'x', 'i'", self.program)
        self.fails(2, "neither", self.program, "-i", "x")
        self.fails(2, "exclude each other", self.program, "--bench", "--inspect")

    def test_are_also_artifacts(self):
        self.assertIn("max 22", self.succeeds(ATTUNE, "run", self.program, "-i",
                                              self.path("in.npz")))

    def test_damage_is_noticed(self):
        with open(self.program, "rb") as file:
            data = bytearray(file.read())
        data[-300] ^= 1
        damaged = self.path("damaged")
        with open(damaged, "wb") as file:
            file.write(data)
        os.chmod(damaged, 0o755)
        self.fails(1, "is damaged", damaged, "-i", self.path("in.npz"))
        launcher = os.path.join(ROOT, "build", "bin", "attune-launcher")
        self.fails(1, "no artifact", launcher)

    def test_need_the_c_library_only(self):
        needed = subprocess.run(["/usr/lib/llvm-22/bin/llvm-readelf", "--needed-libs",
                                 self.program], capture_output=True, text=True, check=True).stdout
        libraries = set(needed.split()) - {"NeededLibraries", "[", "]"}
        self.assertLessEqual(libraries, {"libc.so.6", "libm.so.6", "libpthread.so.0",
                                         "libdl.so.2", "ld-linux-x86-64.so.2"})


if __name__ == "__main__":
    unittest.main()
