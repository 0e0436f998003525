# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""MLIR files that are wrong, absurd, or not what models are written in."""

from tool import ToolTest

GOOD = """
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
"""


class WrongText(ToolTest):
    def refuse(self, text, *expected):
        self.assert_refused(self.write("m.mlir", text), "m.mlir:", *expected)

    def identity(self, kind, attributes=""):
        return (f"func.func @main(%x: {kind} {attributes}) -> {kind} "
                f"{{ return %x : {kind} }}")

    def test_good(self):
        self.assertEqual(self.assert_survives(self.write("m.mlir", GOOD)), 0)

    def test_syntax(self):
        self.refuse("func.func @main(", "m.mlir:1:")
        self.refuse("", "requires one public function")
        self.refuse("\0\0\0\0")
        self.refuse('"' * 1001)

    def test_wrong_ir(self):
        self.refuse("func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> { return }")
        self.refuse("func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
                    "  %y = arith.addf %x, %z : tensor<4xf32>\n"
                    "  return %y : tensor<4xf32> }", "m.mlir:2:")

    def test_unregistered_operations(self):
        self.refuse('func.func @main() { "mystery.op"() : () -> () return }', "mystery")
        self.refuse('module { "arith.nope"() : () -> () }', "arith.nope")

    def test_operations_of_lower_levels(self):
        self.refuse("llvm.func @main() { llvm.return }", "llvm.func", "linalg")
        self.refuse("func.func @main(%m: memref<4xf32>) { memref.dealloc %m : memref<4xf32> "
                    "return }", "memref.dealloc")
        self.refuse('func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n'
                    '  %c = llvm.mlir.constant(0 : i64) : i64\n'
                    '  return %x : tensor<4xf32> }', "m.mlir:2:", "llvm.mlir.constant")

    def test_functions(self):
        body = "(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }\n"
        self.refuse(f"func.func @a{body}func.func @b{body}", "one public function", "2")
        self.refuse("module {}", "one public function", "0")
        self.refuse(f"func.func private @a{body}", "one public function")
        self.refuse("func.func private @f(tensor<4xf32>) -> tensor<4xf32>\n"
                    f"func.func @a{body}", "requires a body")
        self.refuse("func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
                    "  %y = call @main(%x) : (tensor<4xf32>) -> tensor<4xf32>\n"
                    "  return %y : tensor<4xf32> }")

    def test_types_at_the_boundary(self):
        for kind in ("tensor<*xf32>", "tensor<4xi7>", "tensor<4xsi32>", "tensor<4xf8E5M2>",
                     "tensor<4xindex>", "tensor<4xcomplex<f32>>", "f32", "index", "none",
                     "memref<4xf32>", "vector<4xf32>", "tuple<f32>", "tensor<4xf32, 7 : i32>",
                     "tensor<4xi128>", "tensor<4xf80>"):
            self.refuse(self.identity(kind))

    def test_names_at_the_boundary(self):
        kind = "tensor<?x?xf32>"
        self.assertEqual(self.assert_survives(self.write("m.mlir", self.identity(
            kind, '{attune.name = "x", attune.dims = ["a", "b"]}'))), 0)
        for attributes in ("attune.dims = [1, 2]", 'attune.dims = ["a"]', 'attune.dims = "a"',
                           "attune.name = 7", r'attune.name = "\FF"', r'attune.dims = ["a", "\00"]'):
            self.refuse(self.identity(kind, f"{{{attributes}}}"), "attune.")
        for ranges in ("7", "{a = array<i64: 1>}", "{a = 3}", "{a = array<i64: -1, 2>}"):
            self.refuse(f"module attributes {{attune.dim_ranges = {ranges}}} {{"
                        f"{self.identity(kind)} }}", "attune.dim_ranges")

    def test_absurd_sizes(self):
        for kind in ("tensor<4611686018427387904x4xf32>", "tensor<9223372036854775807xf32>",
                     "tensor<1000000000000xf32>"):
            self.assert_survives(self.write("m.mlir", self.identity(kind)))
        self.assert_survives(self.write(
            "m.mlir", GOOD.replace("tensor<4xf32>", "tensor<4000000000000x1000xf32>")))
        self.assert_survives(self.write(
            "m.mlir", GOOD.replace("tensor<4xf32>",
                                   "tensor<9223372036854775807x9223372036854775807xf32>")))

    def test_constants_cost_what_they_hold(self):
        for kind in ("tensor<1000000000000xf32>", "tensor<99999999999xi64>"):
            zero = "0.0" if "f32" in kind else "0"
            self.assert_survives(self.write(
                "m.mlir", f"func.func @main() -> {kind} {{\n"
                f"  %c = arith.constant dense<{zero}> : {kind}\n  return %c : {kind} }}"))

    def test_deep_nesting(self):
        depth = 100000
        self.refuse("module {" * depth + "}" * depth, "nested at most")
        kind = "tuple<" * depth + "f32" + ">" * depth
        self.refuse(self.identity(kind), "nested at most")
        value = "[" * depth + "]" * depth
        self.refuse(f"module attributes {{a = {value}}} {{}}", "nested at most")
        sum_ = " + ".join(["d0"] * depth)
        self.assert_survives(self.write("m.mlir", f"#map = affine_map<(d0) -> ({sum_})>" + GOOD))
        parentheses = "(" * depth + "d0" + ")" * depth
        self.refuse(f"#map = affine_map<(d0) -> ({parentheses})>" + GOOD, "nested at most")

    def test_deep_nesting_without_brackets(self):
        minus = "-" * 100000
        self.assert_survives(self.write(
            "m.mlir", f"#map = affine_map<(d0) -> ({minus}d0)>" + GOOD))

    def test_weights(self):
        def text(file, offset=0, size=16, kind="tensor<4xf32>"):
            return (f'kernel.weight @w file "{file}" offset {offset} size {size} '
                    f"stored {kind} : {kind}\n"
                    f"func.func @main() -> {kind} {{\n"
                    f"  %w = kernel.load_weight @w : {kind}\n  return %w : {kind} }}")

        self.write("w.bin", b"\0" * 16)
        self.assert_survives(self.write("m.mlir", text("w.bin")))
        for faulty in (text("absent"), text("/dev/zero"), text("w.bin", offset=1),
                       text("w.bin", offset=-16), text("w.bin", offset=2**62),
                       text("w.bin", size=12), text("w.bin", size=-1),
                       text(".", size=16), text("", size=16),
                       text("w.bin", size=0, kind="tensor<4611686018427387904x4xf32>")):
            self.assert_refused(self.write("m.mlir", faulty))

    def test_nodes_of_onnx(self):
        self.refuse('func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n'
                    '  %y = "onnx.node"(%x) {op_type = "Add", version = 14 : i64, domain = "", '
                    'node_name = "y", node_attributes = {}, dims = [[]]} '
                    ': (tensor<4xf32>) -> tensor<4xf32>\n  return %y : tensor<4xf32> }', "onnx")
