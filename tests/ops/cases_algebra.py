# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of products, normalisations and what attention is made of."""

import numpy as np
from onnx.reference import ReferenceEvaluator

from cases_elementwise import F32, F64, booleans, floats, integers
from differential import single

LOOSE = (5e-5, 1e-5)


def products():
    cases = [
        single("MatMul", floats(-1, 5), floats(5, 7, seed=2)),
        single("MatMul", floats(2, 3, -1, 5), floats(3, 5, 7, seed=2)),
        single("MatMul", floats(2, 1, -1, 5), floats(3, 5, 4, seed=2)),
        single("MatMul", floats(-1, 4, 5), floats(-1, 5, 4, seed=2)),
        single("MatMul", floats(5), floats(5, 7, seed=2)), single("MatMul", floats(-1, 5), floats(5, seed=2)),
        single("MatMul", floats(-1), floats(-1, seed=2)), single("MatMul", floats(5), floats(3, 5, 2, seed=2)),
        single("MatMul", floats(2, 4, 5), floats(5, seed=2)),
        single("MatMul", floats(-1, 5, dtype=F64), floats(5, 7, dtype=F64, seed=2)),
        single("MatMul", integers(-1, 5), integers(5, 7, seed=2)),
        single("MatMul", integers(-1, 5, dtype=np.int32), integers(5, 7, dtype=np.int32, seed=2)),
        single("MatMul", integers(-1, 5, dtype=np.uint32), integers(5, 7, dtype=np.uint32, seed=2)),
    ]
    for a, b in [(0, 0), (1, 0), (0, 1), (1, 1)]:
        left = floats(6, -1) if a else floats(-1, 6)
        right = floats(5, 6, seed=2) if b else floats(6, 5, seed=2)
        cases.append(single("Gemm", left, right, floats(5, seed=3), transA=a, transB=b, alpha=0.5, beta=2.0))
        cases.append(single("Gemm", left, right, transA=a, transB=b))
        cases.append(single("Gemm", left, right, floats(-1, 1, seed=3), transA=a, transB=b))
    equations = [("ij,jk->ik", (-1, 4), (4, 5)), ("bij,bjk->bik", (3, -1, 4), (3, 4, 5)),
                 ("bhid,bhjd->bhij", (2, 3, -1, 4), (2, 3, -1, 4)), ("i,j->ij", (-1,), (5,)),
                 ("ij,ij->", (-1, 4), (-1, 4)), ("...ij,...jk->...ik", (2, -1, 4), (2, 4, 5)),
                 ("ij,jk", (-1, 4), (4, 5)), ("blhd,bmhd->bhlm", (2, -1, 3, 4), (2, 5, 3, 4)),
                 ("ijk,kl->lij", (2, -1, 4), (4, 5)), ("bi,bi->b", (-1, 4), (-1, 4)),
                 ("bhlt,bthd->blhd", (2, 3, -1, 5), (2, 5, 3, 4))]
    for equation, left, right in equations:
        cases.append(single("Einsum", floats(*left), floats(*right, seed=2), equation=equation,
                            tolerance=(2e-5, 1e-5)))
    cases += [single("Einsum", floats(-1, 4), equation="ij->ji"), single("Einsum", floats(4, 4), equation="ii->i"),
              single("Einsum", floats(-1, 4), equation="ij->j"), single("Einsum", floats(5, 5), equation="ii"),
              single("Einsum", floats(-1, 3), floats(3, 4), floats(4, 2), equation="ij,jk,kl->il",
                     tolerance=LOOSE)]
    return cases


def softmax_of_matrix(axis, log=False):
    """Before opset 13 all dimensions from the axis on are one; the reference evaluator
    knows only the newer rule."""
    def expected(x):
        rows = x.reshape(int(np.prod(x.shape[:axis])), -1).astype(F64)
        powers = np.exp(rows - rows.max(1, keepdims=True))
        weights = powers / powers.sum(1, keepdims=True)
        return [(np.log(weights) if log else weights).reshape(x.shape).astype(x.dtype)]
    return expected


def wide_batches():
    """Batches of f64 with averages of f32, which the reference evaluator gives in f64."""
    operands = [floats(2, 4, -1, dtype=F64), *(floats(4, seed=seed) for seed in (2, 4, 5)),
                lambda n: np.abs(floats(4, seed=6)(n)) + F32(0.5)]
    for extra in ({}, dict(training_mode=1, momentum=0.7, outputs=3)):
        case = single("BatchNormalization", *operands, opset=15, tolerance=LOOSE, **extra)

        def expected(*arrays, reference=ReferenceEvaluator(case.model)):
            results = reference.run(None, {f"x{i}": array for i, array in enumerate(arrays)})
            return [results[0], *(average.astype(F32) for average in results[1:])]

        case.expected = expected
        yield case


def normalisations():
    x = floats(3, -1, 8)
    scale, bias = floats(8, seed=2), floats(8, seed=3)
    image, channel = floats(2, 4, -1, 3), floats(4, seed=2)
    positive = lambda n: np.abs(floats(4, seed=6)(n)) + F32(0.5)
    cases = [single("Softmax", x), single("Softmax", x, axis=1), single("Softmax", x, opset=11, axis=1, expected=softmax_of_matrix(1)),
             single("LogSoftmax", x), single("LogSoftmax", x, axis=0), single("LogSoftmax", x, opset=11, axis=1, expected=softmax_of_matrix(1, log=True)),
             single("Softmax", floats(3, -1, dtype=F64)),
             single("LayerNormalization", x, scale, bias, tolerance=LOOSE),
             single("LayerNormalization", x, scale, tolerance=LOOSE, epsilon=0.1),
             single("LayerNormalization", floats(3, 4, 8), floats(4, 8, seed=2), outputs=3, axis=1, tolerance=LOOSE),
             single("LayerNormalization", x, scale, bias, outputs=3, tolerance=LOOSE),
             single("RMSNormalization", x, scale, tolerance=LOOSE),
             single("RMSNormalization", floats(3, 4, 8), floats(4, 8, seed=2), axis=-2, tolerance=LOOSE),
             *(single("BatchNormalization", image, channel, floats(4, seed=4), floats(4, seed=5), positive, tolerance=LOOSE,
                      **extra) for extra in ({}, dict(training_mode=1, momentum=0.7, outputs=3))),
             single("BatchNormalization", floats(9, 4), channel, floats(4, seed=4), floats(4, seed=5), positive,
                    training_mode=1, outputs=3, tolerance=LOOSE),
             *wide_batches(),
             single("InstanceNormalization", image, channel, floats(4, seed=3), tolerance=LOOSE)]
    return cases


def rotary():
    cases = []
    for interleaved in (0, 1):
        for turned, half in ((0, 4), (4, 2)):
            extra = dict(interleaved=interleaved, rotary_embedding_dim=turned, tolerance=LOOSE)
            cache = (floats(20, half, seed=2), floats(20, half, seed=3))
            near = (floats(2, -1, half, seed=2), floats(2, -1, half, seed=3))
            ids = integers(2, -1, low=0, high=20)
            cases += [single("RotaryEmbedding", floats(2, 3, -1, 8), *cache, ids, **extra),
                      single("RotaryEmbedding", floats(2, -1, 24), *cache, ids, num_heads=3, **extra),
                      single("RotaryEmbedding", floats(2, 3, -1, 8), *near, **extra)]
    return cases


def attention():
    cases = []

    def add(*inputs, opset=24, **attributes):
        cases.append(single("Attention", *inputs, opset=opset, tolerance=LOOSE, **attributes))

    q, k, v = floats(2, 4, -1, 8), floats(2, 2, 11, 8, seed=2), floats(2, 2, 11, 6, seed=3)
    add(q, k, v)
    add(q, k, v, opset=23, scale=0.3, softcap=2.0)
    add(q, k, v, is_causal=1)
    add(floats(2, -1, 32), floats(2, 11, 16, seed=2), floats(2, 11, 12, seed=3), q_num_heads=4, kv_num_heads=2)
    add(floats(2, -1, 32), floats(2, -1, 32, seed=2), floats(2, -1, 32, seed=3), q_num_heads=4, kv_num_heads=4,
        is_causal=1)
    for mask in [(-1, 11), (4, -1, 11), (2, 1, -1, 11), (2, 1, 1, 11), (2, 4, -1, 11)]:
        add(q, k, v, floats(*mask, seed=4))
        add(q, k, v, booleans(*mask, seed=4), is_causal=int(len(mask) == 2))
    add(q, k, v, lambda n: np.zeros((n, 11), bool))
    add(floats(2, 4, 3, 8), k, v, floats(3, 5, seed=4))
    past = (floats(2, 2, 5, 8, seed=5), floats(2, 2, 5, 6, seed=6))
    step = (floats(2, 2, -1, 8, seed=2), floats(2, 2, -1, 6, seed=3))
    add(q, *step, None, *past, outputs=3, is_causal=1)
    add(floats(2, -1, 32), floats(2, -1, 16, seed=2), floats(2, -1, 12, seed=3), None, *past, outputs=3,
        q_num_heads=4, kv_num_heads=2)
    lengths = np.array([4, 9], np.int64)
    add(q, k, v, None, None, None, lengths)
    add(q, k, v, None, None, None, lengths, is_causal=1)
    add(q, k, v, opset=25, left_window_size=3, right_window_size=1)
    add(q, *step, None, *past, outputs=3, opset=25, left_window_size=2, is_causal=1)
    for mode in range(4):
        add(q, *step, None, *past, outputs=4, qk_matmul_output_mode=mode, is_causal=1,
            softcap=1.5 if mode else 0.0)
    return cases


CASES = products() + normalisations() + rotary() + attention()
