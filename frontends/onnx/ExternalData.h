// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that a model names. The model's author is not trusted: a name must not
// lead out of the model's folder, nor to a file that has another name.

#ifndef ATTUNE_FRONTENDS_ONNX_EXTERNALDATA_H
#define ATTUNE_FRONTENDS_ONNX_EXTERNALDATA_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace attune::model {

/// An open file, closed with the object.
class File {
public:
  /// Owns `descriptor`; failures call the file `name`.
  File(int descriptor, std::string name)
      : descriptor(descriptor), name(std::move(name)) {}
  File(File &&other)
      : descriptor(std::exchange(other.descriptor, -1)),
        name(std::move(other.name)) {}
  File &operator=(File &&) = delete;
  ~File();

  int get() const { return descriptor; }
  /// Bytes in the file. Throws `Failure` if it is not a regular file.
  uint64_t size() const;
  /// Throws `Failure` if the file has other names (hard links).
  void requireOnlyName() const;
  /// Reads exactly `size` bytes at `offset`; throws `Failure` if it cannot.
  std::string read(uint64_t offset, uint64_t size) const;

private:
  int descriptor;
  std::string name;
};

/// Where external data lies: `size` bytes at `offset` of `path`, which is
/// `location` below the model's folder.
struct ExternalRange {
  std::string location;
  std::string path;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// The folder of the file `path`, "." if it names none.
std::string folderOf(const std::string &path);

/// Opens `location`, a relative path below `folder`, to read it. Throws
/// `Failure` if a component is "..", empty or a symbolic link, or if the file
/// is not a regular one or has other names (hard links).
File openBelow(const std::string &folder, const std::string &location);

/// Checks the key-value pairs of a tensor's external data: known keys, each
/// once, decimal numbers, a file that holds `needed` bytes at the offset.
/// Throws `Failure` otherwise.
ExternalRange
resolveExternal(const std::string &folder,
                const std::vector<std::pair<std::string, std::string>> &entries,
                uint64_t needed);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_EXTERNALDATA_H
