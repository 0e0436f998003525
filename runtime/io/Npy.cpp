// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/io/Npy.h"
#include "runtime/DType.h"
#include "runtime/Status.h"

#include <cctype>

namespace attune {

// NumPy itself refuses headers longer than 10,000 bytes by default.
static constexpr size_t maxHeader = 65535, maxRank = 64;

std::string npyTypeText(NpyType type) {
  return type.kind + std::to_string(type.bytes);
}

NpyType npyTypeOf(DLDataType dtype) {
  auto bytes = static_cast<uint32_t>(dtypeBytes(dtype));
  // NumPy has no integers of less than a byte.
  if (dtype.bits < 8)
    return {'V', bytes};
  switch (dtype.code) {
  case kDLInt:
    return {'i', bytes};
  case kDLUInt:
    return {'u', bytes};
  case kDLFloat:
    return {'f', bytes};
  case boolCode:
    return {'b', bytes};
  default:
    return {'V', bytes};
  }
}

bool matches(NpyType type, DLDataType dtype) {
  NpyType wanted = npyTypeOf(dtype);
  // ml_dtypes' float8_e5m2 has the name 'f1' in files, which NumPy lacks.
  if (dtype.code == float8E5M2Code && type.kind == 'f')
    return type.bytes == 1;
  return type.kind == wanted.kind && type.bytes == wanted.bytes;
}

namespace {

/// Reads the dictionary of a header, which is a Python literal.
class Scanner {
public:
  Scanner(const char *begin, const char *end) : at(begin), end(end) {}

  void skipSpace() {
    while (at != end && std::isspace(static_cast<unsigned char>(*at)))
      ++at;
  }
  bool take(char wanted) {
    skipSpace();
    if (at == end || *at != wanted)
      return false;
    ++at;
    return true;
  }
  bool takeWord(const char *word) {
    skipSpace();
    const char *from = at;
    for (; *word; ++word, ++from)
      if (from == end || *from != *word)
        return false;
    at = from;
    return true;
  }
  /// A string without escapes.
  bool takeString(std::string &text) {
    skipSpace();
    if (at == end || (*at != '\'' && *at != '"'))
      return false;
    char quote = *at++;
    const char *from = at;
    while (at != end && *at != quote)
      if (*at++ == '\\')
        return false;
    if (at == end)
      return false;
    text.assign(from, at++);
    return true;
  }
  bool takeSize(int64_t &value) {
    skipSpace();
    if (at == end || !std::isdigit(static_cast<unsigned char>(*at)))
      return false;
    value = 0;
    for (; at != end && std::isdigit(static_cast<unsigned char>(*at)); ++at)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, *at - '0', &value))
        return false;
    return true;
  }
  bool atEnd() {
    skipSpace();
    return at == end;
  }

private:
  const char *at, *end;
};

/// What the dictionary says.
struct Fields {
  std::string descr;
  bool hasOrder = false, fortran = false, hasShape = false;
  std::vector<int64_t> shape;
};

} // namespace

static bool scanShape(Scanner &scanner, std::vector<int64_t> &shape) {
  if (!scanner.take('('))
    return false;
  while (!scanner.take(')')) {
    int64_t size;
    if (!scanner.takeSize(size) || shape.size() == maxRank)
      return false;
    shape.push_back(size);
    if (!scanner.take(',') && shape.size() == 1)
      return false; // (3) is a number, not a tuple
  }
  return true;
}

static bool scanField(Scanner &scanner, Fields &fields) {
  std::string key;
  if (!scanner.takeString(key) || !scanner.take(':'))
    return false;
  if (key == "descr" && fields.descr.empty())
    return scanner.takeString(fields.descr);
  if (key == "fortran_order" && !fields.hasOrder) {
    fields.hasOrder = true;
    fields.fortran = scanner.takeWord("True");
    return fields.fortran || scanner.takeWord("False");
  }
  if (key == "shape" && !fields.hasShape) {
    fields.hasShape = true;
    return scanShape(scanner, fields.shape);
  }
  return false;
}

static bool scanFields(Scanner scanner, Fields &fields) {
  if (!scanner.take('{'))
    return false;
  while (!scanner.take('}')) {
    if (!scanField(scanner, fields))
      return false;
    if (scanner.take(','))
      continue;
    if (!scanner.take('}'))
      return false;
    break;
  }
  return scanner.atEnd() && !fields.descr.empty() && fields.hasOrder &&
         fields.hasShape;
}

/// '<f4', '|b1', '<V2'.
static bool parseDescr(const std::string &descr, NpyType &type) {
  if (descr.size() < 3 || descr.size() > 8)
    return false;
  type.kind = descr[1];
  type.bytes = 0;
  for (size_t i = 2; i < descr.size(); ++i) {
    if (!std::isdigit(static_cast<unsigned char>(descr[i])))
      return false;
    type.bytes = 10 * type.bytes + static_cast<uint32_t>(descr[i] - '0');
  }
  bool power =
      type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8;
  bool oneByte = type.bytes == 1 || type.kind == 'V';
  if (descr[0] != '<' && !(descr[0] == '|' && oneByte))
    return false;
  switch (type.kind) {
  case 'b':
    return type.bytes == 1;
  case 'i':
  case 'u':
    return power;
  case 'f':
    return power;
  case 'V':
    return type.bytes > 0;
  default:
    return false;
  }
}

/// Bytes of all elements.
static bool countBytes(const Fields &fields, NpyType type, size_t &bytes) {
  bytes = type.bytes;
  bool empty = false;
  for (int64_t size : fields.shape) {
    empty |= size == 0;
    if (size != 0 &&
        __builtin_mul_overflow(bytes, static_cast<size_t>(size), &bytes))
      return false;
  }
  if (empty)
    bytes = 0;
  return true;
}

/// Finds the dictionary in [begin, end).
static bool findHeader(const unsigned char *bytes, size_t size, size_t &begin,
                       size_t &end) {
  static const char magic[] = "\x93NUMPY";
  if (size < 10 || std::memcmp(bytes, magic, 6) != 0)
    return false;
  int major = bytes[6], minor = bytes[7];
  if (major < 1 || major > 3 || minor != 0)
    return false;
  begin = major == 1 ? 10 : 12;
  size_t length = bytes[8] | bytes[9] << 8;
  if (major > 1) {
    if (size < begin)
      return false;
    length |= size_t(bytes[10]) << 16 | size_t(bytes[11]) << 24;
  }
  end = begin + length;
  return length <= maxHeader && end <= size;
}

static attune_status_t malformed(const std::string &what, const char *reason) {
  return makeStatus(ATTUNE_INVALID_VALUE, "%s %s", what.c_str(), reason);
}

attune_status_t parseNpy(const std::string &what, const char *bytes,
                         size_t size, NpyHeader &header) {
  size_t begin, end;
  if (!findHeader(reinterpret_cast<const unsigned char *>(bytes), size, begin,
                  end))
    return malformed(what, "is no array of NumPy's format 1 to 3");
  Fields fields;
  if (!scanFields(Scanner(bytes + begin, bytes + end), fields))
    return malformed(what, "has a header that cannot be read, or an element "
                           "type of several fields");
  if (!parseDescr(fields.descr, header.type))
    return makeStatus(ATTUNE_INVALID_VALUE,
                      "%s requires little-endian numbers, booleans or raw "
                      "items, but got type '%s'",
                      what.c_str(), fields.descr.c_str());
  if (fields.fortran && fields.shape.size() > 1)
    return malformed(what, "requires C order, but got Fortran order: save "
                           "numpy.ascontiguousarray() of it");
  if (!countBytes(fields, header.type, header.dataBytes))
    return malformed(what, "has an impossible shape");
  header.shape = std::move(fields.shape);
  header.dataOffset = end;
  if (header.dataBytes != size - end)
    return makeStatus(ATTUNE_INVALID_VALUE,
                      "%s requires %zu bytes of elements, but got %zu",
                      what.c_str(), header.dataBytes, size - end);
  return nullptr;
}

std::string formatNpyHeader(NpyType type, int32_t rank, const int64_t *shape) {
  std::string text = "{'descr': '";
  text += type.bytes == 1 || type.kind == 'V' ? '|' : '<';
  text += npyTypeText(type) + "', 'fortran_order': False, 'shape': (";
  for (int32_t i = 0; i < rank; ++i)
    text += std::to_string(shape[i]) + (i + 1 < rank ? ", " : "");
  text += rank == 1 ? ",), }" : "), }";
  // The elements begin at a multiple of 64. 64 sizes fit one 16-bit length.
  constexpr size_t front = 10, alignment = 64;
  size_t length =
      (front + text.size() + 1 + alignment - 1) / alignment * alignment - front;
  text.resize(length - 1, ' ');
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(length & 0xff);
  header += static_cast<char>(length >> 8);
  return header + text + "\n";
}

} // namespace attune
