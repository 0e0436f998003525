// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Protobuf's wire format, one field at a time, without copies.

#ifndef ATTUNE_FRONTENDS_ONNX_WIRE_H
#define ATTUNE_FRONTENDS_ONNX_WIRE_H

#include "frontends/onnx/Failure.h"

#include <cstdint>
#include <string_view>

namespace attune::model {

struct WireField {
  uint32_t number = 0;
  uint32_t wireType = 0;
  /// Tag and value.
  std::string_view whole;
  /// The payload of a length-delimited field (wire type 2), else the value.
  std::string_view value;

  bool isBytes() const { return wireType == 2; }
  bool is(uint32_t field) const { return number == field && isBytes(); }
};

/// Reads the fields of one message.
class WireReader {
public:
  explicit WireReader(std::string_view message) : rest(message) {}

  /// Reads the next field; false at the message's end. Throws `Failure` if the
  /// bytes are no field.
  bool next(WireField &field) {
    if (rest.empty())
      return false;
    std::string_view start = rest;
    uint64_t tag = varint();
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wireType = tag & 7;
    if (tag >> 32 || !field.number)
      fail();
    std::string_view beforeValue = rest;
    if (field.wireType == 0)
      varint();
    else if (field.wireType == 1)
      skip(8);
    else if (field.wireType == 5)
      skip(4);
    else if (field.wireType == 2)
      beforeValue = skip(varint());
    else
      fail();
    field.whole = start.substr(0, start.size() - rest.size());
    field.value = field.isBytes()
                      ? beforeValue
                      : beforeValue.substr(0, beforeValue.size() - rest.size());
    return true;
  }

private:
  [[noreturn]] static void fail() {
    throw Failure("is not an ONNX model, or is truncated or damaged");
  }

  std::string_view skip(uint64_t size) {
    if (size > rest.size())
      fail();
    std::string_view skipped = rest.substr(0, size);
    rest.remove_prefix(size);
    return skipped;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && !rest.empty(); shift += 7) {
      uint8_t byte = static_cast<uint8_t>(rest.front());
      rest.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << (shift < 64 ? shift : 63);
      if (byte < 0x80)
        return value;
    }
    fail();
  }

  std::string_view rest;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_WIRE_H
