// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/Half.h"
#include "runtime/Status.h"
#include "runtime/tools/Inputs.h"

#include <cstring>
#include <set>

namespace attune {

namespace {

/// Steele and others, "Fast splittable pseudorandom number generators" (2014):
/// the same numbers with every standard library.
class Random {
public:
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  /// In [-1, 1), a multiple of 2^-7: true in every float type.
  double fraction() { return static_cast<double>(next() >> 56) / 128 - 1; }

private:
  uint64_t state = 1;
};

template <typename T> void store(char *at, T value) {
  std::memcpy(at, &value, sizeof(value));
}

} // namespace

static void storeElement(DLDataType dtype, Random &random, char *at) {
  if (dtype.code == kDLBfloat)
    return store(at, floatToBfloat16(static_cast<float>(random.fraction())));
  if (dtype.code != kDLFloat) {
    // Little endian: the first byte is the lowest.
    std::memset(at, 0, dtypeBytes(dtype));
    return store(at, static_cast<char>(random.next() >> 63));
  }
  double value = random.fraction();
  if (dtype.bits == 64)
    store(at, value);
  else if (dtype.bits == 32)
    store(at, static_cast<float>(value));
  else
    store(at, floatToHalf(static_cast<float>(value)));
}

static std::string dimKey(const attune_value_info_t &info, int32_t dim) {
  const char *name = info.dims[dim].name;
  return name ? name : info.name + ("[" + std::to_string(dim)) + "]";
}

/// Throws unless `sizes` names every dynamic size and nothing else.
static void checkSizes(const Model &model,
                       const std::map<std::string, int64_t> &sizes) {
  std::set<std::string> expected;
  for (size_t i = 0; i < model.inputCount(); ++i) {
    attune_value_info_t info = model.input(i);
    for (int32_t dim = 0; dim < info.rank; ++dim)
      if (info.dims[dim].size < 0)
        expected.insert(dimKey(info, dim));
  }
  std::string missing, all;
  for (const std::string &name : expected) {
    all += (all.empty() ? "" : ", ") + name;
    if (!sizes.count(name))
      missing += (missing.empty() ? "" : ",") + name + "=N";
  }
  if (!missing.empty())
    check(makeStatus(ATTUNE_INVALID_ARGUMENT,
                     "requires sizes to make inputs of: --dim %s",
                     missing.c_str()));
  for (const auto &[name, size] : sizes)
    if (!expected.count(name))
      check(makeStatus(ATTUNE_INVALID_ARGUMENT,
                       "no input has a size '%s'; there %s", name.c_str(),
                       all.empty() ? "are none to choose"
                                   : ("are " + all).c_str()));
}

Inputs makeInputs(const Model &model,
                  const std::map<std::string, int64_t> &sizes) {
  checkSizes(model, sizes);
  Inputs inputs;
  Random random;
  for (size_t i = 0; i < model.inputCount(); ++i) {
    attune_value_info_t info = model.input(i);
    Array array;
    array.name = info.name;
    for (int32_t dim = 0; dim < info.rank; ++dim)
      array.shape.push_back(info.dims[dim].size >= 0
                                ? info.dims[dim].size
                                : sizes.at(dimKey(info, dim)));
    int64_t bytes;
    if (!tensorBytes(info.dtype, info.rank, array.shape.data(), bytes))
      check(makeStatus(ATTUNE_INVALID_SHAPE, "input '%s' is too large",
                       info.name));
    array.memory = allocateAligned(static_cast<size_t>(bytes));
    array.data = array.memory.get();
    for (int64_t at = 0; at < bytes;
         at += static_cast<int64_t>(dtypeBytes(info.dtype)))
      storeElement(info.dtype, random, array.data + at);
    inputs.names.push_back(array.name);
    inputs.arrays.push_back(std::move(array));
    Array &kept = inputs.arrays.back();
    inputs.tensors.push_back({kept.data,
                              {kDLCPU, 0},
                              info.rank,
                              info.dtype,
                              kept.shape.data(),
                              nullptr,
                              0});
  }
  return inputs;
}

} // namespace attune
