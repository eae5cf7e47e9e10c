import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Appends records to partition 0 of a topic and prints each as it is
 * acknowledged. Arguments: the broker's address, the topic, how many.
 */
public final class AppendRecords {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0]);
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < Integer.parseInt(args[2]); ++i) {
        byte[] key = ("key " + i).getBytes();
        byte[] value = ("appended by the broker " + i).getBytes();
        RecordMetadata at = producer.send(new ProducerRecord<>(args[1], 0, key, value)).get();
        System.out.println(RecordLine.of(at.offset(), at.timestamp(), key, value, new Header[0]));
      }
    }
  }
}
