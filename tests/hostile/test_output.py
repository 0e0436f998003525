# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Outputs that cannot or must not be written; sameness of those that can."""

import os
import re
import subprocess

from tool import ATTUNE, ToolTest, small_model


class Outputs(ToolTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.onnx", small_model())

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def refuse(self, output, *expected, **more):
        before = self.read("m.onnx")
        self.assert_refused(self.model, *expected, output=output, **more)
        self.assertEqual(self.read("m.onnx"), before)

    def test_the_model_itself(self):
        self.refuse("m.onnx", "is the input")
        self.refuse("./m.onnx", "is the input")
        os.link(self.path("m.onnx"), self.path("hard"))
        self.refuse("hard", "is the input")
        os.symlink("m.onnx", self.path("soft"))
        self.refuse("soft", "is the input")

    def test_external_data(self):
        proto = small_model()
        weight = proto.graph.initializer[0]
        weight.ClearField("float_data")
        weight.data_location = 1
        entry = weight.external_data.add()
        entry.key, entry.value = "location", "w.bin"
        self.write("m.onnx", proto)
        self.write("w.bin", b"\1" * 128)
        self.refuse("w.bin", "is the input")
        self.assertEqual(self.read("w.bin"), b"\1" * 128)

    def test_no_folder(self):
        self.refuse("absent/out.so", "absent/out.so", "No such file or directory")

    def test_folder_as_output(self):
        os.mkdir(self.path("d"))
        self.refuse("d", "'d'", "a directory")

    def test_folder_that_takes_no_files(self):
        # Not even root's.
        self.refuse("/proc/out.so", "cannot write '/proc/out.so'")

    def test_devices(self):
        for name in ("/dev/full", "/dev/null"):
            self.refuse(name, name, "a device")

    def test_full_disk(self):
        for options in ((), ("--emit", "raise"), ("--emit", "codegen")):
            self.refuse("out.so", "out.so", options=options, file_size=500)

    def test_failed_output_leaves_the_old_one(self):
        self.write("out.so", b"old")
        self.refuse("out.so", file_size=500)
        self.assertEqual(self.read("out.so"), b"old")

    def test_dump_folder_is_a_file(self):
        self.write("dump", b"")
        self.refuse("out.so", "'dump", options=("--dump-stages", "dump"))


class Sameness(ToolTest):
    def test_same_bytes(self):
        self.write("m.onnx", small_model())
        os.mkdir(self.path("d"))
        runs = [dict(output="a.so"), dict(output="a-longer-name.so"), dict(output="b.so"),
                dict(output=self.path("d/c.so"), cwd="/"),
                dict(output="e.so", env={"LANG": "de_DE.UTF-8", "HOME": "/", "TZ": "Asia/Tokyo",
                                         "OMP_NUM_THREADS": "1", "SOURCE_DATE_EPOCH": "1"})]
        results = set()
        for run in runs:
            done = self.compile(self.path("m.onnx"), **run)
            self.assertEqual(done.code, 0, done.stderr)
            with open(os.path.join(self.folder, run["output"]), "rb") as file:
                results.add(file.read())
        self.assertEqual(len(results), 1)
        self.assertGreater(len(results.pop()), 1000)


class CommandLine(ToolTest):
    def refuse(self, *arguments, expected=()):
        self.write("m.onnx", small_model())
        done = self.run_tool(*arguments)
        self.assertEqual(done.code, 2, done.stderr)
        self.assertEqual(done.left, [])
        for part in expected:
            self.assertIn(part, done.stderr)

    def test_names(self):
        base = ("compile", "m.onnx", "-o", "out.so")
        self.refuse(*base, "--emit", "fuze", expected=("'fuze'", "did you mean 'fuse'?", "raise"))
        self.refuse(*base, "--emit", "", expected=("lib",))
        self.refuse(*base, "--cpu", "x86-64-v33",
                    expected=("'x86-64-v33'", "did you mean 'x86-64-v3'?"))
        self.refuse(*base, "--dim", "NN=3", expected=("'NN'", "did you mean 'N'?"))
        self.refuse(*base, "--dim", "completely=3", expected=("'completely'", "there are: N"))

    def test_values(self):
        base = ("compile", "m.onnx", "-o", "out.so")
        for dim in ("N", "N=", "=3", "N=x", "N=-1", "N=5..3", "N=1..x", "N=99999999999999999999",
                    "N=1,N=2"):
            self.refuse(*base, "--dim", dim, expected=("--dim",))
        self.refuse(*base, "-O", "9")
        self.refuse(*base, "--nonsense")

    def test_commands(self):
        self.refuse()
        self.refuse("conpile", "m.onnx")
        self.refuse("compile", "m.onnx")
        self.refuse("compile", "-o", "out.so")


class Faults(ToolTest):
    """Bugs of ours, made on purpose."""

    KINDS = {"crash": "Segmentation fault", "abort": "Aborted", "overflow": "Segmentation fault",
             "fatal": "a fault on purpose", "silent": "no reason", "invalid": "wrong IR"}

    def fault(self, place, *options, **more):
        self.write("m.onnx", small_model())
        return self.compile("m.onnx", "--fault", place, *options, **more)

    def test_bugs_are_told_and_reproduced(self):
        for kind, expected in self.KINDS.items():
            done = self.fault("fuse:" + kind)
            self.assertEqual(done.code, 3, kind + done.stderr)
            self.assertIn("bug of attune", done.stderr)
            self.assertIn("stage 'fuse'", done.stderr)
            self.assertIn(expected, done.stderr)
            self.assertEqual(done.left, ["out.so.bug.mlir"])
            with open(self.path("out.so.bug.mlir")) as file:
                text = file.read()
            self.assertIn("linalg", text)
            self.assertNotIn("onnx.node", text)
            # The command that the message names; the fault is not in the file.
            stages = re.search(r"`attune-opt (--attune-stages=)'(.*)'`", done.stderr)
            repeated = subprocess.run(
                [ATTUNE + "-opt", stages[1] + stages[2], self.path("out.so.bug.mlir")],
                capture_output=True, text=True)
            self.assertEqual(repeated.returncode, 0, repeated.stderr)
            self.assertIn("attune.kernel", repeated.stdout)
            os.remove(self.path("out.so.bug.mlir"))

    def test_the_first_stage_too(self):
        done = self.fault("raise:crash")
        self.assertEqual(done.code, 3)
        with open(self.path("out.so.bug.mlir")) as file:
            self.assertIn("onnx.node", file.read())

    def test_errors_are_no_bugs(self):
        done = self.fault("fuse:error")
        self.assertEqual(done.code, 1)
        self.assert_clean(done)
        self.assertIn("a fault on purpose", done.stderr)

    def test_lack_of_memory_is_no_bug(self):
        done = self.fault("fuse:memory")
        self.assertEqual(done.code, 1)
        self.assert_clean(done)
        self.assertIn("needs more memory", done.stderr)

    def test_reproducer_goes_to_the_temporary_folder(self):
        done = self.fault("fuse:crash", output="absent/out.so")
        self.assertEqual(done.code, 3)
        self.assertEqual(done.left, ["out.so.bug.mlir"])
        self.assertIn(self.path("scratch"), done.stderr)
