import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;

/**
 * Apache Kafka's cleaner of compacted logs, one thread, in process. It warms up
 * on another log first. Arguments: the folder, the other one, bytes for keys, the
 * size of segments, how many records are to be left.
 */
public final class KafkaCleaner {
  private static final int BUFFER_BYTES = 256 << 10; // log.cleaner.io.buffer.size, halved
  private static final double LOAD_FACTOR = 0.9;

  public static void main(String[] args) {
    Told.run(
        () -> {
          Cleaner cleaner =
              new Cleaner(
                  0,
                  new SkimpyOffsetMap(Integer.parseInt(args[2])),
                  BUFFER_BYTES,
                  1 << 20,
                  LOAD_FACTOR,
                  new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", Time.SYSTEM),
                  Time.SYSTEM,
                  partition -> {});
          clean(cleaner, open(args[1], args[3]));
          UnifiedLog log = open(args[0], args[3]);
          var threads = ManagementFactory.getThreadMXBean();
          long cpu = threads.getCurrentThreadCpuTime();
          long begin = System.nanoTime();
          clean(cleaner, log);
          long took = System.nanoTime() - begin;
          cpu = threads.getCurrentThreadCpuTime() - cpu;
          long left = KafkaLog.read(log, true);
          if (left != Long.parseLong(args[4])) {
            throw new IllegalStateException(left + " records are left of " + args[4] + " keys");
          }
          Told.seconds(took);
          Told.figure("CPU, s", cpu / 1e9);
        });
  }

  private static UnifiedLog open(String folder, String segmentBytes) throws Exception {
    return KafkaLog.open(
        Path.of(folder), Map.of("cleanup.policy", "compact", "segment.bytes", segmentBytes));
  }

  // Until nothing is dirty but an active segment without records.
  private static void clean(Cleaner cleaner, UnifiedLog log) throws Exception {
    log.roll(Optional.empty());
    long end = log.activeSegment().baseOffset();
    for (long dirty = 0; dirty < end; ) {
      long next = cleaner.clean(new LogToClean(log, dirty, end, false)).getKey();
      if (next <= dirty) throw new IllegalStateException("the cleaner stands at " + dirty);
      dirty = next;
    }
  }
}
