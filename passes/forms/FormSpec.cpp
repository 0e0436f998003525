// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormSpec.h"
#include "dialects/attn/Attn.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace attune {

bool FormSpec::covers(unsigned layer) const {
  return layers.empty() || any_of(layers, [&](auto range) {
           return range.first <= layer && layer <= range.second;
         });
}

static Error wrong(const FormSpec &spec, const Twine &reason) {
  return createStringError("'" + spec.text + "': " + reason +
                           "; write FORM{key=value,...}@layers=0-3,5");
}

/// `key=value,...` without the braces.
static Error parseParameters(FormSpec &spec, StringRef text) {
  if (text.empty())
    return Error::success();
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [key, value] = part.split('=');
    if (key.empty() || value.empty())
      return wrong(spec, "'" + part + "' is no parameter");
    for (const auto &other : spec.parameters)
      if (other.first == key)
        return wrong(spec, "'" + key + "' is given twice");
    spec.parameters.emplace_back(key.str(), value.str());
  }
  return Error::success();
}

/// `0-3,5`.
static Error parseLayers(FormSpec &spec, StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [low, high] = part.split('-');
    std::pair<unsigned, unsigned> range;
    if (low.getAsInteger(10, range.first))
      return wrong(spec, "'" + part + "' is no layer");
    range.second = range.first;
    if (part.contains('-') && high.getAsInteger(10, range.second))
      return wrong(spec, "'" + part + "' is no range of layers");
    if (range.second < range.first)
      return wrong(spec, "'" + part + "' is an empty range of layers");
    spec.layers.push_back(range);
  }
  return Error::success();
}

/// What follows the `@`.
static Error parseSelection(FormSpec &spec, StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ';');
  SmallVector<StringRef> seen;
  for (StringRef part : parts) {
    auto [key, value] = part.split('=');
    if (is_contained(seen, key))
      return wrong(spec, "'" + key + "' is given twice");
    seen.push_back(key);
    if (key == "layers") {
      if (value == "all")
        continue;
      if (Error error = parseLayers(spec, value))
        return error;
    } else if (key == "heads") {
      if (value != "all")
        return wrong(spec, "a form for some heads only ('" + part +
                               "') is not supported yet; heads=all is");
    } else {
      return wrong(spec,
                   "'" + part + "' selects nothing: layers= and heads= do");
    }
  }
  return Error::success();
}

static Expected<FormSpec> parseOne(StringRef text) {
  FormSpec spec;
  spec.text = text.str();
  size_t at = text.find('@');
  StringRef form = text.take_front(at);
  size_t brace = form.find('{');
  spec.form = form.take_front(brace).str();
  if (spec.form.empty())
    return wrong(spec, "the form's name is missing");
  if (form.contains('}') && brace == StringRef::npos)
    return wrong(spec, "'}' closes no '{'");
  if (brace != StringRef::npos) {
    StringRef inside = form.drop_front(brace + 1);
    if (!inside.consume_back("}") || inside.contains('}') ||
        inside.contains('{'))
      return wrong(spec, "the parameters are not enclosed in '{' and '}'");
    if (Error error = parseParameters(spec, inside))
      return std::move(error);
  }
  if (at != StringRef::npos)
    if (Error error = parseSelection(spec, text.drop_front(at + 1)))
      return std::move(error);
  return spec;
}

Expected<SmallVector<FormSpec>> parseFormSpecs(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  SmallVector<FormSpec> specs;
  for (StringRef part : parts) {
    Expected<FormSpec> spec = parseOne(part);
    if (!spec)
      return spec.takeError();
    specs.push_back(*spec);
  }
  return specs;
}

SmallVector<std::string> formNames(mlir::MLIRContext &context) {
  SmallVector<std::string> names;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations())
    if (auto *form = name.getInterface<attn::RewritableFromDense>())
      names.push_back(form->getFormName().str());
  sort(names);
  return names;
}

Error checkFormSpecs(StringRef text, mlir::MLIRContext &context) {
  Expected<SmallVector<FormSpec>> specs = parseFormSpecs(text);
  if (!specs)
    return specs.takeError();
  SmallVector<std::string> names = formNames(context);
  for (const FormSpec &spec : *specs)
    if (!is_contained(names, spec.form))
      return createStringError("'" + spec.text + "': there is no form '" +
                               spec.form + "'; the forms are " +
                               join(names, ", "));
  return Error::success();
}

} // namespace attune
