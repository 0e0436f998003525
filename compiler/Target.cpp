// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Target.h"
#include "frontends/onnx/Nearest.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace attune {

/// What the runtime checks before it runs code that was made with it.
static constexpr StringLiteral checkedFeatures[] = {
    "avx",      "avx2",       "avx512bw",   "avx512cd", "avx512dq", "avx512f",
    "avx512vl", "avx512bf16", "avx512vnni", "bmi",      "bmi2",     "f16c",
    "fma",      "popcnt",     "sse4.1",     "sse4.2"};

static const llvm::Target *lookup(const std::string &triple,
                                  std::string &error) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  return TargetRegistry::lookupTarget(Triple(triple), error);
}

/// Register tiles by what the registers are: their width and their number.
static void chooseTiles(Target &target) {
  auto has = [&](StringRef name) {
    return is_contained(target.features, name);
  };
  if (has("avx512f") && has("avx512vl") && has("avx512bw") && has("avx512dq")) {
    target.lanes = 16;
    target.tileRows = 8;
    target.tileVectors = 3;
    target.keyVectors = 4;
  } else if (has("avx2") && has("fma")) {
    target.lanes = 8;
    target.queryRows = 6;
  }
}

static std::vector<std::string> processorNames(const MCSubtargetInfo &info) {
  std::vector<std::string> names = {"native"};
  for (const SubtargetSubTypeKV &processor : info.getAllProcessorDescriptions())
    names.push_back(processor.Key);
  return names;
}

Expected<Target> Target::forCpu(StringRef cpu) {
  Target target;
  target.triple = sys::getProcessTriple();
  std::string error;
  const llvm::Target *backend = lookup(target.triple, error);
  if (!backend)
    return createStringError(error);
  bool native = cpu == "native";
  // The host's name is not to be trusted on virtual machines; its features are.
  target.cpu = native ? "x86-64" : cpu.str();
  std::unique_ptr<MCSubtargetInfo> info(
      backend->createMCSubtargetInfo(Triple(target.triple), target.cpu, ""));
  if (!info)
    return createStringError("no processors are known for " + target.triple);
  if (!native && !info->isCPUStringValid(target.cpu))
    return createStringError(
        "unknown processor '" + cpu +
        "'; 'native' and names such as 'x86-64-v3' and 'x86-64-v4' are known" +
        didYouMean(cpu.str(), processorNames(*info)));
  StringMap<bool> host = sys::getHostCPUFeatures();
  for (StringRef name : checkedFeatures) {
    bool present =
        native ? host.lookup(name) : info->checkFeatures(("+" + name).str());
    if (present)
      target.features.push_back(name.str());
  }
  chooseTiles(target);
  return target;
}

std::string Target::featureString() const {
  std::string text;
  for (const std::string &feature : features)
    text += (text.empty() ? "+" : ",+") + feature;
  return text;
}

std::unique_ptr<TargetMachine> Target::machine(unsigned level) const {
  std::string error;
  const llvm::Target *backend = lookup(triple, error);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  return std::unique_ptr<TargetMachine>(backend->createTargetMachine(
      Triple(triple), cpu, featureString(), options, Reloc::PIC_, {},
      level >= 2 ? CodeGenOptLevel::Aggressive : CodeGenOptLevel::Default));
}

} // namespace attune
