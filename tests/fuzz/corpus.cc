#include "tests/fuzz/corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/check.h"

namespace cauce::fuzz {

std::vector<CorpusFile> ReadFolder(const std::string& folder) {
  std::vector<CorpusFile> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    CAUCE_CHECK(in.is_open());
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(in), {}}});
  }
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

std::vector<CorpusFile> GoldenBatches(size_t bytes_max) {
  std::vector<CorpusFile> files = ReadFolder("tests/golden/batches");
  CAUCE_CHECK(!files.empty());
  std::erase_if(files, [bytes_max](const CorpusFile& file) {
    return file.bytes.size() > bytes_max;
  });
  return files;
}

}  // namespace cauce::fuzz
