// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feeds the parser of artifacts' manifests with anything.

#include "runtime/Manifest.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  attune::Manifest manifest;
  attune_status_t status = attune::parseManifest(
      reinterpret_cast<const char *>(data), size, manifest);
  if (status) {
    attune_status_release(status);
    return 0;
  }
  for (const auto *values : {&manifest.inputs, &manifest.outputs})
    for (const attune::Value &value : *values)
      for (const attune::Dim &dim : value.dims)
        if (dim.size < -1 || dim.min < 0 || dim.max < -1)
          abort();
  return 0;
}
