// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Status.h"
#include "runtime/testing/Artifacts.h"

#include <stdexcept>

using namespace attune;

TEST(Status, NullIsSuccess) {
  EXPECT_EQ(attune_status_get_code(nullptr), ATTUNE_OK);
  EXPECT_STREQ(attune_status_message(nullptr), "");
  attune_status_release(nullptr);
}

TEST(Status, FormatsItsMessage) {
  EXPECT_STATUS(ATTUNE_BUSY, "3 of 'x'",
                makeStatus(ATTUNE_BUSY, "%d of '%s'", 3, "x"));
}

TEST(Status, KeepsLongMessagesWhole) {
  std::string text(100000, 'x');
  attune::test::Status status(makeStatus(ATTUNE_INTERNAL, "%s", text.c_str()));
  EXPECT_EQ(status.message(), text);
}

TEST(Status, EmptyMessageIsNoSuccess) {
  attune::test::Status status(makeStatus(ATTUNE_INTERNAL, "%s", ""));
  EXPECT_EQ(status.code(), ATTUNE_INTERNAL);
  EXPECT_EQ(status.message(), "");
}

TEST(Status, ExceptionsBecomeStatuses) {
  EXPECT_FINE(guarded([]() -> attune_status_t { return nullptr; }));
  EXPECT_STATUS(ATTUNE_OUT_OF_MEMORY, "out of memory",
                guarded([]() -> attune_status_t { throw std::bad_alloc(); }));
  EXPECT_STATUS(ATTUNE_INTERNAL, "exception", guarded([]() -> attune_status_t {
                  throw std::runtime_error("x");
                }));
}

TEST(Status, VersionIsThreeNumbers) {
  int parts[3];
  EXPECT_EQ(sscanf(attune_version(), "%d.%d.%d", parts, parts + 1, parts + 2),
            3);
}
