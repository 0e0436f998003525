// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Inputs.h"
#include "runtime/testing/Artifacts.h"
#include "runtime/testing/Tensors.h"
#include "runtime/tools/Options.h"

#include <cstring>

using namespace attune;

namespace {

class ToolInputs : public ::testing::Test {
protected:
  ToolInputs() : x({2, 4}), y({2, 4}), xs(x.dl()), ys(y.dl()) {
    x.data[1] = 5;
    y.data[1] = 7;
  }
  void write(const std::string &file, std::vector<NamedTensor> tensors) {
    EXPECT_FINE(writeNpz(folder / file, tensors));
  }
  /// The message of the error.
  template <typename Body> std::string failure(Body body) {
    try {
      body();
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
  Model model = Model(test::artifactPath("scale"));
  test::TemporaryFolder folder;
  test::Tensor x, y;
  DLTensor xs, ys;
};

} // namespace

TEST_F(ToolInputs, AreOrderedAsTheModelHasThem) {
  write("all.npz", {{"y", &ys}, {"x", &xs}});
  Inputs inputs = readInputs(model, {folder / "all.npz"});
  ASSERT_EQ(inputs.tensors.size(), 2u);
  EXPECT_EQ(static_cast<float *>(inputs.tensors[0].data)[1], 5);
  EXPECT_EQ(static_cast<float *>(inputs.tensors[1].data)[1], 7);
}

TEST_F(ToolInputs, MayLieInSeveralFiles) {
  write("x.npz", {{"x", &xs}});
  std::string array = formatNpyHeader({'f', 4}, 2, y.shape.data());
  array.append(reinterpret_cast<const char *>(y.data.data()), 32);
  test::writeFile(folder / "some=file", array);
  Inputs inputs =
      readInputs(model, {folder / "x.npz", "y=" + (folder / "some=file")});
  EXPECT_EQ(static_cast<float *>(inputs.tensors[1].data)[1], 7);
}

TEST_F(ToolInputs, ErrorsListTheNames) {
  write("a.npz", {{"x", &xs}, {"z", &xs}});
  EXPECT_EQ(failure([&] { readInputs(model, {folder / "a.npz"}); }),
            "requires the inputs 'x', 'y'; missing: 'y'; unknown: 'z'");
  EXPECT_EQ(failure([&] { readInputs(model, {}); }),
            "requires the inputs 'x', 'y'; missing: 'x', 'y'");
  EXPECT_EQ(
      failure([&] { readInputs(model, {folder / "a.npz", folder / "a.npz"}); }),
      "input 'x' is given twice");
}

TEST_F(ToolInputs, TypesAreNotConverted) {
  ys.dtype = {kDLInt, 32, 1};
  write("a.npz", {{"x", &xs}, {"y", &ys}});
  EXPECT_EQ(failure([&] { readInputs(model, {folder / "a.npz"}); }),
            "input 'y' requires type f32 (NumPy's f4), but got i4");
}

TEST_F(ToolInputs, AreMadeUpFromASeed) {
  Inputs first = makeInputs(model, {{"n", 300}});
  Inputs second = makeInputs(model, {{"n", 300}});
  ASSERT_EQ(first.arrays.size(), 2u);
  EXPECT_EQ(first.arrays[0].shape, (std::vector<int64_t>{300, 4}));
  EXPECT_EQ(std::memcmp(first.arrays[1].data, second.arrays[1].data, 4800), 0);
  EXPECT_NE(std::memcmp(first.arrays[0].data, first.arrays[1].data, 4800), 0);
  const float *values = static_cast<float *>(first.tensors[0].data);
  for (int i = 0; i < 1200; ++i)
    EXPECT_TRUE(values[i] >= -1 && values[i] < 1);
  Session session(model);
  EXPECT_EQ(session.run(first.tensors).size(), 2u);
}

TEST_F(ToolInputs, SizesMustBeGiven) {
  EXPECT_EQ(failure([&] { makeInputs(model, {}); }),
            "requires sizes to make inputs of: --dim n=N");
  EXPECT_EQ(failure([&] { makeInputs(model, {{"n", 1}, {"m", 2}}); }),
            "no input has a size 'm'; there are n");
  EXPECT_EQ(failure([&] { makeInputs(model, {{"n", int64_t(1) << 62}}); }),
            "input 'x' is too large");
}

TEST(Options, ParsesSizes) {
  std::map<std::string, int64_t> sizes;
  EXPECT_TRUE(parseDimArgument("a=3", sizes));
  EXPECT_TRUE(parseDimArgument("x=y[0]=4", sizes));
  EXPECT_EQ(sizes["x=y[0]"], 4);
  for (const char *text :
       {"a=3", "", "b", "b=", "=3", "b=-1", "b=1x", "b=99999999999999999999"})
    EXPECT_FALSE(parseDimArgument(text, sizes)) << text;
}

TEST(Options, TellsInputArguments) {
  for (const char *text : {"a.npz", "x=a.npy", "x=a", "d=1/a.npz"})
    EXPECT_TRUE(isInputArgument(text)) << text;
  for (const char *text : {"", "a.npy", "=a", "x=", ".npz"})
    EXPECT_FALSE(isInputArgument(text)) << text;
}
