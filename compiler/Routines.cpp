// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Routines.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace attune {

/// Some function with values in bf16, or null. Where they live across blocks
/// the code generator widens and narrows them, whatever is done to them.
static Function *functionWithHalves(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (instruction.getType()->getScalarType()->isBFloatTy())
        return &function;
  return nullptr;
}

/// To the nearest, ties to even; a NaN stays one.
void addRoutines(Module &module) {
  Function *user = functionWithHalves(module);
  if (!user)
    return;
  LLVMContext &context = module.getContext();
  IRBuilder<> b(context);
  auto *type = FunctionType::get(Type::getBFloatTy(context), {b.getFloatTy()},
                                 /*isVarArg=*/false);
  Function *routine = Function::Create(type, GlobalValue::ExternalLinkage,
                                       "__truncsfbf2", module);
  routine->setVisibility(GlobalValue::HiddenVisibility);
  for (StringRef name :
       {"target-cpu", "target-features", "prefer-vector-width"})
    routine->addFnAttr(user->getFnAttribute(name));
  b.SetInsertPoint(BasicBlock::Create(context, "", routine));
  Value *bits = b.CreateBitCast(routine->getArg(0), b.getInt32Ty());
  Value *upper = b.CreateLShr(bits, 16);
  Value *even = b.CreateAnd(upper, 1);
  Value *rounded = b.CreateLShr(
      b.CreateAdd(bits, b.CreateAdd(even, b.getInt32(0x7fff))), 16);
  Value *isNan =
      b.CreateICmpUGT(b.CreateAnd(bits, 0x7fffffff), b.getInt32(0x7f800000));
  Value *kept = b.CreateSelect(isNan, b.CreateOr(upper, 0x40), rounded);
  b.CreateRet(b.CreateBitCast(b.CreateTrunc(kept, b.getInt16Ty()),
                              Type::getBFloatTy(context)));
}

} // namespace attune
