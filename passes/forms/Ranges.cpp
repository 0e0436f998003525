// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Ranges.h"
#include "dialects/attn/forms/JsonText.h"

using namespace llvm;

namespace attune {

static constexpr uint64_t longestFile = 64 << 20;

class RangesReader {
public:
  RangesReader(StringRef path, const JsonText &json) : path(path), json(json) {}

  Expected<Ranges> read() {
    const json::Object *file = json.value().getAsObject();
    if (!file)
      return json.errorAt("", "ranges are an object");
    if (Error error = json.checkNames(
            *file, "", {"version", "degree", "tolerance", "ranges"}))
      return std::move(error);
    if (file->getInteger("version") != 1)
      return json.errorAt("/version", "requires \"version\": 1");
    if (Error error = readInteger(*file, "", "degree", attn::maxDegree, degree))
      return std::move(error);
    if (Error error = readTolerance(file->get("tolerance")))
      return std::move(error);
    const json::Array *list = file->getArray("ranges");
    if (!list)
      return json.errorAt("/ranges", "requires \"ranges\": a list of objects");
    Ranges ranges;
    for (auto [index, value] : enumerate(*list)) {
      std::string where = "/ranges/" + std::to_string(index);
      Expected<RangeEntry> entry = readEntry(value, where);
      if (!entry)
        return entry.takeError();
      auto [other, isNew] = ranges.entries.try_emplace(
          {entry->node, entry->stand.function}, std::move(*entry));
      if (!isNew)
        return json.errorAt(where, "the same node and function have a range "
                                   "on line " +
                                       Twine(other->second.line));
    }
    return ranges;
  }

private:
  Error readTolerance(const json::Value *value) {
    if (!value)
      return Error::success();
    tolerance = value->getAsNumber().value_or(-1);
    if (!(tolerance > 0 && tolerance < 1))
      return json.errorAt("/tolerance", "requires a number between 0 and 1");
    return Error::success();
  }

  /// `result` stays what it is if the object has no such name.
  Error readInteger(const json::Object &object, const std::string &where,
                    StringRef name, int64_t most, int64_t &result) {
    const json::Value *value = object.get(name);
    if (!value)
      return Error::success();
    result = value->getAsInteger().value_or(0);
    if (result < 1 || result > most)
      return json.errorAt(where + "/" + name.str(),
                          "requires an integer from 1 to " + Twine(most));
    return Error::success();
  }

  Error readBound(const json::Object &entry, const std::string &where,
                  StringRef name, double &bound) {
    const json::Value *value = entry.get(name);
    std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
    if (!number)
      return json.errorAt(where + "/" + name.str(),
                          "requires \"" + name + "\": a number");
    bound = *number;
    return Error::success();
  }

  Error readEffort(const json::Object &entry, const std::string &where,
                   attn::Stand &stand) {
    StringRef own = stand.isIterated() ? "steps" : "degree";
    StringRef other = stand.isIterated() ? "degree" : "steps";
    if (entry.get(other))
      return json.errorAt(where + "/" + other.str(),
                          "'" + stringifyPolyFunction(stand.function) +
                              "' has '" + own + "', not '" + other + "'");
    if (!stand.isIterated()) {
      stand.effort = degree;
      return readInteger(entry, where, own, attn::maxDegree, stand.effort);
    }
    if (Error error =
            readInteger(entry, where, own, attn::maxSteps, stand.effort))
      return error;
    if (stand.effort == 0)
      stand.effort = attn::stepsWithin(stand, tolerance);
    if (stand.effort == 0)
      return json.errorAt(where, "the range is too wide: more than " +
                                     Twine(attn::maxSteps) +
                                     " steps for the tolerance");
    return Error::success();
  }

  Expected<RangeEntry> readEntry(const json::Value &value,
                                 const std::string &where) {
    const json::Object *given = value.getAsObject();
    if (!given)
      return json.errorAt(where, "requires an object with \"function\"");
    if (Error error = json.checkNames(
            *given, where,
            {"node", "function", "low", "high", "degree", "steps"}))
      return std::move(error);
    std::optional<attn::PolyFunction> function =
        attn::symbolizePolyFunction(given->getString("function").value_or(""));
    if (!function)
      return json.errorAt(where + "/function",
                          "requires \"function\": one of " + functions());
    if (given->get("node") && !given->getString("node"))
      return json.errorAt(where + "/node", "requires the name of a node");
    RangeEntry entry;
    entry.node = given->getString("node").value_or("").str();
    entry.stand.function = *function;
    entry.file = path.str();
    std::tie(entry.line, entry.column) = json.lineAndColumn(where);
    if (Error error = readBound(*given, where, "low", entry.stand.low))
      return std::move(error);
    if (Error error = readBound(*given, where, "high", entry.stand.high))
      return std::move(error);
    std::string fault = entry.stand.rangeFault();
    if (!fault.empty())
      return json.errorAt(where, fault);
    if (Error error = readEffort(*given, where, entry.stand))
      return std::move(error);
    return entry;
  }

  static std::string functions() {
    SmallVector<StringRef> names;
    for (uint32_t kind = 0; auto known = attn::symbolizePolyFunction(kind);
         ++kind)
      names.push_back(attn::stringifyPolyFunction(*known));
    return join(names, ", ");
  }

  StringRef path;
  const JsonText &json;
  int64_t degree = usualDegree;
  double tolerance = usualTolerance;
};

Expected<Ranges> Ranges::read(StringRef path) {
  Expected<JsonText> json = JsonText::read(path, "the ranges", longestFile);
  if (!json)
    return json.takeError();
  return RangesReader(path, *json).read();
}

const RangeEntry *Ranges::find(StringRef node,
                               attn::PolyFunction function) const {
  for (StringRef name : {node, StringRef()}) {
    auto found = entries.find({name.str(), function});
    if (found != entries.end())
      return &found->second;
  }
  return nullptr;
}

} // namespace attune
