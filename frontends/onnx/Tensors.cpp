// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Tensors.h"
#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/Failure.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace attune::model {

/// Integers up to this many elements are constants that passes can look at.
static constexpr uint64_t constantLimit = 1024;

unsigned bitsOf(ElementType type) {
  switch (type) {
  case ElementType::UInt2:
  case ElementType::Int2:
    return 2;
  case ElementType::UInt4:
  case ElementType::Int4:
  case ElementType::Float4E2M1:
    return 4;
  case ElementType::Float6E2M3:
  case ElementType::Float6E3M2:
    return 6;
  case ElementType::UInt8:
  case ElementType::Int8:
  case ElementType::Bool:
  case ElementType::Float8E4M3FN:
  case ElementType::Float8E4M3FNUZ:
  case ElementType::Float8E5M2:
  case ElementType::Float8E5M2FNUZ:
  case ElementType::Float8E8M0:
    return 8;
  case ElementType::UInt16:
  case ElementType::Int16:
  case ElementType::Float16:
  case ElementType::BFloat16:
    return 16;
  case ElementType::Float:
  case ElementType::Int32:
  case ElementType::UInt32:
    return 32;
  case ElementType::Double:
  case ElementType::Int64:
  case ElementType::UInt64:
  case ElementType::Complex64:
    return 64;
  case ElementType::Complex128:
    return 128;
  case ElementType::Undefined:
  case ElementType::String:
    break;
  }
  return 0;
}

bool isIntegral(ElementType type) {
  switch (type) {
  case ElementType::UInt2:
  case ElementType::Int2:
  case ElementType::UInt4:
  case ElementType::Int4:
  case ElementType::UInt8:
  case ElementType::Int8:
  case ElementType::Bool:
  case ElementType::UInt16:
  case ElementType::Int16:
  case ElementType::Int32:
  case ElementType::UInt32:
  case ElementType::Int64:
  case ElementType::UInt64:
    return true;
  default:
    return false;
  }
}

uint64_t countElements(const std::vector<int64_t> &dims, ElementType type) {
  if (dims.size() > rankLimit)
    throw Failure("requires a rank of at most " + std::to_string(rankLimit) +
                  ", but got " + std::to_string(dims.size()));
  uint64_t count = 1;
  bool isEmpty = false, overflows = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      throw Failure("requires sizes of at least 0, but got " +
                    std::to_string(dim));
    isEmpty = isEmpty || dim == 0;
    overflows =
        overflows ||
        __builtin_mul_overflow(count, static_cast<uint64_t>(dim), &count) ||
        count > byteLimit;
  }
  if (isEmpty)
    return 0;
  if (overflows || count > byteLimit / ((bitsOf(type) + 7) / 8 + !bitsOf(type)))
    throw Failure("requires a tensor of at most 1 TiB, but its shape is "
                  "larger");
  return count;
}

namespace {

Tensor headerOf(const onnx::TensorProto &proto) {
  Tensor tensor;
  tensor.name = proto.name();
  tensor.element = static_cast<ElementType>(proto.data_type());
  tensor.dims.assign(proto.dims().begin(), proto.dims().end());
  if (!bitsOf(tensor.element))
    throw Failure(tensor.element == ElementType::String
                      ? "tensors of strings are not supported"
                      : "element type " + std::to_string(proto.data_type()) +
                            " is not known");
  if (proto.has_segment())
    throw Failure("tensors in segments are not supported");
  return tensor;
}

/// Bytes of `count` elements as files have them.
uint64_t storedSize(uint64_t count, ElementType type) {
  return (count * bitsOf(type) + 7) / 8;
}

/// One byte an element for types of fewer bits, which files pack from the
/// lowest bit on; all others as they are.
std::string unpack(std::string bytes, uint64_t count, ElementType type) {
  unsigned bits = bitsOf(type);
  if (bits >= 8)
    return bytes;
  std::string elements(count, '\0');
  for (uint64_t i = 0; i < count; ++i) {
    unsigned value = 0;
    for (unsigned bit = 0; bit < bits; ++bit) {
      uint64_t at = i * bits + bit;
      value |= ((static_cast<uint8_t>(bytes[at / 8]) >> (at % 8)) & 1u) << bit;
    }
    elements[i] = static_cast<char>(value);
  }
  return elements;
}

/// The low `width` bytes of each value.
template <typename Values>
std::string lowBytes(const Values &values, unsigned width) {
  std::string bytes;
  bytes.reserve(static_cast<size_t>(values.size()) * width);
  for (auto value : values)
    bytes.append(reinterpret_cast<const char *>(&value), width);
  return bytes;
}

/// Data in one of the typed fields, packed as `raw_data` would be; `count` is
/// the number of values that the field must hold.
std::string typedData(const onnx::TensorProto &proto, ElementType type,
                      uint64_t count) {
  unsigned width = (bitsOf(type) + 7) / 8;
  auto convert = [&](const auto &values, unsigned bytesEach, uint64_t wanted) {
    if (static_cast<uint64_t>(values.size()) != wanted)
      throw Failure("requires " + std::to_string(wanted) + " values, but got " +
                    std::to_string(values.size()));
    return lowBytes(values, bytesEach);
  };
  switch (type) {
  case ElementType::Float:
    return convert(proto.float_data(), 4, count);
  case ElementType::Complex64:
    return convert(proto.float_data(), 4, count * 2);
  case ElementType::Double:
    return convert(proto.double_data(), 8, count);
  case ElementType::Complex128:
    return convert(proto.double_data(), 8, count * 2);
  case ElementType::Int64:
    return convert(proto.int64_data(), 8, count);
  case ElementType::UInt32:
  case ElementType::UInt64:
    return convert(proto.uint64_data(), width, count);
  default:
    break;
  }
  // Elements of 2 and 4 bits come packed, a byte in each value.
  if (bitsOf(type) < 6)
    return convert(proto.int32_data(), 1, storedSize(count, type));
  return convert(proto.int32_data(), width, count);
}

/// In how many of its fields a tensor has data.
unsigned countDataFields(const onnx::TensorProto &proto) {
  return proto.has_raw_data() + !proto.float_data().empty() +
         !proto.double_data().empty() + !proto.int32_data().empty() +
         !proto.int64_data().empty() + !proto.uint64_data().empty() +
         !proto.string_data().empty();
}

bool hasOwnData(const onnx::TensorProto &proto) {
  return countDataFields(proto) != 0;
}

std::string ownData(const onnx::TensorProto &proto, ElementType type,
                    uint64_t count) {
  if (countDataFields(proto) > 1)
    throw Failure("requires its data in one field, but got several");
  if (!proto.has_raw_data()) {
    std::string data = typedData(proto, type, count);
    // Elements of 6 bits come one in each value.
    return bitsOf(type) == 6 ? data : unpack(std::move(data), count, type);
  }
  uint64_t needed = storedSize(count, type);
  if (proto.raw_data().size() != needed)
    throw Failure("requires " + std::to_string(needed) +
                  " bytes of raw data, but got " +
                  std::to_string(proto.raw_data().size()));
  return unpack(proto.raw_data(), count, type);
}

/// Checks that data left in the model file is all of the tensor's data.
void checkLeftOut(const onnx::TensorProto &proto, const Payload &payload,
                  ElementType type, uint64_t needed) {
  bool fits = payload.field == Payload::Field::Raw;
  if (payload.field == Payload::Field::Float)
    fits = type == ElementType::Float || type == ElementType::Complex64;
  if (payload.field == Payload::Field::Double)
    fits = type == ElementType::Double || type == ElementType::Complex128;
  if (!fits || hasOwnData(proto))
    throw Failure("requires its data in the one field that its type uses");
  if (payload.size != needed)
    throw Failure("requires " + std::to_string(needed) +
                  " bytes of data, but got " + std::to_string(payload.size));
}

ExternalRange externalRange(const onnx::TensorProto &proto, uint64_t needed,
                            const Payload &payload, const std::string &path) {
  if (payload.size || hasOwnData(proto))
    throw Failure("has external data and data of its own");
  std::vector<std::pair<std::string, std::string>> entries;
  for (const onnx::StringStringEntryProto &entry : proto.external_data())
    entries.emplace_back(entry.key(), entry.value());
  return resolveExternal(folderOf(path), entries, needed);
}

std::string readRange(const ExternalRange &range, const std::string &path) {
  if (!range.location.empty())
    return openBelow(folderOf(path), range.location)
        .read(range.offset, range.size);
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  if (file.get() < 0)
    throw Failure("cannot open '" + path + "': " + strerror(errno));
  return file.read(range.offset, range.size);
}

} // namespace

Tensor readTensor(const onnx::TensorProto &proto) {
  Tensor tensor = headerOf(proto);
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    throw Failure("external data is supported for initializers only");
  uint64_t count = countElements(tensor.dims, tensor.element);
  tensor.bytes = ownData(proto, tensor.element, count);
  tensor.size = tensor.bytes.size();
  return tensor;
}

Tensor readInitializer(onnx::TensorProto &proto, const Payload &payload,
                       const std::string &path) {
  Tensor tensor = headerOf(proto);
  uint64_t count = countElements(tensor.dims, tensor.element);
  uint64_t needed = storedSize(count, tensor.element);
  bool isConstant =
      count == 0 ||
      count <= (isIntegral(tensor.element) ? constantLimit : uint64_t(1));
  ExternalRange range{"", path, payload.offset, needed};
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    range = externalRange(proto, needed, payload, path);
    if (needed <= inlineLimit) {
      proto.set_raw_data(readRange(range, path));
      proto.clear_external_data();
      proto.clear_data_location();
    }
  } else if (payload.isLeftOut) {
    checkLeftOut(proto, payload, tensor.element, needed);
  } else {
    tensor = readTensor(proto);
    if (isConstant || payload.size != needed)
      return tensor;
  }
  tensor.bytes.clear();
  tensor.size = needed;
  if (isConstant || bitsOf(tensor.element) < 8) {
    tensor.bytes = unpack(readRange(range, path), count, tensor.element);
    tensor.size = tensor.bytes.size();
    return tensor;
  }
  tensor.file = range.path;
  tensor.offset = range.offset;
  return tensor;
}

} // namespace attune::model
