// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/SizeExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

namespace attune {

using Term = SizeExpr::Term;

/// Whether `left` stands before `right`: of more names, then by their names.
/// Products keep this order, which is what makes division end.
static bool standsBefore(const Term &left, const Term &right) {
  if (left.names.size() != right.names.size())
    return left.names.size() > right.names.size();
  return left.names < right.names;
}

SizeExpr SizeExpr::of(int64_t number) {
  return number == 0 ? SizeExpr() : SizeExpr{{{number, {}}}};
}

std::optional<int64_t> SizeExpr::number() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms[0].names.empty())
    return terms[0].factor;
  return std::nullopt;
}

bool SizeExpr::isSum() const {
  return llvm::all_of(terms, [](const Term &term) { return term.factor > 0; });
}

std::string SizeExpr::text() const {
  if (terms.size() == 1 && terms[0].factor == 1 && terms[0].names.size() == 1)
    return terms[0].names[0];
  std::string all;
  for (const Term &term : terms) {
    all += all.empty() ? "{" : "+";
    std::string names = llvm::join(term.names, "*");
    if (term.factor != 1 || names.empty())
      all += std::to_string(term.factor) + (names.empty() ? "" : "*");
    all += names;
  }
  return all + "}";
}

std::optional<SizeExpr> SizeExpr::parse(llvm::StringRef text) {
  if (!isComputed(text))
    return named(text);
  text = text.drop_front().drop_back();
  llvm::SmallVector<llvm::StringRef> sums, parts;
  text.split(sums, '+');
  std::optional<SizeExpr> all = SizeExpr();
  for (llvm::StringRef sum : sums) {
    parts.clear();
    sum.split(parts, '*');
    Term term;
    bool hasNumber = !parts[0].getAsInteger(10, term.factor);
    for (llvm::StringRef part : llvm::drop_begin(parts, hasNumber ? 1 : 0))
      term.names.push_back(part.str());
    llvm::sort(term.names);
    all = all ? add(*all, {{term}}) : std::nullopt;
  }
  return all;
}

static constexpr size_t mostTerms = 8, mostNames = 8;

std::optional<SizeExpr> add(const SizeExpr &left, const SizeExpr &right,
                            int64_t sign) {
  SizeExpr sum = left;
  for (Term term : right.terms) {
    auto *at = llvm::lower_bound(sum.terms, term, standsBefore);
    bool isThere = at != sum.terms.end() && at->names == term.names;
    if (llvm::MulOverflow(term.factor, sign, term.factor))
      return std::nullopt;
    if (!isThere)
      sum.terms.insert(at, term);
    else if (llvm::AddOverflow(at->factor, term.factor, at->factor))
      return std::nullopt;
    else if (at->factor == 0)
      sum.terms.erase(at);
  }
  return sum.terms.size() <= mostTerms ? std::optional(sum) : std::nullopt;
}

std::optional<SizeExpr> multiply(const SizeExpr &left, const SizeExpr &right) {
  std::optional<SizeExpr> sum = SizeExpr();
  for (const Term &one : left.terms)
    for (const Term &other : right.terms) {
      Term product = one;
      if (!sum || one.names.size() + other.names.size() > mostNames ||
          llvm::MulOverflow(one.factor, other.factor, product.factor))
        return std::nullopt;
      product.names.append(other.names);
      llvm::sort(product.names);
      sum = add(*sum, {{product}});
    }
  return sum;
}

/// Nothing if `right` does not divide `left`.
static std::optional<Term> divide(const Term &left, const Term &right) {
  // The least number has no opposite; to ask for the rest is already too much.
  bool overflows = left.factor == INT64_MIN && right.factor == -1;
  if (overflows || left.factor % right.factor != 0)
    return std::nullopt;
  Term quotient = left;
  quotient.factor = left.factor / right.factor;
  for (const std::string &name : right.names) {
    auto *found = llvm::find(quotient.names, name);
    if (found == quotient.names.end())
      return std::nullopt;
    quotient.names.erase(found);
  }
  return quotient;
}

/// Long division: the first term left decides the next one of the quotient.
std::optional<SizeExpr> divide(const SizeExpr &left, const SizeExpr &right) {
  if (right.terms.empty())
    return std::nullopt;
  SizeExpr quotient;
  std::optional<SizeExpr> rest = left;
  while (rest && !rest->terms.empty()) {
    std::optional<Term> next = divide(rest->terms[0], right.terms[0]);
    if (!next || quotient.terms.size() == mostTerms)
      return std::nullopt;
    quotient.terms.push_back(*next);
    std::optional<SizeExpr> part = multiply({{*next}}, right);
    rest = part ? add(*rest, *part, -1) : std::nullopt;
  }
  return rest ? std::optional(quotient) : std::nullopt;
}

std::optional<bool> isEqual(const SizeExpr &left, const SizeExpr &right) {
  if (left == right)
    return true;
  std::optional<SizeExpr> difference = add(left, right, -1);
  // Sizes are not negative: what has a number and no opposite signs is not 0.
  if (!difference || difference->terms.empty() ||
      !difference->terms.back().names.empty())
    return std::nullopt;
  bool above = difference->terms.back().factor > 0;
  bool alike = llvm::all_of(difference->terms, [&](const Term &term) {
    return term.factor > 0 == above;
  });
  return alike ? std::optional(false) : std::nullopt;
}

bool isAtLeast(const std::optional<SizeExpr> &left,
               const std::optional<SizeExpr> &right) {
  std::optional<SizeExpr> more =
      left && right ? add(*left, *right, -1) : std::nullopt;
  return more && more->isSum();
}

std::optional<SizeExpr> broadcast(const std::optional<SizeExpr> &left,
                                  const std::optional<SizeExpr> &right) {
  if (left && left->isConstant(1))
    return right;
  if (right && right->isConstant(1))
    return left;
  if (left && right && *left == *right)
    return left;
  // A number other than 1 rules over what must be 1 or that number.
  if (left && left->isConstant() && (!right || !right->isConstant()))
    return left;
  if (right && right->isConstant() && (!left || !left->isConstant()))
    return right;
  return std::nullopt;
}

std::optional<SizeExpr> sliceLength(const std::optional<SizeExpr> &size,
                                    const std::optional<SizeExpr> &start,
                                    std::optional<SizeExpr> end) {
  if (!size || !start || !end)
    return std::nullopt;
  std::optional<int64_t> whole = size->number(), from = start->number(),
                         to = end->number();
  if (whole && from && to) {
    auto clamp = [&](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + *whole : at, 0, *whole);
    };
    return SizeExpr::of(std::max<int64_t>(clamp(*to) - clamp(*from), 0));
  }
  if (to && *to >= INT32_MAX)
    end = size;
  bool inOrder =
      start->isSum() && isAtLeast(end, start) && isAtLeast(size, end);
  return inOrder ? add(*end, *start, -1) : std::nullopt;
}

} // namespace attune
