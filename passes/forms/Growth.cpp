// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Growth.h"
#include "dialects/attn/core/Polynomials.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;

namespace attune {

//===-- Growth ------------------------------------------------------------===//

Growth Growth::operator+(const Growth &other) const {
  return {varies || other.varies,         isData || other.isData,
          std::max(degree, other.degree), std::max(logDegree, other.logDegree),
          std::max(depth, other.depth),   std::max(dataDepth, other.dataDepth)};
}

/// log2(2^x + 2^y)
static double logOfSum(double x, double y) {
  double larger = std::max(x, y), smaller = std::min(x, y);
  return larger + std::log2(1 + std::exp2(smaller - larger));
}

Growth Growth::operator*(const Growth &other) const {
  Growth result = *this + other;
  if (!result.isData)
    return result;
  ++result.depth;
  if (!isData || !other.isData)
    return result;
  ++result.dataDepth;
  result.degree = degree + other.degree;
  result.logDegree = logOfSum(logDegree, other.logDegree);
  return result;
}

Growth Growth::raised(double by, int64_t levels) const {
  if (!isData)
    return *this;
  return {varies,         true,
          degree * by,    logDegree + std::log2(by),
          depth + levels, dataDepth + levels};
}

bool Growth::operator==(const Growth &other) const {
  return std::tie(varies, isData, degree, logDegree, depth, dataDepth) ==
         std::tie(other.varies, other.isData, other.degree, other.logDegree,
                  other.depth, other.dataDepth);
}

std::string nodeNameOf(Location location) {
  if (auto name = location->findInstanceOf<NameLoc>())
    if (!name.getName().empty())
      return name.getName().str();
  auto place = location->findInstanceOf<FileLineColLoc>();
  if (!place || !place.getLine())
    return "";
  return (place.getFilename().getValue() + ":" + Twine(place.getLine()) + ":" +
          Twine(place.getColumn()))
      .str();
}

//===-- Analysis ----------------------------------------------------------===//

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

GrowthAnalysis::GrowthAnalysis(func::FuncOp function) {
  for (Value argument : function.getArguments()) {
    Growth growth;
    growth.varies = true;
    growths[argument] = isFloat(argument) ? Growth::input() : growth;
  }
  runBody(function.getBody().front());
}

Growth GrowthAnalysis::joined(Operation &op) const {
  Growth growth;
  for (Value operand : op.getOperands())
    growth = growth + of(operand);
  return growth;
}

void GrowthAnalysis::set(Operation &op, Growth growth) {
  for (Value result : op.getResults()) {
    Growth own = growth;
    if (!isFloat(result)) {
      own = Growth();
      own.varies = growth.varies;
    }
    growths[result] = own;
  }
}

void GrowthAnalysis::hinder(Operation &op, const Twine &what) {
  if (reported.insert(&op).second)
    found.push_back({&op, what.str()});
}

void GrowthAnalysis::runBody(Block &body) {
  for (Operation &op : body)
    visit(op);
}

void GrowthAnalysis::visit(Operation &op) {
  if (auto loops = dyn_cast<linalg::LinalgOp>(op))
    return visitLoops(loops);
  if (auto poly = dyn_cast<attn::PolyOp>(op)) {
    Growth growth = of(poly.getInput());
    if (auto range = poly.getRange()) {
      attn::Stand stand{poly.getFunction(), range->front(), range->back(),
                        poly.getEffort()};
      growth = growth.raised(stand.degree(), stand.depth());
    }
    return set(op, growth);
  }
  if (!visitNumbers(op))
    visitOther(op);
}

void GrowthAnalysis::visitLoops(linalg::LinalgOp op) {
  Block &body = *op.getBlock();
  auto arguments = body.getArguments();
  for (auto [argument, operand] : llvm::zip(arguments, op->getOperands()))
    growths[argument] = of(operand);
  Operation *yield = body.getTerminator();
  auto carried = arguments.take_back(yield->getNumOperands());
  // A sum grows once; a product would in every trip.
  constexpr int trips = 2;
  for (int trip = 0; trip < trips; ++trip) {
    runBody(body);
    bool grew = false;
    for (auto [argument, value] : llvm::zip(carried, yield->getOperands())) {
      grew = grew || !(of(argument) == of(value));
      growths[argument] = of(value);
    }
    if (op.getNumReductionLoops() == 0)
      break;
    if (grew && trip + 1 == trips)
      hinder(*op, "a product over a dimension");
  }
  for (auto [result, value] : llvm::zip(op->getResults(), yield->getOperands()))
    growths[result] = of(value);
}

bool GrowthAnalysis::visitNumbers(Operation &op) {
  Growth growth = joined(op);
  if (isa<arith::AddFOp, arith::SubFOp, arith::NegFOp, arith::ExtFOp,
          arith::TruncFOp>(op))
    return set(op, growth), true;
  if (isa<arith::MulFOp>(op))
    return set(op, of(op.getOperand(0)) * of(op.getOperand(1))), true;
  if (isa<arith::DivFOp>(op) && !of(op.getOperand(1)).isData)
    return set(op, of(op.getOperand(0)) * of(op.getOperand(1))), true;
  if (auto fma = dyn_cast<math::FmaOp>(op))
    return set(op, of(fma.getA()) * of(fma.getB()) + of(fma.getC())), true;
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    // What a table holds at a place that an input names stands for the input.
    for (Value index : extract.getIndices())
      if (of(index).varies && !growth.isData)
        growth = growth + Growth::input();
    return set(op, growth), true;
  }
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
    return set(op, growth), true;
  if (!isa<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return false;
  if (growth.isData && !isa<arith::SelectOp>(op))
    hinder(op, "'" + op.getName().getStringRef() + "'");
  set(op, growth);
  return true;
}

/// Whether an operation's results hold elements of its operands.
static bool onlyMoves(Operation &op) {
  return isa<tensor::TensorDialect>(op.getDialect()) && op.getNumRegions() == 0;
}

void GrowthAnalysis::visitOther(Operation &op) {
  Growth growth = joined(op);
  if (isa<tensor::DimOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
    return;
  for (Region &region : op.getRegions())
    for (Block &block : region) {
      runBody(block);
      for (Operation &inner : block)
        growth = growth + joined(inner);
    }
  if (isa<attn::ToeplitzOp, attn::LongConvOp>(op))
    return set(op, of(op.getOperand(0)) * of(op.getOperand(1)));
  if (growth.isData && !onlyMoves(op) &&
      !isa<tensor::PadOp, tensor::GenerateOp>(op))
    hinder(op, "'" + op.getName().getStringRef() + "'");
  set(op, growth);
}

} // namespace attune
