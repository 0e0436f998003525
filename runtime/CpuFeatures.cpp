// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/CpuFeatures.h"

#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace attune {

#if defined(__x86_64__)

namespace {

enum Register : uint8_t { eax, ebx, ecx, edx };

// Register state that the operating system must save, as bits of XCR0.
enum State : uint32_t {
  none = 0,
  ymm = 0x6,
  zmm = 0xe6,
  tile = 0x60000,
  apx = 0x80000
};

struct Feature {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  uint8_t bit;
  State state;
};

constexpr uint32_t ext = 0x80000000u;

// Intel SDM volume 2 (CPUID) and AMD APM volume 3, appendix E.
constexpr Feature features[] = {
    {"x87", 1, 0, edx, 0, none},
    {"cx8", 1, 0, edx, 8, none},
    {"cmov", 1, 0, edx, 15, none},
    {"mmx", 1, 0, edx, 23, none},
    {"fxsr", 1, 0, edx, 24, none},
    {"sse", 1, 0, edx, 25, none},
    {"sse2", 1, 0, edx, 26, none},
    {"sse3", 1, 0, ecx, 0, none},
    {"pclmul", 1, 0, ecx, 1, none},
    {"ssse3", 1, 0, ecx, 9, none},
    {"fma", 1, 0, ecx, 12, ymm},
    {"cx16", 1, 0, ecx, 13, none},
    {"sse4.1", 1, 0, ecx, 19, none},
    {"sse4.2", 1, 0, ecx, 20, none},
    {"crc32", 1, 0, ecx, 20, none},
    {"movbe", 1, 0, ecx, 22, none},
    {"popcnt", 1, 0, ecx, 23, none},
    {"aes", 1, 0, ecx, 25, none},
    {"xsave", 1, 0, ecx, 27, none},
    {"avx", 1, 0, ecx, 28, ymm},
    {"f16c", 1, 0, ecx, 29, ymm},
    {"rdrnd", 1, 0, ecx, 30, none},
    {"fsgsbase", 7, 0, ebx, 0, none},
    {"sgx", 7, 0, ebx, 2, none},
    {"bmi", 7, 0, ebx, 3, none},
    {"avx2", 7, 0, ebx, 5, ymm},
    {"bmi2", 7, 0, ebx, 8, none},
    {"invpcid", 7, 0, ebx, 10, none},
    {"rtm", 7, 0, ebx, 11, none},
    {"avx512f", 7, 0, ebx, 16, zmm},
    {"avx512dq", 7, 0, ebx, 17, zmm},
    {"rdseed", 7, 0, ebx, 18, none},
    {"adx", 7, 0, ebx, 19, none},
    {"avx512ifma", 7, 0, ebx, 21, zmm},
    {"clflushopt", 7, 0, ebx, 23, none},
    {"clwb", 7, 0, ebx, 24, none},
    {"avx512cd", 7, 0, ebx, 28, zmm},
    {"sha", 7, 0, ebx, 29, none},
    {"avx512bw", 7, 0, ebx, 30, zmm},
    {"avx512vl", 7, 0, ebx, 31, zmm},
    {"avx512vbmi", 7, 0, ecx, 1, zmm},
    {"pku", 7, 0, ecx, 4, none},
    {"waitpkg", 7, 0, ecx, 5, none},
    {"avx512vbmi2", 7, 0, ecx, 6, zmm},
    {"shstk", 7, 0, ecx, 7, none},
    {"gfni", 7, 0, ecx, 8, none},
    {"vaes", 7, 0, ecx, 9, ymm},
    {"vpclmulqdq", 7, 0, ecx, 10, ymm},
    {"avx512vnni", 7, 0, ecx, 11, zmm},
    {"avx512bitalg", 7, 0, ecx, 12, zmm},
    {"avx512vpopcntdq", 7, 0, ecx, 14, zmm},
    {"rdpid", 7, 0, ecx, 22, none},
    {"kl", 7, 0, ecx, 23, none},
    {"cldemote", 7, 0, ecx, 25, none},
    {"movdiri", 7, 0, ecx, 27, none},
    {"movdir64b", 7, 0, ecx, 28, none},
    {"enqcmd", 7, 0, ecx, 29, none},
    {"uintr", 7, 0, edx, 5, none},
    {"avx512vp2intersect", 7, 0, edx, 8, zmm},
    {"serialize", 7, 0, edx, 14, none},
    {"tsxldtrk", 7, 0, edx, 16, none},
    {"pconfig", 7, 0, edx, 18, none},
    {"amx-bf16", 7, 0, edx, 22, tile},
    {"avx512fp16", 7, 0, edx, 23, zmm},
    {"amx-tile", 7, 0, edx, 24, tile},
    {"amx-int8", 7, 0, edx, 25, tile},
    {"sha512", 7, 1, eax, 0, ymm},
    {"sm3", 7, 1, eax, 1, ymm},
    {"sm4", 7, 1, eax, 2, ymm},
    {"raoint", 7, 1, eax, 3, none},
    {"avxvnni", 7, 1, eax, 4, ymm},
    {"avx512bf16", 7, 1, eax, 5, zmm},
    {"cmpccxadd", 7, 1, eax, 7, none},
    {"amx-fp16", 7, 1, eax, 21, tile},
    {"hreset", 7, 1, eax, 22, none},
    {"avxifma", 7, 1, eax, 23, ymm},
    {"movrs", 7, 1, eax, 31, none},
    {"avxvnniint8", 7, 1, edx, 4, ymm},
    {"avxneconvert", 7, 1, edx, 5, ymm},
    {"amx-complex", 7, 1, edx, 8, tile},
    {"avxvnniint16", 7, 1, edx, 10, ymm},
    {"prefetchi", 7, 1, edx, 14, none},
    {"usermsr", 7, 1, edx, 15, none},
    {"avx10.1", 7, 1, edx, 19, zmm},
    {"avx10.1-256", 7, 1, edx, 19, zmm},
    {"avx10.1-512", 7, 1, edx, 19, zmm},
    {"egpr", 7, 1, edx, 21, apx},
    {"push2pop2", 7, 1, edx, 21, apx},
    {"ppx", 7, 1, edx, 21, apx},
    {"ndd", 7, 1, edx, 21, apx},
    {"ccmp", 7, 1, edx, 21, apx},
    {"nf", 7, 1, edx, 21, apx},
    {"cf", 7, 1, edx, 21, apx},
    {"zu", 7, 1, edx, 21, apx},
    {"xsaveopt", 0xd, 1, eax, 0, none},
    {"xsavec", 0xd, 1, eax, 1, none},
    {"xsaves", 0xd, 1, eax, 3, none},
    {"ptwrite", 0x14, 0, ebx, 4, none},
    {"widekl", 0x19, 0, ebx, 2, none},
    {"amx-fp8", 0x1e, 1, eax, 4, tile},
    {"amx-transpose", 0x1e, 1, eax, 5, tile},
    {"amx-tf32", 0x1e, 1, eax, 6, tile},
    {"amx-avx512", 0x1e, 1, eax, 7, tile},
    {"amx-movrs", 0x1e, 1, eax, 8, tile},
    {"sahf", ext + 1, 0, ecx, 0, none},
    {"lzcnt", ext + 1, 0, ecx, 5, none},
    {"sse4a", ext + 1, 0, ecx, 6, none},
    {"prfchw", ext + 1, 0, ecx, 8, none},
    {"xop", ext + 1, 0, ecx, 11, ymm},
    {"lwp", ext + 1, 0, ecx, 15, none},
    {"fma4", ext + 1, 0, ecx, 16, ymm},
    {"tbm", ext + 1, 0, ecx, 21, none},
    {"mwaitx", ext + 1, 0, ecx, 29, none},
    {"64bit", ext + 1, 0, edx, 29, none},
    {"clzero", ext + 8, 0, ebx, 0, none},
    {"rdpru", ext + 8, 0, ebx, 4, none},
    {"wbnoinvd", ext + 8, 0, ebx, 9, none},
};

uint64_t enabledState() {
  uint32_t regs[4] = {};
  constexpr uint32_t osxsave = 1u << 27;
  if (!__get_cpuid(1, &regs[eax], &regs[ebx], &regs[ecx], &regs[edx]) ||
      !(regs[ecx] & osxsave))
    return 0;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

// Linux grants the tile registers to processes that ask, since 5.16.
bool requestTiles() {
  constexpr int requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

} // namespace

const char *hostArchitecture() { return "x86_64"; }

FeatureState checkFeature(const char *name) {
  for (const Feature &feature : features) {
    if (std::strcmp(feature.name, name) != 0)
      continue;
    uint32_t regs[4] = {};
    // False where the processor does not have the leaf.
    if (!__get_cpuid_count(feature.leaf, feature.subleaf, &regs[eax],
                           &regs[ebx], &regs[ecx], &regs[edx]) ||
        !(regs[feature.reg] >> feature.bit & 1) ||
        (enabledState() & feature.state) != feature.state)
      return FeatureState::missing;
    if (feature.state == tile && !requestTiles())
      return FeatureState::missing;
    return FeatureState::present;
  }
  return FeatureState::unknown;
}

#else

const char *hostArchitecture() {
#if defined(__aarch64__)
  return "aarch64";
#else
  return "unknown";
#endif
}

FeatureState checkFeature(const char *) { return FeatureState::unknown; }

#endif

} // namespace attune
