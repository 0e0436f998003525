// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormSpec.h"
#include "dialects/attn/forms/Forms.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace attune {

static bool isIn(const FormSpec::Ranges &ranges, unsigned number) {
  return ranges.empty() || any_of(ranges, [&](auto range) {
           return range.first <= number && number <= range.second;
         });
}

bool FormSpec::covers(unsigned layer) const { return isIn(layers, layer); }

bool FormSpec::coversHead(unsigned head) const { return isIn(heads, head); }

static Error wrong(const FormSpec &spec, const Twine &reason) {
  return createStringError(
      "'" + spec.text + "': " + reason +
      "; write FORM{key=value,...}@layers=0-3,5;heads=0,2");
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

Error parseRanges(StringRef text, StringRef what, FormSpec::Ranges &ranges) {
  if (text == "all")
    return Error::success();
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [low, high] = part.split('-');
    std::pair<unsigned, unsigned> range;
    if (low.getAsInteger(10, range.first))
      return createStringError("'" + part + "' is no " + what);
    range.second = range.first;
    if (part.contains('-') && high.getAsInteger(10, range.second))
      return createStringError("'" + part + "' is no range of " + what + "s");
    if (range.second < range.first)
      return createStringError("'" + part + "' is an empty range of " + what +
                               "s");
    ranges.push_back(range);
  }
  return Error::success();
}

/// `layers=0-3,5`, `heads=all`: what has no `=` belongs to what stands before.
static SmallVector<std::string> splitSelection(StringRef text) {
  SmallVector<std::string> selections;
  SmallVector<StringRef> parts, pieces;
  text.split(parts, ';');
  for (StringRef part : parts) {
    pieces.clear();
    part.split(pieces, ',');
    for (auto [index, piece] : enumerate(pieces))
      if (index == 0 || piece.contains('='))
        selections.push_back(piece.str());
      else
        selections.back() += "," + piece.str();
  }
  return selections;
}

/// What follows the `@`.
static Error parseSelection(FormSpec &spec, StringRef text) {
  SmallVector<std::string> seen;
  for (const std::string &part : splitSelection(text)) {
    auto [key, value] = StringRef(part).split('=');
    if (is_contained(seen, key))
      return wrong(spec, "'" + key + "' is given twice");
    seen.push_back(key.str());
    if (key != "layers" && key != "heads")
      return wrong(spec,
                   "'" + part + "' selects nothing: layers= and heads= do");
    if (Error error = parseRanges(value, key.drop_back(),
                                  key == "layers" ? spec.layers : spec.heads))
      return wrong(spec, toString(std::move(error)));
  }
  return Error::success();
}

static Expected<FormSpec> parseOne(StringRef text) {
  FormSpec spec;
  spec.text = text.str();
  // Names of files in the braces may have one, too.
  size_t end = text.rfind('}');
  size_t at = text.find('@', end == StringRef::npos ? 0 : end);
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

std::string noForm(StringRef name) {
  auto names = map_range(attn::forms(), [](const attn::Form &form) {
    return StringRef(form.name);
  });
  return ("there is no form '" + name + "'; the forms are " + join(names, ", "))
      .str();
}

Error checkFormSpecs(StringRef text) {
  Expected<SmallVector<FormSpec>> specs = parseFormSpecs(text);
  if (!specs)
    return specs.takeError();
  for (const FormSpec &spec : *specs)
    if (!attn::findForm(spec.form))
      return createStringError("'" + spec.text + "': " + noForm(spec.form));
  return Error::success();
}

} // namespace attune
