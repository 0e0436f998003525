# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX's own cases of operators that have a lowering, with all inputs at run time."""

import os
import re
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

import differential

# Positions of the inputs that must be known when a model is compiled.
CONSTANT = {"Dropout": (1, 2), "CenterCropPad": (1,), "HannWindow": (0,), "HammingWindow": (0,),
            "BlackmanWindow": (0,), "MelWeightMatrix": (0, 1, 2, 3, 4),
            "MaxUnpool": (2,), "Col2Im": (1, 2), "AffineGrid": (1,)}
OPERATORS = set(CONSTANT) | set("""
    Compress ConstantOfShape Unique CumProd CumSum Expand NonMaxSuppression NonZero OneHot Pad Range
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Reshape Slice Split Squeeze Tile TopK Unsqueeze
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
    BatchNormalization Bernoulli BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip
    Concat Conv ConvTranspose Cos Cosh DeformConv DepthToSpace Div Einsum Elu Equal Erf Exp EyeLike Flatten Floor Gather
    GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample
    GroupNormalization HardSigmoid HardSwish Hardmax Identity ImageDecoder InstanceNormalization IsInf IsNaN
    LRN LayerNormalization LeakyRelu LpNormalization LpPool MeanVarianceNormalization Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min
    Mish Mod Mul Neg Not Or PRelu Pow RMSNormalization Reciprocal Relu Resize ReverseSequence RotaryEmbedding Round Scatter
    ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Softmax Softplus Softsign
    SpaceToDepth Sqrt Sub Sum Swish Tan Tanh TfIdfVectorizer ThresholdedRelu Transpose Trilu Upsample Where Xor""".split())
OPERATORS |= set("""
    BitCast CausalConvWithState ConvInteger DequantizeLinear DynamicQuantizeLinear FlexAttention GRU LSTM LinearAttention
    MatMulInteger NegativeLogLikelihoodLoss QLinearConv QLinearMatMul QuantizeLinear RNN
    SoftmaxCrossEntropyLoss SwiGLU TensorScatter""".split())

# What is refused, by patterns of the cases' names, and what the message says.
REFUSED = {
    r"test_(cast|castlike)_.*STRING.*": r"tensors of strings are not supported",
    r"test_(equal_string|identity_sequence|identity_opt).*": r"not supported|only tensors",
    r"test_batchnorm.*training_mode": r"requires training_mode = 0",
    r"test_training_dropout(_default)?(_mask)?": r"requires training_mode to be",
    r"test_bernoulli.*": r"random results are not defined",
    r"test_image_decoder.*": r"files of images are not supported",
    r"test_tfidf.*": r"text is not supported",
}


def reason(name):
    return next((text for pattern, text in REFUSED.items() if re.fullmatch(pattern, name)), None)


def arrays_of(values):
    return [value if isinstance(value, np.ndarray) else numpy_helper.to_array(value)
            if isinstance(value, TensorProto) else np.asarray(value) for value in values]


def official_tests():
    """The official cases of one node with an operator of ours."""
    return [test for test in collect_testcases(None) if len(test.model.graph.node) == 1
            and test.model.graph.node[0].domain in ("", "ai.onnx.preview")
            and test.model.graph.node[0].op_type in OPERATORS]


def official_cases():
    cases = []
    for test in official_tests():
        if reason(test.name):
            continue
        node = test.model.graph.node[0]
        op = node.op_type
        inputs, outputs = (arrays_of(values) for values in test.data_sets[0])
        names = [value.name for value in test.model.graph.input]
        constant = [names.index(name) for position, name in enumerate(node.input)
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

    def test_refusals_say_why(self):
        tests = [test for test in official_tests() if reason(test.name)]
        wrong = [found for test in tests for found in self.unlike(test)]
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertGreater(len(tests), 25)

    @staticmethod
    def unlike(test):
        """What is said, if it is not the reason of the case's name."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(test.model, path)
            try:
                differential.artifact.compile_file(path, os.path.join(folder, "m.so"))
            except RuntimeError as error:
                said = str(error)
                fits = said.startswith("exit code 1") and re.search(reason(test.name), said)
                return [] if fits else [f"{test.name}: {said}"]
            return [f"{test.name} compiles"]


if __name__ == "__main__":
    unittest.main()
