// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making status objects, and keeping exceptions inside.

#ifndef ATTUNE_RUNTIME_STATUS_H
#define ATTUNE_RUNTIME_STATUS_H

#include "attune/attune.h"

#include <new>

namespace attune {

/// A new status, owned by the caller; never null. `format` as for printf.
attune_status_t makeStatus(attune_status_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Runs `body`, which returns a status, and turns exceptions into one.
template <typename Body> attune_status_t guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return makeStatus(ATTUNE_OUT_OF_MEMORY, "out of memory");
  } catch (...) {
    return makeStatus(ATTUNE_INTERNAL, "unexpected exception in the runtime");
  }
}

} // namespace attune

#endif // ATTUNE_RUNTIME_STATUS_H
