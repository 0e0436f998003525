// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model file: checked, mapped and loaded.

#ifndef ATTUNE_RUNTIME_ARTIFACT_H
#define ATTUNE_RUNTIME_ARTIFACT_H

#include "attune/artifact.h"
#include "runtime/File.h"
#include "runtime/Manifest.h"

namespace attune {

class Artifact {
public:
  Artifact() = default;
  Artifact(const Artifact &) = delete;
  Artifact &operator=(const Artifact &) = delete;
  ~Artifact();

  /// Opens `path`. No byte of its code runs before every check has passed:
  /// footer, sizes, hashes, versions, processor, in this order.
  attune_status_t open(const char *path, bool checkWeights);
  /// The part of it that needs no particular machine: footer, sizes, versions,
  /// the code's hash and the manifest. Nothing is mapped or loaded.
  attune_status_t read(const char *path);
  /// Whether this machine can run what was read.
  attune_status_t checkTarget() const;

  const attune_footer &footer() const { return foot; }
  const Manifest &manifest() const { return parsed; }
  const std::string &manifestText() const { return text; }
  /// Null without weights.
  const void *weights() const { return mapping.data(); }
  const attune_artifact_table &table() const { return *entry; }

private:
  attune_status_t readFooter();
  attune_status_t copyCode();
  attune_status_t mapWeights(bool check);
  attune_status_t loadCode();

  std::string path;
  File file;
  /// Where the artifact begins in its file.
  uint64_t start = 0;
  attune_footer foot = {};
  std::string text;
  Manifest parsed;
  Mapping mapping;
  /// A private copy of the shared object, so that what runs is what was
  /// checked. Stays open as long as the code is loaded: the loader of the C
  /// library knows objects by path, here one with the descriptor's number, and
  /// would take a reused number for the old object.
  File code;
  void *library = nullptr;
  const attune_artifact_table *entry = nullptr;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_ARTIFACT_H
