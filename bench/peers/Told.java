import java.util.Arrays;

/** What a run says of itself, as bench/sample_text.h reads it. */
final class Told {
  private Told() {}

  static void seconds(long nanos) {
    System.out.println("seconds " + nanos / 1e9);
  }

  /** What it took besides time. */
  static void figure(String name, double value) {
    System.out.println("figure " + value + " " + name);
  }

  /** Of single pieces of work: their p99 and p50. Sorts them. */
  static void times(long[] nanos) {
    Arrays.sort(nanos);
    System.out.println("p99_seconds " + at(nanos, 0.99) / 1e9);
    figure("p50, us", at(nanos, 0.5) / 1e3);
  }

  private static long at(long[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))];
  }

  /** Runs a program whose every failure is told in the place of its figures. */
  static void run(Program program) {
    try {
      program.run();
      System.out.flush();
      Runtime.getRuntime().halt(0);
    } catch (Throwable e) {
      System.out.println("error " + String.valueOf(e).replace('\n', ' '));
      System.out.flush();
      // Threads of what was measured would keep the process.
      Runtime.getRuntime().halt(1);
    }
  }

  interface Program {
    void run() throws Exception;
  }
}
