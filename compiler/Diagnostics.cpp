// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace attune {

static constexpr unsigned shownNotes = 4;

/// Where in a file, as "FILE:LINE:COLUMN: ", "FILE: " or "".
static std::string placeOf(Location location) {
  auto place = location->findInstanceOf<FileLineColLoc>();
  if (!place)
    return "";
  std::string text = place.getFilename().str();
  if (place.getLine())
    text += ":" + std::to_string(place.getLine()) + ":" +
            std::to_string(place.getColumn());
  return text + ": ";
}

static StringRef nameOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Remark:
    return "remark";
  case DiagnosticSeverity::Note:
    break;
  }
  return "note";
}

std::string printable(StringRef text) {
  std::string line;
  for (char c : text.rtrim()) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t')
      line += ' ';
    else if (byte < 0x20 || byte == 0x7f)
      line += "\\x" + llvm::utohexstr(byte, /*LowerCase=*/true, 2);
    else
      line += c;
  }
  return llvm::json::fixUTF8(line);
}

std::string messageOf(Diagnostic &diagnostic) {
  return ("attune: " + nameOf(diagnostic.getSeverity()) + ": ").str() +
         printable(placeOf(diagnostic.getLocation()) + diagnostic.str());
}

static void print(Diagnostic &diagnostic) {
  llvm::errs() << messageOf(diagnostic) << "\n";
}

Diagnostics::Diagnostics(MLIRContext *context, unsigned limit)
    : ScopedDiagnosticHandler(context), limit(limit) {
  context->printOpOnDiagnostic(false);
  setHandler([this](Diagnostic &diagnostic) {
    handle(diagnostic);
    return success();
  });
}

Diagnostics::~Diagnostics() {
  if (limit && count > limit)
    llvm::errs() << "attune: error: " << (count - limit) << " more errors\n";
}

void Diagnostics::handle(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
      ++count > limit && limit)
    return;
  print(diagnostic);
  for (auto [index, note] : llvm::enumerate(diagnostic.getNotes()))
    if (index < shownNotes)
      print(note);
}

} // namespace attune
