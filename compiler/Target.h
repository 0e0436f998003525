// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_TARGET_H
#define ATTUNE_COMPILER_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
}

namespace attune {

/// The processor that code is made for. Only this file and intrinsic lowerings
/// know names of features; everyone else asks for sizes.
struct Target {
  std::string triple, cpu;
  /// Features that the code may use and the runtime must find, sorted.
  std::vector<std::string> features;

  int64_t lanes = 4;    ///< f32 in a vector register
  int64_t tileRows = 6; ///< of a contraction's register tile
  int64_t tileVectors = 2;
  int64_t queryRows = 4; ///< of an attention's register tile
  int64_t keyVectors = 2;

  /// Columns in a panel of a packed weight.
  int64_t panel() const { return lanes * tileVectors; }
  /// Keys in a panel of packed keys.
  int64_t keyPanel() const { return lanes * keyVectors; }

  /// `cpu` is "native", or a name that LLVM knows such as "x86-64-v3".
  static llvm::Expected<Target> forCpu(llvm::StringRef cpu);

  std::unique_ptr<llvm::TargetMachine> machine(unsigned level) const;
  std::string featureString() const;
};

} // namespace attune

#endif // ATTUNE_COMPILER_TARGET_H
