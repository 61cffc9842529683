// The disk as Clang sees it, with every answer noted. Clang asks for nothing behind its back: the
// driver's search for headers of GCC, configuration files and #include all go this way.
#pragma once

#include <string>

#include "clang_plugin/summary/file_answers.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace cgoscope {

// Passes everything on to `disk`, and notes the answers in `answers`, which must outlive it.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> recording_file_system(
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> disk, FileAnswers& answers);

// The answers themselves, for asking again. A failure that may pass (no memory, too many open
// files) sets `passing`.
FileObject object_of(const llvm::ErrorOr<llvm::vfs::Status>& status, bool& passing);
std::optional<Digest> digest_of_names(llvm::vfs::FileSystem& disk, const std::string& folder,
                                      bool& passing);
std::optional<Digest> digest_of_real_path(llvm::vfs::FileSystem& disk, const std::string& path,
                                          bool& passing);

}  // namespace cgoscope
