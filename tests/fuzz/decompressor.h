// What holds of every codec's decompressor, whatever it is given: the shared
// part of the four targets. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cauce/codec.h"

namespace cauce::fuzz {

// The first byte says how much the output may hold, the others are the stream;
// or, by its highest bit, bytes to be compressed first.
void CheckDecompressor(Codec codec, std::string_view input);

// The streams that Kafka's client wrote with `codec`, and some of our own.
std::vector<std::string> StreamsOf(Codec codec);

}  // namespace cauce::fuzz
