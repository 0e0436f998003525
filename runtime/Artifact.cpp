// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Artifact.h"
#include "attune/hash.h"
#include "runtime/CpuFeatures.h"
#include "runtime/Status.h"

#include <algorithm>
#include <cerrno>
#include <dlfcn.h>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>

namespace attune {

static constexpr uint64_t maxManifest = uint64_t(64) << 20;

Artifact::~Artifact() {
  if (library)
    dlclose(library);
}

attune_status_t Artifact::read(const char *name) {
  path = name;
  if (attune_status_t status = File::open(name, file))
    return status;
  if (attune_status_t status = readFooter())
    return status;
  if (attune_status_t status = copyCode())
    return status;
  return parseManifest(text.data(), text.size(), parsed);
}

attune_status_t Artifact::open(const char *name, bool checkWeights) {
  if (attune_status_t status = read(name))
    return status;
  if (attune_status_t status = checkTarget())
    return status;
  if (attune_status_t status = mapWeights(checkWeights))
    return status;
  return loadCode();
}

// Whether [offset, offset + size) lies in [from, to).
static bool inside(uint64_t offset, uint64_t size, uint64_t from, uint64_t to) {
  return offset >= from && offset <= to && size <= to - offset;
}

static bool plausible(const attune_footer &foot, uint64_t fileSize) {
  if (foot.artifact_size > fileSize || foot.artifact_size < sizeof(foot) ||
      (fileSize - foot.artifact_size) % ATTUNE_WEIGHTS_ALIGNMENT != 0)
    return false;
  uint64_t end = foot.artifact_size - sizeof(foot);
  if (!inside(0, foot.elf_size, 0, end) ||
      !inside(foot.manifest_offset, foot.manifest_size, foot.elf_size, end) ||
      foot.manifest_size > maxManifest)
    return false;
  return foot.weights_offset == 0 ||
         (foot.weights_offset % ATTUNE_WEIGHTS_ALIGNMENT == 0 &&
          inside(foot.weights_offset, foot.weights_size, foot.elf_size,
                 foot.manifest_offset));
}

attune_status_t Artifact::readFooter() {
  const char *name = path.c_str();
  if (file.size() < sizeof(foot))
    return makeStatus(ATTUNE_NOT_AN_ARTIFACT,
                      "'%s' is no artifact of attune: it has only %llu bytes",
                      name, static_cast<unsigned long long>(file.size()));
  if (!file.read(file.size() - sizeof(foot), &foot, sizeof(foot)))
    return makeStatus(ATTUNE_IO_ERROR, "failed to read '%s'", name);
  if (std::memcmp(foot.magic, ATTUNE_FOOTER_MAGIC, sizeof(foot.magic)) != 0)
    return makeStatus(ATTUNE_NOT_AN_ARTIFACT,
                      "'%s' is no artifact of attune, or is truncated: it does "
                      "not end in a footer",
                      name);
  if (hashFooter(foot) != foot.footer_hash)
    return makeStatus(ATTUNE_DAMAGED, "'%s' is damaged: its footer was changed",
                      name);
  if (foot.format_version != ATTUNE_FORMAT_VERSION ||
      foot.abi_version != ATTUNE_ABI_VERSION)
    return makeStatus(
        ATTUNE_UNSUPPORTED_VERSION,
        "'%s' requires format %llu and ABI %llu, but this runtime has %d and "
        "%d: compile the model again",
        name, static_cast<unsigned long long>(foot.format_version),
        static_cast<unsigned long long>(foot.abi_version),
        ATTUNE_FORMAT_VERSION, ATTUNE_ABI_VERSION);
  if (!plausible(foot, file.size()))
    return makeStatus(ATTUNE_DAMAGED,
                      "'%s' is damaged: its %llu bytes do not fit its footer",
                      name, static_cast<unsigned long long>(file.size()));
  start = file.size() - foot.artifact_size;
  return nullptr;
}

// An anonymous file, in memory if the kernel allows.
static File anonymousFile() {
  int fd = memfd_create("attune-artifact", MFD_CLOEXEC);
  if (fd < 0)
    fd = ::open("/tmp", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0700);
  return File(fd);
}

attune_status_t Artifact::copyCode() {
  code = anonymousFile();
  if (code.descriptor() < 0)
    return makeStatus(ATTUNE_IO_ERROR,
                      "failed to create an anonymous file for the code: %s",
                      std::strerror(errno));
  constexpr size_t chunk = 1 << 18;
  auto buffer = std::make_unique<char[]>(chunk);
  Hasher hasher;
  for (uint64_t at = 0; at < foot.elf_size;) {
    size_t part = std::min<uint64_t>(chunk, foot.elf_size - at);
    if (!file.read(start + at, buffer.get(), part))
      return makeStatus(ATTUNE_IO_ERROR, "failed to read '%s'", path.c_str());
    hasher.update(buffer.get(), part);
    if (!code.write(buffer.get(), part))
      return makeStatus(ATTUNE_IO_ERROR, "failed to copy the code of '%s': %s",
                        path.c_str(), std::strerror(errno));
    at += part;
  }
  text.resize(foot.manifest_size);
  if (!file.read(start + foot.manifest_offset, text.data(), text.size()))
    return makeStatus(ATTUNE_IO_ERROR, "failed to read '%s'", path.c_str());
  hasher.update(text.data(), text.size());
  if (hasher.digest() != foot.code_hash)
    return makeStatus(ATTUNE_DAMAGED,
                      "'%s' is damaged: its code or manifest was changed",
                      path.c_str());
  return nullptr;
}

attune_status_t Artifact::checkTarget() const {
  std::string architecture = parsed.triple.substr(0, parsed.triple.find('-'));
  if (architecture != hostArchitecture() ||
      parsed.triple.find("linux") == std::string::npos)
    return makeStatus(ATTUNE_UNSUPPORTED_TARGET,
                      "'%s' was compiled for %s, but this machine is "
                      "%s-linux",
                      path.c_str(), parsed.triple.c_str(), hostArchitecture());
  std::string missing;
  for (const std::string &feature : parsed.features)
    if (checkFeature(feature.c_str()) != FeatureState::present)
      missing += (missing.empty() ? "" : ", ") + feature;
  if (!missing.empty())
    return makeStatus(ATTUNE_UNSUPPORTED_TARGET,
                      "'%s' requires processor features that this machine "
                      "lacks: %s; compile the model for this machine",
                      path.c_str(), missing.c_str());
  return nullptr;
}

attune_status_t Artifact::mapWeights(bool check) {
  File sidecar;
  std::string name = path;
  const File *source = &file;
  uint64_t offset = start + foot.weights_offset;
  if (!parsed.weightsFile.empty()) {
    size_t slash = path.rfind('/');
    name = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    name += parsed.weightsFile;
    if (attune_status_t status = File::open(name.c_str(), sidecar))
      return status;
    if (sidecar.size() != foot.weights_size)
      return makeStatus(
          ATTUNE_DAMAGED, "requires '%s' to have %llu bytes, but got %llu",
          name.c_str(), static_cast<unsigned long long>(foot.weights_size),
          static_cast<unsigned long long>(sidecar.size()));
    source = &sidecar;
    offset = 0;
  } else if (foot.weights_size != 0 && foot.weights_offset == 0) {
    return makeStatus(ATTUNE_DAMAGED,
                      "the manifest of '%s' does not name its weights file",
                      path.c_str());
  }
  if (!mapping.map(*source, offset, foot.weights_size))
    return makeStatus(ATTUNE_IO_ERROR, "failed to map the weights of '%s': %s",
                      name.c_str(), std::strerror(errno));
  if (check && foot.weights_size != 0 &&
      hashBytes(mapping.data(), foot.weights_size) != foot.weights_hash)
    return makeStatus(ATTUNE_DAMAGED,
                      "'%s' is damaged: its weights were changed",
                      name.c_str());
  return nullptr;
}

attune_status_t Artifact::loadCode() {
  std::string link = "/proc/self/fd/" + std::to_string(code.descriptor());
  library = dlopen(link.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return makeStatus(ATTUNE_IO_ERROR, "failed to load the code of '%s': %s",
                      path.c_str(), reason ? reason : "unknown reason");
  }
  entry = static_cast<const attune_artifact_table *>(
      dlsym(library, ATTUNE_ARTIFACT_SYMBOL));
  if (!entry || entry->magic != ATTUNE_TABLE_MAGIC ||
      entry->table_size < sizeof(attune_artifact_table) || !entry->run)
    return makeStatus(ATTUNE_DAMAGED, "the code of '%s' has no valid table",
                      path.c_str());
  if (entry->abi_version != ATTUNE_ABI_VERSION)
    return makeStatus(ATTUNE_UNSUPPORTED_VERSION,
                      "the code of '%s' requires ABI %u, but this runtime has "
                      "%d",
                      path.c_str(), entry->abi_version, ATTUNE_ABI_VERSION);
  return nullptr;
}

} // namespace attune
