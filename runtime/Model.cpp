// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Model.h"
#include "runtime/DType.h"
#include "runtime/Status.h"

#include <memory>

using namespace attune;

static attune_value_info_t describe(attune_model &model, const Value &value) {
  std::vector<attune_dim_t> dims;
  for (const Dim &dim : value.dims)
    dims.push_back({dim.name.empty() ? nullptr : dim.name.c_str(), dim.size,
                    dim.size < 0 ? dim.min : dim.size,
                    dim.size < 0 ? dim.max : dim.size});
  model.dims.push_back(std::move(dims));
  return {value.name.c_str(), dtypeName(value.dtype), value.dtype,
          static_cast<int32_t>(value.dims.size()), model.dims.back().data()};
}

attune_status_t attune_model_open(const char *path,
                                  const attune_model_options_t *options,
                                  attune_model_t **model) {
  if (!path || !model)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_model_open requires a path and a result");
  if (options && options->struct_size < sizeof(attune_model_options_t))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_model_open requires initialised options");
  return guarded([&]() -> attune_status_t {
    auto opened = std::make_unique<attune_model>();
    bool check = !options || !options->skip_weights_hash;
    if (attune_status_t status = opened->artifact.open(path, check))
      return status;
    const Manifest &manifest = opened->artifact.manifest();
    opened->dims.reserve(manifest.inputs.size() + manifest.outputs.size());
    for (const Value &value : manifest.callerInputs)
      opened->inputs.push_back(describe(*opened, value));
    for (const Value &value : manifest.callerOutputs)
      opened->outputs.push_back(describe(*opened, value));
    for (const StateValue &state : manifest.states)
      opened->states.push_back(describe(*opened, manifest.inputs[state.input]));
    *model = opened.release();
    return nullptr;
  });
}

void attune_model_retain(attune_model_t *model) {
  model->references.fetch_add(1, std::memory_order_relaxed);
}

void attune_model_release(attune_model_t *model) {
  if (model && model->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete model;
}

size_t attune_model_input_count(const attune_model_t *model) {
  return model->inputs.size();
}

size_t attune_model_output_count(const attune_model_t *model) {
  return model->outputs.size();
}

static attune_status_t lookUp(const std::vector<attune_value_info_t> &values,
                              size_t index, attune_value_info_t *info) {
  if (!info || index >= values.size())
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "requires an index below %zu, but got %zu", values.size(),
                      index);
  *info = values[index];
  return nullptr;
}

attune_status_t attune_model_input(const attune_model_t *model, size_t index,
                                   attune_value_info_t *info) {
  return lookUp(model->inputs, index, info);
}

attune_status_t attune_model_output(const attune_model_t *model, size_t index,
                                    attune_value_info_t *info) {
  return lookUp(model->outputs, index, info);
}

size_t attune_model_state_count(const attune_model_t *model) {
  return model->states.size();
}

attune_status_t attune_model_state(const attune_model_t *model, size_t index,
                                   attune_value_info_t *info) {
  return lookUp(model->states, index, info);
}

const char *attune_model_manifest(const attune_model_t *model) {
  return model->artifact.manifestText().c_str();
}

void attune_model_get_sizes(const attune_model_t *model,
                            attune_model_sizes_t *sizes) {
  const attune_footer &footer = model->artifact.footer();
  *sizes = {footer.elf_size, footer.weights_size, footer.artifact_size,
            footer.code_hash, footer.weights_hash};
}
