// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "attune/artifact.h"
#include "compiler/Emit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace attune {

/// The launcher lies beside the tool in a build, and in the library folder of
/// an installation.
static Expected<std::string> findLauncher() {
  static int here;
  std::string program = sys::fs::getMainExecutable(nullptr, &here);
  std::string tool = sys::path::parent_path(program).str();
  for (const char *place :
       {"attune-launcher", "../lib/attune/attune-launcher"}) {
    SmallString<128> path(tool);
    sys::path::append(path, place);
    if (sys::fs::can_execute(path))
      return path.str().str();
  }
  return createStringError(
      "cannot find 'attune-launcher' beside the tool in '" + tool +
      "' or in its ../lib/attune");
}

Error makeExecutable(StringRef artifact, StringRef path) {
  Expected<std::string> launcher = findLauncher();
  if (!launcher)
    return launcher.takeError();
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return createStringError(code, "cannot write '" + path + "'");
  for (StringRef part : {StringRef(*launcher), artifact}) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> bytes = MemoryBuffer::getFile(
        part, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!bytes)
      return createStringError(bytes.getError(), "cannot read '" + part + "'");
    // The artifact begins at a page, so that its weights can be mapped.
    uint64_t at = stream.tell();
    stream.write_zeros(alignTo(at, ATTUNE_WEIGHTS_ALIGNMENT) - at);
    stream << (*bytes)->getBuffer();
  }
  stream.flush();
  if (stream.has_error()) {
    code = stream.error();
    stream.clear_error();
    return createStringError(code, "cannot write '" + path + "'");
  }
  unsigned mask = sys::fs::getUmask();
  if ((code = sys::fs::setPermissions(
           path, static_cast<sys::fs::perms>(0777 & ~mask))))
    return createStringError(code, "cannot make '" + path + "' executable");
  return Error::success();
}

} // namespace attune
