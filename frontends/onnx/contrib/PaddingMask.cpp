// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"

using namespace mlir;

namespace attune {

namespace {
class MaskReader {
public:
  MaskReader(NodeBuilder &b, PaddingMask &given) : b(b), given(given) {}

  FailureOr<Value> read(unsigned biasInput);

private:
  FailureOr<Value> visible();
  FailureOr<Value> fromLengths();
  Value placed(Value list, int64_t begin, int64_t end, const Extent &batch);
  Value frontier();
  bool isDummy();

  /// The numbers of old and new keys in all, as an i64 scalar.
  Value keyCount() {
    Value added = b.sizeOf(given.keys, given.keysDim);
    return given.past ? b.binary("Add", b.sizeOf(given.past, 2), added) : added;
  }
  Extent keyExtent() {
    Extent added = extentOf(given.keys, given.keysDim);
    if (!given.past)
      return added;
    Extent old = extentOf(given.past, 2);
    return old.isKnown() && added.isKnown() ? Extent(old.size + added.size)
                                            : Extent();
  }
  Value positions() { return b.range(keyCount(), keyExtent()); }

  NodeBuilder &b;
  PaddingMask &given;
};
} // namespace

/// A part of a list of positions, [batch, 1, 1, 1] of i64.
Value MaskReader::placed(Value list, int64_t begin, int64_t end,
                         const Extent &batch) {
  if (!extentOf(list, 0).equals(batch))
    list = b.slice(list, 0, begin, end, batch);
  return b.unsqueeze(b.cast(list, b.integerType()), {1, 2, 3});
}

/// Lists of a number for each batch item: ends; ends, then starts; ends, and
/// what kernels need that take all sequences as one.
FailureOr<Value> MaskReader::fromLengths() {
  Extent length = extentOf(given.mask, 0), batch = extentOf(given.query, 0);
  bool isKnown = length.isKnown() && batch.isKnown();
  bool hasStarts = given.mayStart && isKnown && !length.equals(batch) &&
                   length.is(2 * batch.size);
  bool hasMore = isKnown && length.is(3 * batch.size + 2);
  if (!length.equals(batch) && !hasStarts && !hasMore) {
    InFlightDiagnostic error = b.node.emitNodeError("requires ")
                               << given.name << " of rank 1 to have as many "
                               << "elements as the batch";
    if (given.mayStart)
      error << ", twice as many";
    error << " or 3 * batch + 2, known when the model is compiled, but got "
          << given.mask.getType() << " for queries " << given.query.getType()
          << "; give sizes by --dim";
    return error;
  }
  Value where = positions();
  Value seen =
      b.compare("Less", where, placed(given.mask, 0, batch.size, batch));
  if (!hasStarts)
    return seen;
  Value start = placed(given.mask, batch.size, 2 * batch.size, batch);
  return b.make("And", 7, {seen, b.compare("GreaterOrEqual", where, start)},
                b.elementOf(seen), extentsOf(seen));
}

/// A column of a mask that stands for none.
bool MaskReader::isDummy() {
  return rankOf(given.mask) == 2 && extentOf(given.mask, 1).is(1) &&
         !keyExtent().is(1);
}

/// Which keys each query sees, as far as the mask says.
FailureOr<Value> MaskReader::visible() {
  int64_t rank = rankOf(given.mask);
  if (rank == 1)
    return fromLengths();
  if ((rank == 2 || rank == 3) &&
      failed(requireColumns(b, given.mask, keyExtent(), given.name)))
    return failure();
  Value seen =
      b.compare("Greater", given.mask, b.scalar(0, b.elementOf(given.mask)));
  if (rank == 2)
    return b.unsqueeze(seen, {1, 2});
  if (rank == 3)
    return b.unsqueeze(seen, 1);
  return b.node.emitNodeError("requires ")
         << given.name << " of rank 1 to 3, but got " << given.mask.getType()
         << "; give a mask of rank 4 as attention_bias";
}

/// Whether key j comes no later than query i, [queries, keys].
Value MaskReader::frontier() {
  Value rows = b.range(b.sizeOf(given.query, 1), extentOf(given.query, 1));
  if (given.past)
    rows = b.binary("Add", rows, b.sizeOf(given.past, 2));
  return b.compare("LessOrEqual", positions(), b.unsqueeze(rows, 1));
}

FailureOr<Value> MaskReader::read(unsigned biasInput) {
  Value bias = b.node.getInput(biasInput);
  if (bias && (failed(b.requireRank(biasInput, 4)) ||
               failed(requireColumns(b, bias, keyExtent(), "attention_bias"))))
    return failure();
  if (!given.mask || isDummy())
    return bias;
  FailureOr<Value> seen = visible();
  if (failed(seen))
    return failure();
  Type element = b.elementOf(given.query);
  double hidden = b.node.getFloat("mask_filter_value", -10000);
  Value added = b.where(*seen, b.scalar(0, element), b.scalar(hidden, element));
  // What is hidden keeps its order among itself, unless the number drowns the
  // score: then what comes later counts as much in a row that sees nothing.
  constexpr double drowns = -1e30;
  if (given.causal && hidden < drowns) {
    added = b.where(frontier(), added, b.scalar(hidden, element));
    given.causal = false;
  }
  return bias ? b.binary("Add", bias, added) : added;
}

FailureOr<Value> scoreBias(NodeBuilder &b, PaddingMask &mask,
                           unsigned biasInput) {
  return MaskReader(b, mask).read(biasInput);
}

} // namespace attune
