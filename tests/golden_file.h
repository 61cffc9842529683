// What a test prints against a file that a person has read.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace cgoscope {

// Expects that the file holds `text`. With CGOSCOPE_UPDATE_GOLDEN set it is written anew instead.
inline void expect_golden(const std::string& path, const std::string& text) {
  const char* update = std::getenv("CGOSCOPE_UPDATE_GOLDEN");
  if (update != nullptr && *update != '\0') {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing: run with CGOSCOPE_UPDATE_GOLDEN=1 and look at it";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "this is not what " << path
                                << " has; CGOSCOPE_UPDATE_GOLDEN=1 writes it anew";
}

}  // namespace cgoscope
