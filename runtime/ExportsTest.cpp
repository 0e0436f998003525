// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the shared library shows and needs.

#include <cstdlib>
#include <dlfcn.h>
#include <elf.h>
#include <filesystem>
#include <link.h>
#include <set>
#include <string>

#include "runtime/testing/Artifacts.h"

using attune::test::readFile;

namespace {

/// The dynamic section of a file, read by hand.
class Library {
public:
  explicit Library(const std::string &path) : bytes(readFile(path)) {
    const auto &header = *at<ElfW(Ehdr)>(0);
    for (int i = 0; i < header.e_shnum; ++i) {
      const auto &section =
          *at<ElfW(Shdr)>(header.e_shoff + size_t(i) * header.e_shentsize);
      const auto &names = *at<ElfW(Shdr)>(
          header.e_shoff + size_t(section.sh_link) * header.e_shentsize);
      if (section.sh_type == SHT_DYNSYM)
        readSymbols(section, names);
      if (section.sh_type == SHT_DYNAMIC)
        readNeeded(section, names);
    }
  }
  std::set<std::string> exported, needed;

private:
  template <typename T> const T *at(size_t offset) {
    return reinterpret_cast<const T *>(bytes.data() + offset);
  }
  void readSymbols(const ElfW(Shdr) & section, const ElfW(Shdr) & names) {
    for (size_t at = 0; at < section.sh_size; at += sizeof(ElfW(Sym))) {
      const auto &symbol = *this->at<ElfW(Sym)>(section.sh_offset + at);
      if (symbol.st_shndx != SHN_UNDEF)
        exported.insert(this->at<char>(names.sh_offset + symbol.st_name));
    }
  }
  void readNeeded(const ElfW(Shdr) & section, const ElfW(Shdr) & names) {
    for (size_t at = 0; at < section.sh_size; at += sizeof(ElfW(Dyn))) {
      const auto &entry = *this->at<ElfW(Dyn)>(section.sh_offset + at);
      if (entry.d_tag == DT_NEEDED)
        needed.insert(this->at<char>(names.sh_offset + entry.d_un.d_val));
    }
  }
  std::string bytes;
};

const std::string path = ATTUNE_RUNTIME_LIBRARY;

} // namespace

TEST(Exports, OnlyTheApi) {
  Library library(path);
  EXPECT_GT(library.exported.size(), 15u);
  for (const std::string &name : library.exported)
    EXPECT_EQ(name.rfind("attune_", 0), 0u) << name;
}

TEST(Exports, NeedsOnlyTheSystemsLibraries) {
  const std::set<std::string> allowed = {
      "libc.so.6",           "libm.so.6",     "libdl.so.2",
      "libpthread.so.0",     "libgcc_s.so.1", "libstdc++.so.6",
      "ld-linux-x86-64.so.2"};
  for (const std::string &name : Library(path).needed)
    EXPECT_TRUE(allowed.count(name)) << name;
}

TEST(Exports, IsSmall) {
  EXPECT_LT(std::filesystem::file_size(path), 1000000u);
}

TEST(Exports, Loads) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  EXPECT_NE(dlsym(library, "attune_session_run"), nullptr);
  dlclose(library);
}
