// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_RANDOMFEATURES_H
#define ATTUNE_DIALECTS_ATTN_CORE_RANDOMFEATURES_H

#include <cstdint>
#include <vector>

namespace attune::attn {

/// The generator SplitMix64 of Steele, Lea and Flood (2014).
class Bits {
public:
  explicit Bits(uint64_t seed) : state(seed) {}
  uint64_t next();

private:
  uint64_t state;
};

/// A random projection, `features` x `width`, row-major. Each `width` rows are
/// orthogonal, in directions that are uniformly distributed, and a row is as
/// long as a vector of `width` standard normal numbers.
///
/// The numbers are a pure function of the arguments, the same everywhere up to
/// rounding: pairs of uniform numbers of the generator SplitMix64, started at
/// `seed`, become pairs of normal ones by Box and Muller. First come the
/// matrices whose rows are made orthogonal one after the other, whole matrices
/// even where the last is cut off; then a vector for the length of each row.
std::vector<float> orthogonalProjection(int64_t features, int64_t width,
                                        uint64_t seed);

/// `count` standard normal numbers of the same generator.
std::vector<float> normalNumbers(int64_t count, uint64_t seed);

/// `count` numbers below `bound`, with replacement, of the same generator: its
/// 64 bits modulo `bound`.
std::vector<int32_t> numbersBelow(int64_t bound, int64_t count, uint64_t seed);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_RANDOMFEATURES_H
