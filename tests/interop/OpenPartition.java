import java.io.File;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Opens a partition with the classes that a broker opens it with, after a clean
 * stop, prints what it finds and reads, and closes it again. Arguments: the data
 * directory and the partition's name in it.
 */
public final class OpenPartition {
  public static void main(String[] args) throws Exception {
    File directory = new File(args[0]);
    File folder = new File(directory, args[1]);
    TopicPartition partition = UnifiedLog.parseTopicPartitionName(folder);
    LogDirFailureChannel failures = new LogDirFailureChannel(1);

    new MetaPropertiesEnsemble.Loader()
        .addLogDirs(List.of(args[0]))
        .load()
        .verify(
            Optional.empty(),
            OptionalInt.empty(),
            EnumSet.of(MetaPropertiesEnsemble.VerificationFlag.REQUIRE_AT_LEAST_ONE_VALID));
    Uuid id = new PartitionMetadataFile(PartitionMetadataFile.newFile(folder), failures)
        .read().topicId();
    System.out.println("topic id " + id);
    new LeaderEpochCheckpointFile(LeaderEpochCheckpointFile.newFile(folder), failures)
        .read()
        .forEach(e -> System.out.println("epoch " + e.epoch + " from " + e.startOffset));

    KafkaScheduler scheduler = new KafkaScheduler(1);
    scheduler.startup();
    UnifiedLog log = UnifiedLog.create(
        folder,
        new LogConfig(Map.of()),
        checkpoint(directory, "log-start-offset-checkpoint", partition, failures),
        checkpoint(directory, "recovery-point-offset-checkpoint", partition, failures),
        scheduler,
        new BrokerTopicStats(),
        Time.SYSTEM,
        15 * 60 * 1000,
        new ProducerStateManagerConfig(24 * 60 * 60 * 1000, false),
        10 * 60 * 1000,
        failures,
        true,
        Optional.of(id));
    System.out.println("log from " + log.logStartOffset() + " to " + log.logEndOffset());
    System.out.println("segments " + log.numberOfSegments());
    print(log);
    log.close();
    scheduler.shutdown();
  }

  private static long checkpoint(
      File directory, String name, TopicPartition partition, LogDirFailureChannel failures)
      throws Exception {
    return new OffsetCheckpointFile(new File(directory, name), failures)
        .read()
        .getOrDefault(partition, 0L);
  }

  private static void print(UnifiedLog log) throws Exception {
    long next = log.logStartOffset();
    while (next < log.logEndOffset()) {
      long before = next;
      for (RecordBatch batch :
          log.read(next, 1 << 20, FetchIsolation.LOG_END, true).records.batches()) {
        batch.ensureValid();
        for (Record record : batch) {
          if (record.offset() < next) continue;
          System.out.println(
              RecordLine.of(
                  record.offset(),
                  record.timestamp(),
                  Utils.toNullableArray(record.key()),
                  Utils.toNullableArray(record.value()),
                  record.headers()));
        }
        next = batch.nextOffset();
      }
      if (next == before) throw new IllegalStateException("nothing at " + next);
    }
  }
}
