// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_TOOLS_COMPARESIDES_H
#define ATTUNE_RUNTIME_TOOLS_COMPARESIDES_H

#include "runtime/tools/Compare.h"
#include "runtime/tools/Inputs.h"

#include <atomic>
#include <map>
#include <memory>

namespace attune {

/// The system's memory, counted.
class CountedMemory {
public:
  CountedMemory();
  attune_allocator_t allocator();
  /// The most that was in use at a time.
  size_t peak() const { return most; }

private:
  attune_allocator_t system;
  std::atomic<size_t> used{0}, most{0};
};

/// Numbers of layers by the names of the outputs that give their attention.
std::map<std::string, int64_t> layersOf(const Model &model);

/// A model that is compared. Errors name it.
class Side {
public:
  Side(const CompareSide &side, int threads);

  /// Gives `made`, the inputs of another model, to this one. Throws Error if
  /// names differ.
  void take(const Inputs &made);
  /// From files or made up.
  Inputs makeInputs(const CompareOptions &options) const;

  /// Runs once, from an empty state.
  void run();
  void forgetTimes() { times.clear(); }
  double medianMilliseconds() const;
  size_t peakBytes() const { return memory->peak(); }

  const std::string &name() const { return label; }
  /// By name; -1 if there is none.
  int findOutput(const std::string &output) const;
  size_t outputCount() const { return outputNames.size(); }
  const std::string &outputName(size_t index) const {
    return outputNames[index];
  }
  /// The number of the layer whose attention an output gives, or -1.
  int64_t layerOf(size_t index) const { return layers[index]; }
  /// Of the last run.
  const DLTensor &output(size_t index) const { return outputs[index].dlpack(); }

private:
  template <typename Body> auto named(Body body) const;

  std::string label;
  std::unique_ptr<CountedMemory> memory;
  std::unique_ptr<Model> model;
  std::unique_ptr<Session> session;
  std::vector<std::string> outputNames;
  std::vector<int64_t> layers;
  std::vector<DLTensor> inputs;
  std::vector<Tensor> outputs;
  std::vector<double> times;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_COMPARESIDES_H
