// All of a BPF hash map at once: in batches, because one entry takes two system calls otherwise.
#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

namespace cgoscope {

enum class Taking : uint8_t { kCopy, kRemove };

// The entries as they are while programs may change them: each is whole enough (its words are
// written one by one), none is there twice unless it was removed and made again meanwhile.
template <typename Key, typename Value>
std::vector<std::pair<Key, Value>> read_hash(int map, Taking taking = Taking::kCopy) {
  std::vector<std::pair<Key, Value>> entries;
  uint32_t batch = 1024;
  std::vector<Key> keys(batch);
  std::vector<Value> values(batch);
  uint32_t position = 0;
  bool first = true;
  while (true) {
    uint32_t count = batch;
    uint32_t next = 0;
    void* from = first ? nullptr : &position;
    const int error =
        taking == Taking::kRemove
            ? bpf_map_lookup_and_delete_batch(map, from, &next, keys.data(), values.data(), &count,
                                              nullptr)
            : bpf_map_lookup_batch(map, from, &next, keys.data(), values.data(), &count, nullptr);
    if (error == -ENOSPC && count == 0 &&
        batch < (1u << 20)) {  // one bucket holds more than a batch
      batch *= 2;
      keys.resize(batch);
      values.resize(batch);
      continue;
    }
    if (error != 0 && error != -ENOENT && error != -ENOSPC) break;
    for (uint32_t i = 0; i < count && i < batch; ++i) entries.emplace_back(keys[i], values[i]);
    if (error == -ENOENT) break;
    if (error == -ENOSPC && count == 0) break;
    position = next;
    first = false;
  }
  return entries;
}

}  // namespace cgoscope
