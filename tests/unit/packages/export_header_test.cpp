#include "clang_plugin/packages/export_header.h"

#include <gtest/gtest.h>

#include <string>

namespace cgoscope {
namespace {

std::string prototype(const std::string& function, const std::string& declarations = "") {
  Package package;
  package.cgo_files.push_back(parse_go_file(
      "/a.go",
      "package p\nimport \"C\"\n" + declarations + "\n//export f\nfunc " + function + " {}\n"));
  const std::string header = export_header(package);
  const size_t start = header.find("extern \"C\" {\n#endif\n") + 20;
  return header.substr(start, header.rfind("#ifdef __cplusplus") - start);
}

TEST(ExportHeader, Types) {
  EXPECT_EQ(prototype("f()"), "extern void f();\n");
  EXPECT_EQ(prototype("f(a, b C.int, c *C.char) C.long"),
            "extern long f(int p0, int p1, char* p2);\n");
  EXPECT_EQ(prototype("f(C.uint, **C.struct_x, C.ulonglong)"),
            "extern void f(unsigned int p0, struct x** p1, unsigned long long p2);\n");
  EXPECT_EQ(
      prototype(
          "f(s string, b []byte, m map[string]int, c chan int, e error, i interface{}, g func())"),
      "extern void f(GoString p0, GoSlice p1, GoMap p2, GoChan p3, GoInterface p4, GoInterface p5, "
      "void* p6);\n");
  EXPECT_EQ(prototype("f(p unsafe.Pointer, u uintptr, x *int32, ok bool) float64"),
            "extern GoFloat64 f(void* p0, GoUintptr p1, GoInt32* p2, GoUint8 p3);\n");
}

TEST(ExportHeader, SeveralResults) {
  EXPECT_EQ(prototype("f() (n C.int, err error)"),
            "struct f_return {\n\tint r0;\n\tGoInterface r1;\n};\nextern struct f_return f();\n");
  EXPECT_EQ(prototype("f() (n C.int)"), "extern int f();\n");
}

TEST(ExportHeader, TypesOfThePackage) {
  EXPECT_EQ(prototype("f(h Handle, a Alias)", "type Handle uintptr\ntype Alias = C.uint"),
            "extern void f(GoUintptr p0, unsigned int p1);\n");
  EXPECT_EQ(prototype("f(t *T, u other.T)", "type T struct{}"),
            "extern void f(void* p0, void* p1);\n");
}

TEST(ExportHeader, Methods) {
  EXPECT_EQ(prototype("(t *T) m(x C.int)"), "extern void f(void* recv, int p0);\n");
  EXPECT_EQ(prototype("(t T) m()", "type T int"), "extern void f(GoInt recv);\n");
}

TEST(ExportHeader, HoldsPreamblesOfFilesWithExportsOnly) {
  Package package;
  package.cgo_files.push_back(parse_go_file(
      "/a.go", "package p\n// typedef int a_t;\nimport \"C\"\n//export f\nfunc f() {}\n"));
  package.cgo_files.push_back(
      parse_go_file("/b.go", "package p\n// typedef int b_t;\nimport \"C\"\n"));
  const std::string header = export_header(package);
  EXPECT_NE(header.find("typedef int a_t;"), std::string::npos);
  EXPECT_EQ(header.find("b_t"), std::string::npos);
  EXPECT_LT(header.find("_GoString_;"), header.find("a_t"));
  EXPECT_LT(header.find("a_t"), header.find("GoInt8;"));
}

}  // namespace
}  // namespace cgoscope
