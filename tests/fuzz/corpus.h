// Inputs that are files: Kafka's golden batches, and recorded finds. Reads the
// tree below the working directory. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cauce::fuzz {

struct CorpusFile {
  std::string name;  // within its folder
  std::string bytes;
};

// The files of a folder, by name; none where there is no such folder.
std::vector<CorpusFile> ReadFolder(const std::string& folder);

// Those of tests/golden/batches, which must be there, of up to `bytes_max`
// bytes.
std::vector<CorpusFile> GoldenBatches(size_t bytes_max);

}  // namespace cauce::fuzz
