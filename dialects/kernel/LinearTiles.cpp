// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/LinearTiles.h"
#include "llvm/Support/MathExtras.h"

namespace attune::kernel {

/// Bytes that a tile of features, and S, should not exceed.
static constexpr int64_t largestTile = 256 * 1024, largestState = 1024 * 1024;
/// Positions of a chunk, and value columns of a task: more would crowd S out of
/// the cache.
static constexpr int64_t widestChunk = 64, widestBlock = 64;

LinearTiles::Tile LinearTiles::take(int64_t rows, int64_t columns) {
  Tile tile{rows, columns, bytes};
  bytes += llvm::alignTo(rows * columns * 4, 64);
  return tile;
}

LinearTiles::LinearTiles(const LinearSizes &sizes, const RegisterTile &target) {
  int64_t lanes = target.lanes, height = target.height, most = target.vectors;
  int64_t features = sizes.features;
  chunk = llvm::alignTo(widestChunk, most * lanes);
  while (chunk > lanes && chunk * features * 4 > largestTile)
    chunk /= 2;
  chunk = llvm::alignTo(chunk, lanes);
  vectors = std::min(most, chunk / lanes);
  int64_t room = llvm::alignDown(largestState / (4 * features), lanes);
  block =
      std::min({static_cast<int64_t>(llvm::alignTo(sizes.valueWidth, lanes)),
                widestBlock, std::max(room, lanes)});
  int64_t rows = llvm::alignTo(features, height);
  auto inputs = [&](int64_t width) {
    return take(llvm::alignTo(width, std::max(height, lanes)), chunk);
  };
  queryInputs = inputs(sizes.queryWidth);
  queryFeatures = sizes.queryIsElements ? queryInputs : take(rows, chunk);
  keyInputs = inputs(sizes.keyWidth);
  keyFeatures = sizes.keyIsElements ? keyInputs : take(rows, chunk);
  values = take(chunk, block);
  weights = take(height, chunk);
  state = take(rows, block);
  sums = take(1, features);
  divisors = take(1, chunk);
  seen = take(1, chunk);
  any = take(1, lanes);
  mean = take(1, block);
  results = take(chunk, block);
  rowSums = take(chunk, lanes);
  rowSeen = take(chunk, lanes);
}

/// As many as 64 MiB hold, but 4 to 32.
int64_t LinearTiles::ranges() const {
  return std::clamp<int64_t>((int64_t(64) << 20) / bytes, 4, 32);
}

} // namespace attune::kernel
