# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Graphs of 10 to 20 nodes from a seed. The values in flight have a few shapes with one
dimension that is known at run time only, and stay small, so that errors do not grow."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from cases_elementwise import F32, floats
from differential import Case

WIDTH = 12


class Builder:
    """Adds nodes to a graph; `values` maps names to shapes, where None stands for n."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.values, self.count = [], [], {}, 0

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def constant(self, array):
        name = self.name("k")
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, inputs, shape, **attributes):
        name = self.name("v")
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        if shape is not None:
            self.values[name] = shape
        return name

    def pick(self, rank=None):
        names = [name for name, shape in self.values.items() if rank in (None, len(shape))]
        # Later values are likelier: graphs grow deep rather than wide.
        weights = np.arange(1, len(names) + 1, dtype=float)
        return str(self.random.choice(names, p=weights / weights.sum()))

    def weight(self, *shape):
        return self.constant((self.random.standard_normal(shape) / np.sqrt(shape[0])).astype(F32))

    def unary(self):
        x = self.pick()
        op = self.random.choice(["Tanh", "Sigmoid", "Gelu", "Relu", "Neg", "Abs", "Erf", "Softsign"])
        self.node(str(op), [x], self.values[x])

    def binary(self):
        x = self.pick()
        same = [name for name, shape in self.values.items() if shape == self.values[x]]
        op = str(self.random.choice(["Add", "Sub", "Mul", "Max", "Min"]))
        y = str(self.random.choice(same)) if self.random.random() < 0.7 else self.weight(WIDTH)
        self.node("Tanh", [self.node(op, [x, y], self.values[x])], self.values[x])

    def product(self):
        x = self.pick()
        self.node("MatMul", [x, self.weight(WIDTH, WIDTH)], self.values[x])

    def scores(self):
        x = self.pick(rank=3)
        turned = self.node("Transpose", [x], None, perm=[0, 2, 1])
        weights = self.node("Softmax", [self.node("MatMul", [x, turned], None)], None)
        self.node("MatMul", [weights, x], self.values[x])

    def normalise(self):
        x = self.pick()
        scale, bias = self.weight(WIDTH), self.weight(WIDTH)
        self.node("Tanh", [self.node("LayerNormalization", [x, scale, bias], None, epsilon=0.1)],
                  self.values[x])

    def reduction(self):
        x = self.pick()
        op = "Reduce" + str(self.random.choice(["Mean", "Max", "Min", "L2"]))
        axis = int(self.random.choice([-1, len(self.values[x]) - 2]))
        reduced = self.node(op, [x, self.constant(np.array([axis]))], None)
        self.node("Tanh", [self.node("Sub", [x, reduced], None)], self.values[x])

    def reshaped(self):
        x = self.pick(rank=3)
        flat = self.node("Reshape", [x, self.constant(np.array([-1, WIDTH]))], None)
        parts = self.node("Reshape", [self.node("Abs", [flat], None),
                                      self.constant(np.array([2, -1, WIDTH]))], None)
        self.node("Add", [parts, x], self.values[x])

    def turned(self):
        x = self.pick(rank=3)
        self.node("Transpose", [self.node("Transpose", [x], None, perm=[1, 2, 0])],
                  self.values[x], perm=[2, 0, 1])

    def sliced(self):
        x = self.pick()
        axis = len(self.values[x]) - 1
        cut = int(self.random.integers(1, WIDTH))
        bounds = [(0, cut, 1), (cut, WIDTH, 1)]
        if self.random.random() < 0.4:
            bounds = [(0, WIDTH, 2), (-1, -2**63, -2)]
        parts = [self.node("Slice", [x] + [self.constant(np.array([v])) for v in (a, b, axis, step)],
                           None) for a, b, step in bounds]
        self.node("Concat", parts[::-1], self.values[x], axis=axis)

    def gathered(self):
        x = self.pick()
        axis = len(self.values[x]) - 1
        self.node("Gather", [x, self.constant(self.random.integers(-WIDTH, WIDTH, WIDTH))],
                  self.values[x], axis=axis)

    def selected(self):
        x = self.pick()
        same = [name for name, shape in self.values.items() if shape == self.values[x]]
        other = str(self.random.choice(same))
        test = self.node("Greater", [x, self.constant(F32(0.1))], None)
        self.node("Where", [test, x, other], self.values[x])

    def grow(self):
        steps = [self.unary, self.binary, self.product, self.scores, self.normalise, self.reduction,
                 self.reshaped, self.turned, self.sliced, self.gathered, self.selected]
        goal = int(self.random.integers(10, 18))
        while len(self.nodes) < goal:
            steps[self.random.integers(len(steps))]()


def random_case(seed):
    builder = Builder(seed)
    builder.values = {"x": (2, None, WIDTH), "y": (None, WIDTH)}
    builder.grow()
    used = {name for node in builder.nodes for name in node.input}
    outputs = [node.output[0] for node in builder.nodes if node.output[0] not in used]
    inputs = [name for name in ("x", "y") if name in used]
    makers = {"x": floats(2, -1, WIDTH, seed=seed), "y": floats(-1, WIDTH, seed=seed + 1)}
    graph = helper.make_graph(
        builder.nodes, "random", [onnx.ValueInfoProto(name=name) for name in inputs],
        [onnx.ValueInfoProto(name=name) for name in outputs], builder.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    operators = [node.op_type for node in builder.nodes]
    return Case(f"random graph {seed} of {operators}", model, [makers[name] for name in inputs],
                tolerance=(1e-4, 2e-5))
