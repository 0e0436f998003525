// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Generation.h"
#include "runtime/DType.h"
#include "runtime/Status.h"

#include <algorithm>

namespace attune {

static bool isToken(DLDataType dtype) {
  return dtype.code == kDLInt && (dtype.bits == 64 || dtype.bits == 32) &&
         dtype.lanes == 1;
}

static attune_status_t readRole(const Value &value, DecoderInput &role) {
  static const struct {
    const char *name;
    DecoderInput role;
    size_t rank;
  } known[] = {{"input_ids", DecoderInput::ids, 2},
               {"attention_mask", DecoderInput::mask, 2},
               {"position_ids", DecoderInput::positions, 2},
               {"cache_position", DecoderInput::places, 1}};
  for (const auto &entry : known) {
    if (value.name != entry.name)
      continue;
    role = entry.role;
    if (isToken(value.dtype) && value.dims.size() == entry.rank)
      return nullptr;
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires input '%s' to be i64 or i32 with "
                      "%zu dimensions",
                      entry.name, entry.rank);
  }
  return makeStatus(
      ATTUNE_INVALID_ARGUMENT,
      "generation has nothing for input '%s': it knows input_ids, "
      "attention_mask, position_ids and cache_position%s",
      value.name.c_str(),
      value.name.compare(0, 4, "past") == 0
          ? "; compile the model with --state auto"
      : value.name == "use_cache_branch"
          ? "; export the decoder with past alone, not merged"
          : "");
}

static bool isLogits(const Value &value) {
  return (value.dims.size() == 2 || value.dims.size() == 3) &&
         (value.dtype.code == kDLFloat || value.dtype.code == kDLBfloat);
}

attune_status_t readDecoder(const Manifest &manifest,
                            std::vector<DecoderInput> &inputs, size_t &logits) {
  bool hasIds = false, found = false;
  for (const Value &value : manifest.callerInputs) {
    inputs.emplace_back();
    if (attune_status_t status = readRole(value, inputs.back()))
      return status;
    hasIds |= inputs.back() == DecoderInput::ids;
  }
  if (!hasIds)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires an input named 'input_ids'");
  const std::vector<Value> &outputs = manifest.callerOutputs;
  for (size_t i = 0; i < outputs.size() && !found; ++i)
    if (outputs[i].name == "logits" || outputs.size() == 1) {
      logits = i;
      found = isLogits(outputs[i]);
    }
  return found ? nullptr
               : makeStatus(ATTUNE_INVALID_ARGUMENT,
                            "generation requires an output named 'logits' of "
                            "floats with two or three dimensions");
}

/// Element `at` of a tensor of i64 or i32.
static int64_t integerAt(const DLTensor &tensor, int64_t at) {
  const char *data =
      static_cast<const char *>(tensor.data) + tensor.byte_offset;
  if (tensor.dtype.bits == 64)
    return reinterpret_cast<const int64_t *>(data)[at];
  return reinterpret_cast<const int32_t *>(data)[at];
}

static attune_status_t checkPrompt(const char *what, const DLTensor &tensor) {
  if (tensor.device.device_type != kDLCPU || !isToken(tensor.dtype) ||
      tensor.ndim != 2 || !tensor.shape || tensor.shape[0] < 0 ||
      tensor.shape[1] < 1 || (tensor.shape[0] > 0 && !tensor.data))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires %s of i64 or i32 with rows of at "
                      "least one token, in CPU memory",
                      what);
  if (tensor.strides && tensor.shape[0] > 0 &&
      (tensor.strides[1] != 1 || tensor.strides[0] != tensor.shape[1]))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires %s without gaps", what);
  return nullptr;
}

static attune_status_t readRow(GenerationRow &row, size_t number) {
  bool began = false;
  for (size_t i = 0; i < row.ids.size(); ++i) {
    int64_t mark = row.mask[i];
    if ((mark != 0 && mark != 1) || (began && mark == 0))
      return makeStatus(ATTUNE_INVALID_VALUE,
                        "row %zu of the mask requires zeros, then ones: pad "
                        "prompts on the left",
                        number);
    began |= mark == 1;
    if (mark == 1) {
      ++row.seen[row.ids[i]];
      ++row.length;
    }
  }
  return began ? nullptr
               : makeStatus(ATTUNE_INVALID_VALUE,
                            "row %zu of the mask hides all of its prompt",
                            number);
}

attune_status_t readPrompt(const DLTensor *ids, const DLTensor *mask,
                           const uint32_t *sequences,
                           std::vector<GenerationRow> &rows) {
  if (attune_status_t status = checkPrompt("ids", *ids))
    return status;
  int64_t batch = ids->shape[0], length = ids->shape[1];
  if (mask) {
    if (attune_status_t status = checkPrompt("a mask", *mask))
      return status;
    if (mask->shape[0] != batch || mask->shape[1] != length)
      return makeStatus(ATTUNE_INVALID_SHAPE,
                        "the mask requires the shape of the ids");
  }
  rows.resize(static_cast<size_t>(batch));
  for (int64_t b = 0; b < batch; ++b) {
    GenerationRow &row = rows[static_cast<size_t>(b)];
    row.sequence = sequences ? sequences[b] : static_cast<uint32_t>(b);
    for (int64_t i = 0; i < length; ++i) {
      row.ids.push_back(integerAt(*ids, b * length + i));
      row.mask.push_back(mask ? integerAt(*mask, b * length + i) : 1);
    }
    if (attune_status_t status = readRow(row, static_cast<size_t>(b)))
      return status;
  }
  return nullptr;
}

DecoderTensors::DecoderTensors(std::vector<DecoderInput> inputs,
                               const Manifest &manifest)
    : inputs(std::move(inputs)) {
  for (const Value &value : manifest.callerInputs)
    dtypes.push_back(value.dtype);
  wide.resize(dtypes.size());
  narrow.resize(dtypes.size());
  shapes.resize(dtypes.size());
  tensors.resize(dtypes.size());
}

void DecoderTensors::put(size_t input, const std::vector<int64_t> &values,
                         std::vector<int64_t> shape) {
  shapes[input] = std::move(shape);
  DLTensor &tensor = tensors[input];
  tensor = {};
  tensor.device = {kDLCPU, 0};
  tensor.dtype = dtypes[input];
  tensor.ndim = static_cast<int32_t>(shapes[input].size());
  tensor.shape = shapes[input].data();
  if (dtypes[input].bits == 64) {
    wide[input] = values;
    tensor.data = wide[input].data();
    return;
  }
  narrow[input].clear();
  for (int64_t value : values)
    narrow[input].push_back(static_cast<int32_t>(value));
  tensor.data = narrow[input].data();
}

const std::vector<DLTensor> &
DecoderTensors::fill(const std::vector<GenerationRow> &rows, int64_t begin,
                     int64_t end) {
  auto batch = static_cast<int64_t>(rows.size());
  for (size_t input = 0; input < inputs.size(); ++input) {
    values.clear();
    if (inputs[input] == DecoderInput::places) {
      for (int64_t i = begin; i < end; ++i)
        values.push_back(i);
      put(input, values, {end - begin});
      continue;
    }
    // The mask covers what is there already.
    int64_t first = inputs[input] == DecoderInput::mask ? 0 : begin;
    for (const GenerationRow &row : rows) {
      int64_t position = -1;
      for (int64_t i = 0; i < end; ++i) {
        size_t at = static_cast<size_t>(i);
        position += row.mask[at];
        if (i >= first)
          values.push_back(inputs[input] == DecoderInput::ids ? row.ids[at]
                           : inputs[input] == DecoderInput::mask
                               ? row.mask[at]
                               : std::max<int64_t>(position, 0));
      }
    }
    put(input, values, {batch, end - first});
  }
  return tensors;
}

} // namespace attune
