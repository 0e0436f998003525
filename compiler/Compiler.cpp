// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compiler.h"
#include "compiler/Emit.h"
#include "compiler/Pipeline.h"
#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/Passes.h"
#include "passes/forms/FormSpec.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace attune {

static CompileStatus report(const llvm::Twine &message, CompileStatus status) {
  llvm::errs() << "attune: error: " << message << "\n";
  return status;
}

/// The model as a module, or null; reasons were reported.
static OwningOpRef<ModuleOp> load(const CompileOptions &options,
                                  MLIRContext &context,
                                  llvm::SourceMgr &sources) {
  if (StringRef(options.model).ends_with(".onnx")) {
    OnnxImportOptions import;
    import.dims = options.dims;
    import.hasLowering = hasLowering;
    return importOnnx(context, options.model, import);
  }
  if (options.dims.empty())
    return parseSourceFile<ModuleOp>(options.model, sources, &context);
  report("--dim names dimensions of an ONNX model; in MLIR they stand in the "
         "types",
         CompileStatus::badOptions);
  return {};
}

/// Writes through a temporary beside `path`, renamed when it is whole.
static llvm::Error
writeWhole(llvm::StringRef path,
           llvm::function_ref<llvm::Error(llvm::StringRef)> write) {
  SmallString<128> temporary;
  if (std::error_code error = llvm::sys::fs::createUniqueFile(
          path + ".%%%%%%.tmp", temporary))
    return llvm::createStringError(error, "cannot write '" + path + "'");
  llvm::Error error = write(temporary);
  if (!error)
    if (std::error_code code = llvm::sys::fs::rename(temporary, path))
      error = llvm::createStringError(code, "cannot write '" + path + "'");
  if (error)
    llvm::sys::fs::remove(temporary);
  return error;
}

static llvm::Error writeIr(ModuleOp module, llvm::StringRef path) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (code)
    return llvm::createStringError(code, "cannot write '" + path + "'");
  module.print(stream);
  return llvm::Error::success();
}

static llvm::Error writeArtifact(ModuleOp module, const Target &target,
                                 const std::string &manifest, unsigned level,
                                 llvm::StringRef path) {
  if (llvm::Error error = emitSharedObject(module, target, level, path))
    return error;
  return appendTrailer(module, manifest, path);
}

CompileStatus compileFile(const CompileOptions &options) {
  llvm::Expected<Target> target = Target::forCpu(options.cpu);
  if (!target)
    return report(llvm::toString(target.takeError()),
                  CompileStatus::badOptions);
  bool artifact = options.emit == "lib";
  if (!artifact && !llvm::is_contained(stageNames(), options.emit))
    return report("unknown --emit '" + options.emit + "'; 'lib' and " +
                      llvm::join(stageNames(), ", ") + " are known",
                  CompileStatus::badOptions);
  DialectRegistry registry;
  registerAll(registry);
  MLIRContext context(registry);
  context.loadDialect<attn::AttnDialect>();
  if (llvm::Error error = checkFormSpecs(options.attention, context))
    return report("--attention " + llvm::toString(std::move(error)),
                  CompileStatus::badOptions);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = load(options, context, sources);
  if (!module)
    return report("cannot read '" + options.model + "'",
                  CompileStatus::badModel);
  std::string manifest = makeManifest(*module, *target);
  PipelineOptions pipeline{*target, artifact ? "" : options.emit,
                           options.dumpDir, options.attention};
  if (failed(runPipeline(*module, pipeline)))
    return report("'" + options.model + "' was not compiled",
                  CompileStatus::badModel);
  llvm::Error error =
      writeWhole(options.output, [&](llvm::StringRef path) {
        return artifact ? writeArtifact(*module, *target, manifest,
                                        options.level, path)
                        : writeIr(*module, path);
      });
  if (error)
    return report(llvm::toString(std::move(error)), CompileStatus::badModel);
  return CompileStatus::fine;
}

} // namespace attune
