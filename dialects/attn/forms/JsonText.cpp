// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/JsonText.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <optional>

using namespace llvm;

namespace attune {

static constexpr unsigned deepest = 32;

std::string jsonPathPart(StringRef name) {
  std::string part;
  for (char c : name)
    part += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return part;
}

/// Where the nesting becomes too deep for a parser that recurses.
static std::optional<size_t> findTooDeep(StringRef text) {
  unsigned depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (quoted && c == '\\')
      ++at;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[') && ++depth > deepest)
      return at;
    else if (!quoted && (c == '}' || c == ']') && depth > 0)
      --depth;
  }
  return std::nullopt;
}

/// Walks over a text that is known to be valid.
class JsonScanner {
public:
  explicit JsonScanner(JsonText &json) : json(json), text(json.text) {}

  /// False if a name was found twice; it stands at `position` then.
  bool scan(const std::string &path) {
    skipSpace();
    json.places[path] = position;
    if (text[position] == '"')
      return string(), true;
    if (text[position] == '{')
      return members(path, '}');
    if (text[position] == '[')
      return members(path, ']');
    position =
        std::min(text.find_first_of(",]} \t\r\n", position), text.size());
    return true;
  }

  size_t position = 0;

private:
  void skipSpace() {
    position =
        std::min(text.find_first_not_of(" \t\r\n", position), text.size() - 1);
  }

  /// The string here, with its quotes.
  StringRef string() {
    size_t begin = position++;
    while (text[position] != '"')
      position += text[position] == '\\' ? 2 : 1;
    return text.slice(begin, ++position);
  }

  std::string name() {
    Expected<json::Value> name = json::parse(string());
    std::string text = name ? name->getAsString().value_or("").str() : "";
    consumeError(name.takeError());
    skipSpace();
    ++position; // the colon
    return text;
  }

  bool members(const std::string &path, char end) {
    ++position;
    for (size_t index = 0;; ++index) {
      skipSpace();
      if (text[position] == end)
        break;
      size_t begin = position;
      std::string own =
          path + "/" +
          (end == '}' ? jsonPathPart(name()) : std::to_string(index));
      if (json.places.count(own)) {
        position = begin;
        return false;
      }
      if (!scan(own))
        return false;
      skipSpace();
      if (text[position] == ',')
        ++position;
    }
    ++position;
    return true;
  }

  JsonText &json;
  StringRef text;
};

std::pair<unsigned, unsigned> JsonText::lineAndColumn(size_t offset) const {
  StringRef before = StringRef(text).take_front(offset);
  unsigned line = before.count('\n') + 1;
  return {line, offset - (before.rfind('\n') + 1) + 1};
}

std::string JsonText::at(size_t offset) const {
  auto [line, column] = lineAndColumn(offset);
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

/// LLVM says "[LINE:COLUMN, byte=N]: reason".
static Error located(StringRef file, Error error) {
  std::string message = toString(std::move(error));
  auto [place, reason] = StringRef(message).split("]: ");
  if (!place.consume_front("[") || reason.empty())
    return createStringError(file + ": " + message);
  return createStringError(file + ":" + place.split(',').first +
                           ": is no JSON: " + reason);
}

Expected<JsonText> JsonText::parse(StringRef file, StringRef text) {
  JsonText json;
  json.file = file.str();
  json.text = text.str();
  if (std::optional<size_t> deep = findTooDeep(text))
    return createStringError(json.at(*deep) + ": is nested deeper than " +
                             Twine(deepest) + " levels");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return located(file, value.takeError());
  json.root = std::move(*value);
  JsonScanner scanner(json);
  if (!scanner.scan(""))
    return createStringError(json.at(scanner.position) +
                             ": a name is given twice");
  return std::move(json);
}

Expected<JsonText> JsonText::read(StringRef path, StringRef what,
                                  uint64_t most) {
  auto fail = [&](const Twine &reason) {
    return createStringError("cannot read " + what + " '" + path +
                             "': " + reason);
  };
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return fail(code.message());
  if (!sys::fs::is_regular_file(status) || status.getSize() > most)
    return fail("it is no file of up to " + Twine(most >> 20) + " MiB");
  ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(path);
  if (!text)
    return fail(text.getError().message());
  return parse(path, (*text)->getBuffer());
}

size_t JsonText::offsetOf(StringRef path) const {
  for (;; path = path.take_front(path.rfind('/'))) {
    auto found = places.find(path);
    if (found != places.end())
      return found->second;
    if (!path.contains('/'))
      return 0;
  }
}

std::string JsonText::placeOf(StringRef path) const {
  return at(offsetOf(path));
}

std::pair<unsigned, unsigned> JsonText::lineAndColumn(StringRef path) const {
  return lineAndColumn(offsetOf(path));
}

Error JsonText::errorAt(StringRef path, const Twine &reason) const {
  return createStringError(placeOf(path) + ": " + reason);
}

Error JsonText::checkNames(const json::Object &object, const std::string &path,
                           ArrayRef<StringRef> known) const {
  for (const auto &[key, value] : object)
    if (!is_contained(known, StringRef(key)))
      return errorAt(path + "/" + jsonPathPart(StringRef(key)),
                     "there is no '" + StringRef(key) + "' here; there are " +
                         join(known, ", "));
  return Error::success();
}

} // namespace attune
