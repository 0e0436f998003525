// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/Failure.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace attune::model {

File::~File() {
  if (descriptor >= 0)
    close(descriptor);
}

static struct stat statusOf(int descriptor, const std::string &name) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    throw Failure("cannot read the size of '" + name + "': " + strerror(errno));
  if (!S_ISREG(status.st_mode))
    throw Failure("'" + name + "' is " +
                  (S_ISDIR(status.st_mode) ? "a directory, " : "") +
                  "not a regular file");
  return status;
}

uint64_t File::size() const {
  return static_cast<uint64_t>(statusOf(descriptor, name).st_size);
}

void File::requireOnlyName() const {
  if (statusOf(descriptor, name).st_nlink != 1)
    throw Failure("'" + name + "' has several names (hard links)");
}

std::string File::read(uint64_t offset, uint64_t size) const {
  std::string bytes(size, '\0');
  for (uint64_t done = 0; done < size;) {
    ssize_t count = pread(descriptor, &bytes[done], size - done,
                          static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      throw Failure("cannot read '" + name + "': " +
                    (count == 0 ? "it became shorter" : strerror(errno)));
    done += static_cast<uint64_t>(count);
  }
  return bytes;
}

std::string folderOf(const std::string &path) {
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

static std::vector<std::string> componentsOf(const std::string &location) {
  if (location.empty())
    throw Failure("requires a location, but got an empty one");
  if (location.find('\0') != std::string::npos)
    throw Failure("requires a location without zero bytes");
  if (location.front() == '/')
    throw Failure("requires a relative location, but got '" + location + "'");
  std::vector<std::string> components;
  for (size_t begin = 0; begin <= location.size();) {
    size_t end = std::min(location.find('/', begin), location.size());
    std::string component = location.substr(begin, end - begin);
    if (component == "..")
      throw Failure("location '" + location + "' leads out of the model's " +
                    "folder");
    if (component.empty())
      throw Failure("location '" + location + "' has an empty component");
    if (component != ".")
      components.push_back(component);
    begin = end + 1;
  }
  if (components.empty())
    throw Failure("location '" + location + "' is not a file");
  return components;
}

File openBelow(const std::string &folder, const std::string &location) {
  std::vector<std::string> components = componentsOf(location);
  int current = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < components.size() && current >= 0; ++i) {
    File parent(current, location);
    bool last = i + 1 == components.size();
    // Non-blocking, so that a pipe in place of a file does not wait.
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    current = openat(parent.get(), components[i].c_str(),
                     last ? flags : flags | O_DIRECTORY);
    if (current >= 0)
      continue;
    int reason = errno;
    struct stat status;
    bool isLink = fstatat(parent.get(), components[i].c_str(), &status,
                          AT_SYMLINK_NOFOLLOW) == 0 &&
                  S_ISLNK(status.st_mode);
    throw Failure("cannot open external data '" + location + "': " +
                  (isLink ? "'" + components[i] + "' is a symbolic link"
                          : std::string(strerror(reason))));
  }
  if (current < 0)
    throw Failure("cannot open the folder '" + folder +
                  "': " + strerror(errno));
  File file(current, location);
  file.requireOnlyName();
  return file;
}

static uint64_t parseNumber(const std::string &key, const std::string &text) {
  uint64_t value = 0;
  bool valid = !text.empty();
  for (char digit : text) {
    valid = valid && digit >= '0' && digit <= '9' &&
            !__builtin_mul_overflow(value, uint64_t(10), &value) &&
            !__builtin_add_overflow(value, uint64_t(digit - '0'), &value);
  }
  if (!valid || value > static_cast<uint64_t>(INT64_MAX))
    throw Failure("external data requires a decimal number as " + key +
                  ", but got '" + text + "'");
  return value;
}

ExternalRange
resolveExternal(const std::string &folder,
                const std::vector<std::pair<std::string, std::string>> &entries,
                uint64_t needed) {
  std::map<std::string, std::string> values;
  for (const auto &[key, value] : entries) {
    // The checksum is for who copies the file: it does not change the tensor.
    if (key != "location" && key != "offset" && key != "length" &&
        key != "checksum")
      throw Failure("external data has the unknown key '" + key + "'");
    if (!values.emplace(key, value).second)
      throw Failure("external data has the key '" + key + "' twice");
  }
  if (!values.count("location"))
    throw Failure("external data has no location");
  const std::string &location = values["location"];
  ExternalRange range{location, folder + "/" + location, 0, needed};
  if (values.count("offset"))
    range.offset = parseNumber("offset", values["offset"]);
  if (values.count("length")) {
    uint64_t length = parseNumber("length", values["length"]);
    if (length != needed)
      throw Failure("external data requires a length of " +
                    std::to_string(needed) + " bytes, but got " +
                    std::to_string(length));
  }
  uint64_t held = openBelow(folder, location).size();
  if (range.offset > held || needed > held - range.offset)
    throw Failure("external data '" + location + "' is too short: requires " +
                  std::to_string(needed) + " bytes at offset " +
                  std::to_string(range.offset) + ", but the file has " +
                  std::to_string(held));
  return range;
}

} // namespace attune::model
