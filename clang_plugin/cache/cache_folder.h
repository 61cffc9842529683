// The folder of the cache: a file an entry, named after its key, below 256 folders.
//
// A reader sees an entry whole or not at all: it is written under another name and renamed. So runs
// need no lock between them. What another user could have put there is not read, for an entry can
// make findings vanish: the folder and its files are the user's own, and nobody else's to write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "findings/descriptor.h"
#include "findings/result.h"

namespace cgoscope {

class CacheFolder {
 public:
  // Makes the folder when it is not there. Fails when it cannot be made or read, is another user's,
  // or another user may write to it.
  static Result<CacheFolder> open(const std::string& path);

  // False: what is there is used, and nothing is added.
  bool is_writable() const { return is_writable_; }

  // `key` is 32 hexadecimal digits. Nothing when there is no such entry or it cannot be read. What
  // is read counts as used, which trim() goes by.
  std::optional<std::string> read(const std::string& key) const;
  // False when it could not be kept: no room, no permission.
  bool write(const std::string& key, std::string_view bytes) const;

  // Takes out what was not used for ten days, and, above half a gigabyte, the longest unused. At
  // most once a day, and after a run that wrote much (`written_bytes`).
  void trim(uint64_t written_bytes) const;

 private:
  CacheFolder(Descriptor folder, bool is_writable)
      : folder_(std::move(folder)), is_writable_(is_writable) {}

  Descriptor folder_;
  bool is_writable_;
};

}  // namespace cgoscope
