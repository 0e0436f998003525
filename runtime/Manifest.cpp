// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Manifest.h"
#include "runtime/DType.h"
#include "runtime/Status.h"

#include <nlohmann/json.hpp>

using Json = nlohmann::json;

namespace attune {

static attune_status_t malformed(const char *member) {
  return makeStatus(ATTUNE_DAMAGED, "the manifest has no valid '%s'", member);
}

// Null if `object` has no such member.
static const Json *find(const Json &object, const char *key) {
  if (!object.is_object())
    return nullptr;
  auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

static bool readString(const Json *json, std::string &text) {
  if (!json || !json->is_string())
    return false;
  text = json->get_ref<const std::string &>();
  return true;
}

static bool readInteger(const Json *json, int64_t &value) {
  if (!json || !json->is_number_integer())
    return false;
  if (json->is_number_unsigned() && json->get<uint64_t>() > INT64_MAX)
    return false;
  value = json->get<int64_t>();
  return true;
}

static bool readDim(const Json &size, const Json *ranges, Dim &dim) {
  if (size.is_number())
    return readInteger(&size, dim.size) && dim.size >= 0;
  if (!readString(&size, dim.name))
    return false;
  if (dim.name == "?") {
    dim.name.clear();
    return true;
  }
  const Json *range = ranges ? find(*ranges, dim.name.c_str()) : nullptr;
  if (!range)
    return true;
  return readInteger(find(*range, "min"), dim.min) &&
         readInteger(find(*range, "max"), dim.max) && dim.min >= 0 &&
         (dim.max == -1 || dim.max >= dim.min);
}

static bool readValues(const Json *json, const Json *ranges,
                       std::vector<Value> &values) {
  if (!json || !json->is_array())
    return false;
  for (const Json &entry : *json) {
    Value value;
    std::string dtype;
    const Json *shape = find(entry, "shape");
    if (!readString(find(entry, "name"), value.name) ||
        !readString(find(entry, "dtype"), dtype) || !shape ||
        !shape->is_array() || shape->size() > 64)
      return false;
    const DTypeEntry *known = findDType(dtype.c_str());
    if (!known)
      return false;
    for (const Value &other : values)
      if (other.name == value.name)
        return false;
    value.dtype = known->dtype;
    for (const Json &size : *shape) {
      Dim dim;
      if (!readDim(size, ranges, dim))
        return false;
      value.dims.push_back(std::move(dim));
    }
    values.push_back(std::move(value));
  }
  return true;
}

static bool readTarget(const Json *target, Manifest &manifest) {
  if (!target || !readString(find(*target, "triple"), manifest.triple))
    return false;
  const Json *features = find(*target, "features");
  if (!features || !features->is_array())
    return false;
  for (const Json &feature : *features) {
    manifest.features.emplace_back();
    if (!readString(&feature, manifest.features.back()))
      return false;
  }
  return true;
}

static bool readIndex(const Json *json, size_t count, size_t &index) {
  int64_t value;
  if (!readInteger(json, value) || value < 0 ||
      static_cast<uint64_t>(value) >= count)
    return false;
  index = static_cast<size_t>(value);
  return true;
}

/// Whether the output can continue the input: the same type, sizes that agree
/// behind the first, which is open, and sizes that the caller's inputs tell.
static bool fits(const Manifest &manifest, const StateValue &state) {
  const Value &past = manifest.inputs[state.input];
  const Value &present = manifest.outputs[state.output];
  if (!(past.dtype == present.dtype) || past.dims.empty() ||
      past.dims.size() != present.dims.size() || past.dims[0].size >= 0)
    return false;
  for (size_t dim = 1; dim < past.dims.size(); ++dim) {
    if (past.dims[dim].size >= 0)
      continue;
    bool given = false;
    for (size_t i = 0; i < manifest.inputs.size(); ++i)
      for (const Dim &other : manifest.inputs[i].dims)
        given |= !manifest.isState(i) && !other.name.empty() &&
                 other.name == past.dims[dim].name;
    if (!given)
      return false;
  }
  return true;
}

static bool readStates(const Json *json, Manifest &manifest) {
  if (!json->is_array())
    return false;
  for (const Json &entry : *json) {
    StateValue state;
    int64_t axis;
    if (!readIndex(find(entry, "input"), manifest.inputs.size(), state.input) ||
        !readIndex(find(entry, "output"), manifest.outputs.size(),
                   state.output) ||
        !readInteger(find(entry, "axis"), axis) || axis != 0)
      return false;
    for (const StateValue &other : manifest.states)
      if (other.input == state.input || other.output == state.output)
        return false;
    manifest.states.push_back(state);
  }
  for (const StateValue &state : manifest.states)
    if (!fits(manifest, state))
      return false;
  return true;
}

static void separateStates(Manifest &manifest) {
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    if (!manifest.isState(i))
      manifest.callerInputs.push_back(manifest.inputs[i]);
  for (size_t i = 0; i < manifest.outputs.size(); ++i) {
    bool isState = false;
    for (const StateValue &state : manifest.states)
      isState |= state.output == i;
    if (!isState)
      manifest.callerOutputs.push_back(manifest.outputs[i]);
  }
}

// A file beside the artifact, whatever the manifest says.
static bool isPlainName(const std::string &name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

attune_status_t parseManifest(const char *text, size_t size,
                              Manifest &manifest) {
  Json json = Json::parse(text, text + size, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return makeStatus(ATTUNE_DAMAGED, "the manifest is not a JSON object");
  int64_t version = 0;
  if (!readInteger(find(json, "attune"), version))
    return malformed("attune");
  if (version != 1)
    return makeStatus(ATTUNE_UNSUPPORTED_VERSION,
                      "requires a manifest of version 1, but got %lld",
                      static_cast<long long>(version));
  if (!readTarget(find(json, "target"), manifest))
    return malformed("target");
  const Json *ranges = find(json, "dims");
  if (!readValues(find(json, "inputs"), ranges, manifest.inputs))
    return malformed("inputs");
  if (!readValues(find(json, "outputs"), ranges, manifest.outputs))
    return malformed("outputs");
  if (const Json *states = find(json, "state"); states)
    if (!readStates(states, manifest))
      return malformed("state");
  separateStates(manifest);
  if (const Json *name = find(json, "name"); name)
    if (!readString(name, manifest.name))
      return malformed("name");
  if (const Json *producer = find(json, "producer"); producer)
    if (!readString(producer, manifest.producer))
      return malformed("producer");
  if (const Json *weights = find(json, "weights"); weights)
    if (const Json *file = find(*weights, "file"); file)
      if (!readString(file, manifest.weightsFile) ||
          !isPlainName(manifest.weightsFile))
        return malformed("weights");
  return nullptr;
}

} // namespace attune
