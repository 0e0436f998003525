# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX files that are whole but wrong, absurd, or too much."""

import os
import time

import numpy as np
import onnx
from onnx import helper
from tool import ToolTest, model, small_model


class WrongModels(ToolTest):
    def refuse(self, proto, *expected, options=(), code=1):
        self.assert_refused(self.write("m.onnx", proto), "m.onnx: ", *expected,
                            options=options, code=code)

    def test_unknown_operator(self):
        proto = model("g (float[N] x) => (float[N] y) { y = NoSuchOp(x) }")
        proto.graph.node[0].name = "layer.3/op"
        self.refuse(proto, "'layer.3/op'", "ai.onnx.NoSuchOp", "21")

    def test_operator_of_another_domain(self):
        proto = model("g (float[N] x) => (float[N] y) { y = local.Mine(x) }")
        self.refuse(proto, "'y'", "local.Mine")

    def test_wrong_attributes(self):
        text = "g (float[N] x) => (float[N] y) {{ y = LeakyRelu<{}>(x) }}"
        self.refuse(model(text.format("beta = 1.0")), "LeakyRelu", "beta")
        self.refuse(model(text.format("alpha = 1")), "LeakyRelu", "alpha")
        self.refuse(model("g (float[2,3] x) => (float[3,2] y)"
                          "{ y = Transpose<perm = [5, 7]>(x) }"), "Transpose")
        self.refuse(model("g (float[2,3] x) => (float[3,2] y)"
                          "{ y = Transpose<perm = [0, 0]>(x) }"), "Transpose")

    def test_wrong_operands(self):
        self.refuse(model("g (float[N] x) => (float[N] y) { y = Relu(x, x) }"), "Relu")
        self.refuse(model("g (float[N] x) => (float[N] y) { y = Add(x) }"), "Add")
        self.refuse(model("g (float[2,3] x, float[5,4] w) => (float[2,4] y)"
                          "{ y = MatMul(x, w) }"), "MatMul")

    def test_unknown_opset(self):
        proto = small_model()
        proto.opset_import[0].version = 10**6
        self.refuse(proto, "opset 1000000 of ai.onnx is not known", "at most")

    def test_absurd_shapes(self):
        proto = small_model()
        proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2**62
        self.refuse(proto, "'x'", "1 TiB")
        proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -3
        self.refuse(proto, "'x'", "-3")
        proto = small_model()
        proto.graph.initializer[0].dims[0] = 2**62
        self.refuse(proto, "'w'")

    def test_types_without_code(self):
        for kind in ("string", "complex64", "complex128"):
            self.refuse(model(f"g ({kind}[2] x) => ({kind}[2] y) {{ y = Identity(x) }}"))

    def test_branches_of_different_ranks(self):
        self.refuse(model("g (bool c, float[2] x) => (float[2] y) {"
                          "y = If(c) <then_branch = t () => (float[2] a) { a = Relu(x) },"
                          "else_branch = e () => (float b) {"
                          "b = ReduceSum <keepdims = 0> (x) }> }"),
                    "'y'", "ai.onnx.If")

    def test_cyclic_functions(self):
        self.refuse(model("g (float[N] x) => (float[N] y) { y = local.f(x) }"
                          '<domain: "local", opset_import: ["" : 21, "local" : 1]>'
                          "f (x) => (y) { y = local.f(x) }"), "calls itself")

    def test_many_errors(self):
        nodes = [helper.make_node("NoSuchOp", ["x"], [f"y{i}"]) for i in range(50)]
        proto = model("g (float[N] x) => (float[N] y) { y = Relu(x) }")
        proto.graph.node.extend(nodes)
        done = self.assert_refused(self.write("m.onnx", proto), "30 more errors")
        self.assertEqual(done.stderr.count("ai.onnx.NoSuchOp"), 20)

    def test_dimensions(self):
        self.refuse(small_model(), "'n'", "did you mean 'N'?", options=("--dim", "n=4"), code=2)
        proto = small_model()
        proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "{a+b}"
        self.refuse(proto, "do not begin with '{', but got '{a+b}'")

    def test_external_data(self):
        proto = small_model()
        weight = proto.graph.initializer[0]
        weight.ClearField("float_data")
        weight.raw_data = b""
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
        entry = weight.external_data.add()
        entry.key, entry.value = "location", "w.bin"
        self.refuse(proto, "'w'", "w.bin", "No such file")
        self.write("w.bin", b"\0" * 100)
        self.refuse(proto, "'w'", "w.bin", "requires 128 bytes", "has 100")
        self.write("w.bin", b"\0" * 128)
        self.assertEqual(self.assert_survives(self.write("m.onnx", proto)), 0)
        entry.value = "../w.bin"
        self.refuse(proto, "'w'", "leads out of the model's folder")
        entry.value = "link.bin"
        os.symlink("w.bin", self.path("link.bin"))
        self.refuse(proto, "'w'", "symbolic link")


class TooMuch(ToolTest):
    def bomb(self, text, **initializers):
        """The tool need not compile these, but must not make what they ask for."""
        proto = model(text)
        for name, value in initializers.items():
            proto.graph.initializer.append(
                onnx.numpy_helper.from_array(np.array(value, np.int64), name))
        begin = time.monotonic()
        done = self.compile(self.write("m.onnx", proto), memory=512 << 20)
        self.assertIn(done.code, (0, 1), done.stderr)
        self.assertNotIn("more memory", done.stderr)
        self.assertLess(time.monotonic() - begin, 10)

    def test_constant_of_shape(self):
        for size in (10**9, 10**12, 2**62):
            self.bomb("g (float[1] x) => (float[A] y) { z = ConstantOfShape(n) y = Add(x, z) }",
                      n=[size])

    def test_expand(self):
        self.bomb("g (float[1] x) => (float[A,B] y) { y = Expand(x, n) }", n=[10**6, 10**5])

    def test_range(self):
        self.bomb("g (float[1] x) => (int64[A] y) { y = Range(a, b, c) }",
                  a=0, b=10**11, c=1)

    def test_tile(self):
        self.bomb("g (float[1,8] x) => (float[A,B] y) { y = Tile(x, n) }", n=[10**6, 10**5])

    def test_pad(self):
        self.bomb("g (float[8] x) => (float[A] y) { y = Pad(x, n) }", n=[10**11, 10**11])

    def test_large_chain(self):
        proto = model("g (float[4] x) => (float[4] y) { y = Relu(x) }")
        del proto.graph.node[:]
        count = 20000
        for i in range(count):
            proto.graph.node.append(helper.make_node(
                ("Relu", "Neg", "Abs")[i % 3], [f"v{i}" if i else "x"],
                ["y" if i == count - 1 else f"v{i + 1}"]))
        self.assertEqual(self.assert_survives(self.write("m.onnx", proto), "-O0"), 0)

    def test_deep_protobuf(self):
        def wrapped(tag, message):
            size, length = len(message), bytearray()
            while size > 127:
                length.append(size & 127 | 128)
                size >>= 7
            return bytes([tag]) + bytes(length) + bytes([size]) + message

        message = b""
        for _ in range(2000):  # a graph in an attribute in a node
            for tag in (0x32, 0x2A, 0x0A):
                message = wrapped(tag, message)
        proto = small_model()
        graph = proto.graph.SerializeToString()
        proto.ClearField("graph")
        self.assert_refused(
            self.write("m.onnx", proto.SerializeToString() + wrapped(0x3A, graph + message)),
            "nested too deeply")
