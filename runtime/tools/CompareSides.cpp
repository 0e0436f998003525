// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/CompareSides.h"
#include "runtime/Memory.h"
#include "runtime/Status.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace attune {

CountedMemory::CountedMemory() : system(systemAllocator()) {}

attune_allocator_t CountedMemory::allocator() {
  auto allocate = [](void *context, size_t bytes, size_t alignment) -> void * {
    auto *own = static_cast<CountedMemory *>(context);
    void *data = own->system.allocate(own->system.context, bytes, alignment);
    if (!data)
      return nullptr;
    size_t now = own->used += bytes, most = own->most;
    while (now > most && !own->most.compare_exchange_weak(most, now)) {
    }
    return data;
  };
  auto deallocate = [](void *context, void *data, size_t bytes) {
    auto *own = static_cast<CountedMemory *>(context);
    own->used -= bytes;
    own->system.deallocate(own->system.context, data, bytes);
  };
  return {this, allocate, deallocate};
}

template <typename Body> auto Side::named(Body body) const {
  try {
    return body();
  } catch (const Error &error) {
    std::string message = error.what();
    // Messages of files name them already.
    if (message.find(label) == std::string::npos)
      message = "'" + label + "': " + message;
    throw Error(error.code(), message.c_str());
  }
}

std::map<std::string, int64_t> layersOf(const Model &model) {
  std::map<std::string, int64_t> layers;
  // The loader has checked what it is made of.
  nlohmann::json manifest = nlohmann::json::parse(model.manifest());
  for (const nlohmann::json &output : manifest["outputs"])
    if (auto layer = output.find("layer");
        layer != output.end() && layer->is_number_integer())
      layers.emplace(output["name"].get<std::string>(), layer->get<int64_t>());
  return layers;
}

Side::Side(const CompareSide &side, int threads)
    : label(side.name), memory(std::make_unique<CountedMemory>()) {
  named([&] {
    model = std::make_unique<Model>(side.artifact);
    attune_allocator_t allocator = memory->allocator();
    attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
    options.threads = threads;
    options.allocator = &allocator;
    session = std::make_unique<Session>(*model, options);
  });
  std::map<std::string, int64_t> found = layersOf(*model);
  for (size_t i = 0; i < model->outputCount(); ++i) {
    outputNames.push_back(model->output(i).name);
    auto layer = found.find(outputNames.back());
    layers.push_back(layer == found.end() ? -1 : layer->second);
  }
}

Inputs Side::makeInputs(const CompareOptions &options) const {
  return named([&] {
    return options.inputs.empty() ? attune::makeInputs(*model, options.sizes)
                                  : readInputs(*model, options.inputs);
  });
}

void Side::take(const Inputs &made) {
  inputs.clear();
  std::string missing;
  for (size_t i = 0; i < model->inputCount(); ++i) {
    std::string input = model->input(i).name;
    for (size_t at = 0; at < made.tensors.size(); ++at)
      if (made.names[at] == input)
        inputs.push_back(made.tensors[at]);
    if (inputs.size() == i)
      throw Error(ATTUNE_INVALID_ARGUMENT,
                  ("'" + label + "' has an input '" + input +
                   "', which the other model lacks")
                      .c_str());
  }
  for (const std::string &given : made.names) {
    bool isKnown = false;
    for (size_t i = 0; i < model->inputCount(); ++i)
      isKnown |= given == model->input(i).name;
    if (!isKnown)
      throw Error(ATTUNE_INVALID_ARGUMENT,
                  ("'" + label + "' lacks the input '" + given +
                   "', which the other model has")
                      .c_str());
  }
}

void Side::run() {
  named([&] {
    session->reset();
    outputs.clear();
    auto begin = std::chrono::steady_clock::now();
    outputs = session->run(inputs);
    std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - begin;
    times.push_back(taken.count());
  });
}

double Side::medianMilliseconds() const {
  std::vector<double> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  size_t half = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[half]
                           : (sorted[half - 1] + sorted[half]) / 2;
}

int Side::findOutput(const std::string &output) const {
  auto at = std::find(outputNames.begin(), outputNames.end(), output);
  return at == outputNames.end() ? -1
                                 : static_cast<int>(at - outputNames.begin());
}

} // namespace attune
