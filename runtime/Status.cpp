// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Status.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

struct attune_status {
  attune_status_code code;
  char message[1];
};

// Reporting that memory is exhausted must not need memory.
static attune_status outOfMemory = {ATTUNE_OUT_OF_MEMORY, {0}};

attune_status_t attune::makeStatus(attune_status_code code, const char *format,
                                   ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  size_t size = length < 0 ? 0 : static_cast<size_t>(length);
  void *memory = std::malloc(sizeof(attune_status) + size);
  attune_status_t status = &outOfMemory;
  if (memory) {
    status = static_cast<attune_status *>(memory);
    status->code = code;
    status->message[0] = 0;
    if (size > 0)
      std::vsnprintf(status->message, size + 1, format, again);
  }
  va_end(again);
  return status;
}

attune_status_code attune_status_get_code(attune_status_t status) {
  return status ? status->code : ATTUNE_OK;
}

const char *attune_status_message(attune_status_t status) {
  if (!status)
    return "";
  return status == &outOfMemory ? "out of memory" : status->message;
}

void attune_status_release(attune_status_t status) {
  if (status != &outOfMemory)
    std::free(status);
}

const char *attune_version(void) { return ATTUNE_VERSION_STRING; }
