// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/HeadTile.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

SmallVector<Value> HeadSource::place(Value length, Value width) const {
  Value logical[] = {batch, head, length, width};
  return llvm::map_to_vector(layout, [&](int64_t dim) { return logical[dim]; });
}

Value headSize(VectorEmitter &b, Value operand, ArrayRef<int64_t> layout,
               int64_t dim) {
  return b.dim(operand, llvm::find(layout, dim) - layout.begin());
}

Value makeTile(VectorEmitter &b, int64_t rows, int64_t columns) {
  return memref::AllocaOp::create(
      b, MemRefType::get({rows, columns}, b.getF32Type()),
      b.getI64IntegerAttr(64));
}

void loadTile(VectorEmitter &b, Value tile, const HeadSource &source,
              int64_t columnDim, TileExtent extent,
              llvm::function_ref<std::pair<Value, Value>(Value, Value)> at) {
  bool contiguous = source.layout.back() == columnDim;
  auto indices = [&](Value row, Value column) {
    auto [length, width] = at(row, column);
    return source.place(length, width);
  };
  b.loop(b.index(0), extent.rows, b.index(1), [&](Value row) {
    if (!contiguous)
      b.loop(b.index(0), extent.columns, b.index(1), [&](Value column) {
        Value element =
            memref::LoadOp::create(b, source.operand, indices(row, column));
        memref::StoreOp::create(b, element, tile, ValueRange{row, column});
      });
    b.loop(b.index(0), extent.span, b.index(b.lanes), [&](Value column) {
      Value mask = b.maskBelow(b.sub(extent.columns, column));
      Value x = contiguous ? b.load(source.operand, indices(row, column), mask)
                           : b.load(tile, {row, column}, mask);
      if (source.map)
        x = b.inlineOnVectors(source.map->front(), x).front();
      b.store(arith::SelectOp::create(b, mask, x, b.splat(0.0f)), tile,
              {row, column});
    });
  });
}

} // namespace attune
