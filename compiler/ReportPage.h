// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes a report's page; only ReportPage.cpp and its neighbours need it.

#ifndef ATTUNE_COMPILER_REPORTPAGE_H
#define ATTUNE_COMPILER_REPORTPAGE_H

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace attune {

/// Writes a page from the JSON of a report, and from nothing else.
class Page {
public:
  Page(const llvm::json::Object &report, llvm::raw_ostream &out)
      : report(report), out(out) {}
  void write();

private:
  void text(llvm::StringRef text);
  void head();
  void facts();
  void comparison(const llvm::json::Object &compared);
  void drift(const llvm::json::Array &rows, llvm::StringRef title,
             llvm::StringRef first);
  void overview(const llvm::json::Array &layers);
  void bar(double part, double all, double widest);
  void recognised();
  void layer(const llvm::json::Object &layer);
  void became(const llvm::json::Object &layer);
  void part(const llvm::json::Object &part);
  void picture(const llvm::json::Object *picture, llvm::StringRef caption);
  void fact(llvm::StringRef value, llvm::StringRef meaning);
  void item(llvm::StringRef name, llvm::StringRef value);
  void notRaised();

  const llvm::json::Object &report;
  llvm::raw_ostream &out;
};

/// 1234567 as "1.23 M".
std::string shortNumber(std::optional<double> number);
/// 0.00123 as "1.23e-03".
std::string exponent(std::optional<double> number);
/// Text as it is, null as "?", all else as JSON.
std::string plain(const llvm::json::Value &value);
/// object[outer][inner][name] if there is such a number; `inner` may be empty.
std::optional<double> numberAt(const llvm::json::Object &object,
                               llvm::StringRef outer, llvm::StringRef inner,
                               llvm::StringRef name);

} // namespace attune

#endif // ATTUNE_COMPILER_REPORTPAGE_H
