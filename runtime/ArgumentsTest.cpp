// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/testing/Artifacts.h"

using namespace attune;

namespace {

/// A tensor of zeros with memory of its own.
struct Tensor {
  Tensor(const char *dtype, std::vector<int64_t> sizes)
      : shape(std::move(sizes)), memory(4096) {
    tensor.dtype = findDType(dtype)->dtype;
    tensor.device = {kDLCPU, 0};
    tensor.ndim = static_cast<int32_t>(shape.size());
    tensor.shape = shape.data();
    tensor.data = memory.data();
    managed.dl_tensor = tensor;
  }
  DLTensor tensor = {};
  DLManagedTensor managed = {};
  std::vector<int64_t> shape;
  std::vector<double> memory;
};

Dim dynamic(const char *name, int64_t min = 0, int64_t max = -1) {
  return {name, -1, min, max};
}
Dim fixed(int64_t size) { return {"", size, 0, -1}; }

Value value(const char *name, const char *dtype, std::vector<Dim> dims) {
  return {name, findDType(dtype)->dtype, std::move(dims)};
}

attune_status_t check(const std::vector<Value> &values,
                      std::vector<DLTensor> tensors) {
  std::vector<attune_argument> arguments;
  attune_status_t status = checkInputs(values, tensors.data(), arguments);
  if (!status)
    EXPECT_EQ(arguments.size(), values.size());
  return status;
}

const Value x = value("x", "f32", {dynamic("n", 1, 8), fixed(3)});

} // namespace

TEST(Arguments, CountsBytes) {
  DLDataType f32 = findDType("f32")->dtype;
  int64_t bytes = 0;
  int64_t shape[] = {2, 3, 4};
  EXPECT_TRUE(tensorBytes(f32, 3, shape, bytes));
  EXPECT_EQ(bytes, 96);
  EXPECT_TRUE(tensorBytes(f32, 0, nullptr, bytes));
  EXPECT_EQ(bytes, 4);
  int64_t empty[] = {5, 0};
  EXPECT_TRUE(tensorBytes(f32, 2, empty, bytes));
  EXPECT_EQ(bytes, 0);
  int64_t negative[] = {2, -1}, huge[] = {int64_t(1) << 32, int64_t(1) << 30};
  EXPECT_FALSE(tensorBytes(f32, 2, negative, bytes));
  EXPECT_FALSE(tensorBytes(f32, 2, huge, bytes));
  int64_t hugeAndEmpty[] = {0, int64_t(1) << 32, int64_t(1) << 30};
  EXPECT_FALSE(tensorBytes(f32, 3, hugeAndEmpty, bytes));
}

TEST(Arguments, TakesWhatFits) {
  EXPECT_FINE(check({x}, {Tensor("f32", {8, 3}).tensor}));
  std::vector<attune_argument> arguments;
  Tensor tensor("f32", {1, 3});
  tensor.tensor.byte_offset = 16;
  EXPECT_FINE(checkInputs({x}, &tensor.tensor, arguments));
  ASSERT_EQ(arguments.size(), 1u);
  EXPECT_EQ(arguments[0].data, tensor.memory.data() + 2);
  EXPECT_EQ(arguments[0].shape, tensor.shape.data());
}

TEST(Arguments, RefusesWrongTypes) {
  EXPECT_STATUS(ATTUNE_INVALID_TYPE, "'x' requires type f32, but got i32",
                check({x}, {Tensor("i32", {1, 3}).tensor}));
  Tensor lanes("f32", {1, 3});
  lanes.tensor.dtype.lanes = 2;
  EXPECT_STATUS(ATTUNE_INVALID_TYPE, "unknown", check({x}, {lanes.tensor}));
  Value mask = value("mask", "i1", {fixed(3)});
  EXPECT_STATUS(ATTUNE_INVALID_TYPE, "requires type i1, but got u8",
                check({mask}, {Tensor("u8", {3}).tensor}));
}

TEST(Arguments, RefusesWrongShapes) {
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "requires 2 dimensions, but got 1",
                check({x}, {Tensor("f32", {3}).tensor}));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE,
                "requires size 3 in dimension 1, but got 4",
                check({x}, {Tensor("f32", {1, 4}).tensor}));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'n' between 1 and 8, but got 9",
                check({x}, {Tensor("f32", {9, 3}).tensor}));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'n' between 1 and 8, but got 0",
                check({x}, {Tensor("f32", {0, 3}).tensor}));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "impossible shape [-1, 3]",
                check({x}, {Tensor("f32", {-1, 3}).tensor}));
  Value open = value("o", "f32", {dynamic("k", 2)});
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'k' of at least 2, but got 1",
                check({open}, {Tensor("f32", {1}).tensor}));
}

TEST(Arguments, EqualNamesAreEqualSizes) {
  Value y = value("y", "i64", {dynamic("n"), dynamic("")});
  EXPECT_FINE(check(
      {x, y}, {Tensor("f32", {2, 3}).tensor, Tensor("i64", {2, 9}).tensor}));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE,
                "input 'y' requires 'n' to be 2 as in 'x', but got 4",
                check({x, y}, {Tensor("f32", {2, 3}).tensor,
                               Tensor("i64", {4, 9}).tensor}));
  Value square = value("s", "f32", {dynamic("n"), dynamic("n")});
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "as in 's'",
                check({square}, {Tensor("f32", {2, 3}).tensor}));
}

TEST(Arguments, RefusesWhatCannotBeRead) {
  Tensor tensor("f32", {2, 3});
  tensor.tensor.data = nullptr;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "requires data",
                check({x}, {tensor.tensor}));
  Tensor odd("f32", {2, 3});
  odd.tensor.byte_offset = 2;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "aligned", check({x}, {odd.tensor}));
  Tensor shapeless("f32", {2, 3});
  shapeless.tensor.shape = nullptr;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "requires a shape",
                check({x}, {shapeless.tensor}));
  Tensor remote("f32", {2, 3});
  remote.tensor.device = {kDLCUDA, 0};
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "memory of the CPU",
                check({x}, {remote.tensor}));
}

TEST(Arguments, EmptyTensorsNeedNoData) {
  Value empty = value("e", "f32", {dynamic("n")});
  Tensor tensor("f32", {0});
  tensor.tensor.data = nullptr;
  EXPECT_FINE(check({empty}, {tensor.tensor}));
}

TEST(Arguments, RowsHaveNoGaps) {
  Tensor tensor("f32", {2, 3});
  int64_t dense[] = {3, 1}, gaps[] = {4, 1}, turned[] = {1, 2};
  tensor.tensor.strides = dense;
  EXPECT_FINE(check({x}, {tensor.tensor}));
  for (int64_t *strides : {gaps, turned}) {
    tensor.tensor.strides = strides;
    EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "without gaps",
                  check({x}, {tensor.tensor}));
  }
  Tensor one("f32", {1, 3});
  int64_t any[] = {99, 1};
  one.tensor.strides = any;
  EXPECT_FINE(check({x}, {one.tensor}));
}

TEST(Arguments, OutputsLieApart) {
  Manifest manifest;
  manifest.inputs = {x};
  manifest.outputs = {value("y", "f32", {fixed(4)}),
                      value("z", "f32", {fixed(4)})};
  Tensor input("f32", {2, 3}), y("f32", {4}), z("f32", {4});
  DLManagedTensor *outputs[] = {&y.managed, &z.managed};
  EXPECT_FINE(checkOutputs(manifest, &input.tensor, outputs));
  y.managed.dl_tensor.data = input.memory.data() + 2;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT,
                "'y' requires memory apart from input 'x'",
                checkOutputs(manifest, &input.tensor, outputs));
  y.managed.dl_tensor.data = input.memory.data() + 3;
  EXPECT_FINE(checkOutputs(manifest, &input.tensor, outputs));
  z.managed.dl_tensor.data = input.memory.data() + 4;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT,
                "'z' requires memory apart from output 'y'",
                checkOutputs(manifest, &input.tensor, outputs));
  outputs[0] = nullptr;
  EXPECT_FINE(checkOutputs(manifest, &input.tensor, outputs));
}

TEST(Arguments, OutputsAreChecked) {
  Manifest manifest;
  manifest.outputs = {value("y", "f32", {dynamic("n"), fixed(4)})};
  Tensor type("f64", {2, 4}), rank("f32", {4}), size("f32", {2, 5});
  DLManagedTensor *output = &type.managed;
  EXPECT_STATUS(ATTUNE_INVALID_TYPE, "output 'y'",
                checkOutputs(manifest, nullptr, &output));
  output = &rank.managed;
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "output 'y'",
                checkOutputs(manifest, nullptr, &output));
  output = &size.managed;
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE,
                "output 'y' requires size 4 in dimension 1, but got 5",
                checkOutputs(manifest, nullptr, &output));
}
