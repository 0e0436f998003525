// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ModelFile.h"
#include "frontends/onnx/TestModels.h"

#include <sys/stat.h>

using namespace attune::model;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

constexpr int64_t large = 4096; // floats: 16 KiB, above the inline limit

/// y = x + w, with `w` an initializer of `count` floats 0, 1, 2, ...
onnx::ModelProto addModel(int64_t count, bool raw) {
  std::string size = std::to_string(count);
  onnx::ModelProto model = parseModel("g (float[" + size + "] x) => (float[" +
                                      size + "] y) { y = Add(x, w) }");
  onnx::TensorProto &w = *model.mutable_graph()->add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(count);
  for (int64_t i = 0; i < count; ++i) {
    float value = static_cast<float>(i);
    if (raw)
      w.mutable_raw_data()->append(reinterpret_cast<char *>(&value), 4);
    else
      w.add_float_data(value);
  }
  return model;
}

std::string bytesAt(const Tensor &tensor) {
  std::ifstream stream(tensor.file, std::ios::binary);
  std::string bytes(tensor.size, '\0');
  stream.seekg(static_cast<std::streamoff>(tensor.offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

void expectCounting(const std::string &bytes, int64_t count) {
  ASSERT_EQ(bytes.size(), static_cast<size_t>(count) * 4);
  for (int64_t i = 0; i < count; ++i) {
    float value;
    memcpy(&value, &bytes[i * 4], 4);
    ASSERT_EQ(value, static_cast<float>(i));
  }
}

TEST(ModelFile, LargeTensorsStayInTheFile) {
  for (bool raw : {true, false}) {
    Folder folder;
    Loaded loaded = load(folder, addModel(large, raw));
    ASSERT_TRUE(loaded.model) << loaded.reasons();
    const Tensor &w = loaded.constant("w");
    EXPECT_EQ(w.file, folder / "m.onnx");
    EXPECT_EQ(w.bytes, "");
    EXPECT_THAT(loaded.model->graph.inputs, ElementsAre("x"));
    expectCounting(bytesAt(w), large);
  }
}

TEST(ModelFile, WeightsBelowTheInlineLimitStayInTheFileToo) {
  Folder folder;
  Loaded loaded = load(folder, addModel(5, true));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.constant("w").file, folder / "m.onnx");
  expectCounting(bytesAt(loaded.constant("w")), 5);
}

TEST(ModelFile, ScalarsAndSmallIntegersComeAsBytes) {
  Loaded loaded = load(
      parseModel("g (float[1] x) => (float[1] y, int64[2] z) <float s = {2.0}, "
                 "int64[2] n = {3, 4}> { y = Mul(x, s) z = Identity(n) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(elementsOf<float>(loaded.constant("s")), ElementsAre(2.0f));
  EXPECT_THAT(elementsOf<int64_t>(loaded.constant("n")), ElementsAre(3, 4));
}

TEST(ModelFile, LargeDataMustFitItsTensor) {
  onnx::ModelProto model = addModel(large, true);
  auto &w = *model.mutable_graph()->mutable_initializer(0);
  w.mutable_raw_data()->pop_back();
  EXPECT_THAT(refusal(model), HasSubstr("initializer 'w': requires 16384 bytes "
                                        "of data, but got 16383"));
  w.mutable_raw_data()->append("xy");
  EXPECT_THAT(refusal(model), HasSubstr("but got 16385"));
  w.set_data_type(onnx::TensorProto::DOUBLE);
  EXPECT_THAT(refusal(model), HasSubstr("requires 32768 bytes"));
}

TEST(ModelFile, LargeDataMustBeInOneField) {
  onnx::ModelProto model = addModel(large, true);
  model.mutable_graph()->mutable_initializer(0)->add_int64_data(1);
  EXPECT_THAT(refusal(model), HasSubstr("one field"));
  onnx::ModelProto twice = addModel(large, true);
  auto &w = *twice.mutable_graph()->mutable_initializer(0);
  w.mutable_float_data()->Resize(large, 1.0f);
  EXPECT_THAT(refusal(twice), HasSubstr("field"));
  onnx::ModelProto wrong = addModel(large, false);
  wrong.mutable_graph()->mutable_initializer(0)->set_data_type(
      onnx::TensorProto::INT32);
  EXPECT_THAT(refusal(wrong), HasSubstr("field that its type uses"));
}

/// A file is the same message in any order and number of pieces.
TEST(ModelFile, RepeatedFieldsFollowProtobuf) {
  onnx::ModelProto model = addModel(4, false);
  std::string once = model.SerializeAsString();
  onnx::ModelProto more;
  more.set_producer_name("again");
  Folder folder;
  Loaded loaded = load(folder.write("m.onnx", once + more.SerializeAsString()));
  EXPECT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(load(folder.write("m.onnx", once + once)).reasons(),
              HasSubstr("has two graphs"));
}

TEST(ModelFile, LargeConstantNodesStayInTheFile) {
  onnx::ModelProto model = addModel(large, true);
  onnx::GraphProto &graph = *model.mutable_graph();
  onnx::NodeProto node;
  node.set_op_type("Constant");
  node.add_output("w");
  onnx::AttributeProto &value = *node.add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  *value.mutable_t() = graph.initializer(0);
  graph.clear_initializer();
  *graph.add_node() = graph.node(0);
  *graph.mutable_node(0) = node;
  Folder folder;
  Loaded loaded = load(folder, model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.constant("w").file, folder / "m.onnx");
  expectCounting(bytesAt(loaded.constant("w")), large);
  // The same name once more is an error, wherever the constant went.
  *graph.add_node() = node;
  EXPECT_THAT(refusal(model), HasSubstr("'w' is defined twice"));
}

TEST(ModelFile, RefusesWhatIsNoModel) {
  Folder folder;
  auto why = [&](const std::string &bytes) {
    return load(folder.write("m.onnx", bytes)).reasons();
  };
  EXPECT_THAT(why(""), HasSubstr("is empty"));
  EXPECT_THAT(why("some text, and no model\n"),
              HasSubstr("is not an ONNX model"));
  EXPECT_THAT(why(std::string(100, '\0')), HasSubstr("is not an ONNX model"));
  EXPECT_THAT(why(std::string(100, '\xff')), HasSubstr("is not an ONNX model"));
  EXPECT_THAT(why(onnx::ModelProto().SerializeAsString() + "\x08\x0a"),
              HasSubstr("it has no graph"));
  EXPECT_THAT(load(folder / "absent").reasons(), HasSubstr("No such file"));
  EXPECT_THAT(load(folder.path()).reasons(), HasSubstr("a directory"));
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(load(folder / "pipe").reasons(), HasSubstr("regular file"));
}

TEST(ModelFile, RefusesEveryPrefix) {
  std::string whole = addModel(4, true).SerializeAsString();
  Folder folder;
  for (size_t size = 0; size < whole.size(); ++size) {
    Loaded loaded = load(folder.write("m.onnx", whole.substr(0, size)));
    // The last field may be one that can be missed: the imports.
    if (loaded.model)
      EXPECT_GT(size, whole.size() - 12);
  }
}

TEST(ModelFile, RefusesDeepNesting) {
  // Graph in attribute in node in graph ..., 1000 deep, from the inside out.
  std::string message;
  auto wrap = [&](char tag) {
    std::string size;
    for (size_t left = message.size(); true; left >>= 7) {
      size += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
      if (left <= 0x7f)
        break;
    }
    message = tag + size + message;
  };
  for (int depth = 0; depth < 1000; ++depth) {
    wrap('\x32'); // AttributeProto.g
    wrap('\x2a'); // NodeProto.attribute
    wrap('\x0a'); // GraphProto.node
  }
  wrap('\x3a'); // ModelProto.graph
  Folder folder;
  EXPECT_THAT(load(folder.write("m.onnx", message)).reasons(),
              HasSubstr("nested too deeply"));
}

} // namespace
