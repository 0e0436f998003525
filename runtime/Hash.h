// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_HASH_H
#define ATTUNE_RUNTIME_HASH_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attune {

/// A 64-bit checksum of a stream of bytes against damage, not against
/// attackers. Four lanes of multiply and rotate, so that it keeps up with the
/// memory. The result does not depend on how the bytes are cut into `add`s.
class Hash {
public:
  void add(const void *data, size_t size) {
    const unsigned char *bytes = static_cast<const unsigned char *>(data);
    total += size;
    while (size > 0 && (held > 0 || size < blockSize)) {
      size_t taken = blockSize - held < size ? blockSize - held : size;
      std::memcpy(block + held, bytes, taken);
      held += taken;
      bytes += taken;
      size -= taken;
      if (held < blockSize)
        return;
      mix(block);
      held = 0;
    }
    for (; size >= blockSize; size -= blockSize, bytes += blockSize)
      mix(bytes);
    std::memcpy(block, bytes, size);
    held = size;
  }

  uint64_t value() const {
    Hash last = *this;
    if (held > 0) {
      std::memset(last.block + held, 0, blockSize - held);
      last.mix(last.block);
    }
    uint64_t result = total * prime;
    for (uint64_t lane : last.lanes)
      result = (rotate(result ^ lane, 29) + lane) * prime;
    return result ^ (result >> 32);
  }

private:
  static constexpr size_t blockSize = 32;
  static constexpr uint64_t prime = 0x9FB21C651E98DF25ull;

  static uint64_t rotate(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
  }

  void mix(const unsigned char *bytes) {
    for (size_t lane = 0; lane < 4; ++lane) {
      uint64_t word;
      std::memcpy(&word, bytes + lane * 8, 8);
      lanes[lane] = rotate((lanes[lane] ^ word) * prime, 31);
    }
  }

  uint64_t lanes[4] = {1, 2, 3, 4};
  uint64_t total = 0;
  size_t held = 0;
  unsigned char block[blockSize];
};

} // namespace attune

#endif // ATTUNE_RUNTIME_HASH_H
