# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models of one operator of com.microsoft that are refused, and what the message says."""

import numpy as np
import onnx
from onnx import helper

import cases_contrib
from cases_contrib import floats, integers


def model_of(op, operands, outputs=("y",), **attributes):
    """A model of one node, its outputs of any size."""
    names = cases_contrib.named(operands)
    node = helper.make_node(op, names, outputs, name="it", domain="com.microsoft", **attributes)
    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
              for name, value in zip(names, operands) if name]
    rank = 3 if op == "EmbedLayerNormalization" else min(3, operands[0].ndim)
    results = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None] * rank)
               for name in outputs if name]
    return helper.make_model(helper.make_graph([node], "case", inputs, results),
                             opset_imports=cases_contrib.OPSETS, ir_version=10)


INPUT, WEIGHTS, BIAS = floats(2, 3, 6), floats(6, 24), floats(24)
ROWS, PAST, PAST5 = floats(2, 3, 8), floats(2, 2, 5, 4), floats(2, 2, 2, 5, 4)
GROUP = (floats(2, 3, 64), floats(2, 3, 32), floats(2, 3, 32))
BUFFER = floats(2, 2, 9, 16)
LENGTHS, TOTAL = np.array([2, 2], np.int32), np.array(3, np.int32)


def attention(*more, **attributes):
    return model_of("Attention", (INPUT, WEIGHTS, BIAS, *more), **{"num_heads": 2, **attributes})


def multi(*operands, **attributes):
    return model_of("MultiHeadAttention", operands, **{"num_heads": 2, **attributes})


def group(*more, **attributes):
    heads = {"num_heads": 4, "kv_num_heads": 2}
    return model_of("GroupQueryAttention", (*GROUP, None, None, LENGTHS, TOTAL, *more),
                    **{**heads, **attributes})


def skip(*operands, outputs=("y",), **attributes):
    return model_of("SkipLayerNormalization", operands, outputs, **attributes)


def rotary(data, where, pairs=2, **attributes):
    return model_of("RotaryEmbedding", (data, where, floats(9, pairs), floats(9, pairs)), **attributes)


def embed(ids=integers(2, 3), kinds=None, words=floats(9, 8), places=floats(9, 8), table=None, *more, **attributes):
    return model_of("EmbedLayerNormalization", (ids, kinds, words, places, table, floats(8), floats(8), *more),
                    **attributes)


def packed(data=floats(3, 32), weights=(5, 2, 8), scales=10, *more, **attributes):
    sizes = {"N": 5, "K": 32, "bits": 4, "block_size": 16, **attributes}
    return model_of("MatMulNBits", (data, integers(*weights, high=256, dtype=np.uint8), floats(scales), *more),
                    **sizes)


def product(left, right, **attributes):
    return model_of("FusedMatMul", (left, right), **attributes)


def flags(make, *names):
    """Flags that are no flags."""
    return [(f"requires {name} of 0 or 1, but got {value}", make(**{name: value}))
            for name in names for value in (2, -1)]


NOTHING = (None,) * 4
IDS = integers(2, 3, dtype=np.int64)
WITHOUT_MEAN = "the output 'mean' is not supported"
# What the message must say, and a model.
REFUSED = [
    ("num_heads", attention(num_heads=0)),
    ("num_heads", attention(num_heads=-2)),
    ("num_heads", attention(num_heads=3)),
    ("do_rotary", attention(do_rotary=1)),
    ("past_present_share_buffer", attention(past_present_share_buffer=1)),
    ("past_sequence_length", attention(None, None, None, LENGTHS[:1])),
    ("qkv_hidden_sizes", attention(qkv_hidden_sizes=[8, 16])),
    ("qkv_hidden_sizes", attention(qkv_hidden_sizes=[8, 6, 10])),
    ("requires weights whose 24 columns", attention(qkv_hidden_sizes=[8, 8, 10])),
    ("mask_index", attention(integers(2, 1, 8, 8))),
    ("requires mask_index of rank 1 to have as many", attention(integers(7))),
    ("requires mask_index of as many columns as there are keys, 3,", attention(integers(2, 4))),
    ("requires mask_index of as many columns as there are keys, 3,", attention(integers(2, 2))),
    ("requires mask_index of as many columns as there are keys, 3,", attention(integers(2, 3, 2))),
    ("requires mask_index of as many columns as there are keys, 3,", attention(integers(2, 3, 1))),
    ("requires mask_index of as many columns as there are keys, 8,", attention(integers(2, 3), PAST5)),
    ("sizes of the mask and the scores, but got 4 and 3", attention(integers(2, 4, 3))),
    ("requires rank 4", attention(None, None, floats(3, 3))),
    ("sizes of the mask and the scores, but got 3 and 2", attention(None, None, floats(1, 3, 3, 3))),
    ("requires attention_bias of as many columns", attention(None, None, floats(1, 1, 3, 2))),
    ("requires attention_bias of as many columns", attention(None, None, floats(1, 1, 3, 1))),
    ("requires attention_bias of as many columns", attention(None, PAST5, floats(1, 1, 3, 5))),
    ("requires rank 5", attention(None, floats(2, 2, 5, 4))),
    ("numbers of heads of 'past' and of the node", attention(None, floats(2, 2, 3, 5, 4))),
    ("unknown_attribute", attention(unknown_attribute=1)),
    ("MatMul", model_of("Attention", (INPUT, floats(5, 24)), num_heads=2)),
    ("requires weights whose 25 columns", model_of("Attention", (INPUT, floats(6, 25)), num_heads=2)),
    ("requires rank 3 of input 0, but got 2", model_of("Attention", (floats(3, 6), WEIGHTS), num_heads=2)),
    ("requires a bias of as many elements",
     model_of("Attention", (INPUT, WEIGHTS, floats(1)), num_heads=2)),
    ("requires a bias of as many elements",
     model_of("Attention", (INPUT, WEIGHTS, floats(8)), num_heads=2)),
    ("requires rank 1 of input 2", model_of("Attention", (INPUT, WEIGHTS, floats(1, 24)), num_heads=2)),
    *flags(attention, "unidirectional"),
    ("3 heads", multi(ROWS, ROWS, ROWS, num_heads=3)),
    ("past_sequence_length", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST, PAST, LENGTHS[:1])),
    ("cache_indirection", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST, PAST, None, integers(2, 1, 8))),
    ("past_value", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST)),
    ("unidirectional", multi(ROWS, floats(2, 5, 8), floats(2, 5, 8), unidirectional=1)),
    *flags(lambda **given: multi(ROWS, ROWS, ROWS, **given), "unidirectional"),
    ("requires input 2", multi(ROWS, ROWS)),
    ("requires keys, or queries of rank 5", multi(ROWS, None, ROWS)),
    ("requires no keys and values beside queries", multi(floats(2, 3, 2, 3, 4), ROWS, ROWS)),
    ("requires packed heads of [batch, rows, 2, 3, constant width]", multi(floats(2, 3, 2, 2, 4))),
    ("widths of queries and keys, but got 6 and 8", multi(ROWS, floats(2, 5, 6), floats(2, 5, 8))),
    ("lengths of keys and values, but got 5 and 4", multi(ROWS, floats(2, 5, 8), floats(2, 4, 8))),
    ("batch sizes of queries, keys and values", multi(ROWS, floats(1, 5, 8), floats(2, 5, 8))),
    ("requires a bias of 24 elements", multi(ROWS, ROWS, ROWS, floats(23))),
    ("requires key_padding_mask of as many columns as there are keys, 5,",
     multi(ROWS, floats(2, 5, 8), floats(2, 5, 8), None, integers(2, 3))),
    ("requires attention_bias of as many columns as there are keys, 5,",
     multi(ROWS, floats(2, 5, 8), floats(2, 5, 8), None, None, floats(1, 1, 3, 3))),
    ("widths of heads of the past", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST[..., :3], PAST)),
    ("lengths of past_key and past_value", multi(ROWS, ROWS, ROWS, *NOTHING[:3], PAST, PAST[:, :, :4])),
    ("the output 'qk' is not supported", multi(ROWS, ROWS, ROWS, outputs=("y", "", "", "qk"))),
    ("kv_num_heads", group(kv_num_heads=3)),
    ("kv_num_heads", group(kv_num_heads=0)),
    ("num_heads", group(num_heads=5)),
    *flags(group, "causal", "do_rotary", "rotary_interleaved"),
    ("local_window_size", group(local_window_size=0)),
    ("local_window_size", group(local_window_size=2, causal=0)),
    ("requires smooth_softmax of 0 or 1", group(smooth_softmax=3)),
    ("qk_output", group(qk_output=1)),
    ("the output 'output_qk' is not supported", group(outputs=("y", "", "", "qk"))),
    ("sliding_window_cache", group(sliding_window_cache=1, local_window_size=3)),
    ("kv_cache_bit_width", group(kv_cache_bit_width=8)),
    ("k_quant_type", group(k_quant_type="PER_TENSOR")),
    ("v_quant_type", group(v_quant_type="PER_CHANNEL")),
    ("cos_cache", group(do_rotary=1)),
    ("sin_cache", group(floats(9, 8), do_rotary=1)),
    ("requires attention_bias of as many columns", group(*NOTHING[:3], floats(1, 1, 3, 2))),
    ("requires attention_bias of as many columns",
     model_of("GroupQueryAttention", (*GROUP, BUFFER, BUFFER, LENGTHS, TOTAL, *NOTHING[:3], floats(1, 1, 3, 1)),
              num_heads=4, kv_num_heads=2)),
    ("head_sink", group(*NOTHING, floats(3))),
    ("'k_scale'", group(*NOTHING, None, floats(1))),
    ("'v_scale'", group(*NOTHING, None, None, floats(1))),
    ("'q_norm_weight'", group(*NOTHING, *NOTHING[:3], floats(16), floats(16))),
    ("'k_norm_weight'", group(*NOTHING, *NOTHING, floats(16))),
    ("query_seqlens", group(*NOTHING, *NOTHING, None, LENGTHS)),
    ("past_value", model_of("GroupQueryAttention", (*GROUP, BUFFER, None, LENGTHS, TOTAL), num_heads=4,
                            kv_num_heads=2)),
    ("value", model_of("GroupQueryAttention", (*GROUP[:2], None, None, None, LENGTHS, TOTAL), num_heads=4,
                       kv_num_heads=2)),
    ("LayerNormalization", skip(ROWS, ROWS, floats(7))),
    ("widths of the input and the skip, but got 8 and 7", skip(ROWS, floats(2, 3, 7), floats(8))),
    ("widths of the input and the skip, but got 8 and 1", skip(ROWS, floats(2, 3, 1), floats(8))),
    ("requires rank 3 of input 0, but got 1", skip(floats(8), floats(8), floats(8))),
    ("requires a bias of as many elements", skip(ROWS, ROWS, floats(8), floats(8), floats(1))),
    (WITHOUT_MEAN, model_of("SkipSimplifiedLayerNormalization", (ROWS, ROWS, floats(8)), ("y", "mean"))),
    ("requires a bias of as many elements",
     model_of("SkipSimplifiedLayerNormalization", (ROWS, ROWS, floats(8), floats(9)))),
    ("is_packed_batching", rotary(floats(2, 3, 8), IDS, is_packed_batching=1)),
    *flags(lambda **given: rotary(floats(2, 3, 8), IDS, **given), "interleaved"),
    ("scale", rotary(floats(2, 3, 8), IDS, scale=2.0)),
    ("num_heads", rotary(floats(2, 3, 8), IDS, rotary_embedding_dim=4)),
    ("requires num_heads, or caches of half the width", rotary(floats(2, 3, 9), IDS)),
    ("but got 4 and 3", rotary(floats(2, 3, 8), integers(2, 4, dtype=np.int64))),
    ("requires position_ids of [batch, rows]", rotary(floats(2, 3, 8), integers(2, dtype=np.int64))),
    ("requires a bias of as many elements", model_of("FastGelu", (ROWS, floats(7)))),
    ("requires a bias of as many elements", model_of("FastGelu", (ROWS, floats(1)))),
    ("requires rank 1 of input 1", model_of("BiasGelu", (ROWS, floats(3, 8)))),
    ("requires equal two sizes, but got 3 and 4", model_of("BiasAdd", (ROWS, floats(8), floats(2, 4, 8)))),
    ("MatMul", product(floats(3, 4), floats(3, 4))),
    ("transBatchA", product(floats(3), floats(3, 3), transBatchA=1)),
    ("transBatchA", product(floats(2, 3, 3), floats(3, 3), transBatchA=1)),
    *flags(lambda **given: product(floats(2, 3, 3), floats(2, 3, 3), **given), "transA", "transB",
           "transBatchA", "transBatchB"),
    ("requires weights of 4 or 8 bits, but got 2", packed(weights=(5, 2, 4), bits=2)),
    ("'g_idx'", packed(floats(3, 32), (5, 2, 8), 10, None, integers(32))),
    ("weight_prepacked", packed(weight_prepacked=1)),
    ("requires positive K and N", packed(block_size=24)),
    ("requires positive K and N", packed(N=0)),
    ("requires weights of 5 x 2 x 8 bytes", packed(weights=(5, 2, 16))),
    ("requires scales of 5 x 2 elements", packed(scales=5)),
    ("requires an input of K = 32 columns", packed(floats(3, 31))),
    ("requires zero_points of 5 x 1 elements", packed(floats(3, 32), (5, 2, 8), 10, integers(10, dtype=np.uint8))),
    ("zero_points typestr: A, has unsupported type", packed(floats(3, 32), (5, 2, 8), 10, integers(10))),
    ("requires a bias of as many elements", packed(floats(3, 32), (5, 2, 8), 10, None, None, floats(1))),
    ("widths of word_embedding and position_embedding, but got 8 and 7", embed(places=floats(9, 7))),
    ("widths of word_embedding and position_embedding, but got 8 and 1", embed(places=floats(9, 1))),
    ("segment", embed(kinds=integers(2, 3))),
    ("sizes of segment_ids and of input_ids, but got 1 and 2", embed(kinds=integers(1, 3), table=floats(9, 8))),
    ("sizes of mask and of input_ids, but got 2 and 3", embed(integers(2, 3), None, floats(9, 8), floats(9, 8), None,
                                                              integers(2, 2))),
    ("sizes of position_ids and of input_ids, but got 1 and 3",
     embed(integers(2, 3), None, floats(9, 8), floats(9, 8), None, None, integers(2, 1))),
    *flags(embed, "mask_index_type"),
    ("this operator has no lowering yet", model_of("QAttention", (ROWS,))),
]
