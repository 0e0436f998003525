// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Manifest.h"
#include "runtime/DType.h"
#include "runtime/testing/Artifacts.h"

using namespace attune;

static const char *const good = R"({
  "attune": 1, "name": "m", "producer": "attune 0.1.0",
  "target": {"triple": "x86_64-unknown-linux-gnu", "features": ["fma"]},
  "inputs": [{"name": "x", "dtype": "i64", "shape": ["n", 7, "?", "free"]}],
  "outputs": [{"name": "y", "dtype": "bf16", "shape": []}],
  "dims": {"n": {"min": 2, "max": 5}},
  "weights": {"file": "m.weights"}})";

static attune_status_t parse(const std::string &text, Manifest &manifest) {
  return parseManifest(text.data(), text.size(), manifest);
}

/// `good` with `from` replaced by `to`.
static attune_status_t parseWith(const std::string &from,
                                 const std::string &to) {
  std::string text = good;
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  Manifest manifest;
  return parse(text.replace(at, from.size(), to), manifest);
}

TEST(Manifest, ReadsAllMembers) {
  Manifest manifest;
  EXPECT_FINE(parse(good, manifest));
  EXPECT_EQ(manifest.name, "m");
  EXPECT_EQ(manifest.producer, "attune 0.1.0");
  EXPECT_EQ(manifest.triple, "x86_64-unknown-linux-gnu");
  EXPECT_EQ(manifest.features, std::vector<std::string>{"fma"});
  EXPECT_EQ(manifest.weightsFile, "m.weights");
  ASSERT_EQ(manifest.inputs.size(), 1u);
  const Value &x = manifest.inputs[0];
  EXPECT_STREQ(dtypeName(x.dtype), "i64");
  ASSERT_EQ(x.dims.size(), 4u);
  EXPECT_EQ(x.dims[0].name, "n");
  EXPECT_EQ(x.dims[0].size, -1);
  EXPECT_EQ(x.dims[0].min, 2);
  EXPECT_EQ(x.dims[0].max, 5);
  EXPECT_EQ(x.dims[1].size, 7);
  EXPECT_EQ(x.dims[2].name, "");
  EXPECT_EQ(x.dims[3].min, 0);
  EXPECT_EQ(x.dims[3].max, -1);
  ASSERT_EQ(manifest.outputs.size(), 1u);
  EXPECT_TRUE(manifest.outputs[0].dims.empty());
}

TEST(Manifest, RefusesWhatIsNoObject) {
  Manifest manifest;
  for (const char *text : {"", "{", "[]", "1", "nonsense", "{\"attune\":1}}"})
    EXPECT_STATUS(ATTUNE_DAMAGED, "JSON object", parse(text, manifest));
  EXPECT_STATUS(ATTUNE_DAMAGED, "JSON object",
                parse(std::string(1000000, '['), manifest));
}

TEST(Manifest, RefusesOtherVersions) {
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_VERSION, "got 2",
                parseWith("\"attune\": 1", "\"attune\": 2"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'attune'",
                parseWith("\"attune\": 1", "\"attune\": \"1\""));
}

TEST(Manifest, NamesTheMemberAtFault) {
  EXPECT_STATUS(ATTUNE_DAMAGED, "'target'", parseWith("\"fma\"", "3"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'target'", parseWith("triple", "tripel"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'", parseWith("i64", "i65"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'", parseWith("7", "-7"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'", parseWith("7", "7.5"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'",
                parseWith("7", "9223372036854775808"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'",
                parseWith("\"min\": 2", "\"m\": 2"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'",
                parseWith("\"max\": 5", "\"max\": 1"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'outputs'",
                parseWith("\"shape\": []", "\"shape\": {}"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'name'", parseWith("\"m\"", "[]"));
  EXPECT_STATUS(ATTUNE_DAMAGED, "'producer'",
                parseWith("\"attune 0.1.0\"", "1"));
}

TEST(Manifest, RefusesTwoValuesOfOneName) {
  EXPECT_STATUS(ATTUNE_DAMAGED, "'inputs'",
                parseWith("\"inputs\": [",
                          "\"inputs\": [{\"name\": \"x\", "
                          "\"dtype\": \"f32\", \"shape\": []},"));
}

TEST(Manifest, SidecarsLieBesideTheArtifact) {
  for (const char *name :
       {"\"../w\"", "\"/w\"", "\"\"", "\".\"", "\"..\"", "\"a\\u0000b\"", "3"})
    EXPECT_STATUS(ATTUNE_DAMAGED, "'weights'",
                  parseWith("\"m.weights\"", name));
}

/// A manifest with the given list of states.
static attune_status_t parseStates(const std::string &states,
                                   Manifest &manifest) {
  std::string text = R"({"attune": 1,
    "target": {"triple": "x86_64-unknown-linux-gnu", "features": []},
    "inputs": [{"name": "x", "dtype": "f32", "shape": ["n", 4]},
               {"name": "past", "dtype": "f32", "shape": ["p", "n", 4]},
               {"name": "lone", "dtype": "f32", "shape": ["p", "m", 4]},
               {"name": "fixed", "dtype": "f32", "shape": [3, 4]}],
    "outputs": [{"name": "y", "dtype": "f32", "shape": ["n"]},
                {"name": "present", "dtype": "f32", "shape": ["?", "n", 4]},
                {"name": "half", "dtype": "f16", "shape": ["?", "n", 4]},
                {"name": "two", "dtype": "f32", "shape": ["?", 4]}],
    "state": )" + states +
                     "}";
  return parse(text, manifest);
}

TEST(Manifest, ReadsStates) {
  Manifest manifest;
  EXPECT_FINE(
      parseStates(R"([{"input": 1, "output": 1, "axis": 0}])", manifest));
  ASSERT_EQ(manifest.states.size(), 1u);
  EXPECT_TRUE(manifest.isState(1));
  ASSERT_EQ(manifest.callerInputs.size(), 3u);
  EXPECT_EQ(manifest.callerInputs[1].name, "lone");
  EXPECT_EQ(manifest.callerOutputs.size(), 3u);
}

TEST(Manifest, RefusesStatesThatDoNotFit) {
  for (const char *states : {"3", "[3]", R"([{"input": 1, "output": 1}])",
                             R"([{"input": 1, "output": 1, "axis": 1}])",
                             R"([{"input": 4, "output": 1, "axis": 0}])",
                             R"([{"input": -1, "output": 1, "axis": 0}])",
                             R"([{"input": 1, "output": 9, "axis": 0}])",
                             R"([{"input": 1, "output": 0, "axis": 0}])",
                             R"([{"input": 1, "output": 2, "axis": 0}])",
                             R"([{"input": 2, "output": 1, "axis": 0}])",
                             R"([{"input": 3, "output": 3, "axis": 0}])",
                             R"([{"input": 1, "output": 1, "axis": 0},
            {"input": 1, "output": 1, "axis": 0}])"}) {
    Manifest manifest;
    EXPECT_STATUS(ATTUNE_DAMAGED, "'state'", parseStates(states, manifest));
  }
}
