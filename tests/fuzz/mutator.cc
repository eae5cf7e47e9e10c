#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

namespace cauce::fuzz {
namespace {

// Lengths, counts and offsets go wrong at these, and beside them.
constexpr std::array<int64_t, 18> kEdges = {
    0,   1,   -1,  7,      16,     49,         61,        64,        127,
    128, 255, 256, 0x7fff, 0x8000, 0x7fffffff, INT32_MIN, INT64_MAX, INT64_MIN};

constexpr std::string_view kTextBytes = " \n\t.-_=:,0123456789\\\"{}[]/azAZ";

// One input while it is changed.
class Draft {
 public:
  Draft(std::string bytes, std::span<const std::string> corpus,
        std::mt19937_64& random)
      : bytes_(std::move(bytes)), corpus_(corpus), random_(random) {}

  void Change() {
    switch (Below(10)) {
      case 0:
        return FlipBit();
      case 1:
        return SetByte(static_cast<char>(Below(256)));
      case 2:
        return SetByte(kTextBytes[Below(kTextBytes.size())]);
      case 3:
      case 4:
        return SetInteger();
      case 5:
        return Insert(
            std::string(1 + Below(16), static_cast<char>(Below(256))));
      case 6:
        return Insert(PieceOf(bytes_));
      case 7:
        return Insert(PieceOf(corpus_[Below(corpus_.size())]));
      case 8:
        return LeaveOut();
      default:
        return Overwrite(PieceOf(corpus_[Below(corpus_.size())]));
    }
  }

  std::string Take() { return std::move(bytes_); }

 private:
  size_t Below(size_t end) { return random_() % end; }

  void FlipBit() {
    if (bytes_.empty()) return;
    bytes_[Below(bytes_.size())] ^= static_cast<char>(1 << Below(8));
  }

  void SetByte(char byte) {
    if (bytes_.empty()) return;
    bytes_[Below(bytes_.size())] = byte;
  }

  // Of one, two, four or eight bytes, in either order.
  void SetInteger() {
    const size_t width = size_t{1} << Below(4);
    if (bytes_.size() < width) return;
    // Unsigned, so that what lies beside the ends of the range wraps.
    const uint64_t value =
        static_cast<uint64_t>(kEdges[Below(kEdges.size())]) + Below(3) - 1;
    const size_t at = Below(bytes_.size() - width + 1);
    const bool big = Below(4) != 0;
    for (size_t i = 0; i < width; ++i) {
      const size_t shift = 8 * (big ? width - 1 - i : i);
      bytes_[at + i] = static_cast<char>(value >> shift);
    }
  }

  std::string PieceOf(const std::string& bytes) {
    if (bytes.empty()) return {};
    const size_t at = Below(bytes.size());
    return bytes.substr(at, 1 + Below(std::min<size_t>(bytes.size(), 256)));
  }

  void Insert(const std::string& piece) {
    bytes_.insert(Below(bytes_.size() + 1), piece);
  }

  void Overwrite(const std::string& piece) {
    if (bytes_.empty()) return;
    const size_t at = Below(bytes_.size());
    bytes_.replace(at, piece.size(), piece);
  }

  void LeaveOut() {
    if (bytes_.empty()) return;
    const size_t at = Below(bytes_.size());
    // Now and then all that follows, as where a write was torn.
    bytes_.erase(at, Below(4) == 0 ? std::string::npos : 1 + Below(64));
  }

  std::string bytes_;
  const std::span<const std::string> corpus_;
  std::mt19937_64& random_;
};

}  // namespace

std::string Mutator::Make(uint64_t run) const {
  std::seed_seq seeds{
      static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32),
      static_cast<uint32_t>(run), static_cast<uint32_t>(run >> 32)};
  std::mt19937_64 random(seeds);
  Draft draft(corpus_[random() % corpus_.size()], corpus_, random);
  for (size_t changes = 1 + random() % 8; changes > 0; --changes) {
    draft.Change();
  }
  std::string made = draft.Take();
  if (made.size() > bytes_max_) made.resize(bytes_max_);
  return made;
}

}  // namespace cauce::fuzz
