// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ReportPage.h"
#include "compiler/Report.h"
#include "compiler/ReportStyle.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace attune {

std::string shortNumber(std::optional<double> number) {
  if (!number)
    return "–";
  static constexpr const char *units[] = {"", " k", " M", " G", " T", " P"};
  double value = *number;
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(units))
    value /= 1000, ++unit;
  return formatv(value < 10 && unit ? "{0:f2}{1}" : "{0:f1}{1}", value,
                 units[unit]);
}

std::string exponent(std::optional<double> number) {
  return number ? formatv("{0:e2}", *number).str() : "–";
}

std::string plain(const json::Value &value) {
  if (std::optional<StringRef> text = value.getAsString())
    return text->str();
  if (value.getAsNull())
    return "?";
  std::string text;
  raw_string_ostream(text) << value;
  return text;
}

std::optional<double> numberAt(const json::Object &object, StringRef outer,
                               StringRef inner, StringRef name) {
  const json::Object *found = object.getObject(outer);
  if (found && !inner.empty())
    found = found->getObject(inner);
  return found ? found->getNumber(name) : std::nullopt;
}

/// Names come from files: no mark-up, and no characters that HTML lacks.
void Page::text(StringRef text) {
  std::string clean = text.str();
  for (char &c : clean)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      c = ' ';
  printHTMLEscaped(clean, out);
}

void Page::fact(StringRef value, StringRef meaning) {
  out << "<div><b>";
  text(value);
  out << "</b><span class=soft>";
  text(meaning);
  out << "</span></div>\n";
}

void Page::head() {
  StringRef model = report.getString("model").value_or("");
  out << "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
         "<meta name=viewport content='width=device-width'>\n"
         "<meta http-equiv=Content-Security-Policy content=\"default-src "
         "'none'; style-src 'unsafe-inline'\">\n<title>Attention in ";
  text(model);
  out << "</title>\n<style>" << reportStyle << "</style></head><body><main>\n"
      << "<h1>What became of attention</h1>\n<p class=soft><code>";
  text(model);
  out << "</code> for ";
  text(report.getString("target").value_or(""));
  out << "</p>\n";
}

void Page::facts() {
  const json::Array *layers = report.getArray("layers");
  if (!layers)
    return;
  out << "<div class=facts>\n";
  fact(std::to_string(layers->size()), "layers with attention");
  fact(shortNumber(numberAt(report, "cost", "before", "flops")) + " → " +
           shortNumber(numberAt(report, "cost", "after", "flops")),
       "predicted operations of attention");
  fact(shortNumber(numberAt(report, "cost", "before", "bytes")) + "B → " +
           shortNumber(numberAt(report, "cost", "after", "bytes")) + "B",
       "predicted traffic");
  fact(shortNumber(numberAt(report, "memory", "", "weights")) + "B", "weights");
  std::optional<double> workspace = numberAt(report, "memory", "", "workspace");
  fact(workspace ? shortNumber(workspace) + "B" : "by sizes",
       "memory of a run, inputs and outputs aside");
  out << "</div>\n<p class=soft>Sizes that are not known count as "
      << report.getInteger("size_for_unknown").value_or(0)
      << " in predictions and pictures.</p>\n";
}

/// `part` of `all`, and empty up to `widest`.
void Page::bar(double part, double all, double widest) {
  auto width = [&](double value) {
    return widest > 0 ? 100 * std::max(value, 0.0) / widest : 0;
  };
  out << formatv("<svg class=bar viewBox='0 0 100 10' preserveAspectRatio=none "
                 "aria-hidden=true><rect class=all width='{0:f2}' height='10'/>"
                 "<rect class=part width='{1:f2}' height='10'/></svg>",
                 width(all), width(part));
}

void Page::notRaised() {
  const json::Array *found = report.getArray("not_raised");
  if (!found || found->empty())
    return;
  out << "<h2>Not recognised as attention</h2><div class=wide><table><tr>"
         "<th>node</th><th>why not</th></tr>\n";
  for (const json::Value &value : *found) {
    out << "<tr><td><code>";
    text(value.getAsObject()->getString("node").value_or(""));
    out << "</code></td><td>";
    text(value.getAsObject()->getString("reason").value_or(""));
    out << "</td></tr>\n";
  }
  out << "</table></div>\n";
}

/// "dense", or the forms that took its place.
static std::string formsOf(const json::Object &layer) {
  SmallVector<std::string> names;
  for (const json::Value &part : *layer.getArray("became"))
    if (!part.getAsObject()->getString("why_not"))
      names.push_back(part.getAsObject()->getString("form")->str());
  names.erase(llvm::unique(names), names.end());
  return names.empty() ? "dense" : join(names, ", ");
}

void Page::overview(const json::Array &layers) {
  double widest = 0;
  for (const json::Value &value : layers)
    for (StringRef cost : {"cost", "cost_after"})
      widest = std::max(
          widest,
          numberAt(*value.getAsObject(), cost, "", "flops").value_or(0));
  out << "<div class=wide><table><tr><th class=n>layer</th><th>node</th>"
         "<th>became</th><th class=n>operations, dense</th>"
         "<th class=n>now</th><th>share</th></tr>\n";
  for (const json::Value &value : layers) {
    const json::Object &layer = *value.getAsObject();
    int64_t number = layer.getInteger("layer").value_or(0);
    double before = numberAt(layer, "cost", "", "flops").value_or(0);
    double after = numberAt(layer, "cost_after", "", "flops").value_or(0);
    out << formatv("<tr><td class=n><a href='#layer{0}'>{0}</a></td><td><code>",
                   number);
    text(layer.getString("node").value_or(""));
    out << "</code></td><td>";
    text(formsOf(layer));
    out << "</td><td class=n>" << shortNumber(before) << "</td><td class=n>"
        << shortNumber(after) << "</td><td>";
    bar(after, before, widest);
    out << "</td></tr>\n";
  }
  out << "</table></div>\n";
}

void Page::recognised() {
  const json::Array *found = report.getArray("recognised");
  if (!found || found->empty())
    return;
  out << "<h2>Recognised in the file</h2><div class=wide><table><tr>"
         "<th>operation</th><th class=n>times</th><th>nodes</th></tr>\n";
  for (const json::Value &value : *found) {
    const json::Array &nodes = *value.getAsObject()->getArray("nodes");
    constexpr size_t shown = 4;
    out << "<tr><td><code>";
    text(value.getAsObject()->getString("operation").value_or(""));
    out << "</code></td><td class=n>" << nodes.size() << "</td><td>";
    for (size_t i = 0; i < std::min(nodes.size(), shown); ++i) {
      out << (i ? ", <code>" : "<code>");
      text(plain(nodes[i]));
      out << "</code>";
    }
    out << (nodes.size() > shown ? ", …" : "") << "</td></tr>\n";
  }
  out << "</table></div>\n";
}

void Page::write() {
  head();
  facts();
  if (const json::Object *compared = report.getObject("comparison"))
    comparison(*compared);
  const json::Array *layers = report.getArray("layers");
  if (layers && !layers->empty()) {
    out << "<h2>Layers</h2>\n";
    overview(*layers);
    for (const json::Value &value : *layers)
      layer(*value.getAsObject());
  }
  recognised();
  notRaised();
  out << "</main></body></html>\n";
}

void writePage(const json::Object &report, raw_ostream &out) {
  Page(report, out).write();
}

} // namespace attune
