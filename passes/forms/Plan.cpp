// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Plan.h"
#include "dialects/attn/forms/Forms.h"
#include "dialects/attn/forms/JsonText.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace attune {

static constexpr uint64_t longestPlan = 16 << 20;

namespace {

class PlanReader {
public:
  PlanReader(StringRef path, const JsonText &json) : path(path), json(json) {}

  Expected<SmallVector<FormSpec>> read() {
    const json::Object *plan = json.value().getAsObject();
    if (!plan)
      return json.errorAt("", "a plan is an object");
    if (Error error = json.checkNames(*plan, "", {"version", "layers"}))
      return std::move(error);
    if (plan->getInteger("version") != 1)
      return json.errorAt("/version", "requires \"version\": 1");
    const json::Array *layers = plan->getArray("layers");
    if (!layers)
      return json.errorAt("/layers", "requires \"layers\": a list of objects");
    SmallVector<FormSpec> specs;
    for (auto [index, entry] : enumerate(*layers)) {
      Expected<FormSpec> spec =
          readEntry(entry, "/layers/" + std::to_string(index));
      if (!spec)
        return spec.takeError();
      specs.push_back(std::move(*spec));
    }
    return specs;
  }

private:
  Expected<FormSpec> readEntry(const json::Value &value,
                               const std::string &where) {
    const json::Object *entry = value.getAsObject();
    if (!entry)
      return json.errorAt(where, "requires an object with \"form\"");
    if (Error error = json.checkNames(
            *entry, where, {"layers", "heads", "form", "parameters"}))
      return std::move(error);
    FormSpec spec;
    spec.form = entry->getString("form").value_or("").str();
    spec.file = path.str();
    std::tie(spec.line, spec.column) = json.lineAndColumn(where);
    spec.text = spec.form + " at " + json.placeOf(where);
    if (spec.form.empty())
      return json.errorAt(where + "/form", "requires the name of a form");
    const attn::Form *form = attn::findForm(spec.form);
    if (!form)
      return json.errorAt(where + "/form", noForm(spec.form));
    for (StringRef key : {"layers", "heads"})
      if (Error error = readRanges(entry->get(key), where + "/" + key.str(),
                                   key.drop_back(),
                                   key == "layers" ? spec.layers : spec.heads))
        return std::move(error);
    if (Error error = readParameters(*form, entry->get("parameters"),
                                     where + "/parameters", spec))
      return std::move(error);
    return spec;
  }

  Error readRanges(const json::Value *value, const std::string &where,
                   StringRef what, FormSpec::Ranges &ranges) {
    if (!value)
      return Error::success();
    std::optional<StringRef> text = value->getAsString();
    std::optional<int64_t> number = value->getAsInteger();
    if (!text && !number)
      return json.errorAt(where, "requires \"all\", a number, or ranges such "
                                 "as \"0-3,5\"");
    std::string written = number ? std::to_string(*number) : text->str();
    if (Error error = parseRanges(written, what, ranges))
      return json.errorAt(where, toString(std::move(error)));
    return Error::success();
  }

  static std::string shortest(double number) {
    char text[40];
    // 17 digits tell all numbers apart, 15 are what people write.
    for (int digits : {15, 17}) {
      std::snprintf(text, sizeof(text), "%.*g", digits, number);
      if (std::strtod(text, nullptr) == number)
        break;
    }
    return text;
  }

  /// As the short way writes it; "" for what no parameter can be.
  static std::string textOf(const json::Value &value) {
    if (std::optional<StringRef> text = value.getAsString())
      return text->str();
    if (std::optional<bool> flag = value.getAsBoolean())
      return *flag ? "true" : "false";
    if (std::optional<int64_t> integer = value.getAsInteger())
      return std::to_string(*integer);
    std::optional<double> number = value.getAsNumber();
    return number ? shortest(*number) : "";
  }

  Error readParameters(const attn::Form &form, const json::Value *value,
                       const std::string &where, FormSpec &spec) {
    if (!value)
      return Error::success();
    const json::Object *given = value->getAsObject();
    if (!given)
      return json.errorAt(where, "requires an object of parameters");
    for (const auto &[key, item] : *given) {
      StringRef name(key);
      std::string text = textOf(item);
      std::string reason = attn::whyNoParameter(form, name, text);
      if (!reason.empty())
        return json.errorAt(where + "/" + jsonPathPart(name), reason);
      spec.parameters.emplace_back(name.str(), fromHere(form, name, text));
    }
    // The order of names in an object means nothing.
    llvm::sort(spec.parameters);
    return Error::success();
  }

  /// What is the name of a file is meant from the plan's folder.
  std::string fromHere(const attn::Form &form, StringRef name,
                       const std::string &text) {
    for (const attn::FormParameter &parameter : form.parameters)
      if (parameter.name == name &&
          parameter.kind == attn::FormParameter::Kind::file &&
          !sys::path::is_absolute(text)) {
        SmallString<128> full = sys::path::parent_path(path);
        sys::path::append(full, text);
        return full.str().str();
      }
    return text;
  }

  StringRef path;
  const JsonText &json;
};

} // namespace

Expected<SmallVector<FormSpec>> readPlan(StringRef path) {
  Expected<JsonText> json = JsonText::read(path, "the plan", longestPlan);
  if (!json)
    return json.takeError();
  return PlanReader(path, *json).read();
}

} // namespace attune
