// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/io/Arrays.h"
#include "runtime/Arguments.h"
#include "runtime/Status.h"
#include "runtime/io/Zip.h"

#include <cstring>

namespace attune {

static constexpr size_t alignment = 64;

AlignedBytes allocateAligned(size_t bytes) {
  if (bytes > SIZE_MAX - alignment)
    throw std::bad_alloc();
  size_t rounded = (bytes / alignment + 1) * alignment;
  auto *data = static_cast<char *>(std::aligned_alloc(alignment, rounded));
  if (!data)
    throw std::bad_alloc();
  return AlignedBytes(data);
}

/// `array.memory` holds a .npy file of `bytes` bytes.
static attune_status_t parse(const std::string &what, size_t bytes,
                             Array &array) {
  NpyHeader header;
  if (attune_status_t status =
          parseNpy(what, array.memory.get(), bytes, header))
    return status;
  array.type = header.type;
  array.shape = std::move(header.shape);
  array.data = array.memory.get() + header.dataOffset;
  if (header.dataOffset % alignment != 0) {
    std::memmove(array.memory.get(), array.data, header.dataBytes);
    array.data = array.memory.get();
  }
  return nullptr;
}

static attune_status_t readEntry(const ZipReader &archive,
                                 const ZipEntry &entry, const std::string &what,
                                 Array &array) {
  // No code of deflate's makes more than 1,032 bytes of one.
  constexpr uint64_t maxRatio = 1032;
  if (entry.size / maxRatio > entry.compressed)
    return makeStatus(ATTUNE_INVALID_VALUE,
                      "%s requires more bytes than the file can hold",
                      what.c_str());
  array.memory = allocateAligned(entry.size);
  if (attune_status_t status = archive.read(entry, array.memory.get()))
    return status;
  return parse(what, entry.size, array);
}

attune_status_t readNpz(const std::string &path, std::vector<Array> &arrays) {
  ZipReader archive;
  if (attune_status_t status = archive.open(path))
    return status;
  for (const ZipEntry &entry : archive.entries()) {
    constexpr const char *ending = ".npy";
    size_t length = entry.name.size();
    if (length < 4 || entry.name.compare(length - 4, 4, ending) != 0)
      return makeStatus(ATTUNE_INVALID_VALUE,
                        "'%s' requires entries that end in .npy, but got '%s'",
                        path.c_str(), entry.name.c_str());
    Array array;
    array.name = entry.name.substr(0, length - 4);
    for (const Array &other : arrays)
      if (other.name == array.name)
        return makeStatus(ATTUNE_INVALID_VALUE, "'%s' has two arrays '%s'",
                          path.c_str(), array.name.c_str());
    std::string what = "array '" + array.name + "' of '" + path + "'";
    if (attune_status_t status = readEntry(archive, entry, what, array))
      return status;
    arrays.push_back(std::move(array));
  }
  return nullptr;
}

attune_status_t readNpy(const std::string &path, Array &array) {
  File file;
  if (attune_status_t status = File::open(path.c_str(), file))
    return status;
  array.memory = allocateAligned(file.size());
  if (!file.read(0, array.memory.get(), file.size()))
    return makeStatus(ATTUNE_IO_ERROR, "failed to read '%s'", path.c_str());
  return parse("'" + path + "'", file.size(), array);
}

attune_status_t writeNpz(const std::string &path,
                         const std::vector<NamedTensor> &tensors) {
  WholeFile file;
  if (attune_status_t status = file.open(path))
    return status;
  ZipWriter writer(file);
  for (const NamedTensor &named : tensors) {
    const DLTensor &tensor = *named.tensor;
    int64_t bytes;
    if (named.name.size() > 0xff00 ||
        !tensorBytes(tensor.dtype, tensor.ndim, tensor.shape, bytes))
      return makeStatus(ATTUNE_INVALID_VALUE, "'%s' cannot be written",
                        named.name.c_str());
    std::string header =
        formatNpyHeader(npyTypeOf(tensor.dtype), tensor.ndim, tensor.shape);
    const char *data =
        static_cast<const char *>(tensor.data) + tensor.byte_offset;
    if (!writer.add(named.name + ".npy", header, data,
                    static_cast<size_t>(bytes)))
      return file.failure();
  }
  if (!writer.finish())
    return file.failure();
  return file.commit();
}

} // namespace attune
