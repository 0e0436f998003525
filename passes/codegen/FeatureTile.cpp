// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/FeatureTile.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

using kernel::FeatureKind;

int64_t FeatureSpec::features() const {
  if (kind == FeatureKind::taylor)
    return 1 + width + width * (width + 1) / 2;
  return projection ? cast<MemRefType>(projection.getType()).getDimSize(0)
                    : width;
}

void FeatureTile::place(Value inputTile, Value featureTile) {
  inputs = inputTile;
  features = featureTile;
  // Rows and columns that only fill up a register tile may never be written,
  // but they are multiplied: what lies in memory may be slow to calculate with.
  auto clear = [&](Value tile, int64_t from) {
    int64_t end = cast<MemRefType>(tile.getType()).getDimSize(0);
    b.loop(b.index(from), b.index(end), b.index(1), [&](Value row) {
      for (int64_t at = 0; at < chunk; at += b.lanes)
        b.store(b.splat(0.0f), tile, {row, b.index(at)});
    });
  };
  clear(inputs, 0);
  if (!isElementwise())
    clear(features, spec.features());
}

Value FeatureTile::mapped(Value feature) {
  return b.inlineOnVectors(spec.map->front(), feature).front();
}

void FeatureTile::load(const HeadSource &source, Value first, Value count) {
  Value scale = b.splat(static_cast<float>(spec.scale));
  loadTransposed(b, inputs, source, spec.width, first, count, [&](Value x) {
    if (spec.scale != 1)
      x = arith::MulFOp::create(b, x, scale);
    return isElementwise() ? mapped(x) : x;
  });
}

void FeatureTile::overPanels(Value count,
                             llvm::function_ref<void(Value)> body) {
  b.loop(b.index(0), count, b.index(panel()), body);
}

FeatureTile::Values FeatureTile::columns(Value column) {
  Values all;
  for (int64_t v = 0; v < vectors; ++v)
    all.push_back(b.add(column, b.index(v * b.lanes)));
  return all;
}

/// `height` rows of W x from `row` on; past the end, the last one again.
FeatureTile::Values FeatureTile::project(Value row, Value column) {
  LeftFactor left{spec.projection, {}, /*transposed=*/false};
  Value last = b.index(spec.features() - 1);
  for (int64_t r = 0; r < height; ++r)
    left.rows.push_back(b.min(b.add(row, b.index(r)), last));
  Values sums(height * vectors, b.splat(0.0f));
  addProducts(b, sums, left, inputs, b.index(spec.width), columns(column));
  return sums;
}

void FeatureTile::store(const Values &tile, Value row, Value column) {
  for (auto [i, value] : llvm::enumerate(tile))
    b.store(value, features,
            {b.add(row, b.index(i / vectors)),
             b.add(column, b.index(i % vectors * b.lanes))});
}

/// |x|^2 / 2 of each column.
FeatureTile::Values FeatureTile::halfSquares(Value column) {
  Values zeros(vectors, b.splat(0.0f));
  auto step = [&](Value d, ValueRange sums) {
    Values next;
    for (auto [sum, at] : llvm::zip(sums, columns(column))) {
      Value x = b.load(inputs, {d, at});
      next.push_back(vector::FMAOp::create(b, x, x, sum));
    }
    return next;
  };
  Values sums =
      b.loop(b.index(0), b.index(spec.width), b.index(1), zeros, step);
  return llvm::map_to_vector(sums, [&](Value sum) -> Value {
    return arith::MulFOp::create(b, sum, b.splat(0.5f));
  });
}

FeatureTile::Values FeatureTile::exponents(Value row, Value column,
                                           const Values &halves) {
  Values sums = project(row, column);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = arith::SubFOp::create(b, sum, halves[i % vectors]);
  return sums;
}

Value FeatureTile::maximum(Value count, Value seen, Value largest) {
  Value none = b.splat(-std::numeric_limits<float>::infinity());
  auto overColumns = [&](Value column, ValueRange carried) {
    Values halves = halfSquares(column), exist;
    for (Value at : columns(column)) {
      exist.push_back(b.maskBelow(b.sub(count, at)));
      if (seen)
        exist.back() = arith::AndIOp::create(
            b, exist.back(),
            arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                  b.load(seen, {b.index(0), at}),
                                  b.splat(0.0f)));
    }
    auto overRows = [&](Value row, ValueRange maxima) {
      Values next(maxima);
      for (auto [i, one] : llvm::enumerate(exponents(row, column, halves))) {
        Value seen = arith::SelectOp::create(b, exist[i % vectors], one, none);
        Value &maximum = next[i % vectors];
        maximum = arith::MaximumFOp::create(b, maximum, seen);
      }
      return next;
    };
    Values initial(vectors, carried.front());
    Values maxima = b.loop(b.index(0), b.index(spec.features()),
                           b.index(height), initial, overRows);
    Value all = maxima.front();
    for (Value one : llvm::drop_begin(maxima))
      all = arith::MaximumFOp::create(b, all, one);
    return Values{all};
  };
  return b.loop(b.index(0), count, b.index(panel()), largest, overColumns)
      .front();
}

void FeatureTile::makeKeys(Value column, Value largest) {
  Values halves = halfSquares(column);
  for (Value &half : halves)
    half = arith::AddFOp::create(b, half, b.splat(largest));
  b.loop(b.index(0), b.index(spec.features()), b.index(height), [&](Value row) {
    Values tile = exponents(row, column, halves);
    for (Value &value : tile)
      value = mapped(b.expOfNegative(value));
    store(tile, row, column);
  });
}

/// The maximum over the features is a column's own, so it is found first.
void FeatureTile::makeQueries(Value column) {
  Value end = b.index(spec.features());
  Values lowest(vectors, b.splat(-std::numeric_limits<float>::infinity()));
  auto overRows = [&](Value row, ValueRange carried) {
    Values tile = project(row, column), next(carried);
    store(tile, row, column);
    for (auto [i, value] : llvm::enumerate(tile))
      next[i % vectors] =
          arith::MaximumFOp::create(b, next[i % vectors], value);
    return next;
  };
  Values maxima = b.loop(b.index(0), end, b.index(height), lowest, overRows);
  b.loop(b.index(0), end, b.index(1), [&](Value row) {
    for (auto [maximum, at] : llvm::zip(maxima, columns(column))) {
      Value exponent =
          arith::SubFOp::create(b, b.load(features, {row, at}), maximum);
      b.store(mapped(b.expOfNegative(exponent)), features, {row, at});
    }
  });
}

/// 1, x_a, and for each a the products with x_a and those behind it.
void FeatureTile::makeTaylor(Value column) {
  Value one = b.index(1), width = b.index(spec.width);
  Value half = b.splat(static_cast<float>(std::sqrt(0.5)));
  for (Value at : columns(column)) {
    b.store(b.splat(1.0f), features, {b.index(0), at});
    auto products = [&](Value a, ValueRange carried) {
      Value x = b.load(inputs, {a, at}), row = carried.front();
      b.store(x, features, {b.add(one, a), at});
      Value square = arith::MulFOp::create(b, x, x);
      b.store(arith::MulFOp::create(b, square, half), features, {row, at});
      Value base = b.sub(row, a);
      b.loop(b.add(a, one), width, one, [&](Value other) {
        Value product =
            arith::MulFOp::create(b, x, b.load(inputs, {other, at}));
        b.store(product, features, {b.add(base, other), at});
      });
      return Values{b.add(base, width)};
    };
    b.loop(b.index(0), width, one, ValueRange(b.add(one, width)), products);
  }
}

void FeatureTile::make(Value count, Value largest) {
  if (isElementwise())
    return;
  overPanels(count, [&](Value column) {
    switch (spec.kind) {
    case FeatureKind::taylor:
      return makeTaylor(column);
    case FeatureKind::queries:
      return makeQueries(column);
    case FeatureKind::keys:
      return makeKeys(column, largest);
    case FeatureKind::elements:
      break;
    }
    b.loop(b.index(0), b.index(spec.features()), b.index(height),
           [&](Value row) {
             Values tile = project(row, column);
             for (Value &value : tile)
               value = mapped(value);
             store(tile, row, column);
           });
  });
}

} // namespace attune
