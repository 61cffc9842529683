#include "probe_cli/process/control_groups.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

TEST(CpuMax, Limits) {
  EXPECT_EQ(parse_cpu_max("50000 100000\n"), 0.5);
  EXPECT_EQ(parse_cpu_max("400000 100000"), 4.0);
  for (const char* text :
       {"max 100000\n", "-1 100000", "0 100000", "50000 0", "50000", "", " ", "50000 100000 7"}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(CpuQuota, TheLeastOnTheWayUp) {
  const TemporaryTree tree;
  tree.write("cpu.max", "150000 100000\n");
  tree.write("a/cpu.max", "50000 100000\n");
  tree.write("a/b/cpu.max", "max 100000\n");
  const std::string mounts = "30 23 0:26 / " + tree.root() + " rw shared:9 - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(cpu_quota("0::/a/b\n", mounts), 0.5);
  EXPECT_EQ(cpu_quota("0::/other\n", mounts), 1.5);
  EXPECT_EQ(cpu_quota("0::/\n", mounts), 1.5);
  EXPECT_EQ(cpu_quota("0::/../a\n", mounts), std::nullopt);
  EXPECT_EQ(cpu_quota("0::/a/b\n", ""), std::nullopt);
  EXPECT_EQ(cpu_quota("", mounts), std::nullopt);
}

// A container sees its own group mounted as the root; the path to it is no part of the mount.
TEST(CpuQuota, OnlyPartOfTheHierarchyIsMounted) {
  const TemporaryTree tree;
  tree.write("cgroup here/app/cpu.max", "25000 100000\n");
  const std::string mounts = "30 23 0:26 /docker/1 " + tree.root() +
                             "/cgroup\\040here rw,nosuid - cgroup2 none rw,nsdelegate\n";
  EXPECT_EQ(cpu_quota("0::/docker/1/app\n", mounts), 0.25);
  EXPECT_EQ(cpu_quota("0::/docker/12/app\n", mounts), std::nullopt);
}

TEST(CpuQuota, VersionOneHasTwoFiles) {
  const TemporaryTree tree;
  tree.write("v1/g/cpu.cfs_quota_us", "120000\n");
  tree.write("v1/g/cpu.cfs_period_us", "100000\n");
  tree.write("v1/cpu.cfs_quota_us", "-1\n");
  tree.write("v1/cpu.cfs_period_us", "100000\n");
  tree.write("set/g/cpu.cfs_quota_us", "1\n");
  tree.write("set/g/cpu.cfs_period_us", "100000\n");
  const std::string mounts = "33 31 0:30 / " + tree.path("v1") +
                             " rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" + "34 31 0:31 / " +
                             tree.path("set") + " rw,relatime - cgroup cgroup rw,cpuset\n";
  EXPECT_EQ(cpu_quota("9:name=systemd:/\n3:cpuset:/g\n2:cpu,cpuacct:/g\n0::/\n", mounts), 1.2);
  EXPECT_EQ(cpu_quota("3:cpuset:/g\n0::/g\n", mounts), std::nullopt);
}

TEST(Frozen, InEitherVersion) {
  const TemporaryTree tree;
  tree.write("v2/a/cgroup.events", "populated 1\nfrozen 1\n");
  tree.write("v2/b/cgroup.events", "populated 1\nfrozen 0\n");
  tree.write("v1/a/freezer.state", "FROZEN\n");
  tree.write("v1/b/freezer.state", "THAWED\n");
  const std::string mounts = "41 31 0:38 / " + tree.path("v2") + " rw - cgroup2 cgroup2 rw\n" +
                             "37 31 0:34 / " + tree.path("v1") + " rw - cgroup cgroup rw,freezer\n";
  EXPECT_TRUE(is_frozen("0::/a\n", mounts));
  EXPECT_TRUE(is_frozen("0::/a/c\n", mounts));
  EXPECT_TRUE(is_frozen("6:freezer:/a\n0::/b\n", mounts));
  EXPECT_FALSE(is_frozen("6:freezer:/b\n0::/b\n", mounts));
  EXPECT_FALSE(is_frozen("6:freezer:/\n0::/\n", mounts));
  EXPECT_FALSE(is_frozen("0::/a\n", ""));
}

}  // namespace
}  // namespace cgoscope
