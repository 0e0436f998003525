// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checksum of artifacts: fast, streamed, 64 bits, against damage and not
// against an attacker (an artifact is code: trust its origin). Header only, so
// that the compiler need not link the runtime.

#ifndef ATTUNE_HASH_H
#define ATTUNE_HASH_H

#include "attune/artifact.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attune {

/// Hash of a byte stream; how it is cut into update() calls does not matter.
class Hasher {
public:
  void update(const void *data, size_t size) {
    const auto *bytes = static_cast<const unsigned char *>(data);
    if (size == 0)
      return;
    total += size;
    if (used != 0) {
      size_t part = size < blockSize - used ? size : blockSize - used;
      std::memcpy(buffer + used, bytes, part);
      used += part;
      bytes += part;
      size -= part;
      if (used < blockSize)
        return;
      mixBlock(buffer);
      used = 0;
    }
    for (; size >= blockSize; bytes += blockSize, size -= blockSize)
      mixBlock(bytes);
    std::memcpy(buffer, bytes, size);
    used = size;
  }

  /// The hash of everything so far; more may follow.
  uint64_t digest() const {
    Hasher last = *this;
    if (used != 0) {
      std::memset(last.buffer + used, 0, blockSize - used);
      last.mixBlock(last.buffer);
    }
    // The length tells zero padding from zeros of the stream.
    uint64_t result = total * odd[0];
    for (int lane = 0; lane < lanes; ++lane)
      result = fold(result ^ last.state[lane], odd[lane] + total);
    return fold(result, odd[3]);
  }

private:
  static constexpr int lanes = 4;
  static constexpr size_t blockSize = 16 * lanes;
  // Fractional parts of the square roots of 2, 3, 5 and 7, made odd.
  static constexpr uint64_t odd[lanes] = {
      0x6a09e667f3bcc909u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu,
      0xa54ff53a5f1d36f1u};

  static uint64_t fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^
           static_cast<uint64_t>(product >> 64);
  }

  void mixBlock(const unsigned char *block) {
    for (int lane = 0; lane < lanes; ++lane) {
      uint64_t words[2];
      std::memcpy(words, block + 16 * lane, sizeof(words));
      // The sum keeps the state alive where a product happens to vanish.
      state[lane] = fold(state[lane] ^ words[0], odd[lane] ^ words[1]) +
                    (state[lane] << 1 | state[lane] >> 63) + words[0];
    }
  }

  uint64_t state[lanes] = {odd[1], odd[2], odd[3], odd[0]};
  uint64_t total = 0;
  unsigned char buffer[blockSize];
  size_t used = 0;
};

inline uint64_t hashBytes(const void *data, size_t size) {
  Hasher hasher;
  hasher.update(data, size);
  return hasher.digest();
}

/// The value that attune_footer::footer_hash must have.
inline uint64_t hashFooter(const attune_footer &footer) {
  return hashBytes(&footer, offsetof(attune_footer, footer_hash));
}

} // namespace attune

#endif // ATTUNE_HASH_H
