import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;

/**
 * Writes topics of all kinds to a broker, each of one partition, and waits until
 * the broker has cleaned and deleted what it is to. What is written is the same
 * each time, but for the log's own times. Arguments: the broker's address and
 * its data directory. Prints the topics' names.
 */
public final class WriteTopics {
  private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
  private static final long START = 1_700_000_000_000L;
  private static final long PATIENCE_S = 100;
  private static final Map<String, String> SMALL =
      Map.of("internal.segment.bytes", "16384", "index.interval.bytes", "512");

  private final String address;
  private final Path directory;
  private final Admin admin;
  private final Random random = new Random(1);

  public static void main(String[] args) throws Exception {
    // A test that is killed takes its broker with it, and then requests would be
    // tried again for minutes.
    ProcessHandle.current()
        .parent()
        .ifPresent(test -> test.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      new WriteTopics(args[0], Path.of(args[1]), admin).write();
    }
    // The transaction that is left open has no end.
    Runtime.getRuntime().halt(0);
  }

  private WriteTopics(String address, Path directory, Admin admin) {
    this.address = address;
    this.directory = directory;
    this.admin = admin;
  }

  private void write() throws Exception {
    everyCodec("codecs", Map.of());
    everyCodec("append-time", Map.of("message.timestamp.type", "LogAppendTime"));
    transactions();
    compacted("compacted", Map.of());
    compacted("compacted-at-once", Map.of("delete.retention.ms", "0"));
    deleted();
    retained();
    create("empty", Map.of());
    awaitCleaner("compacted");
    awaitCleaner("compacted-at-once");
  }

  private void create(String topic, Map<String, String> configs) throws Exception {
    Map<String, String> all = new HashMap<>(SMALL);
    all.putAll(configs);
    admin
        .createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty()).configs(all)))
        .all()
        .get();
    System.out.println(topic);
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", address);
    // Batches of some records each.
    settings.put("batch.size", 2000);
    settings.put("linger.ms", 20);
    settings.putAll(more);
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private KafkaProducer<byte[], byte[]> transactional(String id) {
    KafkaProducer<byte[], byte[]> producer =
        producer(Map.of("transactional.id", id, "transaction.timeout.ms", 600_000));
    producer.initTransactions();
    return producer;
  }

  private byte[] text(int letters) {
    byte[] text = new byte[letters];
    for (int i = 0; i < letters; ++i) text[i] = (byte) ('a' + random.nextInt(26));
    return text;
  }

  private byte[] maybeText(int lettersMax) {
    return random.nextInt(6) == 0 ? null : text(random.nextInt(lettersMax + 1));
  }

  // Records of all shapes, their times going back and forth.
  private void sendSome(KafkaProducer<byte[], byte[]> producer, String topic, int count) {
    for (int i = 0; i < count; ++i) {
      long time = START + random.nextInt(100_000);
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(topic, 0, time, maybeText(20), maybeText(300));
      for (int left = random.nextInt(4); left > 0; --left) {
        record.headers().add(new RecordHeader("ñ" + left, maybeText(9)));
      }
      producer.send(record);
    }
  }

  private void everyCodec(String topic, Map<String, String> configs) throws Exception {
    create(topic, configs);
    for (String codec : CODECS) {
      try (var producer = producer(Map.of("compression.type", codec))) {
        sendSome(producer, topic, 150);
        // Larger than a codec's blocks.
        producer.send(new ProducerRecord<>(topic, text(100_000)));
      }
    }
    // Without a producer id.
    try (var producer = producer(Map.of("enable.idempotence", false, "acks", "1"))) {
      sendSome(producer, topic, 100);
    }
  }

  private void transactions() throws Exception {
    String topic = "transactions";
    create(topic, Map.of());
    var plain = producer(Map.of());
    var one = transactional("one");
    var other = transactional("other");
    for (int round = 0; round < 6; ++round) {
      one.beginTransaction();
      other.beginTransaction();
      for (int i = 0; i < 5; ++i) {
        sendSome(one, topic, 6);
        sendSome(plain, topic, 3);
        sendSome(other, topic, 6);
        one.flush();
      }
      plain.flush();
      one.commitTransaction();
      other.abortTransaction();
    }
    one.beginTransaction();
    sendSome(one, topic, 20);
    one.flush();
    sendSome(plain, topic, 20);
    plain.close();
    other.close();
  }

  private void sendKeys(
      KafkaProducer<byte[], byte[]> producer, String topic, int first, int end, boolean isValue) {
    for (int key = first; key < end; ++key) {
      long time = START + random.nextInt(100_000);
      byte[] value = isValue ? text(100) : null;
      producer.send(new ProducerRecord<>(topic, 0, time, ("key " + key).getBytes(UTF_8), value));
    }
  }

  // Keys that are written again and again, some of which get a tombstone; a
  // producer whose records are all written over; transactions.
  private void compacted(String topic, Map<String, String> configs) throws Exception {
    Map<String, String> all = new HashMap<>(configs);
    all.putAll(Map.of("cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0"));
    create(topic, all);
    try (var overwritten = producer(Map.of())) {
      sendKeys(overwritten, topic, 0, 50, true);
    }
    var transactional = transactional(topic);
    for (int round = 0; round < 5; ++round) {
      String codec = CODECS.get(round);
      try (var producer = producer(Map.of("compression.type", codec))) {
        sendKeys(producer, topic, 0, 100, true);
        // Once without a value these are not written again.
        sendKeys(producer, topic, 200 + 10 * round, 210 + 10 * round, true);
        sendKeys(producer, topic, 200 + 10 * round, 205 + 10 * round, false);
      }
      transactional.beginTransaction();
      sendKeys(transactional, topic, 40 + round, 80 + round, true);
      if (round % 2 == 0) {
        transactional.commitTransaction();
      } else {
        transactional.flush();
        transactional.abortTransaction();
      }
    }
    transactional.close();
    if (!all.containsKey("delete.retention.ms")) return;
    // What is gone at once goes when the cleaner passes once more.
    awaitCleaner(topic);
    try (var producer = producer(Map.of())) {
      sendKeys(producer, topic, 300, 500, true);
    }
  }

  // Records are deleted up to the middle of a segment that is not the first.
  private void deleted() throws Exception {
    String topic = "deleted";
    create(topic, Map.of());
    try (var producer = producer(Map.of())) {
      sendSome(producer, topic, 500);
    }
    TopicPartition partition = new TopicPartition(topic, 0);
    long[] bases = bases(topic);
    long inside = bases[1] + (bases[2] - bases[1]) / 2;
    admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(inside))).all().get();
    awaitCheckpoint("log-start-offset-checkpoint", topic, inside);
  }

  private void retained() throws Exception {
    String topic = "retained";
    create(topic, Map.of());
    try (var producer = producer(Map.of())) {
      sendSome(producer, topic, 500);
    }
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    var bytes = new ConfigEntry("retention.bytes", "40000");
    var change = List.of(new AlterConfigOp(bytes, AlterConfigOp.OpType.SET));
    admin.incrementalAlterConfigs(Map.of(resource, change)).all().get();
    long deadline = deadline();
    while (start(topic) == 0) {
      if (System.nanoTime() > deadline) throw new IllegalStateException("nothing is deleted");
    }
  }

  private long start(String topic) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    return admin
        .listOffsets(Map.of(partition, OffsetSpec.earliest()))
        .partitionResult(partition)
        .get()
        .offset();
  }

  // The first offsets of its segments.
  private long[] bases(String topic) {
    File folder = directory.resolve(topic + "-0").toFile();
    return Arrays.stream(folder.list((in, name) -> name.endsWith(".log")))
        .mapToLong(name -> Long.parseLong(name.substring(0, 20)))
        .sorted()
        .toArray();
  }

  // Waits until the cleaner has been everywhere but in the active segment.
  private void awaitCleaner(String topic) throws Exception {
    long[] bases = bases(topic);
    awaitCheckpoint("cleaner-offset-checkpoint", topic, bases[bases.length - 1]);
  }

  // Waits until a file says at least this of a topic.
  private void awaitCheckpoint(String name, String topic, long offset) throws Exception {
    OffsetCheckpointFile file = new OffsetCheckpointFile(directory.resolve(name).toFile(), null);
    TopicPartition partition = new TopicPartition(topic, 0);
    long deadline = deadline();
    try (WatchService watch = FileSystems.getDefault().newWatchService()) {
      directory.register(
          watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
      while (file.read().getOrDefault(partition, 0L) < offset) {
        var key = watch.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (key == null) throw new IllegalStateException(name + ": no " + topic + " " + offset);
        key.pollEvents();
        key.reset();
      }
    }
  }

  private static long deadline() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
  }
}
