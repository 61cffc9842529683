# Writes syscall_rows.h: a row for each system call of the machine that is built for, out of the macros that its own
# <asm/unistd.h> leaves behind. The values are left to the compiler, because on arm64 they are macros again.
function(write_syscall_rows out)
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} -E -dM -include asm/unistd.h -x c++ /dev/null
    OUTPUT_VARIABLE macros
    COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "#define __NR_[a-z_][a-z0-9_]*" rows "${macros}")
  list(TRANSFORM rows REPLACE "#define __NR_" "")
  list(REMOVE_ITEM rows syscalls arch_specific_syscall)  # counts, not calls
  list(SORT rows)
  list(LENGTH rows count)
  if(count LESS 250)
    message(FATAL_ERROR "<asm/unistd.h> names only ${count} system calls")
  endif()
  list(TRANSFORM rows REPLACE "(.+)" "{__NR_\\1, \"\\1\"},")
  list(JOIN rows "\n" text)
  file(CONFIGURE OUTPUT "${out}" CONTENT "${text}\n" @ONLY)
endfunction()
