// Go's linker writes the types of the whole program into one unit that is called "runtime", like
// the units of the package's own functions (cmd/link/internal/ld/dwarf.go), 1 ms to walk in a
// compiler of 28 MB. A structure's DIE is named "runtime.g", its members as in the source.
#include "probe_cli/go/layout_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

#include <map>
#include <memory>
#include <string>

#include "probe_cli/go/debug_sections.h"
#include "probe_cli/go/layout_table.h"

namespace cgoscope {
namespace {

// What a file may cost: the largest programs have some thousand units, 300 000 types, and 100
// members in runtime.m.
constexpr int kMaxUnits = 200'000;
constexpr int kMaxTypes = 4'000'000;
constexpr int kMaxMembers = 4'000;
constexpr int kMaxTypedefs = 8;

using ElfHandle = std::unique_ptr<Elf, decltype(&elf_end)>;
using DwarfHandle = std::unique_ptr<Dwarf, decltype(&dwarf_end)>;

Error no_layout(const std::string& why) {
  return {"cannot read the runtime's layout from the debug information", why, ""};
}

std::string_view name_of(Dwarf_Die* die) {
  const char* name = dwarf_diename(die);
  return name == nullptr ? std::string_view() : name;
}

// Calls `visit` for the children of `die` until it returns false; false when there are more than
// `limit`.
template <typename Visit>
bool for_each_child(Dwarf_Die* die, int limit, const Visit& visit) {
  Dwarf_Die child;
  int status = dwarf_child(die, &child);
  for (int i = 0; status == 0; ++i) {
    if (i == limit) return false;
    if (!visit(&child)) return true;
    status = dwarf_siblingof(&child, &child);
  }
  return true;
}

using Structures = std::map<std::string_view, Dwarf_Die, std::less<>>;

// Adds those of the wanted structures that the unit has; false when there are too many.
bool add_structures(Dwarf_Die* unit, Structures* wanted, size_t* missing) {
  return for_each_child(unit, kMaxTypes, [&](Dwarf_Die* die) {
    if (dwarf_tag(die) != DW_TAG_structure_type) return true;
    const auto found = wanted->find(name_of(die));
    if (found != wanted->end() && found->second.addr == nullptr) {
      found->second = *die;
      --*missing;
    }
    return *missing > 0;
  });
}

Result<Structures> find_structures(Dwarf* dwarf) {
  Structures structures;
  for (const LayoutField& field : layout_fields()) structures.try_emplace(field.structure);
  size_t missing = structures.size();
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  for (int i = 0; missing > 0; ++i) {
    const int status = dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr);
    if (status > 0) break;
    if (status < 0) return no_layout(std::string("it is broken: ") + dwarf_errmsg(-1));
    if (i == kMaxUnits) return no_layout("it has too many units");
    if (dwarf_srclang(&die) != DW_LANG_Go || name_of(&die) != "runtime") continue;
    if (!add_structures(&die, &structures, &missing)) return no_layout("it has too many types");
  }
  for (const std::string_view required : {"runtime.g", "runtime.m"}) {
    if (structures[required].addr == nullptr)
      return no_layout("it does not describe " + std::string(required));
  }
  return structures;
}

bool strip_typedefs(Dwarf_Die* type) {
  for (int i = 0; i < kMaxTypedefs && dwarf_tag(type) == DW_TAG_typedef; ++i) {
    Dwarf_Attribute attribute;
    if (dwarf_attr(type, DW_AT_type, &attribute) == nullptr ||
        dwarf_formref_die(&attribute, type) == nullptr)
      return false;
  }
  return dwarf_tag(type) == DW_TAG_structure_type;
}

// The member called `name` of the structure, and where it begins in it.
std::optional<uint32_t> find_member(Dwarf_Die* structure, std::string_view name,
                                    Dwarf_Die* member) {
  std::optional<uint32_t> offset;
  for_each_child(structure, kMaxMembers, [&](Dwarf_Die* die) {
    if (dwarf_tag(die) != DW_TAG_member || name_of(die) != name) return true;
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr(die, DW_AT_data_member_location, &attribute) != nullptr &&
        dwarf_formudata(&attribute, &value) == 0 && value <= UINT32_MAX) {
      offset = static_cast<uint32_t>(value);
      *member = *die;
    }
    return false;
  });
  return offset;
}

// `path` is "goid", or "sched.sp" where the first member is a structure of the runtime. Up to Go
// 1.22 p.timers was a slice, whose own "len" is something else.
Offset offset_of(Dwarf_Die structure, std::string_view path) {
  const size_t dot = path.find('.');
  Dwarf_Die member;
  const auto offset = find_member(&structure, path.substr(0, dot), &member);
  if (!offset || dot == std::string_view::npos) return offset;
  Dwarf_Attribute attribute;
  Dwarf_Die inner;
  if (dwarf_attr(&member, DW_AT_type, &attribute) == nullptr ||
      dwarf_formref_die(&attribute, &inner) == nullptr || !strip_typedefs(&inner) ||
      !name_of(&inner).starts_with("runtime."))
    return std::nullopt;
  const auto inner_offset = find_member(&inner, path.substr(dot + 1), &member);
  if (!inner_offset || *inner_offset > UINT32_MAX - *offset) return std::nullopt;
  return *offset + *inner_offset;
}

Offset size_of(Dwarf_Die* structure) {
  const int size = dwarf_bytesize(structure);
  return size < 0 ? Offset() : Offset(static_cast<uint32_t>(size));
}

}  // namespace

Result<Layout> layout_from_dwarf(const ElfImage& image) {
  const Result<DebugFile> file = type_debug_file(image);
  if (!file) return file.error();
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_memory(file->bytes.get(), file->size_bytes), &elf_end);
  if (elf == nullptr) return no_layout(std::string("libelf: ") + elf_errmsg(-1));
  const DwarfHandle dwarf(dwarf_begin_elf(elf.get(), DWARF_C_READ, nullptr), &dwarf_end);
  if (dwarf == nullptr) return no_layout(std::string("libdw: ") + dwarf_errmsg(-1));

  Result<Structures> structures = find_structures(dwarf.get());
  if (!structures) return structures.error();
  Layout layout;
  layout.source = LayoutSource::kDwarf;
  for (const LayoutField& field : layout_fields()) {
    Dwarf_Die& structure = structures->at(field.structure);
    if (structure.addr == nullptr) continue;
    field.in(layout) =
        field.member.empty() ? size_of(&structure) : offset_of(structure, field.member);
  }
  return layout;
}

}  // namespace cgoscope
