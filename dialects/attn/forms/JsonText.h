// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_JSONTEXT_H
#define ATTUNE_DIALECTS_ATTN_FORMS_JSONTEXT_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace attune {

/// A JSON text that remembers where its values stand, so that what is wrong
/// with one can be told by file, line and column.
class JsonText {
public:
  /// Parses `text`. An error names `file`, line and column; nesting deeper than
  /// 32 levels and names that an object has twice are errors, too.
  static llvm::Expected<JsonText> parse(llvm::StringRef file,
                                        llvm::StringRef text);

  /// The same of a regular file of up to `most` bytes, a number of MiB; what it
  /// holds is called `what` in errors.
  static llvm::Expected<JsonText> read(llvm::StringRef path,
                                       llvm::StringRef what, uint64_t most);

  const llvm::json::Value &value() const { return root; }

  /// "FILE:LINE:COLUMN" of the value at a path such as "/layers/0/form", or of
  /// the nearest value around it. `~1` in a name stands for a slash, `~0` for a
  /// tilde.
  std::string placeOf(llvm::StringRef path) const;
  /// Line and column of the same, from 1.
  std::pair<unsigned, unsigned> lineAndColumn(llvm::StringRef path) const;
  /// An error at that place.
  llvm::Error errorAt(llvm::StringRef path, const llvm::Twine &reason) const;
  /// An error if the object at `path` has other names than those that are
  /// known.
  llvm::Error checkNames(const llvm::json::Object &object,
                         const std::string &path,
                         llvm::ArrayRef<llvm::StringRef> known) const;

private:
  JsonText() : root(nullptr) {}
  size_t offsetOf(llvm::StringRef path) const;
  std::pair<unsigned, unsigned> lineAndColumn(size_t offset) const;
  std::string at(size_t offset) const;
  friend class JsonScanner;

  std::string file, text;
  llvm::json::Value root;
  llvm::StringMap<size_t> places;
};

/// A name as a part of a path.
std::string jsonPathPart(llvm::StringRef name);

} // namespace attune

#endif // ATTUNE_DIALECTS_ATTN_FORMS_JSONTEXT_H
