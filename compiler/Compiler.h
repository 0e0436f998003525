// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_COMPILER_H
#define ATTUNE_COMPILER_COMPILER_H

#include "frontends/onnx/Importer.h"
#include "llvm/Support/Error.h"
#include <string>

namespace attune {

/// How far a compilation has come. It may lie in memory shared with another
/// process, which learns from it where this one broke down.
struct Progress {
  /// "import", a stage's name, or "emit".
  char stage[32] = "";
  /// The unfinished output and report, or "".
  char temporary[4096] = "";
  char report[4096] = "";
};

/// Everything that a user may choose about a compilation.
struct CompileOptions {
  std::string model, output;
  /// Sizes of named dimensions of an ONNX model's inputs.
  std::map<std::string, DimRange> dims;
  std::string emit = "lib"; ///< lib, exe, or a stage's name: its IR
  std::string cpu = "native";
  std::string dumpDir;
  /// Passes to leave out, by the names that attune-opt has for them.
  std::vector<std::string> skipPasses;
  /// Forms that take the place of dense attention: `FORM{key=value}@layers=..`,
  /// separated by spaces.
  std::string attention;
  std::string plan;          ///< a file that says the same, instead
  bool allowPartial = false; ///< layers that cannot take a form stay dense
  /// A file of ranges: polynomials take the place of all functions over them.
  std::string polynomial;
  bool tapFunctions = false; ///< instead, these ranges are outputs, too
  std::string report;        ///< .json or .html: what became of the model
  bool tapAttention = false; ///< what attention computes is an output, too
  int64_t costSize = 512;    ///< stands for unknown sizes in predictions
  /// "off", or "auto": past inputs and present outputs become state.
  std::string state = "off";
  unsigned level = 3;
  unsigned errorLimit = 20; ///< messages to print; 0: all
  /// Kept up to date if given.
  Progress *progress = nullptr;
  /// If given: what the compilation has before this stage is written to
  /// `output` as IR, and that is all.
  std::string stopBefore;
  std::string fault; ///< STAGE:KIND: a fault to make, for tests
  /// If given: gets what an ONNX file says of itself.
  model::Summary *summary = nullptr;
};

/// How a compilation ended; the numbers are the tool's exit codes.
enum class CompileStatus { fine = 0, badModel = 1, badOptions = 2, bug = 3 };

/// Compiles a file. Messages go to the standard error stream. The output and
/// the report are written to temporary files and renamed, so that they are
/// whole or absent.
CompileStatus compileFile(const CompileOptions &options);

/// Options that do not fit together, before a file is read; `compileFile`
/// checks them, too.
llvm::Error checkOptions(const CompileOptions &options);

/// What the artifact tells about itself, as JSON.
std::string makeManifest(mlir::ModuleOp module, const struct Target &target);

/// The same with what the stages until `fuse` have added: outputs behind those
/// that it names, and `polynomial`, what the outputs are as polynomials.
std::string extendManifest(mlir::ModuleOp module, const std::string &manifest);

} // namespace attune

#endif // ATTUNE_COMPILER_COMPILER_H
