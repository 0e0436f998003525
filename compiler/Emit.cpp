// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Emit.h"
#include "attune/artifact.h"
#include "compiler/Output.h"
#include "compiler/Routines.h"
#include "lld/Common/Driver.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace attune {

/// The one symbol that an artifact exports.
static void addTable(Module &module) {
  LLVMContext &context = module.getContext();
  Function *run = module.getFunction("attune_run");
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  Constant *magic =
      ConstantInt::get(Type::getInt64Ty(context), ATTUNE_TABLE_MAGIC);
  Type *i32 = Type::getInt32Ty(context);
  Constant *fields[] = {magic, ConstantInt::get(i32, ATTUNE_ABI_VERSION),
                        ConstantInt::get(i32, sizeof(attune_artifact_table)),
                        run};
  Constant *table = ConstantStruct::getAnon(fields);
  new GlobalVariable(module, table->getType(), /*isConstant=*/true,
                     GlobalValue::ExternalLinkage, table,
                     ATTUNE_ARTIFACT_SYMBOL);
}

static void setTarget(Module &module, const Target &target,
                      TargetMachine &machine) {
  module.setTargetTriple(Triple(target.triple));
  module.setDataLayout(machine.createDataLayout());
  std::string width = std::to_string(target.lanes * 32);
  for (Function &function : module) {
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.featureString());
    function.addFnAttr("prefer-vector-width", width);
  }
}

static Error writeObject(Module &module, TargetMachine &machine,
                         StringRef path) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return ioError(code, "cannot write '" + path + "'");
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  CodeGenFileType::ObjectFile))
    return createStringError("the target cannot write object files");
  passes.run(module);
  return finishWriting(stream, path);
}

static Error link(ArrayRef<std::string> inputs, ArrayRef<std::string> options,
                  StringRef path) {
  std::string output = path.str(), messages;
  std::vector<const char *> arguments = {
      "ld.lld",       "-shared",       "--hash-style=gnu", "--build-id=none",
      "-z",           "noexecstack",   "--strip-all",      "-o",
      output.c_str(), "--no-as-needed"};
  for (ArrayRef<std::string> list : {inputs, options})
    for (const std::string &argument : list)
      arguments.push_back(argument.c_str());
  raw_string_ostream stream(messages);
  lld::Result result =
      lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode)
    return createStringError("the linker failed: " + messages);
  return Error::success();
}

/// Whether the object calls functions of the C library's mathematical part;
/// the code generator makes such calls of some intrinsics.
static Expected<bool> callsMath(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(path);
  if (!file)
    return file.takeError();
  for (const object::SymbolRef &symbol : file->getBinary()->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name)
      return joinErrors(flags.takeError(), name.takeError());
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty() &&
        !name->starts_with("mem"))
      return true;
  }
  return false;
}

/// An empty library of libm's name: linked against, it makes the loader bring
/// the real one, and no file of the machine's is needed here.
static Error makeMathStub(LLVMContext &context, const Target &target,
                          TargetMachine &machine, StringRef path) {
  Module empty("empty", context);
  empty.setTargetTriple(Triple(target.triple));
  empty.setDataLayout(machine.createDataLayout());
  std::string object = (path + ".o").str();
  Error error = writeObject(empty, machine, object);
  if (!error)
    error = link(object, {"-soname", "libm.so.6"}, path);
  sys::fs::remove(object);
  return error;
}

static Error emitObject(mlir::ModuleOp code, const Target &target,
                        unsigned level, StringRef path) {
  LLVMContext context;
  std::unique_ptr<Module> ir = mlir::translateModuleToLLVMIR(code, context);
  if (!ir)
    return createStringError(std::errc::state_not_recoverable,
                             "translation to LLVM IR failed");
  std::unique_ptr<TargetMachine> machine = target.machine(level);
  setTarget(*ir, target, *machine);
  addTable(*ir);
  if (Error error =
          mlir::makeOptimizingTransformer(level, 0, machine.get())(ir.get()))
    return error;
  addRoutines(*ir);
  std::string object = (path + ".o").str(), stub = (path + ".libm").str();
  Error error = writeObject(*ir, *machine, object);
  SmallVector<std::string> inputs = {object};
  bool needsMath = false;
  if (!error)
    error = callsMath(object).moveInto(needsMath);
  if (!error && needsMath) {
    error = makeMathStub(context, target, *machine, stub);
    inputs.push_back(stub);
  }
  if (!error)
    error = link(inputs, {}, path);
  sys::fs::remove(object);
  sys::fs::remove(stub);
  return error;
}

Error emitSharedObject(mlir::ModuleOp module, const Target &target,
                       unsigned level, StringRef path) {
  mlir::OwningOpRef<mlir::ModuleOp> code = module.clone();
  SmallVector<mlir::Operation *> weights;
  for (mlir::Operation &op : code->getOps())
    if (op.getName().getDialectNamespace() == "kernel")
      weights.push_back(&op);
  for (mlir::Operation *op : weights)
    op->erase();
  return emitObject(*code, target, level, path);
}

} // namespace attune
