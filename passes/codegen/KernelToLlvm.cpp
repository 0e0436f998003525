// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_KERNELTOLLVMPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// Byte offsets in the runtime's `attune_services` and `attune_argument`.
enum ServicesOffset : int64_t {
  contextOffset = 8,
  workspaceOffset = 16,
  outputOffset = 24,
  parallelForOffset = 32,
  failOffset = 40,
  stoppedOffset = 48,
  markOffset = 56,
  releaseOffset = 64,
  growOffset = 72,
};
constexpr int64_t argumentSize = 16, argumentShapeOffset = 8;

/// Code over raw pointers.
struct PointerCode {
  PointerCode(ConversionPatternRewriter &rewriter, Location loc)
      : b(rewriter), loc(loc),
        pointer(LLVM::LLVMPointerType::get(rewriter.getContext())),
        i64(rewriter.getI64Type()), i32(rewriter.getI32Type()) {}

  Value integer(Type type, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, type, value);
  }
  Value at(Value base, int64_t offset) {
    return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{int32_t(offset)});
  }
  Value loadAt(Type type, Value base, int64_t offset) {
    return LLVM::LoadOp::create(b, loc, type, at(base, offset));
  }
  /// Calls a member of the services; its first argument is their context.
  LLVM::CallOp call(Type result, Value services, int64_t offset,
                    ArrayRef<Value> arguments) {
    SmallVector<Value> operands = {loadAt(pointer, services, offset),
                                   loadAt(pointer, services, contextOffset)};
    llvm::append_range(operands, arguments);
    SmallVector<Type> types =
        llvm::to_vector(ValueRange(operands).drop_front().getTypes());
    return LLVM::CallOp::create(
        b, loc, LLVM::LLVMFunctionType::get(result, types), operands);
  }
  /// Memory on the stack of the function's entry, outside every loop.
  Value onStack(Type element, int64_t count) {
    return LLVM::AllocaOp::create(b, loc, pointer, element, integer(i64, count),
                                  8);
  }
  /// A memref<?xi8> of unknown length.
  Value bytes(const LLVMTypeConverter &converter, Value base) {
    auto type = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
    auto descriptor =
        MemRefDescriptor::poison(b, loc, converter.convertType(type));
    descriptor.setAllocatedPtr(b, loc, base);
    descriptor.setAlignedPtr(b, loc, base);
    descriptor.setOffset(b, loc, integer(i64, 0));
    descriptor.setSize(b, loc, 0,
                       integer(i64, std::numeric_limits<int64_t>::max()));
    descriptor.setStride(b, loc, 0, integer(i64, 1));
    return descriptor;
  }
  Value notNull(Value value) {
    Value null = LLVM::ZeroOp::create(b, loc, pointer);
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, value, null);
  }

  ConversionPatternRewriter &b;
  Location loc;
  Type pointer, i64, i32;
};

struct InputLowering : ConvertOpToLLVMPattern<kernel::InputOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::InputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value data = code.loadAt(code.pointer, adaptor.getInputs(),
                             op.getIndex() * argumentSize);
    rewriter.replaceOp(op, code.bytes(*getTypeConverter(), data));
    return success();
  }
};

struct InputDimLowering : ConvertOpToLLVMPattern<kernel::InputDimOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::InputDimOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value shape =
        code.loadAt(code.pointer, adaptor.getInputs(),
                    op.getIndex() * argumentSize + argumentShapeOffset);
    rewriter.replaceOp(op, code.loadAt(code.i64, shape, op.getDim() * 8));
    return success();
  }
};

struct WeightsLowering : ConvertOpToLLVMPattern<kernel::WeightsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::WeightsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value offset = code.integer(code.i64, op.getOffset());
    Value data = LLVM::GEPOp::create(rewriter, op.getLoc(), code.pointer,
                                     rewriter.getI8Type(), adaptor.getWeights(),
                                     ArrayRef<LLVM::GEPArg>{offset});
    rewriter.replaceOp(op, code.bytes(*getTypeConverter(), data));
    return success();
  }
};

struct WorkspaceLowering : ConvertOpToLLVMPattern<kernel::WorkspaceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::WorkspaceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value memory = code.call(code.pointer, adaptor.getServices(),
                             workspaceOffset, {adaptor.getSize()})
                       .getResult();
    rewriter.replaceOp(
        op, {code.bytes(*getTypeConverter(), memory), code.notNull(memory)});
    return success();
  }
};

struct OutputLowering : ConvertOpToLLVMPattern<kernel::OutputOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::OutputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    int64_t rank = adaptor.getShape().size();
    Value shape = code.onStack(code.i64, std::max<int64_t>(rank, 1));
    for (auto [dim, size] : llvm::enumerate(adaptor.getShape()))
      LLVM::StoreOp::create(rewriter, op.getLoc(), size,
                            code.at(shape, dim * 8));
    Value memory = code.call(code.pointer, adaptor.getServices(), outputOffset,
                             {code.integer(code.i32, op.getIndex()),
                              code.integer(code.i32, rank), shape})
                       .getResult();
    rewriter.replaceOp(
        op, {code.bytes(*getTypeConverter(), memory), code.notNull(memory)});
    return success();
  }
};

struct GrowLowering : ConvertOpToLLVMPattern<kernel::GrowOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::GrowOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value memory =
        code.call(code.pointer, adaptor.getServices(), growOffset,
                  {code.integer(code.i32, op.getSlot()), adaptor.getSize()})
            .getResult();
    rewriter.replaceOp(
        op, {code.bytes(*getTypeConverter(), memory), code.notNull(memory)});
    return success();
  }
};

struct MarkLowering : ConvertOpToLLVMPattern<kernel::MarkOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::MarkOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    rewriter.replaceOp(
        op,
        code.call(code.i64, adaptor.getServices(), markOffset, {}).getResult());
    return success();
  }
};

struct ReleaseLowering : ConvertOpToLLVMPattern<kernel::ReleaseOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::ReleaseOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    code.call(LLVM::LLVMVoidType::get(op.getContext()), adaptor.getServices(),
              releaseOffset, {adaptor.getPlace()});
    rewriter.eraseOp(op);
    return success();
  }
};

struct GoesOnLowering : ConvertOpToLLVMPattern<kernel::GoesOnOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::GoesOnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    Value stopped =
        code.call(code.i32, adaptor.getServices(), stoppedOffset, {})
            .getResult();
    rewriter.replaceOpWithNewOp<LLVM::ICmpOp>(
        op, LLVM::ICmpPredicate::eq, stopped, code.integer(code.i32, 0));
    return success();
  }
};

struct FailLowering : ConvertOpToLLVMPattern<kernel::FailOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(kernel::FailOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    auto module = op->getParentOfType<ModuleOp>();
    std::string text = (op.getMessage() + StringRef("\0", 1)).str();
    unsigned number = 0;
    std::string name;
    do
      name = ("attune_message" + Twine(number++)).str();
    while (module.lookupSymbol(name));
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(rewriter.getI8Type(), text.size());
      LLVM::GlobalOp::create(rewriter, op.getLoc(), type, /*isConstant=*/true,
                             LLVM::Linkage::Internal, name,
                             rewriter.getStringAttr(text));
    }
    Value message =
        LLVM::AddressOfOp::create(rewriter, op.getLoc(), code.pointer, name);
    code.call(
        LLVM::LLVMVoidType::get(op.getContext()), adaptor.getServices(),
        failOffset,
        {code.integer(code.i32, static_cast<int32_t>(op.getCode())), message});
    rewriter.eraseOp(op);
    return success();
  }
};

/// Packs the captures into a structure on the stack; a thunk, made beside the
/// body, unpacks them in each part of the range.
struct LaunchLowering : ConvertOpToLLVMPattern<kernel::LaunchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(kernel::LaunchOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    PointerCode code(rewriter, op.getLoc());
    SmallVector<Value> fields = {adaptor.getServices().front()};
    for (ValueRange capture : adaptor.getCaptures())
      llvm::append_range(fields, capture);
    auto structure = LLVM::LLVMStructType::getLiteral(
        op.getContext(), llvm::to_vector(ValueRange(fields).getTypes()));
    Value memory = code.onStack(structure, 1);
    for (auto [index, field] : llvm::enumerate(fields))
      LLVM::StoreOp::create(
          rewriter, op.getLoc(), field,
          fieldAt(rewriter, op.getLoc(), structure, memory, index));
    std::string thunk = makeThunk(op, structure, rewriter);
    Value body =
        LLVM::AddressOfOp::create(rewriter, op.getLoc(), code.pointer, thunk);
    code.call(
        LLVM::LLVMVoidType::get(op.getContext()), adaptor.getServices().front(),
        parallelForOffset,
        {body, memory, adaptor.getCount().front(), adaptor.getGrain().front()});
    rewriter.eraseOp(op);
    return success();
  }

private:
  static Value fieldAt(OpBuilder &b, Location loc, Type structure, Value base,
                       size_t index) {
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    return LLVM::GEPOp::create(b, loc, pointer, structure, base,
                               ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
  }

  /// void thunk(ptr captures, i64 begin, i64 end)
  std::string makeThunk(kernel::LaunchOp op, LLVM::LLVMStructType structure,
                        ConversionPatternRewriter &rewriter) const {
    PointerCode code(rewriter, op.getLoc());
    auto module = op->getParentOfType<ModuleOp>();
    std::string name = (op.getBody() + ".thunk").str();
    if (module.lookupSymbol(name))
      return name;
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(module.getBody());
    auto type =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(op.getContext()),
                                    {code.pointer, code.i64, code.i64});
    auto thunk = LLVM::LLVMFuncOp::create(rewriter, op.getLoc(), name, type,
                                          LLVM::Linkage::Internal);
    Block *entry = thunk.addEntryBlock(rewriter);
    rewriter.setInsertionPointToStart(entry);
    SmallVector<Value> arguments;
    for (auto [index, field] : llvm::enumerate(structure.getBody()))
      arguments.push_back(
          LLVM::LoadOp::create(rewriter, op.getLoc(), field,
                               fieldAt(rewriter, op.getLoc(), structure,
                                       entry->getArgument(0), index)));
    // The body's first arguments are (services, begin, end).
    arguments.insert(arguments.begin() + 1,
                     {entry->getArgument(1), entry->getArgument(2)});
    SmallVector<Value> unpacked = {arguments[0], arguments[1], arguments[2]};
    unsigned next = 3;
    for (Value capture : op.getCaptures()) {
      Value field = arguments[next++];
      if (auto memref = dyn_cast<MemRefType>(capture.getType()))
        MemRefDescriptor::unpack(rewriter, op.getLoc(), field, memref,
                                 unpacked);
      else
        unpacked.push_back(field);
    }
    LLVM::CallOp::create(rewriter, op.getLoc(), TypeRange(), op.getBody(),
                         unpacked);
    LLVM::ReturnOp::create(rewriter, op.getLoc(), ValueRange());
    return name;
  }
};

struct KernelToLlvm : impl::KernelToLlvmPassBase<KernelToLlvm> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    LLVMTypeConverter converter(context);
    RewritePatternSet patterns(context);
    populateAffineToStdConversionPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateMathToLibmConversionPatterns(patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    patterns
        .add<InputLowering, InputDimLowering, WeightsLowering,
             WorkspaceLowering, OutputLowering, FailLowering, GoesOnLowering,
             GrowLowering, MarkLowering, ReleaseLowering, LaunchLowering>(
            converter);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    target.addLegalOp<kernel::WeightOp>();
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace attune
