// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/testing/Artifacts.h"
#include "attune/hash.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace attune::test {

std::string artifactPath(const std::string &name) {
  return std::string(ATTUNE_TEST_ARTIFACTS) + "/" + name + ".so";
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

void writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream << bytes;
  EXPECT_TRUE(stream.flush().good()) << path;
}

TemporaryFolder::TemporaryFolder() {
  path = (std::filesystem::temp_directory_path() / "attune-XXXXXX").string();
  EXPECT_NE(mkdtemp(path.data()), nullptr);
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path); }

Parts::Parts(const std::string &bytes) {
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(footer),
              sizeof(footer));
  code = bytes.substr(0, footer.elf_size);
  weights = bytes.substr(footer.weights_offset, footer.weights_size);
  manifest = bytes.substr(footer.manifest_offset, footer.manifest_size);
}

static void padTo(std::string &text, size_t multiple) {
  text.resize((text.size() + multiple - 1) / multiple * multiple);
}

std::string Parts::bytes() const {
  attune_footer foot = footer;
  std::string all = code;
  foot.elf_size = code.size();
  foot.weights_size = weights.size();
  foot.weights_hash = hashBytes(weights.data(), weights.size());
  foot.weights_offset = 0;
  if (!sidecar) {
    padTo(all, ATTUNE_WEIGHTS_ALIGNMENT);
    foot.weights_offset = all.size();
    all += weights;
  }
  padTo(all, 8);
  foot.manifest_offset = all.size();
  foot.manifest_size = manifest.size();
  all += manifest;
  std::string hashed = code + manifest;
  foot.code_hash = hashBytes(hashed.data(), hashed.size());
  foot.artifact_size = all.size() + sizeof(foot);
  foot.footer_hash = hashFooter(foot);
  return all.append(reinterpret_cast<const char *>(&foot), sizeof(foot));
}

ModelHandle openModel(const std::string &path) {
  attune_model_t *model = nullptr;
  EXPECT_FINE(attune_model_open(path.c_str(), nullptr, &model));
  return ModelHandle(model);
}

SessionHandle makeSession(attune_model_t *model,
                          const attune_session_options_t *options) {
  attune_session_t *session = nullptr;
  EXPECT_FINE(attune_session_create(model, options, &session));
  return SessionHandle(session);
}

SessionHandle makeSession(attune_model_t *model, int32_t threads) {
  attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
  options.threads = threads;
  return makeSession(model, &options);
}

} // namespace attune::test
