# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX's own cases of operators that have a lowering. Inputs that our lowerings need
at compile time (shapes, axes, pads) become initializers."""

import re
import unittest

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

import differential

# Positions of the inputs that must be known when a model is compiled.
CONSTANT = {"Reshape": (1,), "Expand": (1,), "Tile": (1,), "ConstantOfShape": (0,),
            "Range": (0, 1, 2), "OneHot": (1,), "Slice": (1, 2, 3, 4), "Split": (1,),
            "Pad": (1, 3), "Squeeze": (1,), "Unsqueeze": (1,), "CumSum": (1,), "TopK": (1,)}
CONSTANT |= {"Reduce" + name: (1,) for name in (
    "Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")}
OPERATORS = set(CONSTANT) | set("""
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
    BatchNormalization BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast Ceil Celu Clip
    Concat Conv Cos Cosh DepthToSpace Div Einsum Elu Equal Erf Exp EyeLike Flatten Floor Gather
    GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual
    GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization IsInf IsNaN
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min
    Mish Mod Mul Neg Not Or PRelu Pow RMSNormalization Reciprocal Relu RotaryEmbedding Round
    ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Sinh Size Softmax Softplus Softsign
    SpaceToDepth Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Transpose Trilu Where Xor""".split())

# What a case needs that is refused with a reason, by a pattern of its name.
REFUSED = {
    r"test_(cast|castlike)_.*(FLOAT8|FLOAT4|FLOAT6|INT4|INT2|STRING|E8M0).*": "types",
    r"test_(equal_string|identity_sequence|identity_opt|constantofshape.*string).*": "types",
    r"test_batchnorm.*training_mode": "training",
    r"test_maxpool_with_argmax.*": "indices of a pool",
    r"test_mod_.*float.*remainder.*": "fmod = 0 on floats",
    r"test_maxpool.*uint8": "pools of integers",
    r"test_top_k_uint64.*": "",
}


def refused(name):
    return any(re.fullmatch(pattern, name) for pattern in REFUSED)


def arrays_of(values):
    return [value if isinstance(value, np.ndarray) else numpy_helper.to_array(value)
            if isinstance(value, TensorProto) else np.asarray(value) for value in values]


def official_cases():
    cases = []
    for test in collect_testcases(None):
        nodes = test.model.graph.node
        op = nodes[0].op_type
        if len(nodes) != 1 or nodes[0].domain or op not in OPERATORS or refused(test.name):
            continue
        inputs, outputs = (arrays_of(values) for values in test.data_sets[0])
        names = [value.name for value in test.model.graph.input]
        constant = [names.index(name) for position, name in enumerate(nodes[0].input)
                    if name and position in CONSTANT.get(op, ())]
        cases.append(differential.Case(f"{test.name} ({op})", test.model, inputs, constant, outputs,
                                       (max(test.rtol, 1e-4), max(test.atol, 1e-5))))
    return cases


class Official(unittest.TestCase):
    def test_cases(self):
        cases = official_cases()
        problems = differential.check_all(cases, sizes=(1,))
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases)} cases:\n"
                         + "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
