// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Artifact.h"
#include "runtime/DType.h"
#include "runtime/tools/Tool.h"

#include <cinttypes>
#include <cstdio>
#include <set>

namespace attune {

static std::string sizeText(uint64_t bytes) {
  char text[64];
  if (bytes < 10000)
    std::snprintf(text, sizeof(text), "%" PRIu64 " bytes", bytes);
  else if (bytes < 10000000)
    std::snprintf(text, sizeof(text), "%.1f kB", double(bytes) / 1e3);
  else
    std::snprintf(text, sizeof(text), "%.1f MB", double(bytes) / 1e6);
  return text;
}

static std::string rangeText(const Dim &dim) {
  if (dim.max < 0)
    return std::to_string(dim.min) + " or more";
  return std::to_string(dim.min) + " to " + std::to_string(dim.max);
}

static void printValues(const char *title, const std::vector<Value> &values) {
  std::printf("%s\n", title);
  for (const Value &value : values) {
    std::string shape;
    for (const Dim &dim : value.dims) {
      shape += shape.empty() ? "" : ", ";
      shape += dim.size >= 0      ? std::to_string(dim.size)
               : dim.name.empty() ? "?"
                                  : dim.name;
    }
    std::printf("  %s: %s [%s]\n", value.name.c_str(), dtypeName(value.dtype),
                shape.c_str());
  }
}

static void printRanges(const Manifest &manifest) {
  std::set<std::string> seen;
  for (const std::vector<Value> *values : {&manifest.inputs, &manifest.outputs})
    for (const Value &value : *values)
      for (const Dim &dim : value.dims)
        if (!dim.name.empty() && seen.insert(dim.name).second)
          std::printf("%s  %s: %s\n", seen.size() == 1 ? "sizes\n" : "",
                      dim.name.c_str(), rangeText(dim).c_str());
}

static void print(const Artifact &artifact) {
  const Manifest &manifest = artifact.manifest();
  const attune_footer &footer = artifact.footer();
  std::string features;
  for (const std::string &feature : manifest.features)
    features += (features.empty() ? "" : ", ") + feature;
  std::printf("name      %s\n", manifest.name.c_str());
  if (!manifest.producer.empty())
    std::printf("producer  %s\n", manifest.producer.c_str());
  std::printf("target    %s\n", manifest.triple.c_str());
  std::printf("features  %s\n", features.empty() ? "none" : features.c_str());
  attune_status_t status = artifact.checkTarget();
  std::printf("runs here %s\n", status ? attune_status_message(status) : "yes");
  attune_status_release(status);
  std::printf("code      %s\n", sizeText(footer.elf_size).c_str());
  std::printf("weights   %s%s%s\n", sizeText(footer.weights_size).c_str(),
              manifest.weightsFile.empty() ? "" : ", in ",
              manifest.weightsFile.c_str());
  printValues("inputs", manifest.callerInputs);
  printValues("outputs", manifest.callerOutputs);
  std::vector<Value> states;
  for (const StateValue &state : manifest.states)
    states.push_back(manifest.inputs[state.input]);
  if (!states.empty())
    printValues("state", states);
  printRanges(manifest);
}

ExitCode inspectTool(const InspectOptions &options) {
  return guardTool([&] {
    Artifact artifact;
    check(artifact.read(options.model.c_str()));
    if (options.json)
      std::puts(artifact.manifestText().c_str());
    else
      print(artifact);
  });
}

} // namespace attune
