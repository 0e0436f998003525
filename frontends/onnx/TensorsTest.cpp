// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Tensors.h"
#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

onnx::TensorProto tensor(int type, const std::vector<int64_t> &dims) {
  onnx::TensorProto proto;
  proto.set_name("t");
  proto.set_data_type(type);
  for (int64_t dim : dims)
    proto.add_dims(dim);
  return proto;
}

onnx::TensorProto raw(int type, const std::vector<int64_t> &dims,
                      const std::string &bytes) {
  onnx::TensorProto proto = tensor(type, dims);
  proto.set_raw_data(bytes);
  return proto;
}

std::string whyNot(const onnx::TensorProto &proto) {
  try {
    readTensor(proto);
  } catch (const Failure &failure) {
    return failure.what();
  }
  return "";
}

TEST(Tensors, RawDataOfEveryWidth) {
  using P = onnx::TensorProto;
  for (auto [type, width] :
       std::vector<std::pair<int, unsigned>>{{P::UINT8, 1},
                                             {P::INT8, 1},
                                             {P::BOOL, 1},
                                             {P::UINT16, 2},
                                             {P::INT16, 2},
                                             {P::FLOAT16, 2},
                                             {P::BFLOAT16, 2},
                                             {P::INT32, 4},
                                             {P::UINT32, 4},
                                             {P::FLOAT, 4},
                                             {P::INT64, 8},
                                             {P::UINT64, 8},
                                             {P::DOUBLE, 8},
                                             {P::COMPLEX64, 8},
                                             {P::COMPLEX128, 16},
                                             {P::FLOAT8E4M3FN, 1},
                                             {P::FLOAT8E5M2, 1},
                                             {P::FLOAT8E8M0, 1}}) {
    std::string bytes(3 * width, '\1');
    Tensor read = readTensor(raw(type, {3}, bytes));
    EXPECT_EQ(read.bytes, bytes) << type;
    EXPECT_EQ(read.size, bytes.size());
    EXPECT_EQ(static_cast<int>(read.element), type);
    EXPECT_THAT(whyNot(raw(type, {3}, bytes + "x")), HasSubstr("bytes"));
    EXPECT_THAT(whyNot(raw(type, {3}, bytes.substr(1))), HasSubstr("bytes"));
    EXPECT_THAT(whyNot(raw(type, {3}, "")), HasSubstr("bytes"));
  }
}

TEST(Tensors, SmallElementsAreUnpacked) {
  using P = onnx::TensorProto;
  EXPECT_THAT(readTensor(raw(P::UINT4, {3}, "\x21\x03")).bytes,
              ElementsAre(1, 2, 3));
  EXPECT_THAT(readTensor(raw(P::INT4, {2}, "\xf1")).bytes, ElementsAre(1, 15));
  EXPECT_THAT(readTensor(raw(P::UINT2, {5}, std::string("\xe4\x01", 2))).bytes,
              ElementsAre(0, 1, 2, 3, 1));
  onnx::TensorProto typed = tensor(P::UINT4, {3});
  typed.add_int32_data(0x21);
  typed.add_int32_data(0x03);
  EXPECT_THAT(readTensor(typed).bytes, ElementsAre(1, 2, 3));
  typed.add_int32_data(0);
  EXPECT_THAT(whyNot(typed), HasSubstr("requires 2 values, but got 3"));
  EXPECT_THAT(whyNot(raw(P::UINT4, {3}, "\x21")), HasSubstr("2 bytes"));
}

TEST(Tensors, TypedDataOfEveryField) {
  using P = onnx::TensorProto;
  onnx::TensorProto f = tensor(P::FLOAT, {2});
  f.add_float_data(1.5f);
  f.add_float_data(-2.0f);
  EXPECT_THAT(elementsOf<float>(readTensor(f)), ElementsAre(1.5f, -2.0f));
  onnx::TensorProto d = tensor(P::DOUBLE, {});
  d.add_double_data(0.25);
  EXPECT_THAT(elementsOf<double>(readTensor(d)), ElementsAre(0.25));
  onnx::TensorProto i = tensor(P::INT64, {1});
  i.add_int64_data(INT64_MIN);
  EXPECT_THAT(elementsOf<int64_t>(readTensor(i)), ElementsAre(INT64_MIN));
  onnx::TensorProto b = tensor(P::INT8, {2});
  b.add_int32_data(-1);
  b.add_int32_data(7);
  EXPECT_THAT(elementsOf<int8_t>(readTensor(b)), ElementsAre(-1, 7));
  onnx::TensorProto u = tensor(P::UINT32, {1});
  u.add_uint64_data(0xffffffffu);
  EXPECT_THAT(elementsOf<uint32_t>(readTensor(u)), ElementsAre(0xffffffffu));
  onnx::TensorProto h = tensor(P::FLOAT16, {1});
  h.add_int32_data(0x3c00);
  EXPECT_THAT(elementsOf<uint16_t>(readTensor(h)), ElementsAre(0x3c00));
  onnx::TensorProto c = tensor(P::COMPLEX64, {1});
  c.add_float_data(1);
  EXPECT_THAT(whyNot(c), HasSubstr("requires 2 values, but got 1"));
}

TEST(Tensors, RefusesDataInTheWrongField) {
  onnx::TensorProto wrong = tensor(onnx::TensorProto::FLOAT, {1});
  wrong.add_int64_data(1);
  EXPECT_THAT(whyNot(wrong), HasSubstr("requires 1 values, but got 0"));
  onnx::TensorProto both = raw(onnx::TensorProto::FLOAT, {1}, "0123");
  both.add_float_data(1);
  EXPECT_THAT(whyNot(both), HasSubstr("field"));
}

TEST(Tensors, RefusesWhatHasNoBytes) {
  using P = onnx::TensorProto;
  onnx::TensorProto text = tensor(P::STRING, {1});
  text.add_string_data("a");
  EXPECT_THAT(whyNot(text), HasSubstr("strings"));
  EXPECT_THAT(whyNot(tensor(P::UNDEFINED, {1})), HasSubstr("not known"));
  EXPECT_THAT(whyNot(tensor(1000, {1})), HasSubstr("not known"));
  EXPECT_THAT(whyNot(tensor(-1, {1})), HasSubstr("not known"));
  onnx::TensorProto part = raw(P::FLOAT, {1}, "0123");
  part.mutable_segment()->set_begin(0);
  EXPECT_THAT(whyNot(part), HasSubstr("segments"));
  onnx::TensorProto external = tensor(P::FLOAT, {1});
  external.set_data_location(P::EXTERNAL);
  EXPECT_THAT(whyNot(external), HasSubstr("initializers only"));
}

TEST(Tensors, EmptyTensorsHaveNoBytes) {
  EXPECT_EQ(readTensor(tensor(onnx::TensorProto::FLOAT, {0, 5})).bytes, "");
  EXPECT_EQ(readTensor(raw(onnx::TensorProto::FLOAT, {0}, "")).bytes, "");
  EXPECT_EQ(countElements({int64_t(1) << 62, 0}, ElementType::Float), 0u);
}

TEST(Tensors, RefusesAbsurdShapes) {
  using P = onnx::TensorProto;
  int64_t big = int64_t(1) << 62;
  EXPECT_THAT(whyNot(tensor(P::FLOAT, {big})), HasSubstr("1 TiB"));
  EXPECT_THAT(whyNot(tensor(P::UINT2, {big, 4})), HasSubstr("1 TiB"));
  EXPECT_THAT(whyNot(tensor(P::INT8, {INT64_MAX, INT64_MAX})),
              HasSubstr("1 TiB"));
  EXPECT_THAT(whyNot(tensor(P::FLOAT, {1 << 20, 1 << 20})), HasSubstr("1 TiB"));
  EXPECT_THAT(whyNot(tensor(P::FLOAT, {-1})), HasSubstr("at least 0"));
  EXPECT_THAT(whyNot(tensor(P::FLOAT, {0, INT64_MIN})),
              HasSubstr("at least 0"));
  EXPECT_THAT(whyNot(tensor(P::FLOAT, std::vector<int64_t>(65, 1))),
              HasSubstr("rank of at most 64"));
}

} // namespace
