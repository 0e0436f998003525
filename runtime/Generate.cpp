// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The decode loop: prefill, then a token a step.

#include "runtime/Arguments.h"
#include "runtime/Generation.h"
#include "runtime/Half.h"
#include "runtime/Run.h"
#include "runtime/Status.h"

#include <algorithm>

using namespace attune;

namespace {

class Generator {
public:
  Generator(attune_session &session, const attune_generation_t &options)
      : session(session), options(options),
        manifest(session.model->artifact.manifest()) {}
  ~Generator() { dropOutputs(); }

  attune_status_t start(const DLTensor *ids, const DLTensor *mask);
  attune_status_t run();
  DLManagedTensor *result();

private:
  bool hasState() const { return !manifest.states.empty(); }
  int64_t width() const { return static_cast<int64_t>(rows[0].ids.size()); }
  attune_status_t forward(int64_t begin, int64_t end);
  attune_status_t prefill();
  attune_status_t pickAll(bool &goesOn);
  attune_status_t readLogits(size_t row);
  bool stops(const GenerationRow &row) const;
  void dropOutputs();

  attune_session &session;
  const attune_generation_t &options;
  const Manifest &manifest;
  std::vector<GenerationRow> rows;
  std::vector<DecoderInput> roles;
  std::unique_ptr<DecoderTensors> tensors;
  std::vector<DLManagedTensor *> outputs;
  std::vector<double> logits;
  size_t logitsIndex = 0;
  int64_t lastCount = -1;
  Sampler sampler;
};

} // namespace

void Generator::dropOutputs() {
  for (DLManagedTensor *&output : outputs) {
    if (output)
      output->deleter(output);
    output = nullptr;
  }
}

attune_status_t Generator::start(const DLTensor *ids, const DLTensor *mask) {
  if (attune_status_t status = readDecoder(manifest, roles, logitsIndex))
    return status;
  if (attune_status_t status = readPrompt(ids, mask, options.sequences, rows))
    return status;
  bool takesMask = std::count(roles.begin(), roles.end(), DecoderInput::mask);
  for (const GenerationRow &row : rows)
    if (!takesMask && row.length < width())
      return makeStatus(ATTUNE_INVALID_ARGUMENT,
                        "prompts of several lengths require a model with an "
                        "input 'attention_mask'");
  tensors = std::make_unique<DecoderTensors>(roles, manifest);
  outputs.resize(manifest.callerOutputs.size());
  return nullptr;
}

/// Runs the model on columns [begin, end); those before are state.
attune_status_t Generator::forward(int64_t begin, int64_t end) {
  // Logits of the same shape go where those of the last step are.
  DLManagedTensor *kept = nullptr;
  if (lastCount == end - begin)
    std::swap(kept, outputs[logitsIndex]);
  dropOutputs();
  outputs[logitsIndex] = kept;
  lastCount = end - begin;
  const std::vector<DLTensor> &inputs = tensors->fill(rows, begin, end);
  return runModel(
      session, {inputs.data(), inputs.size(), outputs.data(), outputs.size()});
}

attune_status_t Generator::prefill() {
  int64_t length = width();
  if (!hasState())
    return forward(0, length);
  int64_t chunk = options.prefill_chunk > 0 ? options.prefill_chunk : length;
  for (int64_t begin = 0; begin < length; begin += chunk)
    if (attune_status_t status =
            forward(begin, std::min(length, begin + chunk)))
      return status;
  return nullptr;
}

/// The logits behind a row's last token.
attune_status_t Generator::readLogits(size_t row) {
  const DLTensor &tensor = outputs[logitsIndex]->dl_tensor;
  int64_t count = tensor.shape[tensor.ndim - 1];
  int64_t steps = tensor.ndim == 3 ? tensor.shape[1] : 1;
  if (tensor.shape[0] != static_cast<int64_t>(rows.size()) || steps < 1)
    return makeStatus(
        ATTUNE_INVALID_SHAPE, "the logits %s are not those of %zu rows",
        shapeText(tensor.ndim, tensor.shape).c_str(), rows.size());
  int64_t first = ((static_cast<int64_t>(row) + 1) * steps - 1) * count;
  const char *data =
      static_cast<const char *>(tensor.data) + tensor.byte_offset;
  logits.resize(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    double &logit = logits[static_cast<size_t>(i)];
    int64_t at = first + i;
    if (tensor.dtype.bits == 32)
      logit = reinterpret_cast<const float *>(data)[at];
    else if (tensor.dtype.bits == 64)
      logit = reinterpret_cast<const double *>(data)[at];
    else if (tensor.dtype.code == kDLBfloat)
      logit = bfloat16ToFloat(reinterpret_cast<const uint16_t *>(data)[at]);
    else
      logit = halfToFloat(reinterpret_cast<const uint16_t *>(data)[at]);
  }
  return nullptr;
}

/// Whether the row ends with its last token.
bool Generator::stops(const GenerationRow &row) const {
  for (size_t i = 0; i < options.eos_count; ++i)
    if (options.eos[i] == row.picked.back())
      return true;
  return false;
}

/// Picks a token for each row; a row that is done gets padding.
attune_status_t Generator::pickAll(bool &goesOn) {
  goesOn = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    GenerationRow &row = rows[i];
    row.mask.push_back(!row.isDone);
    row.ids.push_back(options.pad);
    if (row.isDone)
      continue;
    int64_t token = 0;
    if (attune_status_t status = readLogits(i))
      return status;
    if (attune_status_t status = sampler.pick(
            options.sampling, logits, row.seen,
            {static_cast<uint32_t>(row.length), row.sequence}, token))
      return status;
    row.ids.back() = token;
    row.picked.push_back(token);
    ++row.seen[token];
    ++row.length;
    bool wanted =
        !options.on_token || options.on_token(options.context, i, token) == 0;
    row.isDone = !wanted || stops(row);
    goesOn |= !row.isDone;
  }
  return nullptr;
}

attune_status_t Generator::run() {
  session.state.reset();
  if (options.max_new == 0 || rows.empty())
    return nullptr;
  if (attune_status_t status = prefill())
    return status;
  int64_t capacity = hasState() ? session.state.capacity() : 0;
  for (int64_t count = 0; count < options.max_new; ++count) {
    bool goesOn;
    if (attune_status_t status = pickAll(goesOn))
      return status;
    bool isFull = capacity > 0 && width() > capacity;
    if (!goesOn || isFull || count + 1 == options.max_new)
      break;
    if (attune_status_t status = forward(hasState() ? width() - 1 : 0, width()))
      return status;
  }
  return nullptr;
}

namespace {
/// The tokens that were picked, as a tensor.
struct Tokens {
  DLManagedTensor managed = {};
  std::vector<int64_t> data, shape;
};
} // namespace

DLManagedTensor *Generator::result() {
  auto tokens = std::make_unique<Tokens>();
  size_t longest = 0;
  for (const GenerationRow &row : rows)
    longest = std::max(longest, row.picked.size());
  for (const GenerationRow &row : rows) {
    tokens->data.insert(tokens->data.end(), row.picked.begin(),
                        row.picked.end());
    tokens->data.resize(tokens->data.size() + longest - row.picked.size(),
                        options.pad);
  }
  tokens->shape = {static_cast<int64_t>(rows.size()),
                   static_cast<int64_t>(longest)};
  // An empty vector has no place.
  tokens->data.reserve(1);
  DLManagedTensor &managed = tokens->managed;
  managed.dl_tensor.data = tokens->data.data();
  managed.dl_tensor.device = {kDLCPU, 0};
  managed.dl_tensor.dtype = {kDLInt, 64, 1};
  managed.dl_tensor.ndim = 2;
  managed.dl_tensor.shape = tokens->shape.data();
  managed.manager_ctx = tokens.get();
  managed.deleter = [](DLManagedTensor *tensor) {
    delete static_cast<Tokens *>(tensor->manager_ctx);
  };
  return &tokens.release()->managed;
}

static attune_status_t checkOptions(const attune_generation_t &options) {
  if (options.struct_size < sizeof(attune_generation_t))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires initialised options");
  if (options.max_new < 0)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires at least 0 new tokens, but got %lld",
                      static_cast<long long>(options.max_new));
  if (options.eos_count && !options.eos)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "generation requires the tokens that end a row");
  return checkSampling(options.sampling);
}

attune_status_t attune_session_generate(attune_session_t *session,
                                        const attune_generation_t *options,
                                        const DLTensor *ids,
                                        const DLTensor *mask,
                                        DLManagedTensor **tokens) {
  if (!session || !ids || !tokens)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_session_generate requires a session, ids and a "
                      "result");
  const attune_generation_t defaults = ATTUNE_GENERATION_INIT;
  const attune_generation_t &chosen = options ? *options : defaults;
  if (attune_status_t status = checkOptions(chosen))
    return status;
  return exclusively(*session, [&]() -> attune_status_t {
    session->cancelled.store(false);
    Generator generator(*session, chosen);
    if (attune_status_t status = generator.start(ids, mask))
      return status;
    if (attune_status_t status = generator.run())
      return status;
    *tokens = generator.result();
    return nullptr;
  });
}
