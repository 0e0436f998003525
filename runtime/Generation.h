// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rows of a generation: what they hold, and what a decoder is given.

#ifndef ATTUNE_RUNTIME_GENERATION_H
#define ATTUNE_RUNTIME_GENERATION_H

#include "runtime/Manifest.h"
#include "runtime/Sampler.h"

namespace attune {

/// One sequence of the batch.
struct GenerationRow {
  /// Tokens and their mask, padding included; all rows have the same number.
  std::vector<int64_t> ids, mask;
  TokenCounts seen;
  /// Tokens without padding: the position of the next one.
  int64_t length = 0;
  /// Those that were picked.
  std::vector<int64_t> picked;
  uint32_t sequence = 0;
  bool isDone = false;
};

/// What a decoder's inputs are for, by their names.
enum class DecoderInput { ids, mask, positions, places };

/// Finds out; ATTUNE_INVALID_ARGUMENT, naming it, for an input that a
/// generation has nothing for.
attune_status_t readDecoder(const Manifest &manifest,
                            std::vector<DecoderInput> &inputs, size_t &logits);

/// Rows of the prompt `ids` with `mask`, which may be null: all ones. A row is
/// zeros (padding), then at least one 1.
attune_status_t readPrompt(const DLTensor *ids, const DLTensor *mask,
                           const uint32_t *sequences,
                           std::vector<GenerationRow> &rows);

/// Columns [begin, end) of the rows, as tensors of a decoder's inputs.
class DecoderTensors {
public:
  /// `dtypes`: of each input, i64 or i32.
  DecoderTensors(std::vector<DecoderInput> inputs, const Manifest &manifest);

  const std::vector<DLTensor> &fill(const std::vector<GenerationRow> &rows,
                                    int64_t begin, int64_t end);

private:
  void put(size_t input, const std::vector<int64_t> &values,
           std::vector<int64_t> shape);

  std::vector<DecoderInput> inputs;
  std::vector<DLDataType> dtypes;
  std::vector<std::vector<int64_t>> wide, shapes;
  std::vector<std::vector<int32_t>> narrow;
  std::vector<int64_t> values;
  std::vector<DLTensor> tensors;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_GENERATION_H
