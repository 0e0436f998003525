// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ReportPage.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace attune {

void Page::drift(const json::Array &rows, StringRef title, StringRef first) {
  if (rows.empty())
    return;
  out << "<h2>" << title << "</h2><div class=wide><table><tr><th>" << first
      << "</th><th class=n>relative L2</th><th class=n>largest</th>"
         "<th class=n>cosine</th><th class=n>same argmax</th>"
         "<th>drift</th></tr>\n";
  double widest = 0;
  for (const json::Value &row : rows)
    widest = std::max(widest,
                      row.getAsObject()->getNumber("relative_l2").value_or(0));
  for (const json::Value &value : rows) {
    const json::Object &row = *value.getAsObject();
    out << "<tr><td>";
    text(row.getString("name").value_or(""));
    out << "</td><td class=n>" << exponent(row.getNumber("relative_l2"))
        << "</td><td class=n>" << exponent(row.getNumber("max_abs"))
        << "</td><td class=n>";
    std::optional<double> cosine = row.getNumber("cosine");
    out << (cosine ? formatv("{0:f6}", *cosine).str() : "–")
        << "</td><td class=n>";
    std::optional<double> same = row.getNumber("argmax_agreement");
    out << (same ? formatv("{0:f2} %", *same * 100).str() : "–") << "</td><td>";
    double error = row.getNumber("relative_l2").value_or(0);
    bar(error, error, widest);
    out << "</td></tr>\n";
  }
  out << "</table></div>\n";
}

void Page::comparison(const json::Object &compared) {
  if (const json::Object *time = compared.getObject("time")) {
    out << "<h2>Predicted and measured</h2><div class=facts>\n";
    fact(formatv("{0:f2} ms → {1:f2} ms",
                 time->getNumber("reference_ms").value_or(0),
                 time->getNumber("candidate_ms").value_or(0))
             .str(),
         "median time of the whole model");
    fact(formatv("{0:f2}×", time->getNumber("speedup").value_or(0)).str(),
         "speedup, measured");
    if (std::optional<double> ratio = time->getNumber("predicted_speedup"))
      fact(formatv("{0:f2}×", *ratio).str(),
           "speedup of attention, predicted by operations");
    if (const json::Object *memory = compared.getObject("memory"))
      fact(shortNumber(memory->getNumber("reference_peak_bytes")) + "B → " +
               shortNumber(memory->getNumber("candidate_peak_bytes")) + "B",
           "peak memory of a run");
    out << "</div>\n";
  }
  if (const json::Array *layers = compared.getArray("layers"))
    drift(*layers, "Drift of layers", "layer");
  if (const json::Array *outputs = compared.getArray("outputs"))
    drift(*outputs, "Drift of outputs", "output");
}

} // namespace attune
