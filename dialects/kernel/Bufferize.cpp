// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace attune::kernel {
namespace {

struct LoadWeightBufferization
    : BufferizableOpInterface::ExternalModel<LoadWeightBufferization,
                                             LoadWeightOp> {
  /// Weights are mapped read-only: whoever wants to write needs a copy.
  bool isWritable(Operation *, Value, const AnalysisState &) const {
    return false;
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &,
                          BufferizationState &) const {
    auto load = cast<LoadWeightOp>(op);
    auto tensor = cast<RankedTensorType>(load.getType());
    auto memref = MemRefType::get(tensor.getShape(), tensor.getElementType());
    replaceOpWithNewBufferizedOp<LoadWeightOp>(rewriter, op, memref,
                                               load.getWeightAttr());
    return success();
  }
};

/// Clones a destination-style operation on the buffers of its operands.
template <typename Op>
struct DestinationBufferization
    : DstBufferizableOpInterfaceExternalModel<DestinationBufferization<Op>,
                                              Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    // These change what lies in their destination; the rest replaces it.
    return isa<ScatterOp, FftOp, DeterminantOp>(op) ||
           cast<DestinationStyleOpInterface>(op).isDpsInput(&operand);
  }

  /// Rows of an output may be written before other rows are computed, so no
  /// input may share its buffer with a destination.
  bool bufferizesToElementwiseAccess(Operation *, const AnalysisState &,
                                     ArrayRef<OpOperand *>) const {
    return false;
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState twin(op->getLoc(), op->getName(), buffers, TypeRange(),
                        op->getAttrs());
    twin.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      twin.addRegion()->takeBody(region);
    rewriter.create(twin);
    auto destination = cast<DestinationStyleOpInterface>(op);
    SmallVector<Value> results;
    for (OpOperand &init : destination.getDpsInitsMutable())
      results.push_back(buffers[init.getOperandNumber()]);
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

} // namespace

void registerBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, KernelDialect *) {
    LoadWeightOp::attachInterface<LoadWeightBufferization>(*context);
    ContractOp::attachInterface<DestinationBufferization<ContractOp>>(*context);
    ScanOp::attachInterface<DestinationBufferization<ScanOp>>(*context);
    StateAttentionOp::attachInterface<
        DestinationBufferization<StateAttentionOp>>(*context);
    RecurrenceOp::attachInterface<DestinationBufferization<RecurrenceOp>>(
        *context);
    ScatterOp::attachInterface<DestinationBufferization<ScatterOp>>(*context);
    SuppressOp::attachInterface<DestinationBufferization<SuppressOp>>(*context);
    FftOp::attachInterface<DestinationBufferization<FftOp>>(*context);
    LagSumOp::attachInterface<DestinationBufferization<LagSumOp>>(*context);
    SpectrumOp::attachInterface<DestinationBufferization<SpectrumOp>>(*context);
    CirculantOp::attachInterface<DestinationBufferization<CirculantOp>>(
        *context);
    DeterminantOp::attachInterface<DestinationBufferization<DeterminantOp>>(
        *context);
    SortOp::attachInterface<DestinationBufferization<SortOp>>(*context);
    AppendOp::attachInterface<DestinationBufferization<AppendOp>>(*context);
    AttentionOp::attachInterface<DestinationBufferization<AttentionOp>>(
        *context);
    LinearAttentionOp::attachInterface<
        DestinationBufferization<LinearAttentionOp>>(*context);
  });
}

} // namespace attune::kernel
