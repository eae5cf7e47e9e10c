// The whole command line: its verbs, and what to say when it makes no sense.
// For the main thread.
#pragma once

namespace cauce::cli {

// Parses, does what is asked and returns the exit code: 0 done, 1 failed, 2
// for a command line that makes no sense, 128 + N after signal N.
int RunCommandLine(int argc, char** argv);

}  // namespace cauce::cli
