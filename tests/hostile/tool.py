# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs the tool on files that mean it harm, under limits of time and memory."""

import os
import subprocess
import tempfile
import unittest

import onnx
import onnx.parser

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATTUNE = os.environ.get("ATTUNE", os.path.join(ROOT, "build", "bin", "attune"))
MEMORY = 4 << 30
SECONDS = 30

HEADER = '<ir_version: 10, opset_import: ["" : 21, "local" : 1]>\n'


def model(text, header=HEADER):
    """A model in ONNX's text syntax."""
    return onnx.parser.parse_model(header + text)


def small_model():
    """A matrix product and more: 32 weights."""
    weights = ", ".join(str(i / 7) for i in range(32))
    return model(f"g (float[N,8] x) => (float[N,4] y) <float[8,4] w = {{{weights}}}>"
                 "{ h = MatMul(x, w)  y = Relu(h) }")


class Done:
    """What came of a run: exit code, standard error, and what was left."""

    def __init__(self, code, stderr, left):
        self.code, self.stderr, self.left = code, stderr, left


class ToolTest(unittest.TestCase):
    """Each test has a folder; the tool runs in it."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="attune-hostile-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        """Writes bytes, text or a model; returns the name."""
        if isinstance(content, onnx.ModelProto):
            content = content.SerializeToString()
        if isinstance(content, str):
            content = content.encode()
        with open(self.path(name), "wb") as file:
            file.write(content)
        return name

    def run_tool(self, *arguments, file_size=None, memory=MEMORY, env=None, cwd=None):
        limits = ["prlimit", "--as=" + str(memory)]
        if file_size is not None:
            limits.append("--fsize=" + str(file_size))
        before = set(os.listdir(self.folder))
        scratch = self.path("scratch")
        os.makedirs(scratch, exist_ok=True)
        done = subprocess.run(
            [*limits, ATTUNE, *arguments], cwd=cwd or self.folder,
            capture_output=True, timeout=SECONDS,
            env={**os.environ, "TMPDIR": scratch, **(env or {})})
        left = sorted(set(os.listdir(self.folder)) - before - {"scratch"})
        left += os.listdir(scratch)
        return Done(done.returncode, done.stderr.decode(errors="replace"), left)

    def compile(self, name, *options, output="out.so", **limits):
        return self.run_tool("compile", name, "-o", output, *options, **limits)

    def assert_clean(self, done):
        """An error message and nothing else."""
        lines = done.stderr.strip().splitlines()
        self.assertTrue(lines, "no message")
        for line in lines:
            self.assertRegex(line, r"^attune: (error|warning|note): .")
        for trace in ("Stack dump", " #0 ", "LLVM ERROR", "bug of attune", "PLEASE"):
            self.assertNotIn(trace, done.stderr)
        self.assertEqual(done.left, [])

    def assert_refused(self, name, *expected, options=(), code=1, output="out.so", **limits):
        """The tool refuses a file, says all that is `expected`, leaves nothing."""
        done = self.compile(name, *options, output=output, **limits)
        self.assertEqual(done.code, code, done.stderr)
        self.assert_clean(done)
        for part in expected:
            self.assertIn(part, done.stderr)
        return done

    def assert_survives(self, name, *options, output="out.so"):
        """The tool compiles or refuses the file: no crash, no bug."""
        done = self.compile(name, *options, output=output)
        self.assertIn(done.code, (0, 1), done.stderr)
        if done.code:
            self.assert_clean(done)
        else:
            os.remove(self.path(output))
        return done.code
