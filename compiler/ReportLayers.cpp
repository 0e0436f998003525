// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ReportPage.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace attune {

/// "[1, 12, ?, 64]".
static std::string shapeText(const json::Array *shape) {
  if (!shape)
    return "–";
  return "[" + join(map_range(*shape, plain), ", ") + "]";
}

static std::string scaleText(double scale) {
  std::string text;
  raw_string_ostream(text) << format("%.6g", scale);
  return text;
}

static std::string blocksText(const json::Object &blocks) {
  return formatv(
      "{0} queries by {1} keys, {2}", blocks.getInteger("queries").value_or(0),
      blocks.getInteger("keys").value_or(0),
      blocks.getBoolean("constant").value_or(false) ? "known before it runs"
                                                    : "chosen when it runs");
}

void Page::item(StringRef name, StringRef value) {
  out << "<dt>";
  text(name);
  out << "</dt><dd>";
  text(value);
  out << "</dd>\n";
}

void Page::picture(const json::Object *picture, StringRef caption) {
  const json::Array *rows = picture ? picture->getArray("rows") : nullptr;
  if (!rows || rows->empty())
    return;
  size_t width = (*rows)[0].getAsString().value_or("").size();
  out << "<figure><svg viewBox='0 0 " << width << " " << rows->size()
      << "' preserveAspectRatio=none shape-rendering=crispEdges role=img "
         "fill=currentColor><title>";
  text(caption);
  out << "</title>";
  for (auto [y, value] : enumerate(*rows)) {
    StringRef line = value.getAsString().value_or("");
    for (size_t x = 0, end; x < line.size(); x = end) {
      end = std::min(line.find_first_not_of(line[x], x), line.size());
      if (line[x] != '0')
        out << formatv("<path d='M{0} {1}h{2}v1h-{2}z' opacity='{3:f2}'/>", x,
                       y, end - x, hexDigitValue(line[x]) / 15.0);
    }
  }
  out << "</svg><figcaption>";
  text(caption);
  out << formatv(": {0} queries down, {1} keys across</figcaption></figure>\n",
                 picture->getInteger("queries").value_or(0),
                 picture->getInteger("keys").value_or(0));
}

void Page::part(const json::Object &part) {
  std::optional<StringRef> why = part.getString("why_not");
  bool isExact = part.getBoolean("exact").value_or(false);
  const char *kind = why ? "not" : isExact ? "exact" : "approximate";
  out << "<p><b>";
  text(part.getString("form").value_or(""));
  out << "</b> <code>";
  if (const json::Object *parameters = part.getObject("parameters")) {
    std::vector<std::string> given;
    for (const auto &[name, value] : *parameters)
      given.push_back(StringRef(name).str() + "=" + plain(value));
    llvm::sort(given);
    text(join(given, ", "));
  }
  const json::Array *heads = part.getArray("heads");
  out << "</code> on "
      << (heads ? "heads " + join(map_range(*heads, plain), "–") : "all heads")
      << ": <span class=" << kind << ">"
      << (why ? "not applied, stays dense" : kind) << "</span>";
  if (why) {
    out << "<br>";
    text(*why);
  } else {
    out << ", " << shortNumber(numberAt(part, "cost", "", "flops"))
        << " operations, " << shortNumber(numberAt(part, "cost", "", "bytes"))
        << "B";
    if (const json::Object *blocks = part.getObject("blocks"))
      out << "<br>blocks of " << blocksText(*blocks);
  }
  out << "</p>\n";
}

void Page::became(const json::Object &layer) {
  const json::Array *parts = layer.getArray("became");
  if (!parts || parts->empty()) {
    out << "<p>stays <b>dense</b></p>\n";
    return;
  }
  for (const json::Value &value : *parts)
    part(*value.getAsObject());
}

void Page::layer(const json::Object &layer) {
  out << formatv("<section class=layer id=layer{0}><h3>Layer {0} <code>",
                 layer.getInteger("layer").value_or(0));
  text(layer.getString("node").value_or(""));
  out << "</code></h3>\n";
  became(layer);
  out << "<div class=row><dl>\n";
  for (StringRef name : {"query", "key", "value"})
    item(name, shapeText(layer.getArray(name)));
  item("scale", scaleText(layer.getNumber("scale").value_or(0)));
  item("causal", layer.getBoolean("causal").value_or(false) ? "yes" : "no");
  for (auto [name, between] : {std::pair("mask", " or "), {"captures", ", "}})
    if (const json::Array *list = layer.getArray(name))
      item(name,
           list->empty() ? "none" : join(map_range(*list, plain), between));
  item("normaliser", layer.getString("normaliser").value_or(""));
  if (const json::Object *blocks = layer.getObject("blocks"))
    item("blocks", blocksText(*blocks));
  item("scores", layer.getString("scores").value_or(""));
  item("operations, dense", shortNumber(numberAt(layer, "cost", "", "flops")));
  item("traffic, dense",
       shortNumber(numberAt(layer, "cost", "", "bytes")) + "B");
  out << "</dl>\n";
  picture(layer.getObject("picture"), "in the file");
  if (const json::Array *parts = layer.getArray("became"))
    for (const json::Value &part : *parts)
      picture(part.getAsObject()->getObject("picture"),
              part.getAsObject()->getString("form").value_or(""));
  out << "</div></section>\n";
}

} // namespace attune
