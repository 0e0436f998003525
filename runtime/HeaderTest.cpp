// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C++ header over the C API.

#include "attune/attune.hpp"
#include "runtime/testing/Artifacts.h"

#include <cstring>

using attune::test::artifactPath;

TEST(Header, RunsAModel) {
  attune::Model model(artifactPath("scale"));
  EXPECT_EQ(model.inputCount(), 2u);
  EXPECT_STREQ(model.input(0).name, "x");
  EXPECT_STREQ(model.output(1).name, "sums");
  EXPECT_EQ(model.manifest()[0], '{');
  EXPECT_EQ(model.sizes().weights_bytes, 16u);
  attune::Session session(model, 2);
  std::vector<int64_t> shape = {2, 4};
  std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8}, y(8);
  std::vector<attune::Tensor> outputs = session.run(
      {attune::view(x.data(), shape), attune::view(y.data(), shape)});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].shape(), shape);
  EXPECT_EQ(outputs[0].size(), 8u);
  EXPECT_EQ(outputs[1].data<float>()[0], 10);
  EXPECT_EQ(outputs[1].data<float>()[1], 26);
  DLManagedTensor *given = outputs[1].release();
  given->deleter(given);
}

TEST(Header, CopiesShareAndSessionsHold) {
  auto model = std::make_unique<attune::Model>(artifactPath("scale"));
  attune::Model copy = *model;
  EXPECT_EQ(copy.get(), model->get());
  attune::Session session(*model);
  attune::Session moved = std::move(session);
  model.reset();
  EXPECT_EQ(moved.get() != nullptr, true);
  moved.cancel();
}

TEST(Header, FailuresAreExceptions) {
  try {
    attune::Model model("/none.so");
    FAIL();
  } catch (const attune::Error &error) {
    EXPECT_EQ(error.code(), ATTUNE_NOT_FOUND);
    EXPECT_NE(std::strstr(error.what(), "/none.so"), nullptr);
  }
  attune::Model model(artifactPath("scale"));
  EXPECT_THROW(model.input(2), attune::Error);
  EXPECT_THROW(attune::Session(model, -1), attune::Error);
  attune::Session session(model);
  EXPECT_THROW(session.run({}), attune::Error);
  std::vector<int64_t> shape = {1, 4};
  std::vector<float> x(4);
  std::vector<attune::Tensor> outputs = session.run(
      {attune::view(x.data(), shape), attune::view(x.data(), shape)});
  EXPECT_THROW(outputs[0].data<double>(), attune::Error);
}

TEST(Header, NamesTypes) {
  EXPECT_EQ(attune::dtypeOf<bool>().code, ATTUNE_DL_BOOL);
  EXPECT_EQ(attune::dtypeOf<uint16_t>().code, kDLUInt);
  EXPECT_EQ(attune::dtypeOf<int64_t>().code, kDLInt);
  EXPECT_EQ(attune::dtypeOf<double>().bits, 64);
}
