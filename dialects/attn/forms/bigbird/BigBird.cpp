// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/BlockLists.h"
#include "dialects/attn/core/RandomFeatures.h"
#include "dialects/attn/forms/Forms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace attune::attn {

namespace {
struct Pattern {
  int64_t window, globals, randoms;
  bool causal;
};
} // namespace

static bool isFixed(const Pattern &pattern, int64_t row, int64_t column,
                    int64_t count) {
  auto isGlobal = [&](int64_t block) {
    return block < pattern.globals ||
           (!pattern.causal && block >= count - pattern.globals);
  };
  if (isGlobal(row) || isGlobal(column))
    return true;
  return pattern.causal ? row - column < pattern.window
                        : std::abs(row - column) <= pattern.window / 2;
}

/// Marks the blocks of one head; returns how many a row has at most.
static int64_t mark(const Pattern &pattern, int64_t count, Bits bits,
                    llvm::MutableArrayRef<bool> marks) {
  int64_t most = 0;
  for (int64_t row = 0; row < count; ++row) {
    SmallVector<int64_t> others;
    int64_t end = pattern.causal ? row + 1 : count, marked = 0;
    for (int64_t column = 0; column < end; ++column) {
      if (!isFixed(pattern, row, column, count)) {
        others.push_back(column);
        continue;
      }
      marks[row * count + column] = true;
      ++marked;
    }
    int64_t drawn =
        std::min<int64_t>(pattern.randoms, static_cast<int64_t>(others.size()));
    for (int64_t t = 0; t < drawn; ++t) {
      uint64_t left = others.size() - t;
      std::swap(others[t], others[t + bits.next() % left]);
      marks[row * count + others[t]] = true;
    }
    most = std::max(most, marked + drawn);
  }
  return most;
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  auto from = [&](StringRef name, int64_t least) {
    return parameters.integerFrom(dense, name, least);
  };
  std::optional<int64_t> block = from("block", 1), window = from("window", 1),
                         globals = from("global", 0),
                         randoms = from("random", 0), seed = from("seed", 0);
  if (!block || !window || !globals || !randoms || !seed)
    return failure();
  std::optional<BlockGrid> grid = blockGrid(dense, "bigbird", *block);
  if (!grid)
    return failure();
  int64_t heads = grid->heads;
  Pattern pattern{*window, *globals, *randoms, dense.getCausal()};
  int64_t each = grid->rows * grid->columns, capacity = 1;
  std::unique_ptr<bool[]> marks(new bool[heads * each]());
  for (int64_t head = 0; head < heads; ++head) {
    uint64_t state = static_cast<uint64_t>(*seed) +
                     1000003 * static_cast<uint64_t>(parameters.layer()) +
                     7919 * static_cast<uint64_t>(head);
    capacity = std::max(capacity,
                        mark(pattern, grid->rows, Bits(state),
                             llvm::MutableArrayRef(&marks[head * each], each)));
  }
  auto type = RankedTensorType::get({1, heads, grid->rows, grid->columns},
                                    rewriter.getI1Type());
  Value mask = arith::ConstantOp::create(
      rewriter, dense.getLoc(),
      DenseElementsAttr::get(type, ArrayRef(marks.get(), heads * each)));
  restrictToBlocks(rewriter, dense, mask, *block, capacity);
  return success();
}

/// Whether each row has all blocks, fixed or drawn.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  if (!longest || parameters.integer("block") < 1)
    return false;
  int64_t count = llvm::divideCeil(*longest, parameters.integer("block"));
  int64_t window = parameters.integer("window");
  return parameters.integer("random") >= count ||
         parameters.integer("global") >= count ||
         (dense.getCausal() ? window : window / 2 + 1) >= count;
}

Form bigbird_form() {
  static constexpr FormParameter parameters[] = {
      {"block", FormParameter::Kind::integer, 64, "positions of a block"},
      {"window", FormParameter::Kind::integer, 3,
       "blocks around a query's own that it sees; with a causal mask, its own "
       "and those before"},
      {"global", FormParameter::Kind::integer, 1,
       "first blocks, and with no causal mask last ones, which see all and "
       "which all see"},
      {"random", FormParameter::Kind::integer, 3,
       "further blocks that each block of queries sees, drawn at compile time"},
      {"seed", FormParameter::Kind::integer, 0,
       "of what is drawn, for each layer and head by its number in turn"}};
  return {"bigbird",
          "softmax over a window of blocks, global blocks and random ones",
          "Zaheer et al. (2020), Big Bird: Transformers for Longer Sequences",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
