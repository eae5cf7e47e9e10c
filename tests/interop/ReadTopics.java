import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Prints what a consumer gets of partition 0 of topics. Arguments: the broker's
 * address, the isolation level and the topics. For each topic: its name, its
 * ends (for read_committed the last stable offset), every record from the beginning on; for some offsets the first record
 * that is read there ("at"); for some times the offset and the time that are
 * found for them ("time"), or a dash.
 */
public final class ReadTopics {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int EVERY = 13; // offset and time is asked for

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition partition;
  private final long end;

  public static void main(String[] args) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", args[0],
            "isolation.level", args[1],
            "auto.offset.reset", "none",
            "enable.auto.commit", "false",
            "max.poll.records", "100000",
            "fetch.max.wait.ms", "0");
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      for (String topic : List.of(args).subList(2, args.length)) {
        new ReadTopics(consumer, topic).print();
      }
    }
  }

  private ReadTopics(KafkaConsumer<byte[], byte[]> consumer, String topic) {
    this.consumer = consumer;
    partition = new TopicPartition(topic, 0);
    consumer.assign(List.of(partition));
    end = consumer.endOffsets(List.of(partition), PATIENCE).get(partition);
  }

  private void print() {
    long start = consumer.beginningOffsets(List.of(partition), PATIENCE).get(partition);
    System.out.println("topic " + partition.topic());
    System.out.println("log from " + start + " to " + end);
    List<ConsumerRecord<byte[], byte[]>> records = read(start);
    records.forEach(record -> System.out.println(line(record)));

    for (long offset = start; offset < end; offset += EVERY) printAt(offset);
    printTime(0);
    printTime(Long.MAX_VALUE);
    for (int i = 0; i < records.size(); i += EVERY) {
      for (int around = -1; around <= 1; ++around) {
        printTime(Math.max(0, records.get(i).timestamp() + around));
      }
    }
  }

  private List<ConsumerRecord<byte[], byte[]>> read(long start) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    consumer.seek(partition, start);
    // The end of a log may hold no records.
    while (consumer.position(partition) < end) records.addAll(poll());
    return records;
  }

  private void printAt(long offset) {
    consumer.seek(partition, offset);
    List<ConsumerRecord<byte[], byte[]>> records = List.of();
    while (records.isEmpty() && consumer.position(partition) < end) records = poll();
    System.out.println("at " + offset + " " + (records.isEmpty() ? "-" : line(records.get(0))));
  }

  private List<ConsumerRecord<byte[], byte[]>> poll() {
    long before = consumer.position(partition);
    List<ConsumerRecord<byte[], byte[]>> records = consumer.poll(PATIENCE).records(partition);
    if (consumer.position(partition) == before) {
      throw new IllegalStateException("nothing of " + partition + " at " + before);
    }
    return records;
  }

  private void printTime(long time) {
    OffsetAndTimestamp found =
        consumer.offsetsForTimes(Map.of(partition, time), PATIENCE).get(partition);
    System.out.println(
        "time " + time + " " + (found == null ? "-" : found.offset() + " " + found.timestamp()));
  }

  private static String line(ConsumerRecord<byte[], byte[]> record) {
    return RecordLine.of(
        record.offset(), record.timestamp(), record.key(), record.value(),
        record.headers().toArray());
  }
}
