// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Output.h"
#include "dialects/kernel/Kernel.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace attune {

Error ioError(std::error_code code, const Twine &message) {
  return createStringError(code, message + ": " + code.message());
}

Error finishWriting(raw_fd_ostream &stream, StringRef path) {
  stream.close();
  if (!stream.has_error())
    return Error::success();
  std::error_code code = stream.error();
  stream.clear_error();
  return ioError(code, "cannot write '" + path + "'");
}

Error checkOutput(StringRef path, ArrayRef<std::string> inputs) {
  for (const std::string &input : inputs) {
    bool same = false;
    if (!sys::fs::equivalent(path, input, same) && same)
      return createStringError("output '" + path + "' is the input '" + input +
                               "': requires another name");
  }
  sys::fs::file_status status;
  if (sys::fs::status(path, status) || !sys::fs::exists(status) ||
      sys::fs::is_regular_file(status))
    return Error::success();
  return createStringError(
      "requires the name of a file as output, but '" + path + "' is " +
      (sys::fs::is_directory(status) ? "a directory"
                                     : "a device, a pipe or a socket"));
}

/// The name with its folder as the system knows it.
static std::string placeOf(StringRef path) {
  SmallString<128> folder(sys::path::parent_path(path)), place;
  if (sys::fs::real_path(folder.empty() ? "." : folder.str(), place))
    return path.str();
  sys::path::append(place, sys::path::filename(path));
  return place.str().str();
}

bool isSamePlace(StringRef first, StringRef second) {
  bool same = false;
  if (!sys::fs::equivalent(first, second, same))
    return same;
  return placeOf(first) == placeOf(second);
}

std::vector<std::string> weightFiles(mlir::ModuleOp module) {
  StringSet<> files;
  for (auto weight : module.getOps<kernel::WeightOp>())
    files.insert(weight.getFile());
  std::vector<std::string> names;
  for (StringRef file : files.keys())
    names.push_back(file.str());
  llvm::sort(names);
  return names;
}

Error writeWhole(StringRef path, function_ref<void(StringRef)> opened,
                 function_ref<Error(StringRef)> write) {
  SmallString<128> temporary;
  if (std::error_code code =
          sys::fs::createUniqueFile(path + ".%%%%%%.tmp", temporary))
    return ioError(code, "cannot write '" + path + "'");
  sys::RemoveFileOnSignal(temporary);
  opened(temporary);
  Error error = write(temporary);
  if (!error)
    if (std::error_code code = sys::fs::rename(temporary, path))
      error = ioError(code, "cannot write '" + path + "'");
  if (error)
    sys::fs::remove(temporary);
  sys::DontRemoveFileOnSignal(temporary);
  return error;
}

Error writeIr(mlir::ModuleOp module, StringRef path, StringRef heading) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return ioError(code, "cannot write '" + path + "'");
  stream << heading;
  module.print(stream);
  return finishWriting(stream, path);
}

} // namespace attune
