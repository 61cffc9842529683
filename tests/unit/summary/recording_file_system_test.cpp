#include "clang_plugin/summary/recording_file_system.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "llvm/Support/MemoryBuffer.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

// A mapped page behind the new end would raise SIGBUS.
TEST(RecordingFileSystem, WhatWasReadStaysWhenTheFileShrinks) {
  const TemporaryTree tree;
  const std::string text(1 << 20, 'x');
  const std::string path = tree.write("a.c", text);
  FileAnswers answers;
  const auto disk = recording_file_system(llvm::vfs::createPhysicalFileSystem(), answers);
  const auto file = disk->openFileForRead(path);
  ASSERT_TRUE(file);
  const auto buffer = (*file)->getBuffer(path);
  ASSERT_TRUE(buffer);
  std::filesystem::resize_file(path, 10);
  EXPECT_EQ((*buffer)->getBuffer().str(), text);
}

TEST(RecordingFileSystem, AFileIsAsLongAsItIsWhenItIsRead) {
  const TemporaryTree tree;
  const std::string path = tree.write("a.c", std::string(1 << 20, 'x'));
  FileAnswers answers;
  const auto disk = recording_file_system(llvm::vfs::createPhysicalFileSystem(), answers);
  const auto file = disk->openFileForRead(path);
  ASSERT_TRUE(file);
  std::filesystem::resize_file(path, 10);
  const auto buffer = (*file)->getBuffer(path, 1 << 20);
  ASSERT_TRUE(buffer);
  EXPECT_EQ((*buffer)->getBuffer().str(), std::string(10, 'x'));
}

}  // namespace
}  // namespace cgoscope
