// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

namespace attune::model {

using onnx::InferenceContext;
using onnx::TensorShapeProto;

static int64_t valueOf(const Size &dim) {
  return dim.has_dim_value() ? dim.dim_value() : -1;
}

/// The sum of two sizes, unknown if one is.
static Size sumOf(const Size &left, const Size &right) {
  if (!left.has_dim_value() || !right.has_dim_value())
    return {};
  return dimOf(onnx::checkedAdd(left.dim_value(), right.dim_value()));
}

/// `width / count`, unknown where it is no whole number.
static Size partOf(const Size &width, int64_t count) {
  bool isWhole =
      width.has_dim_value() && count > 0 && width.dim_value() % count == 0;
  return dimOf(isWhole ? width.dim_value() / count : -1);
}

/// One product gives queries, keys and values.
static void inferAttention(InferenceContext &context) {
  setElement(context, 0, 0);
  setElement(context, 1, 0);
  const TensorShapeProto *input = shapeOf(context, 0, 3);
  const TensorShapeProto *weights = shapeOf(context, 1, 2);
  if (!input || !weights)
    return;
  Size width = partOf(weights->dim(1), 3);
  std::vector<int64_t> widths;
  if (onnx::getRepeatedAttribute(context, "qkv_hidden_sizes", widths) &&
      widths.size() == 3)
    width = dimOf(widths[2]);
  setOutput(context, 0, 0, shapeOf({input->dim(0), input->dim(1), width}));
  Size keys = input->dim(1), past;
  if (const TensorShapeProto *cache = shapeOf(context, 4, 5)) {
    past = cache->dim(3);
    keys = sumOf(past, keys);
  }
  int64_t heads = onnx::getAttribute(context, "num_heads", 0);
  setOutput(context, 1, 0,
            shapeOf({dimOf(2), input->dim(0), dimOf(heads), keys,
                     partOf(width, heads)}));
}

namespace {
/// What the outputs of operators on separate queries, keys and values need.
struct Parts {
  Size batch, queries, newKeys, width;
  Size keyHeads, keyWidth, valueWidth;
};
} // namespace

static void setParts(InferenceContext &context, const Parts &parts,
                     size_t pastInput) {
  setOutput(context, 0, 0, shapeOf({parts.batch, parts.queries, parts.width}));
  Size keys = parts.newKeys;
  if (const TensorShapeProto *past = shapeOf(context, pastInput, 4))
    keys = sumOf(past->dim(2), keys);
  setOutput(context, 1, 0,
            shapeOf({parts.batch, parts.keyHeads, keys, parts.keyWidth}));
  setOutput(context, 2, 0,
            shapeOf({parts.batch, parts.keyHeads, keys, parts.valueWidth}));
}

static void inferMultiHead(InferenceContext &context) {
  for (size_t output = 0; output < 4; ++output)
    setElement(context, output, 0);
  const TensorShapeProto *query = shapeOf(context, 0, 3, 5);
  const TensorShapeProto *key = nullptr, *value = nullptr;
  if (context.getNumInputs() > 1 && onnx::hasInputShape(context, 1))
    key = &onnx::getInputShape(context, 1);
  value = shapeOf(context, 2, 3, 4);
  if (!query)
    return;
  int64_t heads = onnx::getAttribute(context, "num_heads", 0);
  Parts parts;
  parts.batch = query->dim(0);
  parts.queries = query->dim(1);
  parts.keyHeads = dimOf(heads);
  if (query->dim_size() == 5) {
    parts.newKeys = query->dim(1);
    parts.keyWidth = parts.valueWidth = query->dim(4);
  } else if (key && key->dim_size() == 5) {
    parts.newKeys = key->dim(1);
    parts.keyWidth = parts.valueWidth = key->dim(4);
  } else if (value) {
    bool hasHeads = value->dim_size() == 4;
    parts.newKeys = value->dim(hasHeads ? 2 : 1);
    parts.keyWidth = partOf(query->dim(2), heads);
    parts.valueWidth = hasHeads ? value->dim(3) : partOf(value->dim(2), heads);
  } else {
    return;
  }
  int64_t width = valueOf(parts.valueWidth);
  parts.width = dimOf(width < 0 ? -1 : onnx::checkedMultiply(width, heads));
  setParts(context, parts, 6);
}

static void inferGroupQuery(InferenceContext &context) {
  for (size_t output = 0; output < 4; ++output)
    setElement(context, output, 0);
  const TensorShapeProto *query = shapeOf(context, 0, 3);
  if (!query)
    return;
  int64_t heads = onnx::getAttribute(context, "num_heads", 0);
  int64_t keyHeads = onnx::getAttribute(context, "kv_num_heads", 0);
  constexpr int64_t limit = 1 << 20;
  if (heads < 1 || keyHeads < 1 || heads > limit || keyHeads > limit)
    fail_shape_inference("requires positive num_heads and kv_num_heads, but "
                         "got ",
                         heads, " and ", keyHeads);
  bool isPacked = !context.getInputType(2);
  Size width = partOf(query->dim(2), isPacked ? heads + 2 * keyHeads : heads);
  Size whole = width.has_dim_value()
                   ? dimOf(onnx::checkedMultiply(width.dim_value(), heads))
                   : Size();
  setOutput(context, 0, 0, shapeOf({query->dim(0), query->dim(1), whole}));
  // A cache may be longer than what it holds: its length is known at run time.
  Size length;
  if (!onnx::hasInputShape(context, 3))
    length = query->dim(1);
  TensorShapeProto cache =
      shapeOf({query->dim(0), dimOf(keyHeads), length, width});
  setOutput(context, 1, 0, cache);
  setOutput(context, 2, 0, cache);
}

static void inferRotary(InferenceContext &context) {
  setElement(context, 0, 0);
  if (const TensorShapeProto *input = shapeOf(context, 0, 3, 4))
    setOutput(context, 0, 0, *input);
}

void declareAttention() {
  declare({"Attention",
           "input T, weights T, bias T?, mask_index M?, past T?, "
           "attention_bias T?, past_sequence_length M?",
           "output T, present T?",
           "num_heads int!, unidirectional int, qkv_hidden_sizes ints, "
           "past_present_share_buffer int, do_rotary int, "
           "rotary_embedding_dim int, mask_filter_value float, scale float",
           inferAttention});
  declare({"MultiHeadAttention",
           "query T, key T?, value T?, bias T?, key_padding_mask M?, "
           "attention_bias T?, past_key T?, past_value T?, "
           "past_sequence_length M?, cache_indirection M?",
           "output T, present_key T?, present_value T?, qk T?",
           "num_heads int!, mask_filter_value float, scale float, "
           "unidirectional int",
           inferMultiHead});
  declare({"GroupQueryAttention",
           "query T, key T?, value T?, past_key A?, past_value A?, "
           "seqlens_k M, total_sequence_length M, cos_cache T?, sin_cache T?, "
           "position_ids L?, attention_bias T?, head_sink T?, k_scale U?, "
           "v_scale U?, q_norm_weight T?, k_norm_weight T?, query_seqlens M?",
           "output T, present_key A?, present_value A?, output_qk T?",
           "num_heads int!, kv_num_heads int!, scale float, softcap float, "
           "local_window_size int, do_rotary int, rotary_interleaved int, "
           "smooth_softmax int, qk_output int, k_quant_type string, "
           "v_quant_type string, kv_cache_bit_width int, "
           "sliding_window_cache int, causal int, qk_norm_epsilon float, "
           "q_norm_epsilon float, k_norm_epsilon float",
           inferGroupQuery});
  declare({"RotaryEmbedding",
           "input T, position_ids L, cos_cache T, sin_cache T", "output T",
           "interleaved int, is_packed_batching int, num_heads int, "
           "rotary_embedding_dim int, scale float",
           inferRotary});
}

} // namespace attune::model
