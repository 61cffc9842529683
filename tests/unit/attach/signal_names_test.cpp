// The signals' names stand twice: in the table of what can be probed, and where samples are read
// again without a binary.
#include <gtest/gtest.h>

#include "probe_cli/detect/sample.h"
#include "probe_cli/go/signals.h"

namespace cgoscope {
namespace {

TEST(SignalNames, AreTheSameInTheTableAndInSamples) {
  ASSERT_EQ(signal_rows().size(), CG_SIGNALS);
  for (const SignalRow& row : signal_rows()) {
    EXPECT_EQ(signal_name(row.signal), row.name);
    EXPECT_EQ(parse_signal(row.name), row.signal);
  }
}

}  // namespace
}  // namespace cgoscope
