// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Polynomials.h"
#include "gtest/gtest.h"

using namespace attune::attn;

/// The difference of order `order` of a polynomial over its range, relative to
/// the sizes of what is summed.
static double difference(const Stand &stand, int64_t order) {
  double sum = 0, size = 0, factor = 1;
  for (int64_t k = 0; k <= order; ++k) {
    double x = stand.low + (stand.high - stand.low) * k / order;
    double term = factor * stand(x);
    sum += k % 2 ? -term : term;
    size += std::abs(term);
    factor *= static_cast<double>(order - k) / (k + 1);
  }
  return std::abs(sum) / size;
}

TEST(Polynomials, TwelveStepsOfAnInverseReachAllDigits) {
  for (PolyFunction function :
       {PolyFunction::inverse, PolyFunction::inverse_sqrt}) {
    Stand stand{function, 1.0 / 64, 1, 12};
    EXPECT_LT(stand.error(), 1e-12);
    stand.effort = 8;
    EXPECT_GT(stand.error(), 1e-6);
  }
}

TEST(Polynomials, ErrorOfAnInverseIsSquaredByEachStep) {
  for (int64_t steps = 1; steps <= 5; ++steps) {
    Stand stand{PolyFunction::inverse, 0.5, 3, steps};
    double first = (3 - 0.5) / (3 + 0.5);
    double bound = std::pow(first, std::pow(2.0, steps));
    EXPECT_NEAR(stand.error() / bound, 1, 1e-6);
  }
}

TEST(Polynomials, InverseRootsComeFromBelow) {
  for (int64_t steps = 1; steps <= 12; ++steps) {
    Stand stand{PolyFunction::inverse_sqrt, 0.01, 4, steps};
    for (double x : {0.01, 0.1, 1.0, 3.9})
      EXPECT_LE(stand(x) * std::sqrt(x), 1 + 1e-15);
  }
}

TEST(Polynomials, GeluOverEightHasTheErrorsThatWereMeasured) {
  Stand stand{PolyFunction::gelu_tanh, -8, 8, 16};
  EXPECT_NEAR(stand.error(), 1.7e-2, 1e-3);
  stand.effort = 32;
  EXPECT_NEAR(stand.error(), 4.4e-5, 3e-6);
}

TEST(Polynomials, CoefficientsOfTheExponentialAreBesselNumbers) {
  auto found = Stand{PolyFunction::exp, -1, 1, 20}.coefficients();
  ASSERT_EQ(found.size(), 21u);
  EXPECT_NEAR(found[0], std::cyl_bessel_i(0, 1.0), 1e-15);
  for (int64_t n = 1; n <= 8; ++n)
    EXPECT_NEAR(found[n], 2 * std::cyl_bessel_i(n, 1.0), 1e-15);
}

TEST(Polynomials, ErrorsOfAllFunctionsFallWithTheDegree) {
  for (PolyFunction function :
       {PolyFunction::exp, PolyFunction::erf, PolyFunction::tanh,
        PolyFunction::sigmoid, PolyFunction::silu, PolyFunction::gelu,
        PolyFunction::gelu_tanh, PolyFunction::softplus, PolyFunction::mish}) {
    double before = Stand{function, -3, 4, 4}.error();
    for (int64_t degree : {8, 16, 32}) {
      double now = Stand{function, -3, 4, degree}.error();
      EXPECT_LT(now, before / 4) << stringifyPolyFunction(function).str();
      before = now;
    }
    EXPECT_LT(before, 1e-5) << stringifyPolyFunction(function).str();
  }
}

TEST(Polynomials, HaveTheDegreeThatTheySay) {
  for (Stand stand : {Stand{PolyFunction::inverse, 0.5, 2, 2},
                      Stand{PolyFunction::inverse, 0.5, 2, 3},
                      Stand{PolyFunction::inverse_sqrt, 0.5, 2, 2},
                      Stand{PolyFunction::gelu, -3, 3, 6},
                      Stand{PolyFunction::sigmoid, -1, 5, 7}}) {
    auto degree = static_cast<int64_t>(stand.degree());
    EXPECT_LT(difference(stand, degree + 1), 1e-13);
    EXPECT_GT(difference(stand, degree), 1e-11);
  }
}

TEST(Polynomials, DepthFollowsTheProductsOfASchedule) {
  EXPECT_EQ((Stand{PolyFunction::inverse, 1, 2, 5}.depth()), 6);
  EXPECT_EQ((Stand{PolyFunction::inverse_sqrt, 1, 2, 5}.depth()), 10);
  EXPECT_EQ((Stand{PolyFunction::gelu, 1, 2, 31}.depth()), 5);
  EXPECT_EQ((Stand{PolyFunction::gelu, 1, 2, 32}.depth()), 6);
  EXPECT_EQ((Stand{PolyFunction::exp, 1, 2, 1}.depth()), 1);
}

TEST(Polynomials, StepsAreAsFewAsTheToleranceAllows) {
  for (PolyFunction function :
       {PolyFunction::inverse, PolyFunction::inverse_sqrt}) {
    Stand stand{function, 0.01, 5};
    stand.effort = stepsWithin(stand, 1e-6);
    EXPECT_LE(stand.error(), 1e-6);
    --stand.effort;
    EXPECT_GT(stand.error(), 1e-6);
    EXPECT_EQ(stepsWithin({function, 1e-300, 1}, 1e-6), 0);
  }
}

TEST(Polynomials, RangesThatNothingCanBeSaidAboutAreFaults) {
  double none = std::numeric_limits<double>::quiet_NaN();
  auto fault = [](PolyFunction function, double low, double high) {
    return Stand{function, low, high}.rangeFault();
  };
  EXPECT_EQ(fault(PolyFunction::gelu, -1, 1), "");
  EXPECT_EQ(fault(PolyFunction::inverse, 1e-3, 1), "");
  EXPECT_NE(fault(PolyFunction::gelu, 1, 1), "");
  EXPECT_NE(fault(PolyFunction::gelu, 2, 1), "");
  EXPECT_NE(fault(PolyFunction::gelu, none, 1), "");
  EXPECT_NE(fault(PolyFunction::gelu, 0, INFINITY), "");
  EXPECT_NE(fault(PolyFunction::inverse, 0, 1), "");
  EXPECT_NE(fault(PolyFunction::inverse_sqrt, -1, 1), "");
}
