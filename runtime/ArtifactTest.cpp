// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "attune/hash.h"
#include "runtime/testing/Artifacts.h"

#include <cstring>

using namespace attune;
using namespace attune::test;

namespace {

class ArtifactFile : public ::testing::Test {
protected:
  /// Opens a file of these bytes.
  attune_status_t open(const std::string &bytes) {
    writeFile(path, bytes);
    return openPath(path);
  }
  static attune_status_t openPath(const std::string &path) {
    attune_model_t *model = nullptr;
    attune_status_t status = attune_model_open(path.c_str(), nullptr, &model);
    EXPECT_EQ(status != nullptr, model == nullptr);
    attune_model_release(model);
    return status;
  }
  attune_status_t openWith(const std::string &from, const std::string &to) {
    Parts parts(good);
    size_t at = parts.manifest.find(from);
    EXPECT_NE(at, std::string::npos) << parts.manifest;
    parts.manifest.replace(at, from.size(), to);
    return open(parts.bytes());
  }
  static std::string flip(std::string bytes, size_t at) {
    bytes[at] ^= 0x10;
    return bytes;
  }
  /// A footer with another value at `field`, and its own hash made true.
  std::string withFooter(uint64_t attune_footer::*field, uint64_t value) {
    Parts parts(good);
    parts.footer.*field = value;
    parts.footer.footer_hash = hashFooter(parts.footer);
    std::string bytes = good;
    std::memcpy(bytes.data() + bytes.size() - sizeof(attune_footer),
                &parts.footer, sizeof(attune_footer));
    return bytes;
  }

  TemporaryFolder folder;
  std::string path = folder / "m.so";
  std::string good = readFile(artifactPath("scale"));
};

} // namespace

TEST_F(ArtifactFile, Opens) { EXPECT_FINE(open(good)); }

TEST_F(ArtifactFile, TestPartsMakeTheCompilersBytes) {
  EXPECT_EQ(Parts(good).bytes(), good);
}

TEST_F(ArtifactFile, DescribesTheModel) {
  ModelHandle model = openModel(artifactPath("scale"));
  EXPECT_EQ(attune_model_input_count(model.get()), 2u);
  EXPECT_EQ(attune_model_output_count(model.get()), 2u);
  attune_value_info_t info;
  EXPECT_FINE(attune_model_input(model.get(), 1, &info));
  EXPECT_STREQ(info.name, "y");
  EXPECT_STREQ(info.dtype_name, "f32");
  ASSERT_EQ(info.rank, 2);
  EXPECT_STREQ(info.dims[0].name, "n");
  EXPECT_EQ(info.dims[0].size, -1);
  EXPECT_EQ(info.dims[1].name, nullptr);
  EXPECT_EQ(info.dims[1].size, 4);
  EXPECT_FINE(attune_model_output(model.get(), 1, &info));
  EXPECT_STREQ(info.name, "sums");
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "below 2, but got 2",
                attune_model_output(model.get(), 2, &info));
  EXPECT_EQ(attune_model_manifest(model.get()), Parts(good).manifest);
  attune_model_sizes_t sizes;
  attune_model_get_sizes(model.get(), &sizes);
  EXPECT_EQ(sizes.artifact_bytes, good.size());
  EXPECT_EQ(sizes.weights_bytes, 16u);
}

TEST_F(ArtifactFile, RefusesFilesThatAreNone) {
  EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "only 0 bytes", open(""));
  EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "no artifact", open("a text\n"));
  EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "footer", open(std::string(5000, 'x')));
  EXPECT_STATUS(ATTUNE_NOT_FOUND, "none.so", openPath(folder / "none.so"));
  EXPECT_STATUS(ATTUNE_NOT_FOUND, "", openPath(path + "/below"));
  EXPECT_STATUS(ATTUNE_IO_ERROR, "directory", openPath(folder / "."));
  EXPECT_STATUS(ATTUNE_IO_ERROR, "regular file", openPath("/dev/zero"));
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "path",
                attune_model_open(nullptr, nullptr, nullptr));
}

TEST_F(ArtifactFile, RefusesEveryTruncation) {
  for (size_t size = 0; size < good.size(); size += 97)
    EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "", open(good.substr(0, size)));
  EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "", open(good + "\n"));
  // The front is missing.
  EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit", open(good.substr(1)));
  EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit", open(good.substr(4096)));
}

TEST_F(ArtifactFile, RefusesFlippedBytes) {
  Parts parts(good);
  uint64_t elf = parts.footer.elf_size;
  for (size_t at : {size_t(0), size_t(elf / 2), size_t(elf - 1)})
    EXPECT_STATUS(ATTUNE_DAMAGED, "code or manifest", open(flip(good, at)));
  for (size_t at = 0; at < 16; ++at)
    EXPECT_STATUS(ATTUNE_DAMAGED, "weights",
                  open(flip(good, parts.footer.weights_offset + at)));
  for (size_t at = 0; at < parts.manifest.size(); at += 13)
    EXPECT_STATUS(ATTUNE_DAMAGED, "code or manifest",
                  open(flip(good, parts.footer.manifest_offset + at)));
  size_t footer = good.size() - sizeof(attune_footer);
  for (size_t at = 0; at < 8; ++at)
    EXPECT_STATUS(ATTUNE_NOT_AN_ARTIFACT, "", open(flip(good, footer + at)));
  for (size_t at = 8; at < sizeof(attune_footer); ++at)
    EXPECT_STATUS(ATTUNE_DAMAGED, "footer", open(flip(good, footer + at)));
}

TEST_F(ArtifactFile, RefusesImpossibleFooters) {
  constexpr uint64_t huge = ~uint64_t(0);
  for (uint64_t attune_footer::*field :
       {&attune_footer::elf_size, &attune_footer::weights_size,
        &attune_footer::weights_offset, &attune_footer::manifest_size,
        &attune_footer::manifest_offset, &attune_footer::artifact_size})
    for (uint64_t value : {huge, huge - 4095, uint64_t(1) << 40})
      EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit",
                    open(withFooter(field, value)));
  EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit",
                open(withFooter(&attune_footer::artifact_size, 95)));
  EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit",
                open(withFooter(&attune_footer::weights_offset, 8)));
}

TEST_F(ArtifactFile, RefusesOtherVersions) {
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_VERSION, "requires format 2",
                open(withFooter(&attune_footer::format_version, 2)));
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_VERSION, "ABI 9",
                open(withFooter(&attune_footer::abi_version, 9)));
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_VERSION, "version 1, but got 2",
                openWith("\"attune\":1", "\"attune\":2"));
}

TEST_F(ArtifactFile, RefusesOtherMachines) {
  EXPECT_STATUS(
      ATTUNE_UNSUPPORTED_TARGET, "lacks: warp-drive, flux;",
      openWith("\"features\":[", "\"features\":[\"warp-drive\",\"flux\","));
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_TARGET, "compiled for riscv64",
                openWith("x86_64-", "riscv64-"));
  EXPECT_STATUS(ATTUNE_UNSUPPORTED_TARGET, "compiled for x86_64-pc-windows",
                openWith("-linux", "-windows"));
}

TEST_F(ArtifactFile, ReadsTheManifestBeforeTheCode) {
  EXPECT_STATUS(ATTUNE_DAMAGED, "JSON object", openWith("{", "["));
}

TEST_F(ArtifactFile, CodeMustBeALibraryWithATable) {
  Parts parts(good);
  parts.code.replace(0, 4, "NONE");
  EXPECT_STATUS(ATTUNE_IO_ERROR, "failed to load", open(parts.bytes()));
  Parts renamed(good);
  for (size_t at;
       (at = renamed.code.find("attune_artifact")) != std::string::npos;)
    renamed.code.replace(at, 6, "untune");
  EXPECT_STATUS(ATTUNE_DAMAGED, "no valid table", open(renamed.bytes()));
}

TEST_F(ArtifactFile, FollowsOtherBytes) {
  EXPECT_FINE(open(std::string(3 * 4096, 'x') + good));
  EXPECT_STATUS(ATTUNE_DAMAGED, "do not fit",
                open(std::string(64, 'x') + good));
}

TEST_F(ArtifactFile, WeightsMayBeTrusted) {
  Parts parts(good);
  writeFile(path, flip(good, parts.footer.weights_offset));
  attune_model_options_t options = ATTUNE_MODEL_OPTIONS_INIT;
  options.skip_weights_hash = 1;
  attune_model_t *model = nullptr;
  EXPECT_FINE(attune_model_open(path.c_str(), &options, &model));
  attune_model_release(model);
  options.struct_size = 1;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "initialised",
                attune_model_open(path.c_str(), &options, &model));
}

TEST_F(ArtifactFile, WeightsMayLieInASidecar) {
  Parts parts(good);
  parts.sidecar = true;
  EXPECT_STATUS(ATTUNE_DAMAGED, "does not name", open(parts.bytes()));
  parts.manifest.insert(1, "\"weights\":{\"file\":\"m.weights\"},");
  EXPECT_STATUS(ATTUNE_NOT_FOUND, "m.weights", open(parts.bytes()));
  writeFile(folder / "m.weights", parts.weights);
  EXPECT_FINE(open(parts.bytes()));
  writeFile(folder / "m.weights", parts.weights + "x");
  EXPECT_STATUS(ATTUNE_DAMAGED, "16 bytes, but got 17", open(parts.bytes()));
  writeFile(folder / "m.weights", flip(parts.weights, 3));
  EXPECT_STATUS(ATTUNE_DAMAGED, "weights were changed", open(parts.bytes()));
}
