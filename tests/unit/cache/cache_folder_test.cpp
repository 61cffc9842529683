#include "clang_plugin/cache/cache_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kKey = "0123456789abcdef0123456789abcdef";
const std::string kFile = "01/23456789abcdef0123456789abcdef";

void age(const std::string& path, std::chrono::hours by) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - by);
}

class CacheFolderTest : public testing::Test {
 protected:
  CacheFolder folder() {
    auto opened = CacheFolder::open(tree_.path("a/cache"));
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }
  std::string path(const std::string& name) { return tree_.path("a/cache/" + name); }

  TemporaryTree tree_;
};

TEST_F(CacheFolderTest, ReadsWhatWasWritten) {
  const CacheFolder cache = folder();
  EXPECT_FALSE(cache.read(kKey));
  EXPECT_TRUE(cache.write(kKey, std::string("one\0two", 7)));
  EXPECT_EQ(cache.read(kKey), std::string("one\0two", 7));
  EXPECT_TRUE(cache.write(kKey, "other"));
  EXPECT_EQ(folder().read(kKey), "other");
}

TEST_F(CacheFolderTest, IsTheUsersAlone) {
  EXPECT_TRUE(folder().write(kKey, "x"));
  for (const char* name : {"", "01"}) {
    struct stat status{};
    ASSERT_EQ(stat(path(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U) << name;
  }
}

TEST_F(CacheFolderTest, LeavesNoTemporaryFiles) {
  EXPECT_TRUE(folder().write(kKey, "x"));
  EXPECT_EQ(std::distance(fs::directory_iterator(path("01")), fs::directory_iterator()), 1);
}

TEST_F(CacheFolderTest, RefusesAFolderThatOthersMayWriteTo) {
  fs::create_directories(path(""));
  for (const mode_t mode : {0720U, 0702U}) {
    chmod(path("").c_str(), mode);
    const auto opened = CacheFolder::open(tree_.path("a/cache"));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message(), HasSubstr("other users may write to it"));
  }
}

TEST_F(CacheFolderTest, RefusesAnotherUsersFolderAndFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  EXPECT_TRUE(folder().write(kKey, "x"));
  ASSERT_EQ(chown(path(kFile).c_str(), 12345, 12345), 0);
  EXPECT_FALSE(folder().read(kKey));
  ASSERT_EQ(chown(path("").c_str(), 12345, 12345), 0);
  const auto opened = CacheFolder::open(tree_.path("a/cache"));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("belongs to another user"));
}

TEST_F(CacheFolderTest, ReadsNoLinksPipesAndFilesThatOthersMayWriteTo) {
  const CacheFolder cache = folder();
  EXPECT_TRUE(cache.write(kKey, "x"));
  chmod(path(kFile).c_str(), 0622);
  EXPECT_FALSE(cache.read(kKey));
  fs::remove(path(kFile));
  fs::create_symlink(tree_.write("elsewhere", "x"), path(kFile));
  EXPECT_FALSE(cache.read(kKey));
  fs::remove(path(kFile));
  ASSERT_EQ(mkfifo(path(kFile).c_str(), 0600), 0);
  EXPECT_FALSE(cache.read(kKey));
}

TEST_F(CacheFolderTest, IsNotMadeWhereAFileIs) {
  tree_.write("file", "");
  EXPECT_FALSE(CacheFolder::open(tree_.path("file")));
  EXPECT_FALSE(CacheFolder::open(tree_.path("file/cache")));
}

TEST_F(CacheFolderTest, IsReadWhereItCannotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
  EXPECT_TRUE(folder().write(kKey, "x"));
  chmod(path("").c_str(), 0500);
  const CacheFolder cache = folder();
  EXPECT_FALSE(cache.is_writable());
  EXPECT_EQ(cache.read(kKey), "x");
  EXPECT_FALSE(cache.write(kKey, "y"));
  cache.trim(0);
  chmod(path("").c_str(), 0700);
  EXPECT_EQ(folder().read(kKey), "x");
}

TEST_F(CacheFolderTest, TrimTakesOutWhatIsNotUsed) {
  const CacheFolder cache = folder();
  const std::string other = "ff" + kKey.substr(2), other_file = "ff/" + kKey.substr(2);
  EXPECT_TRUE(cache.write(kKey, "x"));
  EXPECT_TRUE(cache.write(other, "y"));
  tree_.write("a/cache/01/notes.txt", "not ours");
  tree_.write("a/cache/01/new-99-0", "left behind");
  for (const char* name : {"01/notes.txt", "01/new-99-0"}) age(path(name), std::chrono::hours(48));
  age(path(other_file), std::chrono::hours(9 * 24));
  age(path(kFile), std::chrono::hours(11 * 24));
  cache.trim(0);
  EXPECT_FALSE(fs::exists(path(kFile)));
  EXPECT_TRUE(fs::exists(path(other_file)));
  EXPECT_TRUE(fs::exists(path("01/notes.txt")));
  EXPECT_FALSE(fs::exists(path("01/new-99-0")));
}

TEST_F(CacheFolderTest, TrimsOnceADay) {
  const CacheFolder cache = folder();
  cache.trim(0);
  EXPECT_TRUE(cache.write(kKey, "x"));
  age(path(kFile), std::chrono::hours(11 * 24));
  cache.trim(0);
  EXPECT_TRUE(fs::exists(path(kFile)));
  age(path("trimmed"), std::chrono::hours(25));
  cache.trim(0);
  EXPECT_FALSE(fs::exists(path(kFile)));
}

TEST_F(CacheFolderTest, TrimBoundsTheSize) {
  const CacheFolder cache = folder();
  constexpr uint64_t kSome = uint64_t{100} << 20;  // a hole, which costs nothing
  for (int i = 0; i < 6; ++i) {
    std::string key = kKey;
    key[31] = static_cast<char>('0' + i);
    EXPECT_TRUE(cache.write(key, "x"));
    fs::resize_file(path("01/" + key.substr(2)), kSome);
    age(path("01/" + key.substr(2)), std::chrono::hours(i + 1));
  }
  cache.trim(kSome);
  EXPECT_TRUE(fs::exists(path("01/" + kKey.substr(2, 29) + "4")));
  EXPECT_FALSE(fs::exists(path("01/" + kKey.substr(2, 29) + "5")));  // the longest unused
}

TEST_F(CacheFolderTest, WhatIsReadCountsAsUsed) {
  const CacheFolder cache = folder();
  EXPECT_TRUE(cache.write(kKey, "x"));
  age(path(kFile), std::chrono::hours(11 * 24));
  EXPECT_TRUE(cache.read(kKey));
  cache.trim(0);
  EXPECT_TRUE(fs::exists(path(kFile)));
}

}  // namespace
}  // namespace cgoscope
