# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What `cmake --install` gives, used from outside the source tree."""

import os
import subprocess
import sys
import tempfile
import unittest

from onnx import TensorProto, helper, save

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CMAKE = os.path.join(ROOT, "build", "venv", "bin", "cmake")
COMPILERS = ["-DCMAKE_C_COMPILER=/usr/lib/llvm-22/bin/clang",
             "-DCMAKE_CXX_COMPILER=/usr/lib/llvm-22/bin/clang++"]

PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(attune_runtime 0.1 REQUIRED)
foreach(kind runtime runtime_static)
  add_executable(user_${kind} user.cpp)
  target_link_libraries(user_${kind} PRIVATE attune::${kind})
endforeach()
"""

PROGRAM = """
#include <attune/attune.hpp>
#include <cstdio>
int main(int, char **argv) {
  attune::Session session(attune::Model(argv[1]), 2);
  std::vector<int64_t> shape = {1, 3}, ids = {1, 2, 3};
  DLTensor tensor = attune::view(ids.data(), shape);
  auto outputs = session.run({tensor, tensor, tensor});
  std::printf("%g\\n", outputs[0].data<float>()[1]);
}
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_model(path):
    """Three inputs as a sentence encoder has them; the sum of their elements."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
              for name in names]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "seq"])
    nodes = [helper.make_node("Add", names[:2], ["a"]),
             helper.make_node("Add", ["a", names[2]], ["b"]),
             helper.make_node("Cast", ["b"], ["y"], to=TensorProto.FLOAT)]
    graph = helper.make_graph(nodes, "sum", inputs, [output])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.prefix = cls.path("prefix")
        run(CMAKE, "--install", os.path.join(ROOT, "build"), "--prefix", cls.prefix)
        write_model(cls.path("m.onnx"))
        cls.tool = os.path.join(cls.prefix, "bin", "attune")
        run(cls.tool, "compile", cls.path("m.onnx"), "-o", cls.path("m.so"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def build(self, source, name):
        binary = self.path(name)
        run(CMAKE, "-G", "Ninja", "-S", source, "-B", binary, *COMPILERS,
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run(CMAKE, "--build", binary)
        return binary

    def test_the_example_in_c_builds_and_runs(self):
        binary = self.build(os.path.join(ROOT, "examples", "embed"), "embed")
        text = run(os.path.join(binary, "embed"), self.path("m.so"))
        # 101 + 1 + 0 and so on: ids, mask and kinds are added.
        self.assertIn("an embedding of 8 numbers: 102.0000 1038.0000 3129.0000", text)

    def test_both_libraries_serve_cxx(self):
        source = self.path("user")
        os.mkdir(source)
        for name, text in (("CMakeLists.txt", PROJECT), ("user.cpp", PROGRAM)):
            with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                file.write(text)
        binary = self.build(source, "user-build")
        for kind in ("runtime", "runtime_static"):
            self.assertEqual(run(os.path.join(binary, "user_" + kind), self.path("m.so")), "6\n")

    def test_programs_are_made_of_the_installed_launcher(self):
        program = self.path("program")
        run(self.tool, "compile", self.path("m.onnx"), "-o", program, "--emit", "exe")
        self.assertIn("input_ids: i64 [batch, seq]", run(program, "--inspect"))

    def test_the_python_module_finds_its_compiler(self):
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        site = os.path.join(self.prefix, "lib", version, "site-packages")
        code = ("import attune, numpy\n"
                f"model = attune.load(attune.compile({self.path('m.onnx')!r}))\n"
                "ids = numpy.ones((1, 2), 'i8')\n"
                "out = model(input_ids=ids, attention_mask=ids, token_type_ids=ids)\n"
                "print(attune.__file__, out['y'])")
        environment = {name: value for name, value in os.environ.items() if name != "ATTUNE"}
        text = run(sys.executable, "-c", code, env={**environment, "PYTHONPATH": site})
        self.assertEqual(text, f"{site}/attune/__init__.py [[3. 3.]]\n")

    def test_nothing_points_at_the_source_tree(self):
        for folder, _, names in os.walk(os.path.join(self.prefix, "lib", "cmake")):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertNotIn(ROOT, file.read(), name)


if __name__ == "__main__":
    unittest.main()
