"""Stores and reads records by way of libcauce.so, without a compiler.

    orders.py LIBRARY DIRECTORY
"""
import ctypes
import sys

FOREVER = -1


class Config(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Record(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("topic", ctypes.c_char_p),
        ("partition", ctypes.c_int32),
        ("is_append_time", ctypes.c_int32),
        ("offset", ctypes.c_int64),
        ("timestamp", ctypes.c_int64),
        ("key", ctypes.c_void_p),
        ("key_size", ctypes.c_size_t),
        ("value", ctypes.c_void_p),
        ("value_size", ctypes.c_size_t),
        ("headers", ctypes.c_void_p),
        ("header_count", ctypes.c_size_t),
    ]


Records = ctypes.POINTER(ctypes.POINTER(Record))
Delivered = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


class Cauce:
    """Calls functions of cauce.h, whose errors become exceptions."""

    def __init__(self, library):
        self.library = ctypes.CDLL(library)
        for name in ("cauce_error_message", "cauce_version"):
            getattr(self.library, name).restype = ctypes.c_char_p
        self.library.cauce_error_message.argtypes = [ctypes.c_void_p]
        self.library.cauce_error_free.argtypes = [ctypes.c_void_p]

    def __call__(self, name, *arguments):
        error = ctypes.c_void_p()
        call = getattr(self.library, "cauce_" + name)
        if call(*arguments, ctypes.byref(error)) != 0:
            message = self.library.cauce_error_message(error).decode()
            self.library.cauce_error_free(error)
            raise RuntimeError(message)

    def free(self, noun, handle):
        getattr(self.library, f"cauce_{noun}_free")(handle)


def options(**pairs):
    """Names are Kafka's, with _ for the dots, which a keyword cannot have."""
    named = [(k.replace("_", ".").encode(), v) for k, v in pairs.items()]
    return (Config * len(named))(*named), ctypes.c_size_t(len(named))


def produce(cauce, client, values):
    producer = ctypes.c_void_p()
    cauce("producer_open", client, None, ctypes.c_size_t(0),
          ctypes.byref(producer))
    stored = []

    # Called by the library's own threads, which may not be within Python then.
    @Delivered
    def delivered(_, delivery, error):
        stored.append(error is None)

    for value in values:
        record = Record(
            struct_size=ctypes.sizeof(Record), topic=b"orders", partition=-1,
            offset=-1, timestamp=-1,
            value=ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p),
            value_size=len(value),
        )
        cauce("producer_send", producer, ctypes.byref(record), delivered, None)
    cauce("producer_flush", producer, ctypes.c_int64(FOREVER))
    cauce.free("producer", producer)
    assert stored == [True] * len(values), stored


def consume(cauce, client, wanted):
    consumer = ctypes.c_void_p()
    pairs, count = options(group_id=b"billing", auto_offset_reset=b"earliest")
    cauce("consumer_open", client, pairs, count, ctypes.byref(consumer))
    topics = (ctypes.c_char_p * 1)(b"orders")
    cauce("consumer_subscribe", consumer, topics, ctypes.c_size_t(1), None)
    while wanted > 0:
        records, count = Records(), ctypes.c_size_t()
        cauce("consumer_poll", consumer, ctypes.c_int64(1000),
              ctypes.byref(records), ctypes.byref(count))
        for i in range(count.value):
            record = records[i].contents
            value = ctypes.string_at(record.value, record.value_size)
            print(record.offset, value.decode())
        wanted -= count.value
    cauce("consumer_close", consumer)
    cauce.free("consumer", consumer)


def main(library, directory):
    cauce = Cauce(library)
    client = ctypes.c_void_p()
    cauce("client_open", b"dir:" + directory.encode(), None,
          ctypes.c_size_t(0), None, None, ctypes.byref(client))
    try:
        cauce("topic_create", client, b"orders", ctypes.c_int32(1), None,
              ctypes.c_size_t(0))
    except RuntimeError as error:
        assert "orders" in str(error)  # it may exist
    produce(cauce, client, [b"2 apples", b"1 pear"])
    consume(cauce, client, 2)
    cauce("client_close", client)
    cauce.free("client", client)


if __name__ == "__main__":
    main(*sys.argv[1:])
