import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Apache Kafka's log of one partition, in process. Each way of use is warmed up
 * before it is measured, and checks what it read.
 *
 * <pre>
 *   append FOLDER BATCH TIMES   the batch in a file, again and again
 *   batches FOLDER BATCHES      reads and verifies so many
 *   records FOLDER RECORDS      and every record in them
 *   offsets FOLDER LOOKUPS      one record each, by its offset
 *   times FOLDER LOOKUPS        one offset each, by a time
 * </pre>
 */
public final class KafkaLog {
  private static final int READ_BYTES = 1 << 20;
  private static final long WARM_UP_NANOS = 2_000_000_000L;

  public static void main(String[] args) {
    Told.run(
        () -> {
          Path folder = Path.of(args[1]);
          switch (args[0]) {
            case "append" -> append(folder, Path.of(args[2]), Long.parseLong(args[3]));
            case "batches" -> scan(folder, Long.parseLong(args[2]), false);
            case "records" -> scan(folder, Long.parseLong(args[2]), true);
            case "offsets" -> lookUp(folder, Path.of(args[2]), KafkaLog::findOffset);
            case "times" -> lookUp(folder, Path.of(args[2]), KafkaLog::findTime);
            default -> throw new IllegalArgumentException(args[0]);
          }
        });
  }

  private static UnifiedLog open(Path folder) throws Exception {
    // What was written long ago stays.
    return open(folder, Map.of("retention.ms", "-1"));
  }

  static UnifiedLog open(Path folder, Map<String, String> configs) throws Exception {
    File directory = folder.toFile();
    TopicPartition partition = UnifiedLog.parseTopicPartitionName(directory);
    KafkaScheduler scheduler = new KafkaScheduler(1);
    scheduler.startup();
    return UnifiedLog.create(
        directory,
        new LogConfig(configs),
        0L,
        0L,
        scheduler,
        new BrokerTopicStats(),
        Time.SYSTEM,
        15 * 60 * 1000,
        new ProducerStateManagerConfig(24 * 60 * 60 * 1000, false),
        10 * 60 * 1000,
        new LogDirFailureChannel(1),
        true,
        Optional.empty());
  }

  private static UnifiedLog create(Path folder) throws Exception {
    Files.createDirectories(folder);
    return open(folder);
  }

  private static void append(Path folder, Path batch, long times) throws Exception {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(batch));
    Path warm = folder.resolveSibling("warm-0");
    UnifiedLog log = create(warm);
    long begin = System.nanoTime();
    for (long i = 0; i < times && System.nanoTime() - begin < WARM_UP_NANOS; ++i) {
      append(log, bytes);
    }
    delete(log, warm);

    log = create(folder);
    begin = System.nanoTime();
    for (long i = 0; i < times; ++i) append(log, bytes);
    long took = System.nanoTime() - begin;
    MemoryRecords records = MemoryRecords.readableRecords(bytes);
    long wanted = times * records.batches().iterator().next().countOrNull();
    if (log.logEndOffset() != wanted) {
      throw new IllegalStateException("ends at " + log.logEndOffset() + ", not at " + wanted);
    }
    if (read(log, false) != times) throw new IllegalStateException("batches are missing");
    log.close();
    Told.seconds(took);
  }

  // The log writes offset and epoch into the bytes it is given. A producer's
  // batch begins at 0, as the one in the next request does.
  private static void append(UnifiedLog log, ByteBuffer bytes) throws Exception {
    bytes.putLong(0, 0L);
    log.appendAsLeader(MemoryRecords.readableRecords(bytes), 0);
  }

  private static void delete(UnifiedLog log, Path folder) throws Exception {
    log.close();
    for (File file : folder.toFile().listFiles()) Files.delete(file.toPath());
    Files.delete(folder);
  }

  private static void scan(Path folder, long wanted, boolean records) throws Exception {
    UnifiedLog log = open(folder);
    read(log, records);
    long begin = System.nanoTime();
    long found = read(log, records);
    long took = System.nanoTime() - begin;
    log.close();
    if (found != wanted) throw new IllegalStateException(found + " were read of " + wanted);
    Told.seconds(took);
  }

  // How many batches, or records of them, there are.
  static long read(UnifiedLog log, boolean records) throws Exception {
    long found = 0;
    long bytes = 0;
    for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
      long before = next;
      FileRecords part =
          (FileRecords) log.read(next, READ_BYTES, FetchIsolation.LOG_END, true).records;
      for (RecordBatch batch : inMemory(part).batches()) {
        batch.ensureValid();
        next = batch.nextOffset();
        if (!records) {
          ++found;
          continue;
        }
        for (Record record : batch) {
          bytes += record.keySize() + record.valueSize();
          ++found;
        }
      }
      if (next == before) throw new IllegalStateException("nothing at " + next);
    }
    if (records && bytes == 0) throw new IllegalStateException("records without bytes");
    return found;
  }

  // One read of the file, as a fetch that is not sent as it is needs it.
  private static MemoryRecords inMemory(FileRecords part) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocate(part.sizeInBytes());
    part.readInto(buffer, 0);
    return MemoryRecords.readableRecords(buffer);
  }

  private interface Find {
    long find(UnifiedLog log, long wanted) throws Exception;
  }

  private static void lookUp(Path folder, Path lookUps, Find find) throws Exception {
    ByteBuffer pairs = ByteBuffer.wrap(Files.readAllBytes(lookUps));
    long[] took = new long[pairs.remaining() / 16];
    UnifiedLog log = open(folder);
    long begin = System.nanoTime();
    for (int i = 0; i < took.length && System.nanoTime() - begin < WARM_UP_NANOS; ++i) {
      find.find(log, pairs.getLong(i * 16));
    }
    begin = System.nanoTime();
    long before = begin;
    for (int i = 0; i < took.length; ++i) {
      long wanted = pairs.getLong(i * 16);
      long found = find.find(log, wanted);
      if (found != pairs.getLong(i * 16 + 8)) {
        throw new IllegalStateException(
            "found " + found + " for " + wanted + ", not " + pairs.getLong(i * 16 + 8));
      }
      long now = System.nanoTime();
      took[i] = now - before;
      before = now;
    }
    Told.seconds(before - begin);
    Told.times(took);
    log.close();
  }

  private static long findOffset(UnifiedLog log, long wanted) throws Exception {
    FileRecords part = (FileRecords) log.read(wanted, 1, FetchIsolation.LOG_END, true).records;
    for (RecordBatch batch : inMemory(part).batches()) {
      batch.ensureValid();
      for (Record record : batch) {
        if (record.offset() == wanted) return record.offset();
      }
    }
    return -1;
  }

  private static long findTime(UnifiedLog log, long wanted) {
    var found = log.fetchOffsetByTimestamp(wanted, Optional.empty()).timestampAndOffsetOpt();
    return found.isPresent() ? found.get().offset : -1;
  }
}
