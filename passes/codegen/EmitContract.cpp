// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITCONTRACTPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// Register tile: `rows` x `vectors` accumulators of `lanes` f32.
struct Tile {
  int64_t lanes, rows, vectors;
  int64_t columns() const { return lanes * vectors; }
};

/// Where a tile stands: its batch, first row and panel, how many rows it has,
/// and, in a panel that the matrix does not fill, the columns that are left.
struct Place {
  Value batch, row, panel, column;
  int64_t rows = 0;
  Value columnsLeft;
};

class ContractEmitter {
public:
  ContractEmitter(kernel::ContractOp op, Tile tile)
      : op(op), tile(tile), b(op, tile.lanes), lhs(op.getLhs()),
        rhs(op.getRhs()), init(op.getInit().front()) {}

  void emit();

private:
  /// Rows of a block that stays in the second-level cache while panels pass.
  static constexpr int64_t blockRows = 96;

  void emitTask(Value task, Value rowBlocks, Value panelGroups);
  void emitPanel(Place place, Value rowEnd);
  void emitHeights(Place place, Value height);
  void emitTile(Place place);
  SmallVector<Value> accumulate(const Place &place, ArrayRef<Value> masks);
  SmallVector<Value> loadRhs(const Place &place, Value k,
                             ArrayRef<Value> masks);
  Value loadCapture(unsigned index, const Place &place, Value row, Value column,
                    Value mask);
  SmallVector<Value> columnMasks(const Place &place);
  Value columnOf(const Place &place, int64_t vector) {
    return b.add(place.column, b.index(vector * tile.lanes));
  }

  kernel::ContractOp op;
  Tile tile;
  VectorEmitter b;
  Value lhs, rhs, init;
  Value rows, columns, depth, panels, groupPanels;
};

} // namespace

SmallVector<Value> ContractEmitter::columnMasks(const Place &place) {
  SmallVector<Value> masks(tile.vectors);
  if (place.columnsLeft)
    for (auto [vector, mask] : llvm::enumerate(masks))
      mask =
          b.maskBelow(b.sub(place.columnsLeft, b.index(vector * tile.lanes)));
  return masks;
}

SmallVector<Value> ContractEmitter::loadRhs(const Place &place, Value k,
                                            ArrayRef<Value> masks) {
  SmallVector<Value> vectors;
  for (int64_t v = 0; v < tile.vectors; ++v) {
    if (op.isPacked()) {
      vectors.push_back(b.load(rhs, {place.panel, k, b.index(v * tile.lanes)}));
      continue;
    }
    SmallVector<Value> indices = {k, columnOf(place, v)};
    if (cast<MemRefType>(rhs.getType()).getRank() == 3)
      indices.insert(indices.begin(), place.batch);
    vectors.push_back(b.load(rhs, indices, masks[v]));
  }
  return vectors;
}

/// The sums of a tile, row by row, vector by vector.
SmallVector<Value> ContractEmitter::accumulate(const Place &place,
                                               ArrayRef<Value> masks) {
  SmallVector<Value> zeros(place.rows * tile.vectors, b.splat(0.0f));
  SmallVector<Value> rowIndices;
  for (int64_t r = 0; r < place.rows; ++r)
    rowIndices.push_back(b.add(place.row, b.index(r)));
  auto step = [&](Value k, ValueRange sums) {
    SmallVector<Value> right = loadRhs(place, k, masks);
    SmallVector<Value> next;
    for (int64_t r = 0; r < place.rows; ++r) {
      Value left = b.splat(memref::LoadOp::create(
          b, lhs, ValueRange{place.batch, rowIndices[r], k}));
      for (int64_t v = 0; v < tile.vectors; ++v)
        next.push_back(vector::FMAOp::create(b, left, right[v],
                                             sums[r * tile.vectors + v]));
    }
    return next;
  };
  return b.loop(b.index(0), depth, b.index(1), zeros, step);
}

Value ContractEmitter::loadCapture(unsigned index, const Place &place,
                                   Value row, Value column, Value mask) {
  Value memref = op.getCaptures()[index];
  AffineMap map = cast<AffineMapAttr>(op.getCaptureMaps()[index]).getValue();
  SmallVector<Value> indices;
  Value positions[] = {place.batch, row, column};
  bool alongColumns = false;
  for (AffineExpr result : map.getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    indices.push_back(positions[dim]);
    alongColumns |= dim == 2;
  }
  if (alongColumns)
    return b.load(memref, indices, mask);
  return memref::LoadOp::create(b, memref, indices);
}

void ContractEmitter::emitTile(Place place) {
  SmallVector<Value> masks = columnMasks(place);
  SmallVector<Value> sums = accumulate(place, masks);
  for (int64_t r = 0; r < place.rows; ++r) {
    Value row = b.add(place.row, b.index(r));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value column = columnOf(place, v);
      SmallVector<Value> arguments = {sums[r * tile.vectors + v]};
      for (unsigned i = 0; i < op.getCaptures().size(); ++i)
        arguments.push_back(loadCapture(i, place, row, column, masks[v]));
      Value result =
          b.inlineOnVectors(op.getEpilogue().front(), arguments).front();
      b.store(result, init, {place.batch, row, column}, masks[v]);
    }
  }
}

/// One case for each height that a tile can have.
void ContractEmitter::emitHeights(Place place, Value height) {
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= tile.rows; ++rows)
    cases.push_back(rows);
  auto choice =
      scf::IndexSwitchOp::create(b, TypeRange(), height, cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [rows, region] : llvm::zip(cases, choice.getCaseRegions())) {
    b.createBlock(&region);
    place.rows = rows;
    emitTile(place);
    scf::YieldOp::create(b);
  }
  b.createBlock(&choice.getDefaultRegion());
  scf::YieldOp::create(b);
}

void ContractEmitter::emitPanel(Place place, Value rowEnd) {
  Value firstRow = place.row;
  b.loop(firstRow, rowEnd, b.index(tile.rows), [&](Value row) {
    Place at = place;
    at.row = row;
    emitHeights(at, b.min(b.sub(rowEnd, row), b.index(tile.rows)));
  });
}

void ContractEmitter::emitTask(Value task, Value rowBlocks, Value panelGroups) {
  Place place;
  Value rowBlock = b.rem(task, rowBlocks);
  Value rest = b.div(task, rowBlocks);
  Value group = b.rem(rest, panelGroups);
  place.batch = b.div(rest, panelGroups);
  place.row = b.mul(rowBlock, b.index(blockRows));
  Value rowEnd = b.min(rows, b.add(place.row, b.index(blockRows)));
  Value firstPanel = b.mul(group, groupPanels);
  Value lastPanel = b.min(panels, b.add(firstPanel, groupPanels));
  b.loop(firstPanel, lastPanel, b.index(1), [&](Value panel) {
    Place at = place;
    at.panel = panel;
    at.column = b.mul(panel, b.index(tile.columns()));
    std::optional<int64_t> known = getConstantIntValue(columns);
    if (known && *known % tile.columns() == 0)
      return emitPanel(at, rowEnd);
    Value left = b.sub(columns, at.column);
    Value full = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, left,
                                       b.index(tile.columns()));
    auto choice = scf::IfOp::create(b, full, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    emitPanel(at, rowEnd);
    b.setInsertionPointToStart(choice.elseBlock());
    at.columnsLeft = left;
    emitPanel(at, rowEnd);
  });
}

void ContractEmitter::emit() {
  rows = b.dim(lhs, 1);
  depth = b.dim(lhs, 2);
  columns = b.dim(init, 2);
  panels = b.ceilDiv(columns, tile.columns());
  // A group of panels is what one task passes over: enough work to be worth a
  // task, few enough to stay in the cache beside a block of rows.
  groupPanels = b.index(4);
  Value panelGroups = b.ceilDiv(panels, 4);
  Value rowBlocks = b.ceilDiv(rows, blockRows);
  Value tasks = b.mul(b.mul(b.dim(init, 0), panelGroups), rowBlocks);
  b.parallel(tasks, b.index(1),
             [&](Value task) { emitTask(task, rowBlocks, panelGroups); });
  op.erase();
}

namespace {
struct EmitContract : impl::EmitContractPassBase<EmitContract> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::ContractOp> ops;
    getOperation().walk([&](kernel::ContractOp op) { ops.push_back(op); });
    for (kernel::ContractOp op : ops)
      ContractEmitter(op, {lanes, rows, vectors}).emit();
  }
};
} // namespace
} // namespace attune
