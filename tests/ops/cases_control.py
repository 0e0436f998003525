# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models with If, Loop and Scan that nest, capture, stop early and carry what changes
its size. ONNX's reference evaluator lacks most of Scan and stacks
what loops give otherwise than the specification says: ONNX Runtime tells what is right."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from differential import Case

F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name, kind=F, shape=None):
    """A value of any shape."""
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(","), outputs.split(","), **attributes)


def graph(nodes, inputs=(), outputs=(), constants=None):
    tensors = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    return helper.make_graph(nodes, "g", list(inputs), list(outputs), tensors)


def by_onnxruntime(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [given.name for given in model.graph.input]
    return lambda *arrays: session.run(None, dict(zip(names, arrays)))


def case(label, nodes, inputs, arrays, outputs, constants=None, opset=21):
    # No initializers: onnx.compose gives them new names, but not where bodies use them.
    made = [helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
            for name, array in (constants or {}).items()]
    main = graph(made + nodes, [value(*given) for given in inputs],
                 [value(*given) for given in outputs])
    model = helper.make_model(main, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return Case(label, model, arrays, expected=by_onnxruntime(model))


def loop_body(nodes, carried, results, stacked=(), constants=None, condition=True):
    """A body; without a condition of its own it gives on the one it gets."""
    if condition:
        nodes = [node("Identity", "c", "d")] + nodes
    return graph(nodes, [value("i", I, []), value("c", B, [])] + [value(*v) for v in carried],
                 [value("d", B, [])] + [value(*v) for v in list(results) + list(stacked)], constants)


def rows(n, columns=4, seed=0):
    return np.random.default_rng(seed + n).standard_normal((n, columns)).astype(np.float32)


def trips(count):
    return np.array(count, np.int64)


def truth(flag):
    return np.array(flag)


def counted(label, nodes, results=("r",), stacked=(), trip=5, constants=None, body_constants=None):
    body = loop_body(nodes, [("s",)], [(name,) for name in results],
                     [(name,) for name in stacked], body_constants)
    outputs = ",".join(["y"] + [f"z{i}" for i in range(len(stacked))])
    return case(label, [node("Loop", "m,,x", outputs, body=body)],
                [("m", I), ("x",)], [lambda n: trips(trip), rows],
                [(name,) for name in outputs.split(",")], constants)


def branches(then, other, inputs=(("k", B), ("x",)), outputs=("y",), flag=True, constants=None):
    make = lambda nodes, names: graph(nodes, [], [value(name) for name in names])  # noqa: E731
    chosen = node("If", "k", ",".join(outputs), then_branch=make(*then), else_branch=make(*other))
    return case(f"If {flag} {then[0][0].op_type}", [chosen], inputs,
                [lambda n: truth(flag), rows], [(name,) for name in outputs], constants)


TWO = {"two": np.array(2, np.float32)}


def if_cases():
    cases = []
    for flag in (True, False):
        cases.append(branches(([node("Relu", "x", "a")], ["a"]),
                              ([node("Neg", "x", "b")], ["b"]), flag=flag))
        # Branches of different sizes, one of which captures as it is.
        cases.append(branches(([node("Concat", "x,x", "a", axis=0)], ["a"]),
                              ([node("Identity", "x", "b")], ["b"]), flag=flag))
        cases.append(branches(([node("ReduceSum", "x", "a", keepdims=0), node("Abs", "x", "a2")],
                               ["a", "a2"]),
                              ([node("ReduceMax", "x", "b", keepdims=0), node("Neg", "x", "b2")],
                               ["b", "b2"]), outputs=("y", "z"), flag=flag))
    return cases


def constant_if_cases():
    cases = []
    for flag in (True, False):
        chosen = node("If", "k", "y", then_branch=graph([node("Relu", "x", "a")], [], [value("a")]),
                      else_branch=graph([node("Neg", "x", "b")], [], [value("b")]))
        cases.append(case(f"If constant {flag}", [chosen], [("x",)], [rows], [("y",)],
                          {"k": np.array(flag)}))
    return cases


def loop_cases():
    add = [node("Add", "s,s", "t"), node("Tanh", "t", "r")]
    cases = [counted(f"Loop of {trip}", add, trip=trip) for trip in (0, 1, 3, -2)]
    cases.append(counted("stacked", add + [node("ReduceSum", "r", "u", keepdims=0),
                                           node("Mul", "r,r", "v")], stacked=("u", "v")))
    cases.append(counted("growing", [node("Concat", "s,x", "r", axis=0)]))
    cases.append(counted("growing, stacked sizes", [node("Concat", "s,x", "r", axis=0),
                                                    node("Shape", "r", "n"),
                                                    node("Cast", "n", "u", to=F)], stacked=("u",)))
    cases.append(counted("number of trips", [node("Cast", "i", "f", to=F),
                                             node("Add", "s,f", "r")]))
    cases.append(counted("outer value", [node("Add", "s,x", "r"), node("Mul", "x,two", "v")],
                         stacked=("v",), constants=TWO))
    cases.append(counted("weights in the body", [node("MatMul", "s,w", "t"), node("Tanh", "t", "r")],
                         constants={"w": rows(4, 4, 1)}))
    cases.append(counted("initializer of the body", [node("MatMul", "s,w", "r")],
                         body_constants={"w": rows(4, 4, 2)}))
    return cases + [swap_case(), early_exit_case(5.0), early_exit_case(-1.0), late_stop_case(),
                    nested_case()]


def swap_case():
    """Two values that change places in every trip."""
    body = loop_body([node("Identity", "q", "p2"), node("Add", "p,q", "q2")],
                     [("p",), ("q",)], [("p2",), ("q2",)])
    return case("values change places", [node("Abs", "x", "a"), node("Loop", "m,,x,a", "y,z", body=body)],
                [("m", I), ("x",)], [lambda n: trips(4), rows], [("y",), ("z",)])


def early_exit_case(limit):
    """Until the sum is above a limit; growing and stacked on the way."""
    nodes = [node("Concat", "s,x", "r", axis=0), node("Abs", "r", "a"),
             node("ReduceSum", "a", "t", keepdims=0), node("Less", "t,limit", "d"),
             node("Identity", "t", "u")]
    body = loop_body(nodes, [("s",)], [("r",)], [("u",)], condition=False)
    return case(f"early exit at {limit}", [node("Loop", ",go,x", "y,z", body=body)],
                [("go", B), ("x",)], [lambda n: truth(True), rows], [("y",), ("z",)],
                {"limit": np.array(limit * 10, np.float32)})


def late_stop_case():
    """A condition that is false from the start."""
    body = loop_body([node("Add", "s,s", "r")], [("s",)], [("r",)])
    return case("condition false", [node("Loop", "m,go,x", "y", body=body)],
                [("m", I), ("go", B), ("x",)], [lambda n: trips(3), lambda n: truth(False), rows],
                [("y",)])


def nested_case():
    """A loop within a branch within a loop, with captures of every level."""
    inner = loop_body([node("Add", "s2,x", "t2"), node("Add", "t2,s", "r2")], [("s2",)], [("r2",)])
    inner.input[0].name, inner.input[1].name = "i2", "c2"
    inner.node[0].input[0] = "c2"
    inner.node[0].output[0] = inner.output[0].name = "d2"
    then = graph([node("Loop", "m,,s", "y2", body=inner)], [], [value("y2")])
    other = graph([node("Concat", "s,x", "o2", axis=0)], [], [value("o2")])
    nodes = [node("Mod", "i,two", "odd"), node("Equal", "odd,zero", "even"),
             node("If", "even", "t", then_branch=then, else_branch=other),
             node("Slice", "t,from,to", "r")]
    body = loop_body(nodes, [("s",)], [("r",)])
    return case("loop in branch in loop",
                [node("Shape", "x", "to", start=0, end=1), node("Loop", "m,,x", "y", body=body)],
                [("m", I), ("x",)], [lambda n: trips(3), rows], [("y",)],
                {"two": np.array(2, np.int64), "zero": np.array(0, np.int64),
                 "from": np.array([0], np.int64)})


def scan_case(label, axis=0, reverse=0, out_axis=0, out_reverse=0):
    body = graph([node("Add", "s,e", "r"), node("Mul", "e,r", "v")],
                 [value("s"), value("e")], [value("r", F, [None]), value("v", F, [None])])
    scan = node("Scan", "h,x", "y,z", body=body, num_scan_inputs=1, scan_input_axes=[axis],
                scan_input_directions=[reverse], scan_output_axes=[out_axis],
                scan_output_directions=[out_reverse])
    start = (lambda n: rows(4)[0]) if axis == 0 else (lambda n: rows(n)[:, 0].copy())
    return case(f"Scan {label}", [scan], [("h",), ("x",)], [start, rows], [("y",), ("z",)])


def cut_scan_case(label, out_axis=0, out_reverse=0):
    """Nobody knows before the scan how long the pieces are that it stacks."""
    body = graph([node("Add", "s,e", "r"), node("Slice", "r,from,to", "v")],
                 [value("s"), value("e")], [value("r", F, [None]), value("v", F, [None])])
    scan = node("Scan", "h,x", "y,z", body=body, num_scan_inputs=1, scan_output_axes=[out_axis],
                scan_output_directions=[out_reverse])
    return case(f"Scan that cuts {label}", [scan], [("h",), ("x",), ("to", I)],
                [lambda n: rows(4)[0], rows, lambda n: np.array([1 + n % 4])], [("y",), ("z",)],
                {"from": np.array([0], np.int64)})


def cut_loop_case():
    """The same for a loop that takes as many trips as it is told."""
    body = loop_body([node("Add", "s,s", "r"), node("Slice", "r,from,to", "v")], [("s",)], [("r",)], [("v",)])
    return case("Loop that cuts", [node("Loop", "m,,x", "y,z", body=body)], [("m", I), ("x",), ("to", I)],
                [lambda n: trips(3), rows, lambda n: np.array([1 + n % 4])], [("y",), ("z",)],
                {"from": np.array([0], np.int64)})


def single_scan_case():
    """A scan of one step is no loop: what goes in is not what comes out."""
    body = graph([node("Add", "s,e", "r"), node("Mul", "s,r", "v")],
                 [value("s"), value("e")], [value("r", F, [None]), value("v", F, [None])])
    scan = node("Scan", "h,x", "y,z", body=body, num_scan_inputs=1)
    return case("Scan of one step", [scan], [("h",), ("x",)],
                [lambda n: rows(4)[0], lambda n: rows(1, seed=n)], [("y",), ("z",)])


def scan_cases():
    return [cut_scan_case("forwards"), cut_scan_case("aside", out_axis=1),
            cut_scan_case("backwards", out_reverse=1), single_scan_case(), cut_loop_case(),
            scan_case("plain"), scan_case("backwards", reverse=1), scan_case("columns", axis=1),
            scan_case("stacked aside", out_axis=1), scan_case("stacked backwards", out_reverse=1),
            scan_case("everything", axis=-1, reverse=1, out_axis=-1, out_reverse=1)]


def decoder_case(flag):
    """Two subgraphs that share weights, as exporters merge decoders: one without a past,
    one that joins it with the new keys."""
    def attend(keys, prefix):
        return [node("MatMul", "x,wq", prefix + "q"), node("Transpose", keys, prefix + "t", perm=[1, 0]),
                node("MatMul", f"{prefix}q,{prefix}t", prefix + "s"),
                node("Softmax", prefix + "s", prefix + "p", axis=-1),
                node("MatMul", f"{prefix}p,{keys}", prefix + "o")]
    first = graph([node("MatMul", "x,wk", "ak")] + attend("ak", "a"), [], [value("ao"), value("ak")])
    later = graph([node("MatMul", "x,wk", "bn"), node("Concat", "past,bn", "bk", axis=0)]
                  + attend("bk", "b"), [], [value("bo"), value("bk")])
    chosen = node("If", "use", "y,present", then_branch=later, else_branch=first)
    return case(f"merged decoder {flag}", [chosen], [("use", B), ("x",), ("past",)],
                [lambda n: truth(flag), rows, lambda n: rows(n + 2, 4, 5)], [("y",), ("present",)],
                {"wq": rows(4, 4, 1), "wk": rows(4, 4, 2)})
