// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled models for tests, and ways to damage them.

#ifndef ATTUNE_RUNTIME_TESTING_ARTIFACTS_H
#define ATTUNE_RUNTIME_TESTING_ARTIFACTS_H

#include "attune/artifact.h"
#include "attune/attune.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace attune::test {

/// Path of the artifact that the build made of testing/NAME.mlir.in.
std::string artifactPath(const std::string &name);

std::string readFile(const std::string &path);
void writeFile(const std::string &path, const std::string &bytes);

/// A folder that is removed with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder();
  std::string operator/(const std::string &name) const {
    return path + "/" + name;
  }

private:
  std::string path;
};

/// An artifact, taken apart and put together again with true hashes.
struct Parts {
  explicit Parts(const std::string &bytes);
  std::string bytes() const;

  std::string code, weights, manifest;
  attune_footer footer;
  /// Whether `weights` lie in a file of their own.
  bool sidecar = false;
};

/// A status that the test owns. Prints as its message.
class Status {
public:
  explicit Status(attune_status_t status) : status(status) {}
  Status(const Status &) = delete;
  Status &operator=(const Status &) = delete;
  ~Status() { attune_status_release(status); }
  attune_status_code code() const { return attune_status_get_code(status); }
  std::string message() const { return attune_status_message(status); }

private:
  attune_status_t status;
};

struct ReleaseHandle {
  void operator()(attune_model_t *model) { attune_model_release(model); }
  void operator()(attune_session_t *session) {
    attune_session_release(session);
  }
  void operator()(DLManagedTensor *tensor) { tensor->deleter(tensor); }
};
using ModelHandle = std::unique_ptr<attune_model_t, ReleaseHandle>;
using SessionHandle = std::unique_ptr<attune_session_t, ReleaseHandle>;
using TensorHandle = std::unique_ptr<DLManagedTensor, ReleaseHandle>;

/// Opens a file that must be good.
ModelHandle openModel(const std::string &path);
/// Null options are the defaults.
SessionHandle makeSession(attune_model_t *model,
                          const attune_session_options_t *options = nullptr);
/// Sessions of `threads` threads.
SessionHandle makeSession(attune_model_t *model, int32_t threads);

} // namespace attune::test

#define EXPECT_STATUS(wanted, text, expression)                                \
  do {                                                                         \
    ::attune::test::Status got(expression);                                    \
    EXPECT_EQ(got.code(), wanted) << got.message();                            \
    EXPECT_NE(got.message().find(text), std::string::npos) << got.message();   \
  } while (false)
#define EXPECT_FINE(expression) EXPECT_STATUS(ATTUNE_OK, "", expression)

#endif // ATTUNE_RUNTIME_TESTING_ARTIFACTS_H
