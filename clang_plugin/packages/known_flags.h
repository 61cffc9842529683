// The compiler flags that are known here, and what becomes of each.
//
// The source is cmd/go's allow-list for #cgo lines (cmd/go/internal/work/security.go, Go 1.19 to
// 1.27). Each of its flags is here, divided by whether it can change how a source parses; beside
// them stand flags of GCC and Clang that a user may vouch for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cgoscope {

enum class FlagShape : uint8_t {
  kExact,
  kToggle,  // -fx and -fno-x, -mx and -mno-x
  kJoined,  // a value follows in the same word and does not begin with "@" or "-"
  kPrefix,  // anything follows, or nothing
  kNext,    // the value is the next word
  kMacro,   // NAME or NAME=value follows
};

enum class FlagFate : uint8_t {
  kPass,           // changes how the source parses
  kLeaveOut,       // does not, or Clang has no use for it
  kPassIfVouched,  // would pass, but cmd/go wants the user's word for it
};

struct FlagRule {
  std::string_view name;
  FlagShape shape;
  FlagFate fate;
};

inline constexpr std::array kFlagRules = {
    FlagRule{"-D", FlagShape::kMacro, FlagFate::kPass},
    FlagRule{"-U", FlagShape::kMacro, FlagFate::kPass},
    FlagRule{"-D", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-U", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-I", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-I", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-isystem", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-isysroot", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"--sysroot", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"--sysroot=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-include", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-target", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-x", FlagShape::kNext, FlagFate::kPass},
    FlagRule{"-x", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-std=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"--std=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-stdlib=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"--stdlib=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-ansi", FlagShape::kExact, FlagFate::kPass},
    FlagRule{"-pthread", FlagShape::kExact, FlagFate::kPass},
    FlagRule{"-fblocks", FlagShape::kToggle, FlagFate::kPass},
    FlagRule{"-fexceptions", FlagShape::kToggle, FlagFate::kPass},
    FlagRule{"-frtti", FlagShape::kToggle, FlagFate::kPass},
    FlagRule{"-funsigned-char", FlagShape::kExact, FlagFate::kPass},
    FlagRule{"-m32", FlagShape::kExact, FlagFate::kPass},
    FlagRule{"-m64", FlagShape::kExact, FlagFate::kPass},
    FlagRule{"-march=", FlagShape::kJoined, FlagFate::kPass},
    FlagRule{"-maes", FlagShape::kToggle, FlagFate::kPass},
    FlagRule{"-mvaes", FlagShape::kToggle, FlagFate::kPass},
    FlagRule{"-mavx", FlagShape::kPrefix, FlagFate::kPass},
    FlagRule{"-mno-avx", FlagShape::kPrefix, FlagFate::kPass},
    FlagRule{"-msse", FlagShape::kPrefix, FlagFate::kPass},
    FlagRule{"-mno-sse", FlagShape::kPrefix, FlagFate::kPass},
    FlagRule{"-mssse3", FlagShape::kToggle, FlagFate::kPass},

    FlagRule{"-fms-extensions", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fms-compatibility", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fdeclspec", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fshort-enums", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fshort-wchar", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fsigned-char", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fgnu89-inline", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-fchar8_t", FlagShape::kToggle, FlagFate::kPassIfVouched},
    FlagRule{"-ffreestanding", FlagShape::kExact, FlagFate::kPassIfVouched},
    FlagRule{"-fpack-struct=", FlagShape::kJoined, FlagFate::kPassIfVouched},
    FlagRule{"-nostdinc", FlagShape::kExact, FlagFate::kPassIfVouched},
    FlagRule{"-nostdinc++", FlagShape::kExact, FlagFate::kPassIfVouched},
    FlagRule{"-undef", FlagShape::kExact, FlagFate::kPassIfVouched},
    FlagRule{"-trigraphs", FlagShape::kExact, FlagFate::kPassIfVouched},
    FlagRule{"-iquote", FlagShape::kNext, FlagFate::kPassIfVouched},
    FlagRule{"-iquote", FlagShape::kJoined, FlagFate::kPassIfVouched},
    FlagRule{"-idirafter", FlagShape::kNext, FlagFate::kPassIfVouched},
    FlagRule{"-isystem", FlagShape::kJoined, FlagFate::kPassIfVouched},
    FlagRule{"-imacros", FlagShape::kNext, FlagFate::kPassIfVouched},

    // Code generation, diagnostics, other systems. OpenMP is here because without it a parallel
    // loop parses as the plain loop that it also is; modules because they write a cache.
    FlagRule{"-O", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-O", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-g", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-g", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-w", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-v", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-W", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-Wa,-mbig-obj", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-pipe", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-pedantic", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-pedantic-errors", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-no-canonical-prefixes", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"--param=ssp-buffer-size=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-F", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-F", FlagShape::kNext, FlagFate::kLeaveOut},
    FlagRule{"-framework", FlagShape::kNext, FlagFate::kLeaveOut},
    FlagRule{"-arch", FlagShape::kNext, FlagFate::kLeaveOut},
    FlagRule{"-fasynchronous-unwind-tables", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fno-builtin-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fcommon", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fconstant-cfstrings", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fdebug-prefix-map=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fdiagnostics-show-note-include-stack", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-ffile-prefix-map=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fno-canonical-system-headers", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-feliminate-unused-debug-types", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-ffast-math", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-finline-functions", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-finput-charset=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-ffat-lto-objects", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fkeep-inline-dllexport", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-flto", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fmacro-backtrace-limit=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fmessage-length=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fmodules", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fobjc-arc", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fobjc-nonfragile-abi", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fobjc-legacy-dispatch", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fomit-frame-pointer", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fopenmp", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fopenmp-simd", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fpermissive", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fpic", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fPIC", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fpie", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fPIE", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fplt", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fsplit-stack", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fstack-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fno-stack-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fstrict-aliasing", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fuse-linker-plugin", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fvisibility-inlines-hidden", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-fsanitize=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fsanitize-undefined-strip-path-components=", FlagShape::kPrefix,
             FlagFate::kLeaveOut},
    FlagRule{"-ftemplate-depth-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-ftls-model=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-fvisibility=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mabi=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mcpu=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mfpu=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-msimd=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mtls-dialect=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mtune=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-msoft-float", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-msingle-float", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mdouble-float", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mrelax", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mstrict-align", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mlsx", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mlasx", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mfrecipe", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mdiv32", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mlam-bh", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mlamcas", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mld-seq-sa", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-marm", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mcmodel=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mfloat-abi=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mfpmath=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mlarge-data-threshold=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mms-bitfields", FlagShape::kToggle, FlagFate::kLeaveOut},
    FlagRule{"-mstack-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mno-stack-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mmacosx-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mios-simulator-version-min=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-miphoneos-version-min=", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mtvos-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mwatchos-", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-mnop-fun-dllimport", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mthumb", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mthumb-interwork", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mthreads", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-mwindows", FlagShape::kExact, FlagFate::kLeaveOut},

    // For the linker: cmd/go refuses them in CFLAGS, but here they have no effect.
    FlagRule{"-l", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-L", FlagShape::kJoined, FlagFate::kLeaveOut},
    FlagRule{"-L", FlagShape::kNext, FlagFate::kLeaveOut},
    FlagRule{"-Wl,", FlagShape::kPrefix, FlagFate::kLeaveOut},
    FlagRule{"-static", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"--static", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-shared", FlagShape::kExact, FlagFate::kLeaveOut},
    FlagRule{"-rdynamic", FlagShape::kExact, FlagFate::kLeaveOut},
};

// What loads or runs code, reads further arguments, or writes files: beginnings of words. None of
// it would pass without being here; being here, it is named even when the user vouches for it.
inline constexpr std::array kNeverPassed = {
    std::string_view("@"),
    std::string_view("-fplugin"),
    std::string_view("-fpass-plugin"),
    std::string_view("-load"),
    std::string_view("-plugin"),
    std::string_view("-add-plugin"),
    std::string_view("-X"),
    std::string_view("-mllvm"),
    std::string_view("-B"),
    std::string_view("--prefix"),
    std::string_view("-specs"),
    std::string_view("--specs"),
    std::string_view("-wrapper"),
    std::string_view("-o"),
    std::string_view("--output"),
    std::string_view("-M"),
    std::string_view("-save-temps"),
    std::string_view("--save-temps"),
    std::string_view("--config"),
    std::string_view("-cc1"),
    std::string_view("-include-pch"),
    std::string_view("-ivfsoverlay"),
    std::string_view("-fmodule-"),
    std::string_view("-fprebuilt-module"),
    std::string_view("-serialize-"),
    std::string_view("-working-directory"),
    std::string_view("-resource-dir"),
    std::string_view("-fuse-ld"),
    std::string_view("--ld-path"),
    std::string_view("-ftime-trace"),
    std::string_view("-fprofile"),
};

}  // namespace cgoscope
