// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/SafeTensors.h"
#include "dialects/attn/forms/JsonText.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace attune {

/// What the format allows at most.
static constexpr uint64_t longestHeader = 100000000;
static constexpr uint64_t lengthBytes = 8;

StringRef safeTensorsName(mlir::Type element) {
  if (element.isF32())
    return "F32";
  if (element.isF64())
    return "F64";
  if (element.isF16())
    return "F16";
  if (element.isBF16())
    return "BF16";
  if (element.isInteger(64))
    return "I64";
  return element.isInteger(32) ? "I32" : "";
}

/// 0 for a type that the format does not have, or that has no whole bytes.
static unsigned itemBytes(StringRef dtype) {
  return StringSwitch<unsigned>(dtype)
      .Cases({"BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"}, 1)
      .Cases({"I16", "U16", "F16", "BF16"}, 2)
      .Cases({"I32", "U32", "F32"}, 4)
      .Cases({"I64", "U64", "F64", "C64"}, 8)
      .Default(0);
}

namespace {

/// Reads the entries of one header.
class HeaderReader {
public:
  HeaderReader(StringRef path, uint64_t dataOffset, uint64_t dataSize)
      : path(path), dataOffset(dataOffset), dataSize(dataSize) {}

  Expected<StoredTensors> read(const json::Value &header) {
    const json::Object *entries = header.getAsObject();
    if (!entries)
      return createStringError("'" + path + "': the header is no object");
    for (const auto &[key, value] : *entries) {
      if (StringRef(key) == "__metadata__")
        continue;
      if (Error error = readTensor(StringRef(key), value))
        return std::move(error);
    }
    if (Error error = checkPlaces())
      return std::move(error);
    return std::move(tensors);
  }

private:
  Error wrong(StringRef tensor, const Twine &reason) {
    return createStringError("'" + path + "': tensor '" + tensor + "' " +
                             reason);
  }

  Error readTensor(StringRef name, const json::Value &value) {
    StoredTensor &tensor = tensors[name.str()];
    const json::Object *entry = value.getAsObject();
    if (!entry)
      return wrong(name, "is no object");
    tensor.dtype = entry->getString("dtype").value_or("").str();
    uint64_t bytes = itemBytes(tensor.dtype);
    if (!bytes)
      return wrong(name, "has an unknown dtype '" + tensor.dtype + "'");
    const json::Array *shape = entry->getArray("shape");
    if (!shape)
      return wrong(name, "has no shape");
    for (const json::Value &item : *shape) {
      std::optional<int64_t> size = item.getAsInteger();
      if (!size || *size < 0)
        return wrong(name, "has a size that is none");
      bool overflow = false;
      bytes = SaturatingMultiply<uint64_t>(bytes, *size, &overflow);
      if (overflow)
        return wrong(name, "is larger than 64 bits can say");
      tensor.shape.push_back(*size);
    }
    const json::Array *range = entry->getArray("data_offsets");
    std::optional<int64_t> begin, end;
    if (range && range->size() == 2) {
      begin = (*range)[0].getAsInteger();
      end = (*range)[1].getAsInteger();
    }
    if (!begin || !end || *begin < 0 || *end < *begin ||
        static_cast<uint64_t>(*end) > dataSize)
      return wrong(name, "requires two data_offsets within the " +
                             Twine(dataSize) + " bytes of data");
    tensor.offset = dataOffset + *begin;
    tensor.size = *end - *begin;
    if (tensor.size != bytes)
      return wrong(name, "requires " + Twine(bytes) +
                             " bytes for its shape and dtype, but got " +
                             Twine(tensor.size));
    return Error::success();
  }

  /// The format has neither overlaps nor holes.
  Error checkPlaces() {
    std::vector<const StoredTensors::value_type *> order;
    for (const auto &entry : tensors)
      order.push_back(&entry);
    llvm::sort(order, [](auto *left, auto *right) {
      return std::pair(left->second.offset, left->second.size) <
             std::pair(right->second.offset, right->second.size);
    });
    uint64_t end = dataOffset;
    for (const auto *entry : order) {
      if (entry->second.offset != end)
        return wrong(entry->first,
                     entry->second.offset < end
                         ? Twine("overlaps another tensor")
                         : Twine("does not begin where the one before ends"));
      end += entry->second.size;
    }
    if (end != dataOffset + dataSize)
      return createStringError("'" + path +
                               "': " + Twine(dataOffset + dataSize - end) +
                               " bytes at its end belong to no tensor");
    return Error::success();
  }

  StringRef path;
  uint64_t dataOffset, dataSize;
  StoredTensors tensors;
};

} // namespace

Expected<StoredTensors> readSafeTensors(StringRef path) {
  auto fail = [&](const Twine &reason) {
    return createStringError("'" + path + "': " + reason);
  };
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return fail(code.message());
  if (!sys::fs::is_regular_file(status))
    return fail("is not a regular file");
  uint64_t size = status.getSize();
  if (size < lengthBytes)
    return fail("is no safetensors file: it is shorter than 8 bytes");
  auto slice = [&](uint64_t length, uint64_t offset) {
    return MemoryBuffer::getFileSlice(path, length, offset);
  };
  ErrorOr<std::unique_ptr<MemoryBuffer>> first = slice(lengthBytes, 0);
  if (!first)
    return fail(first.getError().message());
  if ((*first)->getBufferSize() != lengthBytes)
    return fail("it became shorter");
  uint64_t length = support::endian::read64le((*first)->getBufferStart());
  if (length > longestHeader || length > size - lengthBytes)
    return fail("is no safetensors file: a header of " + Twine(length) +
                " bytes does not fit in it");
  ErrorOr<std::unique_ptr<MemoryBuffer>> header = slice(length, lengthBytes);
  if (!header)
    return fail(header.getError().message());
  Expected<JsonText> json = JsonText::parse(path, (*header)->getBuffer());
  if (!json)
    return json.takeError();
  uint64_t data = lengthBytes + length;
  return HeaderReader(path, data, size - data).read(json->value());
}

} // namespace attune
