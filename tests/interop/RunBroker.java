import java.io.File;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionRecord;
import org.apache.kafka.common.metadata.TopicRecord;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapDirectory;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaProperties;
import org.apache.kafka.metadata.properties.PropertiesUtils;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.ApiMessageAndVersion;

/**
 * A broker and its controller in one process, on the loopback. Arguments: the
 * data directory, which is formatted where it is not yet, and for each topic of
 * one partition that a directory formatted now is to have: its name, its id, and
 * the epoch behind which the broker is to lead it. (No request makes a topic
 * with an id of the caller's choice. What a directory is formatted with may hold
 * any record of the metadata, as it does users and their passwords.)
 *
 * <p>Prints where it listens once it serves, and stops, in order, at the end of
 * its standard input: also when whoever started it is gone.
 */
public final class RunBroker {
  private static final int NODE = 1;
  private static final String HOST = "127.0.0.1";

  public static void main(String[] args) {
    try {
      run(args);
      Runtime.getRuntime().halt(0);
    } catch (Throwable e) {
      e.printStackTrace();
      // Threads of the broker would keep the process.
      Runtime.getRuntime().halt(1);
    }
  }

  private static void run(String[] args) throws Exception {
    String directory = args[0];
    if (!new File(directory, "meta.properties").exists()) {
      format(directory);
      addTopics(directory, List.of(args).subList(1, args.length));
    }
    int[] ports = freePorts(2);
    String broker = HOST + ":" + ports[0];
    KafkaRaftServer server =
        new KafkaRaftServer(
            new KafkaConfig(settings(directory, broker, HOST + ":" + ports[1]), false),
            Time.SYSTEM);
    server.startup();
    System.out.println(broker);
    while (System.in.read() >= 0) {}
    server.shutdown();
    server.awaitShutdown();
  }

  private static Properties settings(String directory, String broker, String controller) {
    Properties settings = new Properties();
    settings.putAll(
        Map.of(
            "process.roles", "broker,controller",
            "node.id", "" + NODE,
            "log.dirs", directory,
            "listeners", "BROKER://" + broker + ",CONTROLLER://" + controller,
            "advertised.listeners", "BROKER://" + broker,
            "listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name", "BROKER",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.voters", NODE + "@" + controller,
            "auto.create.topics.enable", "false"));
    // Of records from long ago too nothing goes but what a topic says.
    settings.put("log.retention.ms", "-1");
    settings.putAll(
        Map.of(
            "offsets.topic.num.partitions", "1",
            "offsets.topic.replication.factor", "1",
            "transaction.state.log.num.partitions", "1",
            "transaction.state.log.replication.factor", "1",
            "transaction.state.log.min.isr", "1"));
    // Cleaning, retention and what they save at once; what was deleted stays as
    // long as anybody looks; little memory and files.
    settings.putAll(
        Map.of(
            "log.initial.task.delay.ms", "0",
            "log.cleaner.backoff.ms", "50",
            "log.retention.check.interval.ms", "50",
            "log.flush.start.offset.checkpoint.interval.ms", "50",
            "log.segment.delete.delay.ms", "3600000",
            "log.index.size.max.bytes", "65536",
            "log.cleaner.dedupe.buffer.size", "2097152"));
    return settings;
  }

  private static void format(String directory) throws Exception {
    new Formatter()
        .setPrintStream(new PrintStream(PrintStream.nullOutputStream()))
        .setNodeId(NODE)
        .setClusterId(Uuid.randomUuid().toString())
        .addDirectory(directory)
        .setMetadataLogDirectory(directory)
        .setControllerListenerName("CONTROLLER")
        .run();
  }

  private static void addTopics(String directory, List<String> topics) throws Exception {
    Uuid disk =
        new MetaProperties.Builder(
                PropertiesUtils.readPropertiesFile(directory + "/meta.properties"))
            .build()
            .directoryId()
            .get();
    BootstrapDirectory bootstrap = new BootstrapDirectory(directory);
    BootstrapMetadata metadata = bootstrap.read();
    List<ApiMessageAndVersion> records = new ArrayList<>(metadata.records());
    for (int i = 0; i < topics.size(); i += 3) {
      Uuid id = Uuid.fromString(topics.get(i + 1));
      records.add(
          new ApiMessageAndVersion(
              new TopicRecord().setName(topics.get(i)).setTopicId(id), (short) 0));
      // As of a topic whose only broker has died and leads again once it is
      // there: at first it is not.
      records.add(
          new ApiMessageAndVersion(
              new PartitionRecord()
                  .setTopicId(id)
                  .setPartitionId(0)
                  .setReplicas(List.of(NODE))
                  .setIsr(List.of(NODE))
                  .setLeader(NODE)
                  .setLeaderEpoch(Integer.parseInt(topics.get(i + 2)))
                  .setPartitionEpoch(0)
                  .setDirectories(List.of(disk)),
              metadata.metadataVersion().partitionRecordVersion()));
    }
    bootstrap.writeBinaryFile(BootstrapMetadata.fromRecords(records, metadata.source()));
  }

  private static int[] freePorts(int count) throws Exception {
    int[] ports = new int[count];
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; ++i) {
      // All open at a time, so that no two are the same.
      sockets.add(new ServerSocket(0, 1, InetAddress.getByName(HOST)));
      ports[i] = sockets.get(i).getLocalPort();
    }
    for (ServerSocket socket : sockets) socket.close();
    return ports;
  }
}
