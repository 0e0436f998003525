// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/GroupQueryInputs.h"

#include <limits>

using namespace mlir;

namespace attune::gqa {

bool hasSink(NodeBuilder &b) {
  return b.node.hasInput(headSink) || b.node.getInt("smooth_softmax", -1) == 1;
}

/// Whether a query sees a key, up to [batch, 1, queries, keys].
static Value visible(NodeBuilder &b, const AttentionParts &parts,
                     const Sight &sight) {
  Value columns = b.range(sight.longest, Extent());
  if (!parts.causal)
    return b.compare("Less", columns, b.unsqueeze(sight.lengths, {1, 2, 3}));
  Value rows = b.unsqueeze(sight.rows, {1, 3});
  Value seen = b.compare("LessOrEqual", columns, rows);
  if (parts.window < 0)
    return seen;
  Value first =
      b.binary("Sub", rows, b.scalar(double(parts.window), b.integerType()));
  return b.make("And", 7, {seen, b.compare("GreaterOrEqual", columns, first)},
                IntegerType::get(b.context(), 1), extentsOf(seen));
}

LogicalResult addSink(NodeBuilder &b, AttentionParts &parts,
                      const Sight &sight) {
  Value sinks = b.node.getInput(headSink);
  if (sinks && failed(b.requireEqual(extentOf(sinks, 0), parts.heads,
                                     "sizes of head_sink and num_heads")))
    return failure();
  Type element = b.elementOf(parts.query);
  Value zero = b.scalar(0, element);
  Extents query = extentsOf(parts.query);
  Extent batch = query[0], rows = query[2], keys = extentOf(parts.key, 2);
  auto listed = [&](Value size) { return b.unsqueeze(size, 0); };
  Value batchSize = listed(b.sizeOf(parts.query, 0));
  Value rowCount = listed(b.sizeOf(parts.query, 2));
  auto scores = [&](Value value, Value width, Extent extent) {
    Value sizes =
        b.concat({batchSize, b.integers(parts.heads), rowCount, width}, 0, 4);
    return b.expand(value, sizes, {batch, parts.heads, rows, extent});
  };
  Value hidden = b.scalar(-std::numeric_limits<double>::infinity(), element);
  Value bias =
      b.where(visible(b, parts, sight), parts.bias ? parts.bias : zero, hidden);
  if (sinks)
    sinks = b.reshape(sinks, {1, parts.heads, 1, 1}, {1, parts.heads, 1, 1});
  parts.bias = b.concat({scores(bias, listed(sight.longest), keys),
                         scores(sinks ? sinks : zero, b.integers(1), 1)},
                        3, Extent());
  Value sizes =
      b.concat({batchSize, b.integers({parts.keyHeads, 1, parts.width})}, 0, 4);
  Value row = b.expand(zero, sizes, {batch, parts.keyHeads, 1, parts.width});
  for (Value *all : {&parts.key, &parts.value})
    *all = b.concat({*all, row}, 2, Extent());
  parts.causal = false;
  parts.window = -1;
  parts.lengths = Value();
  return success();
}

} // namespace attune::gqa
