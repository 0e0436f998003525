// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/DType.h"
#include "runtime/Status.h"
#include "runtime/tools/Inputs.h"
#include "runtime/tools/Tool.h"

#include <cstdio>

namespace attune {

/// A tensor of the array of that name, or null.
static DLTensor *tensorOf(std::vector<Array> &arrays, const char *name,
                          DLTensor &tensor) {
  for (Array &array : arrays) {
    if (array.name != name)
      continue;
    for (DLDataType dtype : {DLDataType{kDLInt, 64, 1}, {kDLInt, 32, 1}}) {
      if (!matches(array.type, dtype))
        continue;
      tensor = {};
      tensor.data = array.data;
      tensor.device = {kDLCPU, 0};
      tensor.ndim = static_cast<int32_t>(array.shape.size());
      tensor.dtype = dtype;
      tensor.shape = array.shape.data();
      return &tensor;
    }
    check(makeStatus(ATTUNE_INVALID_TYPE,
                     "input '%s' requires integers of 64 or 32 bits, but got "
                     "%s",
                     name, npyTypeText(array.type).c_str()));
  }
  return nullptr;
}

static void checkNames(const std::vector<Array> &arrays) {
  for (const Array &array : arrays)
    if (array.name != "input_ids" && array.name != "attention_mask")
      check(makeStatus(ATTUNE_INVALID_ARGUMENT,
                       "generation takes 'input_ids' and, with padding on the "
                       "left, 'attention_mask', but got '%s'",
                       array.name.c_str()));
}

namespace {
struct Printer {
  bool hasRows;

  static int32_t print(void *context, size_t row, int64_t token) {
    if (static_cast<Printer *>(context)->hasRows)
      std::printf("%zu ", row);
    std::printf("%lld\n", static_cast<long long>(token));
    // A reader that is gone ends the row.
    return std::fflush(stdout) != 0;
  }
};
} // namespace

/// Prompt and new tokens of each row.
static std::vector<int64_t> joined(const DLTensor &ids, const DLTensor &tokens,
                                   std::vector<int64_t> &shape) {
  std::vector<int64_t> all;
  for (int64_t row = 0; row < ids.shape[0]; ++row) {
    for (int64_t i = 0; i < ids.shape[1]; ++i) {
      int64_t at = row * ids.shape[1] + i;
      all.push_back(ids.dtype.bits == 64
                        ? static_cast<const int64_t *>(ids.data)[at]
                        : static_cast<const int32_t *>(ids.data)[at]);
    }
    auto *own = static_cast<const int64_t *>(tokens.data);
    all.insert(all.end(), own + row * tokens.shape[1],
               own + (row + 1) * tokens.shape[1]);
  }
  shape = {ids.shape[0], ids.shape[1] + tokens.shape[1]};
  return all;
}

ExitCode generateTool(const RunOptions &options) {
  return guardTool([&] {
    Model model(options.model);
    std::vector<Array> arrays = readArrays(options.inputs);
    checkNames(arrays);
    DLTensor idsTensor, maskTensor;
    DLTensor *ids = tensorOf(arrays, "input_ids", idsTensor);
    DLTensor *mask = tensorOf(arrays, "attention_mask", maskTensor);
    if (!ids)
      throw Error(ATTUNE_INVALID_ARGUMENT,
                  "requires the prompt, an input 'input_ids'");
    const GenerateOptions &wanted = options.generation;
    attune_generation_t generation = ATTUNE_GENERATION_INIT;
    generation.sampling = wanted.sampling;
    generation.max_new = wanted.maxNew;
    generation.eos = wanted.eos.data();
    generation.eos_count = wanted.eos.size();
    generation.pad = wanted.pad;
    generation.prefill_chunk = wanted.prefillChunk;
    Printer printer{ids->ndim == 2 && ids->shape[0] != 1};
    generation.on_token = Printer::print;
    generation.context = &printer;
    attune_session_options_t session = ATTUNE_SESSION_OPTIONS_INIT;
    session.threads = options.threads;
    session.state_capacity = wanted.capacity;
    Tensor tokens = Session(model, session).generate(generation, *ids, mask);
    if (options.output.empty())
      return;
    std::vector<int64_t> shape;
    std::vector<int64_t> all = joined(*ids, tokens.dlpack(), shape);
    DLTensor whole = view(all.data(), shape);
    check(writeNpz(options.output,
                   {{"ids", &whole}, {"tokens", &tokens.dlpack()}}));
  });
}

} // namespace attune
