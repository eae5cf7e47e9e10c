import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams, which restores a key-value store (RocksDB) from its changelog,
 * served by a broker in a process of its own (tests/interop/RunBroker), with the
 * defaults of Streams. It warms up by restoring once before. Arguments: the broker's
 * data directory, which holds the changelog `bench-table-changelog-0`, the ids of
 * that topic and of `input`, a folder for the store, how many records and how
 * many keys the changelog has.
 */
public final class StreamsRestore {
  private static final String STORE = "table";

  public static void main(String[] args) {
    Told.run(
        () -> {
          Process broker = startBroker(args[0], args[1], args[2]);
          try {
            String address = addressOf(broker);
            long records = Long.parseLong(args[4]);
            long keys = Long.parseLong(args[5]);
            restore(address, args[3] + "/warm", records, keys);
            Told.seconds(restore(address, args[3] + "/measured", records, keys));
          } finally {
            // The end of its input: it stops in order.
            broker.getOutputStream().close();
            broker.waitFor();
          }
        });
  }

  private static Process startBroker(String directory, String changelog, String input)
      throws Exception {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().get(),
            "-Xms1g",
            "-Xmx1g",
            "-classpath",
            System.getProperty("java.class.path"),
            "RunBroker",
            directory,
            "bench-table-changelog",
            changelog,
            "0",
            "input",
            input,
            "0")
        .redirectError(new File(directory + ".log"))
        .start();
  }

  private static String addressOf(Process broker) throws Exception {
    String address =
        new BufferedReader(new InputStreamReader(broker.getInputStream())).readLine();
    if (address == null) throw new IllegalStateException("the broker did not start");
    return address;
  }

  /** Returns the nanoseconds from the begin of the restoration to its end. */
  private static long restore(String broker, String folder, long records, long keys)
      throws Exception {
    Properties settings = new Properties();
    settings.putAll(
        Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, "bench",
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker,
            StreamsConfig.STATE_DIR_CONFIG, folder,
            // The next one waits for that: a member of Streams does not leave.
            StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000));
    CompletableFuture<Long> took = new CompletableFuture<>();
    KafkaStreams streams = new KafkaStreams(topology(), settings);
    streams.setUncaughtExceptionHandler(
        cause -> {
          took.completeExceptionally(cause);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setGlobalStateRestoreListener(new Stopwatch(took, records));
    streams.start();
    try {
      long nanos = took.get();
      checkKeys(streams, keys);
      return nanos;
    } finally {
      streams.close();
    }
  }

  private static Topology topology() {
    return new Topology()
        .addSource("source", new ByteArrayDeserializer(), new ByteArrayDeserializer(), "input")
        .addProcessor(
            "processor",
            () ->
                new ContextualProcessor<byte[], byte[], Void, Void>() {
                  @Override
                  public void process(Record<byte[], byte[]> record) {}
                },
            "source")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STORE), Serdes.Bytes(), Serdes.ByteArray()),
            "processor");
  }

  // What is not running yet may not be asked.
  private static void checkKeys(KafkaStreams streams, long keys) throws Exception {
    while (streams.state() != KafkaStreams.State.RUNNING) Thread.sleep(1);
    ReadOnlyKeyValueStore<Bytes, byte[]> store =
        streams.store(
            StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
    long found = 0;
    try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
      for (; all.hasNext(); all.next()) ++found;
    }
    if (found != keys) throw new IllegalStateException(found + " keys are there of " + keys);
  }

  private static final class Stopwatch implements StateRestoreListener {
    private final CompletableFuture<Long> took;
    private final long records;
    private long begin;

    Stopwatch(CompletableFuture<Long> took, long records) {
      this.took = took;
      this.records = records;
    }

    @Override
    public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
      begin = System.nanoTime();
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {
      long nanos = System.nanoTime() - begin;
      if (total == records) {
        took.complete(nanos);
      } else {
        took.completeExceptionally(
            new IllegalStateException(total + " records were restored of " + records));
      }
    }
  }
}
