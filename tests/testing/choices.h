// Where a test asks what happens next: by seed, each possibility in turn, or
// everything alike but one thing.
//
//   AllChoices all;
//   do { disk.Restart(all); Check(); } while (all.Next());
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/base/check.h"

namespace cauce::test {

class Choices {
 public:
  virtual ~Choices() = default;
  // In [0, alternatives), of which there is at least one.
  virtual size_t Pick(size_t alternatives) = 0;
};

// Every sequence of answers once, in order; the questions may depend on the
// answers, but nothing else.
class AllChoices final : public Choices {
 public:
  size_t Pick(size_t alternatives) override {
    CAUCE_CHECK(alternatives > 0);
    if (asked_ == path_.size()) path_.push_back({0, alternatives});
    CAUCE_CHECK(path_[asked_].alternatives == alternatives);
    return path_[asked_++].picked;
  }

  // Goes on to the next sequence; returns false when all have been.
  bool Next() {
    while (!path_.empty() &&
           path_.back().picked + 1 == path_.back().alternatives) {
      path_.pop_back();
    }
    asked_ = 0;
    if (path_.empty()) return false;
    ++path_.back().picked;
    return true;
  }

 private:
  struct Answer {
    size_t picked;
    size_t alternatives;
  };

  std::vector<Answer> path_;
  size_t asked_ = 0;
};

// All questions are answered with the first alternative, or all with the last,
// but for one. Of what was not synced a disk keeps nothing with the first.
class AlikeButOne final : public Choices {
 public:
  enum class Answer { kFirst, kLast };
  static constexpr size_t kNone = SIZE_MAX;

  // `otherwise` counts the questions.
  explicit AlikeButOne(Answer answer, size_t otherwise = kNone)
      : last_(answer == Answer::kLast), otherwise_(otherwise) {}

  size_t Pick(size_t alternatives) override {
    CAUCE_CHECK(alternatives > 0);
    const bool last = (asked_++ == otherwise_) != last_;
    return last ? alternatives - 1 : 0;
  }

  // How many questions there were.
  size_t asked() const { return asked_; }

 private:
  const bool last_;
  const size_t otherwise_;
  size_t asked_ = 0;
};

// By seed. What an evenly drawn answer would seldom show, that nearly all goes
// one way, is a mood that lasts until Turn().
class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(uint64_t seed) : random_(seed) { Turn(); }

  void Turn() { mood_ = static_cast<Mood>(random_() % 4); }

  size_t Pick(size_t alternatives) override {
    CAUCE_CHECK(alternatives > 0);
    const bool follows = random_() % 16 != 0;
    if (mood_ == Mood::kFirst && follows) return 0;
    if (mood_ == Mood::kLast && follows) return alternatives - 1;
    return random_() % alternatives;
  }

 private:
  enum class Mood { kFirst, kLast, kEven, kEvenToo };

  std::mt19937_64 random_;
  Mood mood_ = Mood::kEven;
};

}  // namespace cauce::test
